"""Beats: where they lie in a performance whose file does not say (EMOPIA: every file claims 120 BPM).

Conventions: times in seconds. How likely an onset is a beat, and a beat a downbeat, is a logistic regression on how it
and its two neighbours stand out: louder, thicker, lower, longer, newer in its pitch classes than what is played around
it (`beats.csv`, learnt on the training split of ASAP). The beats are the path of the most evidence whose tempo changes
as little as may be: dynamic programming in the manner of Ellis (2007), but over time and tempo, since pianists do not
keep one. Bars of two, three or four beats are laid over them likewise. How often that is right stands in
`benchmarks/beats`.

    python -m kelly.training.data.beats ROOT       # learns the weights anew, from ASAP below ROOT
"""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError, UsageError
from kelly.files import write_atomically
from kelly.score.notes import Score
from kelly.training.data.corpora import asap
from kelly.training.data.onsets import FEATURES, PLACES, onsets

__all__ = ["LONGEST", "Tracked", "learnt", "track"]

LONGEST = 7200.0  # seconds that are tracked at most
COLUMNS = ("feature", "place", "beat", "downbeat")

_FRAMES = 50  # a second
_PERIODS = np.unique(np.round(np.geomspace(0.16, 2.4, 32) * _FRAMES).astype(np.int64))  # frames a beat: 25..375 BPM
_TEMPO, _TEMPO_SPREAD = 0.6, 0.3  # seconds a beat; cost of a squared octave away from it, a beat
_CHANGE, _POWER = 18.0, 2.0  # cost of an octave's change from a beat to the next, and how it grows
_SILENT, _BESIDE = -2.5, 0.5  # evidence of a beat without an onset; cost of one a frame away
_REWARD = 2.0  # of each beat: onsets that are none need no evidence against them
_START = 1.5  # seconds after the first onset in which the first beat lies
_SNAP = 0.04  # seconds from a beat to the onset that it takes its time from
_BARS = (2, 3, 4)
_OTHER_BAR = 8.0  # cost of another number of beats in a bar

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was tracked: times (n,) of the beats in seconds, rising; is_downbeat (n,), those that open a bar."""

    times: Floats
    is_downbeat: Flags

    @property
    def downbeats(self) -> Floats:
        """The times of the beats that open a bar, in seconds."""
        return self.times[self.is_downbeat]


def track(score: Score) -> Tracked:
    """The beats of a performance; none where it has fewer than two onsets.

    Parameters: score, as it was read; only its times in seconds count, not the beats of its file.

    Raises: UsageError, it lasts longer than `LONGEST`.
    """
    if score.duration > LONGEST:
        raise UsageError(f"beats are tracked in at most {LONGEST:.0f} s; the performance lasts {score.duration:.0f} s")
    times, features = onsets(score)
    if len(times) < 2:
        return Tracked(np.empty(0), np.empty(0, bool))
    odds = _odds(features)
    beats = _snapped(_path(times, odds[:, 0]), times)
    return Tracked(beats, _opening(_at(beats, times, odds[:, 1])))


def learnt(root: Path) -> list[tuple[str, ...]]:
    """The rows of `beats.csv`, learnt anew from the training split of ASAP below a root.

    Raises: CorpusError, the corpus is missing or has no performance of that split.
    """
    examples = [_example(one) for one in asap.load(root) if one.split == "train"]
    if not examples:
        raise CorpusError(f"{root} must hold performances of the training split of asap; it holds none")
    features, labels = (np.concatenate(column) for column in zip(*examples, strict=True))
    known = labels[:, 0]
    beat, downbeat = _fitted(features, known), _fitted(features[known], labels[known, 1])
    names = [(name, place) for place in PLACES for name in FEATURES]
    values = [(f"{a:.5f}", f"{b:.5f}") for a, b in zip(beat, downbeat, strict=True)]
    return [(*name, *value) for name, value in zip([*names, ("constant", "this")], values, strict=True)]


def _example(performance: asap.Performance) -> tuple[Floats, Flags]:
    """The features (n, 45) of the onsets of a performance, and which (n, 2) are beats and downbeats."""
    times, features = onsets(asap.read(performance))
    beats = asap.beats(performance)
    nearest = _nearest(beats.times, times)
    found = np.abs(times[nearest] - beats.times) < 2 * _SNAP
    labels = np.zeros((len(times), 2), bool)
    labels[nearest[found], 0] = True
    labels[nearest[found & beats.is_downbeat], 1] = True
    return features, labels


def _fitted(features: Floats, labels: Flags) -> Floats:
    """The weights (46,) of a logistic regression, the constant last."""
    from sklearn.linear_model import LogisticRegression

    mean, spread = features.mean(0), features.std(0) + 1e-9
    model = LogisticRegression(max_iter=500).fit((features - mean) / spread, labels)
    weights = model.coef_[0] / spread
    return np.append(weights, model.intercept_[0] - weights @ mean)


@cache
def _weights() -> Floats:
    """The table (46, 2): weights for beat and downbeat, the constants last."""
    text = resources.files("kelly.training.data").joinpath("beats.csv").read_text(encoding="utf-8")
    return np.array([(float(row["beat"]), float(row["downbeat"])) for row in csv.DictReader(io.StringIO(text))])


def _odds(features: Floats) -> Floats:
    """The logarithm of the odds (n, 2) that an onset is a beat, and, if it is one, a downbeat."""
    weights = _weights()
    odds: Floats = features @ weights[:-1] + weights[-1]
    return odds


def _evidence(times: Floats, odds: Floats) -> Floats:
    """The evidence for a beat in each frame, from the start of the file to a second after the last onset."""
    frames = np.round(times * _FRAMES).astype(np.int64)
    evidence = np.full(int(frames[-1]) + _FRAMES, _SILENT)
    for shift, cost in ((0, 0.0), (-1, _BESIDE), (1, _BESIDE)):
        np.maximum.at(evidence, np.maximum(frames + shift, 0), odds + _REWARD - cost)
    return evidence


def _path(times: Floats, odds: Floats) -> Floats:
    """The times of the beats with the most evidence in sum, less what changes of tempo cost.

    A state is a frame with a beat and the period that led to it; `best` holds the sum of the best path into each, with
    as many rows before the first frame as the longest period has.
    """
    evidence = _evidence(times, odds)
    octaves = np.log2(_PERIODS / _FRAMES)
    change = -_CHANGE * np.abs(octaves[:, None] - octaves) ** _POWER  # to, from
    home = -_TEMPO_SPREAD * (octaves - np.log2(_TEMPO)) ** 2
    last_start = int((times[0] + _START) * _FRAMES)
    before, every = int(_PERIODS[-1]), np.arange(len(_PERIODS))
    best = np.full((before + len(evidence), len(_PERIODS)), -np.inf)
    came = np.full((len(evidence), len(_PERIODS)), -1, np.int8)
    for frame, seen in enumerate(evidence):
        sums = best[before + frame - _PERIODS] + change
        source = sums.argmax(1)
        value = sums[every, source]
        if frame <= last_start:
            source, value = np.where(value > 0, source, -1), np.maximum(value, 0)
        best[before + frame], came[frame] = value + seen + home, source
    return _traced(best[before:], came, int(times[-1] * _FRAMES)) / _FRAMES


def _traced(best: Floats, came: npt.NDArray[np.int8], last: int) -> Floats:
    """The frames of the best path that ends within the longest period before the last onset, or just after it."""
    start = max(0, last - int(_PERIODS[-1]))
    frame, period = (int(i) for i in np.unravel_index(best[start:].argmax(), best[start:].shape))
    frame += start
    path = [frame]
    while came[frame, period] >= 0:
        frame, period = frame - int(_PERIODS[period]), int(came[frame, period])
        path.append(frame)
    return np.array(path[::-1], np.float64)


def _nearest(places: Floats, times: Floats) -> Ints:
    """The index of the time nearest to each place."""
    after = np.clip(np.searchsorted(times, places), 1, max(1, len(times) - 1))
    nearest: Ints = after - (places - times[after - 1] < times[np.minimum(after, len(times) - 1)] - places)
    return np.minimum(nearest, len(times) - 1)


def _snapped(beats: Floats, times: Floats) -> Floats:
    """The beats, each at the time of the onset that is next to it, if there is one."""
    near = times[_nearest(beats, times)]
    return np.unique(np.where(np.abs(near - beats) <= _SNAP, near, beats))


def _at(beats: Floats, times: Floats, odds: Floats) -> Floats:
    """The odds of the onset at each beat; where there is none, those of the least likely tenth."""
    nearest = _nearest(beats, times)
    there = np.abs(times[nearest] - beats) <= _SNAP
    return np.where(there, odds[nearest], np.quantile(odds, 0.1))


def _opening(odds: Floats) -> Flags:
    """Which beats open a bar: the best sum of their odds, bars having two, three or four beats and seldom changing."""
    lengths = np.array(_BARS)
    change = -_OTHER_BAR * (lengths[:, None] != lengths)
    best = np.full((len(odds) + max(_BARS), len(lengths)), -np.inf)
    came = np.full((len(odds), len(lengths)), -1, np.int64)
    every = np.arange(len(lengths))
    for beat, seen in enumerate(odds):
        sums = best[max(_BARS) + beat - lengths] + change
        source = sums.argmax(1)
        value = sums[every, source]
        if beat < max(_BARS):
            source, value = np.where(value > 0, source, -1), np.maximum(value, 0)
        best[max(_BARS) + beat], came[beat] = value + seen, source
    opening = np.zeros(len(odds), bool)
    return _marked(opening, best[max(_BARS) :], came)


def _marked(opening: Flags, best: Floats, came: Ints) -> Flags:
    """The same flags with those set that the best path goes through; it ends in the last bar."""
    start = max(0, len(best) - max(_BARS))
    beat, length = (int(i) for i in np.unravel_index(best[start:].argmax(), best[start:].shape))
    beat += start
    while beat >= 0:
        opening[beat] = True
        source = int(came[beat, length])
        beat, length = (beat - _BARS[length], source) if source >= 0 else (-1, 0)
    return opening


if __name__ == "__main__":
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([COLUMNS, *learnt(Path(sys.argv[1]))])
    write_atomically(Path(__file__).with_name("beats.csv"), written.getvalue().encode())
