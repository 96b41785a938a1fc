"""The recogniser's task: from the frames of a sound to the code of the feeling that it carries, at every frame.

Conventions: clips as in `kelly.training.data.clips`, inputs as in `kelly.models.recognizer.frames`, codes as in
`kelly.emotion.code`. Corpora tell feelings on scales that have nothing in common, so each is brought to one: the mean
of a corpus's training clips becomes valence 0 and arousal .5, a standard deviation of them .4 of valence and .2 of
arousal (`Scale`); further out than 2.5 of them is the end of the axis. A code therefore says what a sound is beside
music of its kind. Its targets: means as they are; shapes of one bin's spread about them, so that what the network
draws, being the mean over all that could be true, is as wide as its own uncertainty; dominance unknown, since no corpus
tells it; confidence the chance exp(-d^2 / 2) that the means it gives are right, d their distance from the truth in
standard deviations. The loss counts them at every frame after the warm-up, and the means once more over a whole
window, since of most clips it is the whole that somebody judged.

A training sample is a stretch of a clip; each time it is seen, the network begins anew somewhere in it and hears one
window, transposed, a little louder or softer, somewhat coloured and some bands hushed. The means that it is drawn to
are those that were told, moved towards the `advice` of a regression that did not know the clip: what follows from
the sound is learned rather than what one clip's listeners happened to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.emotion.code import CENTRES, SIZE, UNKNOWN
from kelly.errors import CorpusError, UsageError
from kelly.models.recognizer.frames import FURTHEST, SPAN, WARM_UP, bands
from kelly.sound.features import FRAMES, filters
from kelly.training.data.clips import CORPORA, STEP, Clip, clips
from kelly.training.networks.build import build
from kelly.training.networks.layered import Recurrent
from kelly.training.tasks.advice import advice
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe
from kelly.training.tasks.samples import Batch, Samples

__all__ = [
    "CORPORA",
    "RecognizerTask",
    "Scale",
    "Settings",
    "data",
    "loss",
    "samples",
    "scales",
    "targets",
    "task",
    "transposed",
]

Floats = npt.NDArray[np.float64]

UNIT = 0.4  # of slots 0 and 1: a corpus's standard deviation
STRETCH = 324  # frames: half a minute
_AXES = CENTRES["valence"]  # arousal's are the same ones in 2A - 1
_SPREAD = float(_AXES[1] - _AXES[0])
_SHAPE, _REST = 1.0, 0.1  # how much shapes, and confidence and dominance, count beside the means
_HANDLES = 9  # of a colour's curve over the bands
_MEANS, _CONFIDENCE = slice(0, 2), 3
_SHAPES, _DOMINANCE = slice(4, 44), [2, *range(44, SIZE)]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the recogniser is trained.

    Parameters: recipe; window, frames that it hears from its beginning; dropout on its hidden layers; shares, how many
    of the samples are drawn from each corpus, beside the others; advised, how far what is told moves towards advice;
    transposed, semitones up or down at most; hushed, the most bands that are hushed at once; coloured, standard
    deviation in dB of what is added to the bands; whole, the weight of a window's mean beside its frames;
    memory, frames over which the slowest of the new LSTM's cells average.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=12, batch=16, rate=2e-3, weight_decay=0.05))
    window: int = 144
    dropout: float = 0.2
    shares: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(CORPORA, 1.0))
    advised: float = 0.7
    transposed: float = 1.0
    hushed: int = 4
    coloured: float = 1.0
    whole: float = 1.0
    memory: int = 80

    def __post_init__(self) -> None:
        """Check what would only be found out later."""
        if not WARM_UP < self.window <= STRETCH:
            raise UsageError(f"window must lie in {WARM_UP + 1}..{STRETCH} frames; got {self.window}")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout must lie in 0..1; got {self.dropout}")
        if not 0 <= self.advised <= 1:
            raise UsageError(f"advised must lie in 0..1; got {self.advised}")
        if self.memory < 3:
            raise UsageError(f"memory must be 3 frames or more; got {self.memory}")
        if min(self.transposed, self.hushed, self.coloured, self.whole) < 0:
            raise UsageError("transposed, hushed, coloured and whole must be 0 or more")
        if not set(self.shares) <= set(CORPORA) or not all(share > 0 for share in self.shares.values()):
            raise UsageError(f"shares must be numbers above 0 for {', '.join(CORPORA)}; got {dict(self.shares)}")


@dataclass(frozen=True, slots=True)
class Scale:
    """How a corpus tells feelings: the mean (2,) and the standard deviation (2,) of its clips, V and A."""

    mean: Floats
    deviation: Floats

    def units(self, felt: Floats) -> Floats:
        """Feelings (..., 2) as slots 0 and 1 of a code hold them, in -1..1."""
        return np.asarray(np.clip(UNIT * (felt - self.mean) / self.deviation, -1, 1))


@dataclass(frozen=True, slots=True)
class RecognizerTask:
    """What a step of the recogniser loses."""

    settings: Settings
    name: str = "recognizer"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> nn.Module:
        """The network with new weights, whose memory reaches back from one frame to `memory` of them."""
        network = build(self.name, self.settings.dropout)
        assert isinstance(network, Recurrent)  # noqa: S101 - the recogniser has an LSTM
        _remember(network, self.settings.memory)
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and the codes (samples, frames, 64)."""
        assert isinstance(network, Recurrent)  # noqa: S101 - it came from `network`
        x, felt, known = (batch[name] for name in ("levels", "felt", "known"))
        x, aim = x.float() * STEP - SPAN, felt
        if network.training:
            x, felt, known = self._cut(x, felt, known)
            x = self._changed(x)
            aim = felt.lerp(batch["advice"][:, None], self.settings.advised)
        mean, deviation = (torch.from_numpy(row).to(x) for row in bands().copy())
        codes = network(((x - mean) / deviation).clamp(-FURTHEST, FURTHEST))[0]
        return loss(codes, felt, known, self.settings.whole, aim), {"codes": codes}

    def _cut(self, x: Tensor, felt: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A window of each stretch, from another frame on in each; what follows the last known frame is left out."""
        last = (known * torch.arange(1, known.shape[1] + 1, device=x.device)).amax(1, keepdim=True)
        room = (last - self.settings.window).clamp_min(0)
        begin = (torch.rand(len(x), 1).to(x.device) * (room + 1)).long()
        rows = begin + torch.arange(self.settings.window, device=x.device)
        each = torch.arange(len(x), device=x.device)[:, None]
        known = known[each, rows]
        known[:, :WARM_UP] = False
        return x[each, rows], felt[each, rows], known

    def _changed(self, x: Tensor) -> Tensor:
        """Windows that sound otherwise and feel the same: in another key, from another room, with a band hushed."""
        count, device = x.shape[-1], x.device
        x = transposed(x, (2 * torch.rand(len(x), device=device) - 1) * self.settings.transposed)
        colour = torch.randn(len(x), 1, _HANDLES, device=device) * self.settings.coloured
        x = x + functional.interpolate(colour, count, mode="linear", align_corners=True)
        begin = torch.randint(count, (len(x), 1, 1), device=device)
        width = torch.randint(self.settings.hushed + 1, (len(x), 1, 1), device=device)
        band = torch.arange(count, device=device)
        return torch.where((band >= begin) & (band < begin + width), -SPAN, x).clamp(-SPAN, 0)


def task(settings: Settings) -> RecognizerTask:
    """The task of some settings."""
    return RecognizerTask(settings)


def data(root: Path, settings: Settings, context: Context) -> Data:
    """Stretches of the clips of both splits, on one scale.

    Chance is the dev loss of the mean code of the training frames. Raises: as `clips`; CorpusError, a corpus has no
    clips of a split.
    """
    found = clips(root, context, [corpus for corpus in CORPORA if corpus in settings.shares])
    train, dev = ([clip for clip in found if clip.split == split] for split in ("train", "dev"))
    for split, chosen in (("train", train), ("dev", dev)):
        missing = set(settings.shares) - {clip.corpus for clip in chosen}
        if missing:
            raise CorpusError(f"{', '.join(sorted(missing))} in {root} must have clips of the {split} split")
    return both(train, dev, settings)


def both(train: Sequence[Clip], dev: Sequence[Clip], settings: Settings) -> Data:
    """What to train on and what to choose by, from clips."""
    scale = scales(train)
    trained = samples(train, scale, settings.shares, advice(train))
    chosen = samples(dev, scale, settings.shares)
    felt = trained.tensors["felt"][trained.tensors["known"]]
    chance = _chance(trained, chosen, settings.whole)
    return Data(trained, chosen, chance, targets={"valence": felt[:, 0], "arousal": felt[:, 1]})


def scales(train: Sequence[Clip]) -> dict[str, Scale]:
    """The scale of each corpus, by its training clips."""
    told: dict[str, list[Floats]] = {}
    for clip in train:
        told.setdefault(clip.corpus, []).append(clip.summary)
    return {corpus: Scale(np.mean(each, 0), np.maximum(np.std(each, 0), 1e-6)) for corpus, each in told.items()}


def samples(
    found: Sequence[Clip], scale: Mapping[str, Scale], shares: Mapping[str, float], advised: Floats | None = None
) -> Samples:
    """Clips as stretches of `STRETCH` frames, padded with silence; the first `WARM_UP` of each are not asked about.

    Parameters: found; scale of each corpus; shares, as `Settings`; advised (clips, 2), as `advice` gives it, or None.
    Tensors: levels, uint8 (samples, frames, 128); felt (samples, frames, 2), slots 0 and 1; known (samples, frames);
    advice (samples, 2), as felt, where there is any.
    """
    cut = [(clip, start) for clip in found for start in _starts(clip)]
    levels = torch.zeros(len(cut), STRETCH, 128, dtype=torch.uint8)
    felt = torch.zeros(len(cut), STRETCH, 2)
    known = torch.zeros(len(cut), STRETCH, dtype=torch.bool)
    for row, (clip, start) in enumerate(cut):
        part = slice(start, start + STRETCH)
        told = np.asarray(np.isfinite(clip.felt[part]).all(1))
        levels[row, : len(told)] = torch.from_numpy(clip.levels[part])
        felt[row, : len(told)] = torch.from_numpy(np.nan_to_num(scale[clip.corpus].units(clip.felt[part]))).float()
        known[row, : len(told)] = torch.from_numpy(told & (np.arange(len(told)) >= WARM_UP))
    counts = {corpus: sum(clip.corpus == corpus for clip, _ in cut) for corpus in shares}
    drawn = torch.tensor([shares[clip.corpus] / counts[clip.corpus] for clip, _ in cut])
    tensors = {"levels": levels, "felt": felt, "known": known}
    if advised is not None:
        rows = [row for row, clip in enumerate(found) for _ in _starts(clip)]
        tensors["advice"] = torch.from_numpy(np.clip(UNIT * advised[rows], -1, 1)).float()
    return Samples(tensors, [f"{clip.corpus}/{clip.group}" for clip, _ in cut], drawn)


def transposed(x: Tensor, semitones: Tensor) -> Tensor:
    """Frames (samples, frames, bands) in decibels, moved along the scale of frequency, roughly: what a band
    would hold if all that sounds were so many semitones (samples,) higher; what comes from above all bands is silence.
    """
    middles = torch.from_numpy(_middles()).to(x)
    wanted = middles * 2 ** (-semitones[:, None] / 12)
    above = torch.searchsorted(middles, wanted.contiguous()).clamp(1, len(middles) - 1)
    share = ((wanted - middles[above - 1]) / (middles[above] - middles[above - 1])).clamp(0, 1)
    low, high = (x.gather(2, rows[:, None].expand_as(x)) for rows in (above - 1, above))
    return torch.where((wanted > middles[-1])[:, None], -SPAN, low.lerp(high, share[:, None]))


def targets(felt: Tensor) -> Tensor:
    """The shapes (..., 40) of valence and arousal about means (..., 2), as slots 4-43 of a code hold them."""
    centres = torch.tensor(_AXES, dtype=felt.dtype, device=felt.device)
    weights = torch.exp(-0.5 * ((centres - felt[..., None]) / _SPREAD).square())
    return (2 * weights / weights.amax(-1, keepdim=True) - 1).flatten(-2)


def loss(codes: Tensor, felt: Tensor, known: Tensor, whole: float, aim: Tensor | None = None) -> Tensor:
    """What codes lose, the mean over samples.

    Parameters: codes (samples, frames, 64); felt (samples, frames, 2), slots 0 and 1; known (samples, frames); whole,
    the weight of the means over all known frames; aim, what the means are drawn to (None: felt).
    """
    share = known / known.sum(1, keepdim=True).clamp_min(1)
    error = (codes[..., _MEANS] - (felt if aim is None else aim)) / UNIT
    distance = ((codes[..., _MEANS].detach() - felt) / UNIT).square().mean(-1)
    right = 2 * torch.exp(-distance / 2) - 1
    unknown = torch.tensor(UNKNOWN[_DOMINANCE], dtype=codes.dtype, device=codes.device)
    each = (
        error.square().mean(-1)
        + _SHAPE * (codes[..., _SHAPES] - targets(felt)).square().mean(-1)
        + _REST * (codes[..., _CONFIDENCE] - right).square()
        + _REST * (codes[..., _DOMINANCE] - unknown).square().mean(-1)
    )
    together = (error * share[..., None]).sum(1).square().mean(-1)
    return ((each * share).sum(1) + whole * together).mean() / (1 + whole)


def _remember(network: Recurrent, longest: int) -> None:
    """Let each cell of a new LSTM begin as a running mean, over one to `longest` frames.

    Source: Tallec and Ollivier, "Can recurrent neural networks warp time?", ICLR 2018 (chrono initialisation).
    """
    lstm = next(layer for layer in network.layers if isinstance(layer, nn.LSTM))
    cells, bias = lstm.hidden_size, dict(lstm.named_parameters())["bias_ih_l0"].data
    reach = torch.log(torch.empty(cells).uniform_(1, longest - 1))
    bias[:cells], bias[cells : 2 * cells] = -reach, reach


@cache
def _middles() -> Floats:
    """The frequency in Hz about which each band lies."""
    weights = filters(FRAMES)
    lines = np.arange(weights.shape[1]) * FRAMES.rate / FRAMES.window
    return np.asarray(weights @ lines / weights.sum(axis=1))


def _starts(clip: Clip) -> Iterator[int]:
    """Where stretches begin that have anything to be asked about."""
    for start in range(0, len(clip.levels), STRETCH):
        if np.isfinite(clip.felt[start + WARM_UP : start + STRETCH]).all(1).any():
            yield start


def _chance(train: Samples, dev: Samples, whole: float) -> float:
    """The dev loss of the best code that is always the same: the mean over what training frames could be told."""
    felt = train.tensors["felt"][train.tensors["known"]]
    code = torch.tensor(UNKNOWN, dtype=torch.float32)
    code[_MEANS], code[_SHAPES] = felt.mean(0), targets(felt).mean(0)
    code[_CONFIDENCE] = float(torch.exp(-((felt - felt.mean(0)) / UNIT).square().mean(-1) / 2).mean()) * 2 - 1
    told, known = dev.tensors["felt"], dev.tensors["known"]
    return float(loss(code.expand(*told.shape[:2], SIZE), told, known, whole))
