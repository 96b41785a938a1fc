"""The mixture that the word model learns from: every corpus's texts with the labels it has, and batches of them.

Conventions: a target row has one number for each slot of `kelly.models.words.heads`, in the unit that the loss wants
(levels: the share of single ratings on each; the slots of a spread hold the mean that it is about; flags 0 or 1; names
and wounds: shares that sum to 1), and NaN where the corpus says nothing. Only train splits enter; a twentieth of
each corpus's train split, chosen by the hash of the text, is kept apart as the `tune` part, on which choices and
calibrations are made.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from kelly.emotion.space import distance
from kelly.listening import lexical
from kelly.listening.morphology import table
from kelly.models.words.frames import frames
from kelly.models.words.heads import SCALES, SIZE, SLOTS, WOUNDS
from kelly.models.words.tidy import tidy
from kelly.training.data.corpora import emobank, goemotions, semeval, warriner
from kelly.training.data.noise import misspelt
from kelly.training.tasks.tables import NODES, anchors, definitions, label_names, place_of

__all__ = ["CORPORA", "PASSES", "Batches", "Mixture", "encode", "read"]

Floats = npt.NDArray[np.float32]

# How often a round passes over each corpus.
PASSES = {"emobank": 1.0, "semeval": 0.8, "warriner": 0.4, "goemotions": 0.35, "anchors": 1.0, "lexicon": 0.5}
CORPORA = tuple(PASSES)
_PLAIN = re.compile(r"[a-z][a-z' -]*")
LONGEST = 96  # tokens; longer texts are cut in training
_TWENTIETH = 20


@dataclass(frozen=True, slots=True)
class Mixture:
    """Texts side by side: texts, corpus (index into `CORPORA`) and targets (texts, 173), row by row."""

    texts: list[str]
    corpus: npt.NDArray[np.int64]
    targets: Floats

    def take(self, chosen: npt.NDArray[np.int64]) -> Mixture:
        """The rows of some indices."""
        return Mixture([self.texts[i] for i in chosen], self.corpus[chosen], self.targets[chosen])


def read(root: Path) -> tuple[Mixture, Mixture]:
    """The train splits of all four corpora below a root, the anchors and the lexicon.

    Returns: what is trained on, and the part kept for tuning.
    Raises: CorpusError when a corpus is missing, is not in its official layout, or has no train split.
    """
    texts, corpus, targets, kept = [], [], [], []
    measured = _measured(root)
    sources = (_emobank(root), _semeval(root), _warriner(root), _goemotions(root), _anchors(), _lexicon(root))
    for number, rows in enumerate(sources):
        for forms, row in rows:
            for form in forms if tidy(forms[0]) not in measured else ():
                texts.append(tidy(form))
                corpus.append(number)
                targets.append(row)
                kept.append(_kept(forms[0]))
    whole = Mixture(texts, np.array(corpus), np.stack(targets))
    return whole.take(np.flatnonzero(~np.array(kept))), whole.take(np.flatnonzero(kept))


def encode(tokenizer: Tokenizer, texts: Sequence[str], longest: int = LONGEST) -> list[npt.NDArray[np.int64]]:
    """Token ids of each text, cut to `longest`."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return [np.array(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]


@dataclass(frozen=True, slots=True)
class Batches:
    """Which rows come together, round by round: a function of seed and round alone, so that a run can go on exactly.

    Parameters: corpus, of each row; lengths, tokens of each row (rows of like length go together); size of a batch;
    seed; passes, how often a round goes over each corpus.
    """

    corpus: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    size: int
    seed: int
    passes: Mapping[str, float]

    def round(self, number: int) -> Iterator[npt.NDArray[np.int64]]:
        """The batches of one round, as row indices."""
        rng = np.random.default_rng([self.seed, number])
        chosen = np.concatenate([self._of(name, number) for name in CORPORA])
        chosen = rng.permutation(chosen)
        window = 64 * self.size
        for start in range(0, len(chosen), window):
            part = chosen[start : start + window]
            part = part[np.argsort(self.lengths[part], kind="stable")]
            batches = [part[i : i + self.size] for i in range(0, len(part), self.size)]
            yield from (batches[i] for i in rng.permutation(len(batches)))

    def __len__(self) -> int:
        """The batches of a round (the same for every round)."""
        rows = sum(len(self._of(name, 0)) for name in CORPORA)
        return math.ceil(rows / self.size)

    def _of(self, name: str, number: int) -> npt.NDArray[np.int64]:
        """A corpus's share of a round; what a round leaves out comes in the next ones."""
        rows = np.flatnonzero(self.corpus == CORPORA.index(name))
        count = round(self.passes[name] * len(rows))
        start = number * count
        if count == 0:
            return rows[:0]
        turns = range(start // len(rows), (start + count - 1) // len(rows) + 1)
        ordered = [np.random.default_rng([self.seed, turn]).permutation(rows) for turn in turns]
        return np.concatenate(ordered)[start % len(rows) :][:count]


def _kept(text: str) -> bool:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % _TWENTIETH == 0


def _measured(root: Path) -> set[str]:
    """Tidied texts of the splits that are measured: some stand in a train split too, and are not trained on."""
    sentences = (one.text for one in emobank.load(root) if one.split != "train")
    comments = (one.text for one in goemotions.load(root) if one.split != "train")
    return {tidy(text) for text in chain(sentences, comments)}


def _row(**heads: npt.ArrayLike) -> Floats:
    row = np.full(SIZE, np.nan, np.float32)
    for name, values in heads.items():
        row[SLOTS[name]] = np.asarray(values, np.float32)
    return row


def _emobank(root: Path) -> Iterator[tuple[list[str], Floats]]:
    for one in emobank.load(root):
        if one.split == "train":
            shares = one.counts / one.counts.sum(1, keepdims=True)
            middle, unit = SCALES["emobank"]
            mean = (np.array(one.gold) - middle) / unit
            yield [one.text], _row(emobank=mean, emobank_spread=mean, levels=shares.ravel())


def _semeval(root: Path) -> Iterator[tuple[list[str], Floats]]:
    for one in semeval.load(root):
        if one.split != "train":
            continue
        row = _row(intensities=[one.intensities.get(name, np.nan) for name in semeval.INTENSITIES])
        if one.valence is not None:
            row[SLOTS["valence"]] = one.valence
        if one.emotions is not None:
            row[SLOTS["emotions"]] = one.emotions
            row[SLOTS["names"]] = _meant(np.array(one.emotions), label_names("semeval"))
        yield [one.text], row


def _warriner(root: Path) -> Iterator[tuple[list[str], Floats]]:
    for one in warriner.load(root):
        if one.split == "train":
            middle, unit = SCALES["warriner"]
            mean = (np.array(one.means) - middle) / unit
            yield frames(one.text), _row(warriner=mean, warriner_spread=mean)


def _goemotions(root: Path) -> Iterator[tuple[list[str], Floats]]:
    for one in goemotions.load(root):
        if one.split == "train":
            flags = np.zeros(len(goemotions.LABELS))
            flags[list(one.labels)] = 1
            yield [one.text], _row(goemotions=flags, names=_meant(flags, label_names("goemotions")))


def _meant(flags: npt.NDArray[np.floating[Any]], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The names that some labels may be meant by: shares (80,), or NaN when none is a feeling."""
    weights = flags @ shares
    total = weights.sum()
    return np.asarray(weights / total if total > 0 else np.full_like(weights, np.nan))


def _anchors() -> Iterator[tuple[list[str], Floats]]:
    """The anchors, and the definitions, which say what they define."""
    for one in anchors():
        place = [*one.emotion.vad]
        row = _row(feeling=place, feeling_spread=place)
        if one.name is not None:
            row[SLOTS["names"]] = _around(place_of(one.name))
        if one.wound is not None:
            row[SLOTS["wounds"]] = np.arange(len(WOUNDS)) == WOUNDS.index(one.wound)
        yield [one.text, misspelt(one.text)], row
    for text, index in zip(*definitions("names"), strict=True):
        place = [*NODES[index].emotion.vad]
        yield [text], _row(feeling=place, feeling_spread=place, names=_around(index))
    for text, index in zip(*definitions("wounds"), strict=True):
        yield [text], _row(wounds=np.arange(len(WOUNDS)) == index)


def _lexicon(root: Path) -> Iterator[tuple[list[str], Floats]]:
    """The lexicon's entries that are plain words, where its reader puts them; none of a stem held out."""
    held = {warriner.stem(one.text) for one in warriner.load(root) if one.split != "train"}
    for row in table("lexicon.csv"):
        entry = row["entry"]
        if not _PLAIN.fullmatch(entry) or warriner.stem(entry) in held:
            continue
        reading = lexical.read(entry)
        if len(reading.words) == 1 and reading.words[0].word == entry:
            yield [entry], _row(feeling=[*reading.emotion.vad])


def _around(index: int) -> npt.NDArray[np.float64]:
    """A name, and a little of those that lie near it: whoever says grief may as well say sorrow."""
    near = np.array([math.exp(-distance(node.emotion, NODES[index].emotion) / 0.08) for node in NODES])
    near[index] = 0
    return np.asarray(0.25 * near / near.sum() + 0.75 * (np.arange(len(NODES)) == index))
