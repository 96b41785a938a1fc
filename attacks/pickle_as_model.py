"""A pickle that runs code when it is read, named as weights of every kind, and sent as a sound and as a song.

Nothing that Kelly loads is ever unpickled: weights are ONNX, safetensors and JSON, read as data. Whether the code ran
is told by a folder that it would make.
"""

import io
import os
import pickle
import tempfile
import zipfile
from pathlib import Path

from against import GotThroughError, Service, holds, kelly, main

from kelly.errors import KellyError
from kelly.models import checking

_SUFFIXES = (".pt", ".pth", ".pkl", ".ckpt", ".bin", ".npy", ".npz", ".onnx", ".safetensors", ".json")


class _Gotcha:
    """What makes a folder when it is unpickled. Parameters: made."""

    def __init__(self, made: Path) -> None:
        self._made = made

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._made),)


def attack(service: Service) -> str:
    """Give it to what loads weights by every name, and to the service."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = folder / "gotcha"
        plain = pickle.dumps(_Gotcha(made))
        pickle.loads(plain)  # noqa: S301 - it works
        made.rmdir()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:  # as torch.save writes it
            archive.writestr("archive/data.pkl", plain)
        for data in (plain, packed.getvalue(), _headed(plain)):
            told = [_checked(folder / f"model{suffix}", data) for suffix in _SUFFIXES]
            service.file("/v1/analyses", data, "song.wav").refused(422)
            service.file("/v1/songs/imports", data, "song.mid").refused(422)
        done = kelly("models", "check", str(folder / "model.onnx"))
        holds(done.returncode == 1 and done.stderr.count("\n") == 1, f"kelly models check: {done.stderr}")
        holds(not made.exists(), "the code ran")
    return told[0]


def _checked(weights: Path, data: bytes) -> str:
    """What is said of it by what loads weights."""
    weights.write_bytes(data)
    try:
        checking.check(weights)
    except KellyError as error:
        return str(error).partition("; got")[0]
    raise GotThroughError(f"{weights.suffix} is taken")


def _headed(data: bytes) -> bytes:
    """A pickle behind a head of safetensors that claims it as weights."""
    head = b'{"__metadata__": {"format": "pt"}, "x": {"dtype": "U8", "shape": [%d], "data_offsets": [0, %d]}}'
    head = head % (len(data), len(data))
    return len(head).to_bytes(8, "little") + head + data


if __name__ == "__main__":
    main(attack)
