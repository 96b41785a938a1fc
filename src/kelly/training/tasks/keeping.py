"""Keeping: what networks that only read find of sounds, found once and kept, whatever is left out of training.

Conventions: of each sound there are the statistics of itself and of some versions that chance changed, which follows
from the sound alone. What is kept lies in one file for each network, changes and number of versions (`.npz`: keys, the
SHA-256 of the waves; kept, float32 (sounds, 1 + versions, numbers)); a file that is damaged is made anew.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.files import make_folder, write_atomically
from kelly.training.data.augmenting import Augmentation
from kelly.training.data.levelled import batched
from kelly.training.data.preparing import DAMAGE
from kelly.training.networks.movement import LAGS, Movement
from kelly.training.tasks.samples import Samples

__all__ = ["kept"]

Floats = npt.NDArray[np.float32]

_FOLDER = "kelly.training.tasks.keeping"
# Raised when what is found of the same sound changes: by networks.movement, levelled, augmenting or sound.features.
_VERSION = 1
_OFTEN = 1000  # sounds, after which they are written


def kept(network: Movement, asked: Samples, changes: Augmentation, versions: int, cache: Path | None) -> Samples:
    """The same samples with statistics (samples, 1 + versions, numbers) as `kept` in place of waves.

    Parameters: network, which finds them; asked; changes, of versions; versions; cache, the folder of prepared data
    (None: nothing is kept).
    Raises: FileError, the cache cannot be written.
    """
    place = cache / _FOLDER / f"{_digest(network, changes, versions)}.npz" if cache else None
    shape = (1 + versions, int(network.whole.num_features))
    known = _read(place, shape) if place else {}
    new, rows = 0, []
    for wave, length in zip(asked.tensors["wave"], asked.tensors["length"].tolist(), strict=True):
        sound = wave[:length]
        key = hashlib.sha256(sound.numpy().tobytes()).hexdigest()
        if key not in known:
            known[key] = _found(network, sound, changes, versions, seed=int(key[:8], 16))
            new += 1
            if place and new % _OFTEN == 0:
                _write(place, known)
        rows.append(known[key])
    if place and new % _OFTEN:
        _write(place, known)
    others = {name: tensor for name, tensor in asked.tensors.items() if name not in {"wave", "length"}}
    return replace(asked, tensors={**others, "kept": torch.from_numpy(np.array(rows, np.float32))})


@torch.inference_mode()
def _found(network: Movement, sound: torch.Tensor, changes: Augmentation, versions: int, *, seed: int) -> Floats:
    """The statistics (1 + versions, numbers) of a sound by itself, for what is found hangs on the padding beside it."""
    torch.manual_seed(seed)
    batch = {"wave": sound[None], "length": torch.tensor([len(sound)])}
    drawn = [None, *[changes] * versions]
    return np.concatenate([network.kept(*batched(batch, one, network.mels)).numpy() for one in drawn])


def _digest(network: Movement, changes: Augmentation, versions: int) -> str:
    told = hashlib.sha256(f"{_VERSION} {changes if versions else None} {versions} {network.mels}".encode())
    lags = network.finder.lags if network.finder else LAGS
    told.update(f"{type(network.finder).__name__} {lags} {network.decibels} {network.voices}".encode())
    for name, tensor in network.finder.state_dict().items() if network.finder else ():
        told.update(name.encode() + tensor.numpy().tobytes())
    return told.hexdigest()


def _read(place: Path, shape: tuple[int, int]) -> dict[str, Floats]:
    """What was kept, in the shape that is wanted; nothing of a file that is missing or damaged."""
    try:
        with np.load(place, allow_pickle=False) as packed:
            keys, rows = packed["keys"], packed["kept"]
    except (*DAMAGE, TypeError):  # an array by itself is no context
        return {}
    return dict(zip(keys.tolist(), rows, strict=True)) if rows.shape == (len(keys), *shape) else {}


def _write(place: Path, known: dict[str, Floats]) -> None:
    """Keep what is known, and what another run has found meanwhile."""
    known = _read(place, next(iter(known.values())).shape) | known
    packed = io.BytesIO()
    np.savez(packed, keys=np.array(list(known)), kept=np.array(list(known.values())))
    make_folder(place.parent)
    write_atomically(place, packed.getbuffer())
