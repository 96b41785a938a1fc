"""Stretches: passages that feel alike and stand together become the sections of a song.

Conventions: passages come in the order of the text, each with its feeling, its weight (how much it says, > 0) and its
length in characters. Distances are those of `space.distance`: valence halved. The song is as long as the classic arc;
what is asked for instead is `Journey.scaled`'s business. A lyric whose sections are named keeps its form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from kelly.emotion.journey import PHRASE_BARS, Arc, Journey, Stretch, apportioned, arc
from kelly.emotion.space import RANGES, Emotion, distance

__all__ = ["Heard", "centre", "formed"]

Array = npt.NDArray[np.float64]

HALVED = (0.5, 1.0, 1.0)  # valence, as long as the other axes
WIDTH, SHIFTS = 0.2, 12  # how far apart feelings are one, and steps towards where they lie densest
ALIKE = 0.08  # centres nearer than this are one stretch
MOST, MOST_NAMED = 7, 12  # stretches of a song: as feelings change, and as a lyric names them
POOLED = 400  # pieces that are told apart when stretches are sought
NEAR = (1.0, 0.4, 0.1)  # how much a passage, the ones beside it and the ones beyond say about it,
BEYOND = 0.2  # and the share of that which counts across a border
PLAIN = 0.25  # what a passage weighs in the search beside what it says
CHANGE = 0.02  # squared distance that a further stretch must explain in a text of up to
SHORT = 10  # pieces; in a longer one a smaller change is no accident
BORDER = 0.5  # the share of it that is enough at a blank line or heading
QUIETEST, FULLEST = 0.2, 1.0
SPAN = 0.25  # stretches whose strengths lie nearer than this are not told apart to the full
LONGEST, USUAL = 5, 4  # phrases of a section, and of one that had to be divided
RISE = 0.3  # energy from the first section of a divided stretch to the last
# What a named section has more energy than its words say.
LIFTS = {
    "chorus": 0.15,
    "drop": 0.2,
    "build": 0.05,
    "intro": -0.15,
    "breakdown": -0.15,
    "interlude": -0.1,
    "outro": -0.15,
}


@dataclass(frozen=True, slots=True)
class Heard:
    """A passage as far as the form hangs on it: feeling, weight, length, whether it follows a border, and the role of
    the section whose heading stands above it ("" for none).
    """

    feeling: Emotion
    weight: float
    length: int
    opens: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True)
class _Section:
    feeling: Emotion
    phrases: int
    energy: float
    role: str


def formed(passages: Sequence[Heard]) -> tuple[Journey, tuple[float, ...]]:
    """The journey through the feelings of a story, and where in it (progress in 0..1) the middle of each passage lies.

    A story of one feeling is a journey that stays, over the classic arc; any other leads through a point in the
    middle of every section of an arc of its own. Feelings are rounded to .01.
    """
    starts = _named(passages) or _joined(passages)
    stretches = [passages[start:end] for start, end in pairwise([*starts, len(passages)])]
    if len(stretches) == 1:
        return Journey(centre(passages).rounded()), _middles(passages)
    phrases = _phrases([sum(one.length for one in stretch) for stretch in stretches])
    begins = [0, *accumulate(phrases)]
    places = tuple(
        (begin + share * length) / begins[-1]
        for begin, length, stretch in zip(begins, phrases, stretches, strict=False)
        for share in _middles(stretch)
    )
    return _through(_sections(stretches, phrases)).rounded(), places


def _through(sections: Sequence[_Section]) -> Journey:
    """The journey with a point in the middle of every section."""
    ends = [0, *accumulate(section.phrases for section in sections)]
    centres = [(start + end) / 2 / ends[-1] for start, end in pairwise(ends)]
    placed = list(zip(centres, sections, strict=True))
    form = tuple(Stretch(one.role, PHRASE_BARS * one.phrases, one.energy, travel=place) for place, one in placed)
    return Journey.through([(place, one.feeling) for place, one in placed], Arc("story", form))


def centre(passages: Sequence[Heard]) -> Emotion:
    """What is felt most in several passages: where, by their weights, they lie densest (mean shift; Cheng, 1995).

    The plain mean of a grief and a joy is a lukewarm feeling that nobody has; like feelings have nearly their mean.
    """
    points = np.array([one.feeling.vad for one in passages]) * HALVED
    weights = np.array([one.weight for one in passages])
    heaviest = points[np.argsort(-weights, kind="stable")[:POOLED]]
    density = [round(float(_pulls(points, weights, point).sum()), 9) for point in heaviest]
    place = heaviest[int(np.argmax(density))]
    for _ in range(SHIFTS):
        pulls = _pulls(points, weights, place)
        place = (pulls[:, None] * points).sum(axis=0) / pulls.sum()
    return _mean(passages, _pulls(points, weights, place).tolist())


def _pulls(points: Array, weights: Array, place: Array) -> Array:
    """The weights of points as far as they lie around a place."""
    return np.asarray(weights * np.exp(-((points - place) ** 2).sum(axis=1) / (2 * WIDTH**2)))


def _mean(passages: Sequence[Heard], weights: Sequence[float]) -> Emotion:
    total = math.fsum(weights)
    shares = [weight / total for weight in weights]
    numbers = (
        math.fsum(share * getattr(one.feeling, name) for one, share in zip(passages, shares, strict=True))
        for name in RANGES
    )
    return Emotion(*(round(number, 9) for number in numbers))


def _middles(passages: Sequence[Heard]) -> tuple[float, ...]:
    """The middle of every passage as a share of the length of all."""
    ends = [0, *accumulate(one.length for one in passages)]
    return tuple(round((start + end) / 2 / ends[-1], 9) for start, end in pairwise(ends))


def _named(passages: Sequence[Heard]) -> list[int]:
    """Where the sections of a lyric begin, when it names them and they are not too many; else nothing."""
    starts = [i for i, one in enumerate(passages) if one.role or i == 0]
    return starts if 2 <= len(starts) <= MOST_NAMED else []


def _joined(passages: Sequence[Heard]) -> list[int]:
    """Where stretches begin: the cuts that explain most of the change for the least number of stretches."""
    size = -(-len(passages) // POOLED)
    starts = range(0, len(passages), size)
    pools = [passages[start : start + size] for start in starts]
    weights = np.array([math.fsum(PLAIN + one.weight for one in pool) for pool in pools])
    change = CHANGE * math.sqrt(min(1.0, SHORT / len(pools)))
    prices = np.array([change * (BORDER if any(one.opens for one in pool) else 1) for pool in pools])
    cuts = _cut(_smoothed(pools), weights / math.fsum(weights.tolist()), prices)
    return _told_apart(passages, [starts[cut] for cut in cuts])


def _told_apart(passages: Sequence[Heard], starts: Sequence[int]) -> list[int]:
    """The starts of stretches in which something else is felt than in the one before."""
    feelings = [centre(passages[start:end]) for start, end in pairwise([*starts, len(passages)])]
    changes = [distance(*pair) >= ALIKE for pair in pairwise(feelings)]
    return [0, *(start for start, changed in zip(starts[1:], changes, strict=True) if changed)]


def _smoothed(pools: Sequence[Sequence[Heard]]) -> Array:
    """(V / 2, A, D) of every pool, seen together with those around it by what each says: an array (pools, 3)."""
    points = np.array([_mean(pool, [one.weight for one in pool]).vad for pool in pools]) * HALVED
    weights = [math.fsum(one.weight for one in pool) for pool in pools]
    paragraphs = list(accumulate(any(one.opens for one in pool) for pool in pools))
    seen = []
    for i, paragraph in enumerate(paragraphs):
        around = range(max(i - len(NEAR) + 1, 0), min(i + len(NEAR), len(pools)))
        pulls = [weights[j] * NEAR[abs(i - j)] * (1 if paragraphs[j] == paragraph else BEYOND) for j in around]
        seen.append(sum(pull * points[j] for pull, j in zip(pulls, around, strict=True)) / math.fsum(pulls))
    return np.array(seen)


def _cut(points: Array, weights: Array, prices: Array) -> list[int]:
    """The starts of up to `MOST` stretches with the least squared distance to their means and prices of cuts.

    Dynamic programming over the number of stretches and where the last ends (Bellman, 1961). Parameters: points (n, 3);
    weights (n,), summing to 1; prices (n,), of a stretch that begins there.
    """
    costs = _costs(points, weights)
    totals, befores = [costs[0]], [np.zeros(len(points) + 1, dtype=np.intp)]
    for _ in range(1, MOST):
        ways = totals[-1][:, None] + np.append(prices, 0.0)[:, None] + costs
        befores.append(np.argmin(ways, axis=0))
        totals.append(np.min(ways, axis=0))
    count = int(np.argmin([total[-1] for total in totals]))
    starts = [len(points)]
    for before in befores[count::-1]:
        starts.append(int(before[starts[-1]]))
    return starts[:0:-1]


def _costs(points: Array, weights: Array) -> Array:
    """The weighted squared distance of points i..j-1 from their mean, for all i < j: (n + 1, n + 1), infinite beyond.

    Rounded, so that no cut hangs on the last bit.
    """
    sums = np.cumsum(np.column_stack([weights, weights[:, None] * points, weights * (points**2).sum(axis=1)]), axis=0)
    sums = np.vstack([np.zeros(5), sums])
    mass, *moments, squares = np.moveaxis(sums[None, :] - sums[:, None], -1, 0)
    later = np.triu(np.ones(mass.shape, dtype=bool), 1)
    spread = squares - sum(moment**2 for moment in moments) / np.where(later, mass, 1)
    return np.where(later, np.round(np.maximum(spread, 0), 9), np.inf)


def _phrases(lengths: Sequence[int]) -> list[int]:
    """The phrases of the classic arc shared out by length, at least one to each stretch."""
    shares = apportioned(lengths, arc("classic").bars // PHRASE_BARS)
    while 0 in shares:
        shares[shares.index(max(shares))] -= 1
        shares[shares.index(0)] += 1
    return shares


def _sections(stretches: Sequence[Sequence[Heard]], phrases: Sequence[int]) -> list[_Section]:
    """The sections of the song: the stretches, long ones divided, each with its energy and role."""
    feelings = [centre(stretch) for stretch in stretches]
    roles = [stretch[0].role for stretch in stretches]
    named = any(roles)
    energies = _energies(feelings)
    found: list[_Section] = []
    for i, (feeling, energy, length) in enumerate(zip(feelings, energies, phrases, strict=True)):
        count = -(-length // USUAL) if length > LONGEST else 1
        falls = i == len(stretches) - 1 and energy < max(energies)
        level = energy + LIFTS.get(roles[i], 0.0)
        for part, share in enumerate(apportioned([1] * count, length)):
            rise = RISE * (part / (count - 1) - 0.5) if count > 1 else 0.0
            # A long stretch has a refrain of its own.
            summit = count > 2 and part > 0 and (count - 1 - part) % 3 == 0 and not falls
            role = roles[i] or ("chorus" if summit else "verse")
            found.append(_Section(feeling, share, _bounded(level - rise if falls else level + rise), role))
    return found if named else _with_roles(found)


def _energies(feelings: Sequence[Emotion]) -> list[float]:
    """How strong each stretch is beside the others, from the quietest to the fullest."""
    strengths = [0.6 * feeling.arousal + 0.4 * feeling.intensity for feeling in feelings]
    span = max(max(strengths) - min(strengths), SPAN)
    lowest = (max(strengths) + min(strengths) - span) / 2
    return [QUIETEST + (FULLEST - QUIETEST) * (strength - lowest) / span for strength in strengths]


def _bounded(energy: float) -> float:
    return round(min(max(energy, QUIETEST), FULLEST), 2)


def _with_roles(sections: Sequence[_Section]) -> list[_Section]:
    """Sections with roles by their energies: the strongest is the chorus, a last quiet one the outro."""
    energies = [section.energy for section in sections]
    last = len(sections) - 1
    peak = max(range(len(sections)), key=lambda i: (energies[i], i))
    roles = [section.role for section in sections]
    for i, energy in enumerate(energies):
        around = energies[max(i - 1, 0) : i] + energies[i + 1 : i + 2]
        if i == peak or (energy > max(around) and energy > energies[peak] - 0.2):
            roles[i] = "chorus"
    if roles[last] == "verse" and energies[last] <= 0.5:
        roles[last] = "outro"
    if roles[0] == "verse" and last > 1 and energies[0] <= 0.4 and sections[0].phrases <= 2:
        roles[0] = "intro"
    for i in range(1, last + 1):
        if roles[i - 1 : i + 1] == ["verse", "chorus"] and i > 1 and sections[i - 1].phrases <= 2:
            roles[i - 1] = "pre-chorus"
    between = [i for i in range(roles.index("chorus") + 1, last) if roles[i] == "verse"]
    if between:
        apart = [round(distance(sections[i].feeling, sections[peak].feeling), 9) for i in between]
        roles[between[apart.index(max(apart))]] = "bridge"
    return [replace(section, role=role) for section, role in zip(sections, roles, strict=True)]
