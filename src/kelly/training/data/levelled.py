"""Levels of batches of sounds, changed by chance where that is asked for.

Conventions: sounds are those of `sounds`, side by side and padded; waves are all made equally loud. What chance changes
follows from torch's generator, so that a run can be taken up where it was left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kelly.models.ears import LONGEST
from kelly.sound.features import Mel, evened, levels
from kelly.sound.filtering import Wave
from kelly.training.data.augmenting import Augmentation, augment, crop, spec_augment
from kelly.training.data.clips import STEP
from kelly.training.data.sounds import FULL
from kelly.training.tasks.samples import Batch

__all__ = ["batched", "drawing"]

Waves = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


def batched(batch: Batch, changes: Augmentation | None, mels: Sequence[Mel]) -> tuple[list[Tensor], Tensor, Tensor]:
    """Levels of some sounds, waves all made equally loud, on the device of the batch.

    Parameters: batch, as `samples` gives it; changes, what is done to them (None: nothing); mels, the
    definitions of what is heard.
    Returns: for each definition (batch, frames, bands); real (batch, frames), which frames are; how loud each wave was
    (batch,), in dB of full scale (0 of spectrograms, which are told relative to their maximum).
    """
    rng = drawing()
    rows = [row[:length] for row, length in zip(batch["wave"].cpu().numpy(), batch["length"].tolist(), strict=True)]
    device = batch["wave"].device
    hear = _pictured if batch["wave"].dtype == torch.uint8 else _sounding
    each, loudness = hear(rows, changes, mels, rng)
    if changes is not None and changes.masks:
        each = [[_masked(one, changes, rng) for one in scale] for scale in each]
    heard = [nn.utils.rnn.pad_sequence([*map(torch.from_numpy, one)], batch_first=True).to(device) for one in each]
    counts = torch.tensor([len(one) for one in each[0]])
    real = (torch.arange(heard[0].shape[1])[None] < counts[:, None]).to(device)
    return heard, real, torch.tensor(loudness, device=device)


def _masked(levels_of_one: Floats, changes: Augmentation, rng: np.random.Generator) -> Floats:
    """Levels (frames, bands) of which some stretches are hidden."""
    picture = torch.from_numpy(levels_of_one)[None]
    hidden = spec_augment(picture, rng, masks=changes.masks, bands=changes.mask_bands, frames=changes.mask_frames)
    return np.asarray(hidden[0].numpy(), np.float32)


def drawing() -> np.random.Generator:
    """A generator that follows from torch's."""
    return np.random.default_rng(int(torch.randint(2**62, ())))


def _sounding(
    rows: Sequence[Waves], changes: Augmentation | None, mels: Sequence[Mel], rng: np.random.Generator
) -> tuple[list[list[Floats]], list[float]]:
    """Levels of waves by each definition, and how loud they were."""
    waves: list[Wave] = [row.astype(np.float32) / np.float32(FULL) for row in rows]
    if changes is not None:
        most = round(LONGEST * mels[0].rate)  # what is played slower may be longer than any ear hears at once
        waves = [augment(wave, mels[0].rate, changes, rng)[:most] for wave in waves]
    alike, loudness = zip(*map(evened, waves), strict=True)
    return [[levels(wave, mel) for wave in alike] for mel in mels], list(loudness)


def _pictured(
    rows: Sequence[Waves], changes: Augmentation | None, mels: Sequence[Mel], rng: np.random.Generator
) -> tuple[list[list[Floats]], list[float]]:
    """Spectrograms in the unit of levels: a tenth of the decibels above the lowest."""
    if changes is not None and changes.seconds:
        rows = [crop(row, round(changes.seconds * mels[0].frames_a_second), rng) for row in rows]
    return [[row.astype(np.float32) * np.float32(STEP / 10) for row in rows]], [0.0] * len(rows)
