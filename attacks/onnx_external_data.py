"""ONNX files whose weights lie elsewhere: in a file of the system, beside it, above it; and where few look for them.

Weights must lie in the file itself; one that names another file is refused, wherever it does so, and that file is never
opened.
"""

import os
import tempfile
from importlib import resources
from pathlib import Path

from against import Service, holds, kelly, main

from kelly.errors import KellyError
from kelly.models import checking

_PLACES = ("/etc/passwd", "../../../../etc/passwd", "secret.bin", "./secret.bin", "/proc/self/environ", "")
_GRAPH, _NODE, _INITIALISER, _SPARSE = 7, 1, 5, 15
_DIMS, _TYPE, _NAME, _ELSEWHERE, _WHERE = 1, 2, 8, 13, 14  # fields of TensorProto


def attack(service: Service) -> str:
    """Check each, and send one to the service, which takes no models."""
    whole = resources.files("kelly.models").joinpath("dynamics", "model.onnx").read_bytes()
    told = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "secret.bin").write_bytes(bytes(4096))
        holds(not _refused(folder, whole), "the whole file is refused")
        os.mkfifo(folder / "pipe")  # who opens it waits for ever
        for place in (*_PLACES, str(folder / "pipe")):
            for data in _lies(whole, place):
                said = _refused(folder, data)
                holds(said and "root:" not in said, f"weights in {place!r} are taken: {said}")
                told.append(said)
        done = kelly("models", "check", str(folder / "model.onnx"))
        holds(done.returncode == 1 and done.stderr.count("\n") == 1, f"kelly models check: {done.stderr}")
    service.file("/v1/analyses", data, "model.onnx").refused(422)
    return told[0]


def _refused(folder: Path, data: bytes) -> str:
    """What is said of a file that is refused; nothing of one that is taken."""
    file = folder / "model.onnx"
    file.write_bytes(data)
    try:
        checking.check(file)
    except KellyError as error:
        return str(error).partition("refused as ")[2]
    return ""


def _lies(whole: bytes, place: str) -> list[bytes]:
    """Files that name another: as weights, as thin weights, in a constant, and in a branch that is never taken."""
    tensor = _outside(place)
    constant = _field(1, b"value") + _field(5, tensor) + _number(20, 4)
    node = _field(2, b"out") + _field(4, b"Constant") + _field(5, constant)
    branch = _field(1, b"then_branch") + _field(6, _field(_INITIALISER, tensor)) + _number(20, 5)
    return [
        _with(whole, _field(_INITIALISER, tensor)),
        _with(whole, _field(_SPARSE, _field(1, tensor) + _field(2, tensor) + _number(3, 1024))),
        _with(whole, _field(_NODE, node)),
        _with(whole, _field(_NODE, _field(2, b"out") + _field(4, b"If") + _field(5, branch))),
        _field(_GRAPH, _field(_INITIALISER, tensor)),
        whole + _field(_GRAPH, _field(_INITIALISER, tensor)),
    ]


def _outside(place: str) -> bytes:
    entries = ((b"location", place.encode()), (b"offset", b"0"), (b"length", b"1024"))
    rows = b"".join(_field(_ELSEWHERE, _field(1, key) + _field(2, value)) for key, value in entries)
    return _number(_DIMS, 256) + _number(_TYPE, 1) + _field(_NAME, b"elsewhere") + rows + _number(_WHERE, 1)


def _with(whole: bytes, more: bytes) -> bytes:
    """A model with more in its graph."""
    out, at = b"", 0
    while at < len(whole):
        key, start = _varint(whole, at)
        size, start = _varint(whole, start)
        end = start if key & 7 == 0 else start + size
        out += _field(_GRAPH, whole[start:end] + more) if key >> 3 == _GRAPH else whole[at:end]
        at = end
    return out


def _field(number: int, data: bytes) -> bytes:
    return _packed(number << 3 | 2) + _packed(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return _packed(number << 3) + _packed(value)


def _packed(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value, shift, at = value | (data[at] & 127) << shift, shift + 7, at + 1
        if data[at - 1] < 128:
            return value, at


if __name__ == "__main__":
    main(attack)
