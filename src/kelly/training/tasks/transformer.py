"""The transformer's task: from the words so far, the feeling, the chords and the bars left to the word that comes.

Conventions: words as in `kelly.models.transformer.layout`, pieces as in `kelly.training.data.pieces`, samples as in
`kelly.training.tasks.stretches`, which cuts and lays them out anew every time they are seen. The loss is in nats a
word, summed over its fields; the dev loss reads a window from each stretch's beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import numpy.typing as npt
import torch
from pydantic import ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from kelly.emotion.code import CENTRES
from kelly.errors import CorpusError, UsageError
from kelly.models.transformer.layout import BAR, FAMILIES, FIELDS, NOTE, SIZES, USED
from kelly.names import find
from kelly.training.data.pieces import ALL, CORPORA, pieces, there
from kelly.training.networks.compound import CHANGE, WIDTHS, CompoundTransformer
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Data, Recipe, weights
from kelly.training.tasks.made import made_by
from kelly.training.tasks.samples import Batch, Samples
from kelly.training.tasks.stretches import LONGEST, Stretch, laid, padded, samples

__all__ = ["Settings", "TransformerTask", "codes", "data", "settled", "task", "trained"]

Bytes = npt.NDArray[np.uint8]

SURE = 0.4  # the slot of confidence of a feeling that is known
_TOGETHER = 4  # samples of about one length, so that little is padded
_USED = torch.tensor(
    [[name == "family" or name in USED.get(family, ()) for name in FIELDS] for family in range(len(FAMILIES))]
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set.

    Parameters: recipe; corpora, of `pieces.ALL`; size, one of `networks.compound.WIDTHS`; window, words that are
    read; dropout; unfelt, unplanned and endless, the shares of samples whose feeling, chords and bars left are hidden;
    given and between, the shares whose parts are given in part, and that stand between bars; feelings, whether any is
    told (False: to learn to write first, or to measure what they are worth); begin, the folder of a finished run to
    learn on from, which must be there as long as the training goes on, or "" to begin with new weights.
    Raises: UsageError, one of them is out of range.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    recipe: Recipe = field(
        default_factory=lambda: Recipe(
            epochs=10, batch=8, rate=1.5e-3, warmup=0.03, weight_decay=0.05, keep="last", mixed=True
        )
    )
    corpora: tuple[str, ...] = CORPORA
    size: str = "small"
    window: int = 512
    dropout: float = 0.05
    unfelt: float = 0.15
    unplanned: float = 0.15
    endless: float = 0.1
    given: float = 0.35
    between: float = 0.15
    feelings: bool = True
    begin: str = ""

    def __post_init__(self) -> None:
        """Check what would only be found out after minutes."""
        find(self.size, tuple(WIDTHS), "size")
        if not self.corpora or len(set(self.corpora)) < len(self.corpora) or not set(self.corpora) <= set(ALL):
            raise UsageError(f"corpora must be one or more of {', '.join(ALL)}, each once; got {self.corpora}")
        if not 32 <= self.window <= LONGEST:
            raise UsageError(f"window must lie in 32..{LONGEST}; got {self.window}")
        for name in ("dropout", "unfelt", "unplanned", "endless", "given", "between"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} must lie in 0..1; got {getattr(self, name)}")
        if self.given + self.between > 1:
            raise UsageError(f"given and between must be 1 together at most; got {self.given} and {self.between}")


@dataclass(frozen=True, slots=True)
class TransformerTask:
    """What a step loses."""

    settings: Settings
    name: str = "transformer"

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.settings.recipe

    def network(self) -> CompoundTransformer:
        """The network, with the weights of the run that it begins from, or new ones.

        Raises: FileError, that run is not finished or does not fit.
        """
        network = CompoundTransformer(WIDTHS[self.settings.size], self.settings.dropout)
        if self.settings.begin:
            weights(network, Path(self.settings.begin))
        return network.train()  # `weights` makes it ready to predict

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean loss of a batch, and what each field has lost of it (samples, fields), in nats a word."""
        seed = int(torch.randint(2**31, ())) if network.training else None
        told = [self.losses(cast("CompoundTransformer", network), read) for read in self.reads(batch, seed)]
        losses, counts = (torch.cat(parts) for parts in zip(*told, strict=True))
        return losses.sum() / counts.sum().clamp_min(1), {"fields": losses.detach() / counts[:, None].clamp_min(1)}

    def losses(self, network: CompoundTransformer, read: Batch) -> tuple[Tensor, Tensor]:
        """What each field loses in sum (samples, fields), and how many words are told (samples,)."""
        told = network.conditions(read["feelings"], read["changes"], read["chords"], read["left"])
        words, wanted = read["words"][:, :-1], read["words"][:, 1:]
        logits = network.logits(network.states(words, told, read["row"][:, :-1]), wanted)
        own = read["own"][:, 1:]
        used = _USED.to(own.device)[wanted[..., 0]] & own[..., None]
        each = [
            functional.cross_entropy(one.float().transpose(1, 2), wanted[..., at], reduction="none")
            for at, one in enumerate(logits)
        ]
        return (torch.stack(each, -1) * used).sum(1), own.sum(1)

    def reads(self, batch: Batch, seed: int | None) -> Iterator[Batch]:
        """What is read of stretches: cut and laid out by chance, or (seed None) from their beginning, as they are.

        Returns: a few samples at a time, of about one length, not in their order: words (samples, length, fields) and
        own (samples, length), which of them are to be told; row (samples, length), the conditions of each; feelings
        (samples, rows, 64), changes (samples, rows, 3), chords (samples, rows, 8) and left (samples, rows).
        """
        stretches = {name: tensor.cpu().numpy() for name, tensor in batch.items()}
        rng = None if seed is None else np.random.default_rng(seed)
        each = range(len(stretches["words"]))
        read = [laid({name: one[row] for name, one in stretches.items()}, self.settings, rng) for row in each]
        read.sort(key=lambda one: len(one["words"]))
        for first in range(0, len(read), _TOGETHER):
            yield self._told(read[first : first + _TOGETHER], batch["words"].device)

    def _told(self, read: Sequence[Stretch], device: torch.device) -> Batch:
        told = {name: torch.from_numpy(padded([one[name] for one in read])).to(device) for name in read[0]}
        feelings, hidden = told.pop("felt"), told.pop("unfelt")
        feelings[..., :CHANGE][feelings[..., CHANGE:] == 0] = torch.nan
        feelings[hidden | torch.tensor(not self.settings.feelings, device=device)] = torch.nan
        changes = torch.nan_to_num(told.pop("next") - feelings[..., :CHANGE])
        return {**told, "feelings": codes(feelings), "changes": changes}


def task(settings: Settings) -> TransformerTask:
    """The task of some settings."""
    return TransformerTask(settings)


def trained(run: Path) -> tuple[Settings, CompoundTransformer]:
    """The settings and the network of a finished run, ready to write. Raises: FileError, it is not finished."""
    settings = made_by(Settings, run)
    return settings, cast("CompoundTransformer", weights(task(replace(settings, begin="")).network(), run))


def settled(settings: Settings, root: Path) -> Settings:
    """The settings with those of their corpora that are below a root, or, where none is, with its own MIDI files."""
    found = there(root, settings.corpora)
    return replace(settings, corpora=found) if found else settings


def data(root: Path, settings: Settings, context: Context) -> Data:
    """The stretches of both splits; chance is what a word costs whose fields follow their own frequencies alone.

    Raises: as `pieces`; FileError, what it begins from is no finished run, or does not fit; CorpusError, there is no
    piece of a split.
    """
    task(settings).network()  # what is wrong with what it begins from is found out before minutes of preparing
    found = list(pieces(root, context, settings.corpora))
    train, dev = (samples([one for one in found if one.split == split]) for split in ("train", "dev"))
    for split, chosen in (("train", train), ("dev", dev)):
        if not len(chosen):
            raise CorpusError(f"{', '.join(settings.corpora)} in {root} must have pieces of the {split} split")
    return Data(train, dev, _chance(train, dev))


def codes(felt: Tensor) -> Tensor:
    """Emotion codes (..., 64) of means and spreads (..., 6) of valence, arousal and dominance; NaN is unknown."""
    means, spreads = felt[..., :CHANGE], felt[..., CHANGE:]
    known = ~means.isnan()
    means = torch.where(known, means, means.new_tensor([0.0, 0.5, 0.5]))
    shapes = []
    for axis, centres in enumerate(CENTRES.values()):
        off = (torch.from_numpy(centres.astype(np.float32)).to(felt.device) - means[..., axis, None]).square()
        spread = spreads[..., axis, None].nan_to_num(1.0).clamp_min(1e-3)
        near = torch.exp((off.amin(-1, keepdim=True) - off) / (2 * spread.square()))
        shapes.append(torch.where(known[..., axis, None], 2 * near - 1, 1.0))
    scaled = torch.stack([means[..., 0], 2 * means[..., 1] - 1, 2 * means[..., 2] - 1], -1)
    sure = torch.where(known[..., :1], SURE, -1.0)
    return torch.cat([scaled, sure, *shapes], -1)


def _chance(train: Samples, dev: Samples) -> float:
    """The nats of a word of the dev split by the frequencies of each field in the words of the training split."""
    counts = [_counts(one.tensors["words"].numpy()) for one in (train, dev)]
    total = 0.0
    for of_train, of_dev in zip(*counts, strict=True):
        shares = (of_train + 0.5) / (of_train + 0.5).sum(-1, keepdims=True)
        total -= float((of_dev * np.log(shares)).sum())
    return total / float(counts[1][0].sum())


def _counts(words: Bytes) -> list[npt.NDArray[np.float64]]:
    """How often each value of each field stands in words of each family that use it: (families, values) a field."""
    rows = words.reshape(-1, words.shape[-1])
    rows = rows[rows[:, 0] > 0].astype(np.int64)
    found = []
    for at, name in enumerate(FIELDS):
        table = np.zeros((len(FAMILIES), SIZES[name]))
        for family in (BAR, NOTE):
            if at and name not in USED[family]:
                continue
            chosen = rows[rows[:, 0] == family, at]
            table[0 if not at else family] += np.bincount(chosen, minlength=SIZES[name])
        found.append(table)
    return found
