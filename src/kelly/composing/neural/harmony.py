"""Harmony: which families of chords suit a feeling, and which chord may stand in for one of them.

Conventions: classes and their probabilities as in `kelly.models.harmony`; a song's chords are heard from their begin,
one step a change of chord, over the tonic. The network speaks through `Following`, with its table of n-grams.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from kelly.composing.chance import pick
from kelly.composing.progressions import progression
from kelly.composing.theory import MODES, ChordSymbol, Key
from kelly.emotion.space import Emotion
from kelly.models import asking
from kelly.models.harmony.classes import CHORDS, class_of, pitch_classes
from kelly.models.harmony.following import Following
from kelly.models.networks import HarmonyPredictor, shipped

__all__ = ["chord_class", "reharmonised", "weighed"]

Floats = npt.NDArray[np.float64]

POWER = 1.5  # how far the network's likelihood of a change weighs beside the rules' fit to the feeling
CHANGED = 0.6  # the share of a family's chords that the network draws anew at dial 1
LEAST = 0.02  # of the likeliest chord: what is less likely does not stand in
_TURNS = 2  # how often a family is heard in a row, so that its way back to its beginning counts too
# The quality of a class, for each of `theory.QUALITIES`.
_HEARD = {
    **dict.fromkeys(("", "aug", "6", "maj7", "add9", "maj9"), "maj"),
    **dict.fromkeys(("m", "m6", "m7", "madd9", "m9"), "min"),
    **dict.fromkeys(("dim", "m7b5", "dim7"), "dim"),
    **dict.fromkeys(("7", "9"), "dom7"),
    **dict.fromkeys(("sus4", "sus2"), "sus"),
}
_PLAYED = ("", "m", "dim", "7", "sus4")  # the chord that is played for each quality of a class


def weighed(suited: Mapping[str, float], feeling: Emotion, dial: float) -> dict[str, float]:
    """Weights of families as the network would have them too.

    Parameters: suited, the rules' weight of each family by name; feeling; dial, 0..1.
    Returns: the weights times likelihood ^ (`POWER` dial), the likelihood being the mean of a change of chord and 1 for
    the likeliest family.
    """
    if not dial or _following() is None:
        return dict(suited)
    told = {name: _likelihood(feeling.rounded(), name) for name in suited}
    best = max(told.values())
    return {name: weight * math.exp(POWER * dial * (told[name] - best)) for name, weight in suited.items()}


def reharmonised(
    row: Sequence[ChordSymbol], key: Key, feeling: Emotion, dial: float, rng: Generator
) -> tuple[ChordSymbol, ...]:
    """A family's chords, some of them drawn anew by what the network expects after those before.

    The first and the last stay, which a family is known by. What comes in between belongs to the key, is not yet in the
    row, so that no row becomes a to and fro, and neither is there at once before nor after it.

    Parameters: row, absolute chords; key; feeling; dial, 0..1; rng, a stream for this alone.
    """
    following = _following() if dial else None
    if following is None or len(row) < 3:
        return tuple(row)
    code = asking.code(feeling, asking.SONGS)
    chords, heard = [row[0]], [chord_class(row[0], key.tonic)]
    following.hear(heard[0])
    for place, own in enumerate(row[1:-1], 1):
        taken = {*heard, chord_class(row[place + 1], key.tonic), chord_class(row[-1], key.tonic)} - {
            chord_class(own, key.tonic)
        }
        chord = _drawn(own, _expected(following.predict(code), key, taken), key.tonic, dial, rng)
        chords.append(chord)
        heard.append(chord_class(chord, key.tonic))
        if heard[-1] != heard[-2]:
            following.hear(heard[-1])
    return (*chords, row[-1])


def _expected(told: Floats, key: Key, taken: Container[int]) -> dict[int, float]:
    """The classes that may come in and how likely each is; of those far from the likeliest none."""
    likely = {index: float(told[index]) for index in _allowed(key.mode) if index not in taken}
    best = max(likely.values(), default=0.0)
    return {index: share for index, share in likely.items() if share >= LEAST * best}


def _drawn(own: ChordSymbol, likely: Mapping[int, float], tonic: int, dial: float, rng: Generator) -> ChordSymbol:
    """The family's own chord, or one that the network expects."""
    total = sum(likely.values())
    changed = CHANGED * dial if total else 0.0
    weights = {own: 1 - changed}
    for index, share in likely.items():
        chord = own if index == chord_class(own, tonic) else _symbol(index, tonic)
        weights[chord] = weights.get(chord, 0.0) + changed * share / total
    return pick(weights, rng)


@lru_cache(1 << 12)
def _likelihood(feeling: Emotion, name: str) -> float:
    """The mean logarithm of probability of a change within a family, where there is a network."""
    following = _following()
    assert following is not None  # noqa: S101 - `weighed` looked
    code = asking.code(feeling, asking.SONGS)
    told = []
    for index in _changes(progression(name, 0) * _TURNS):
        told.append(math.log(max(float(following.predict(code)[index]), 1e-6)))
        following.hear(index)
    return math.fsum(told) / len(told)


def _changes(row: Iterable[ChordSymbol]) -> list[int]:
    return [index for index, _ in groupby(chord_class(chord, 0) for chord in row)]


def _following() -> Following | None:
    """A song in the making, from its begin on; None where the network is missing."""
    network = shipped(HarmonyPredictor)
    return None if network is None else network.following()


def chord_class(chord: ChordSymbol, tonic: int) -> int:
    """The class (0..59) of a chord over a tonic (0..11)."""
    return class_of(chord.root - tonic, _HEARD[chord.quality])


def _symbol(index: int, tonic: int) -> ChordSymbol:
    degree, quality = divmod(index, len(_PLAYED))
    return ChordSymbol((degree + tonic) % 12, _PLAYED[quality])


@lru_cache(len(MODES))
def _allowed(mode: str) -> tuple[int, ...]:
    """The classes whose tones all belong to a mode."""
    return tuple(index for index in range(CHORDS) if set(pitch_classes(index)) <= set(MODES[mode]))
