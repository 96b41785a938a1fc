"""Hearing a recording: what feeling a voice or music carries, as a whole and as it goes on.

Conventions: what is heard is one channel at 16 kHz, without its constant part, from the first sound to the last:
silence around it changes nothing. An ear tells whether somebody speaks, sings alone, or there is music, unless that is
given. It is heard in windows that overlap by half, `SPAN` seconds each, and each counts as much as there is sound in
it; between the middles of windows lie straight lines, of which the timeline has `RATE` points a second, none where
there is no sound. Of less than `LEAST` seconds of sound nothing is said.

A voice is heard as the emotions that actors were asked for; valence, arousal and dominance are the mean of those
emotions' places (`labels.csv`), so they are derived and not rated. Music is heard as its listeners would rate it:
valence and arousal are the weighed mean of what three corpora's heads say, each in units of how far it varies over
Emotify's tracks and from their middle (`config.json` of the ear), a unit being `REACH` on Kelly's axes; dominance is
derived from the feelings of the Geneva scale. The eight classes are happy, sad, angry, fearful, surprised, disgusted,
neutral and excited: of a voice the actors' emotions, calm counting as neutral, and happy as excited where valence is
above .3 and arousal above .7; of music how near it lies to the place of each but disgusted, which no music was rated
for.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.emotion.journey import Arc, Journey, arcs
from kelly.emotion.space import NEUTRAL, Emotion, clipped
from kelly.emotion.thesaurus import describe
from kelly.errors import UsageError
from kelly.listening.naming import WIDE, called, certainty, shares
from kelly.listening.reading import Alternative, Reading
from kelly.listening.stretches import Heard, formed
from kelly.models import ears
from kelly.names import find
from kelly.sound import recording

__all__ = [
    "CLASSES",
    "KINDS",
    "LEAST",
    "RATE",
    "WEIGHTS",
    "Recording",
    "hear",
    "listen",
    "music_sources",
    "music_units",
]

Floats = npt.NDArray[np.float64]
Wave = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

KINDS = ("speech", "singing", "music")
CLASSES = ("happy", "sad", "angry", "fearful", "surprised", "disgusted", "neutral", "excited")
RATE = 2.0  # points of a timeline a second
SPAN: Mapping[str, float] = MappingProxyType({"speech": 4.0, "singing": 5.0, "music": 5.0})  # seconds of a window
REACH = (0.5, 0.22)  # valence and arousal
# How much each head counts for valence and arousal. Of recordings those that learned from played scores tell little of
# valence (r .07 and .00 with the place of what Emotify's listeners felt) and something of arousal (.50 and .30).
WEIGHTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"gems": (0.8, 0.5), "vgmidi": (0.15, 0.35), "emopia": (0.05, 0.15)}
)
SPREADS = (0.35, 0.16, 0.3)  # of music
_OWN = (0.3, 0.15, 0.2)  # spread of a voice whose emotion is certain
LEAST = 0.3  # seconds of sound
_FRAME = 800  # samples, a twentieth of a second, in which there is sound or not
_SILENCE = 1e-4  # RMS of a frame without sound: -80 dB
_VOICED, _FAINT = 35.0, 60.0  # dB below the loudest frame; voices as they were learned from, music with its soft parts
_MOSTLY = 0.25  # of a window must sound
_GLANCES, _GLANCE = 8, 4.0  # windows that tell the kind, and their seconds
_AT_ONCE = 8  # windows
_EXCITED = (0.3, 0.7)  # valence and arousal above which happy is excited
_UNRATED = "disgusted"  # of music
_FEWEST = 1e-3  # of the listeners, whom a feeling moves at the least
_QUARTERS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])  # signs of valence and arousal of EMOPIA's quadrants
_SHORTEST = 20.0  # seconds of what may have an arc
_POINTS = 33  # at which an arc is compared


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """How a recording was heard.

    Parameters: name, of the file; seconds; kind, one of `KINDS` ("" of silence), and kinds, how likely each is;
    reading, the whole; classes, the shares of `CLASSES`; scales, of music the shares of listeners whom it would move
    so, by the feelings of the Geneva scale; times (t,) in seconds and course (t, 3), valence, arousal and dominance as
    they go on, NaN where there is no sound.
    """

    name: str
    seconds: float
    kind: str
    kinds: Mapping[str, float]
    reading: Reading
    classes: Mapping[str, float]
    scales: Mapping[str, float]
    times: Floats
    course: Floats

    @property
    def primary(self) -> str:
        """The likeliest of `CLASSES`."""
        return max(self.classes, key=lambda name: self.classes[name])

    @property
    def arc(self) -> str:
        """The narrative arc whose energy and travel the course follows best; "" of what is silent or too short."""
        if self.seconds < _SHORTEST:
            return ""
        return _nearest_arc(self.course[np.isfinite(self.course).all(1)])

    def journey(self) -> Journey:
        """The way through its feelings with the form of a song, as a story has it."""
        felt = self.course[np.isfinite(self.course).all(1)]
        if not len(felt):
            return Journey(self.reading.emotion)
        step = max(1, round(len(felt) / 120))
        rows = [felt[start : start + step].mean(0) for start in range(0, len(felt), step)]
        points = [clipped(*row).rounded() for row in rows]
        return formed([Heard(point, round(0.1 + point.intensity, 2), 10) for point in points])[0]

    def as_dict(self, *, timeline: bool = False) -> dict[str, Any]:
        """The recording as plain data for JSON: the reading's fields, kind, classes, arc, and the timeline if asked."""
        told = {
            **self.reading.as_dict(),
            "seconds": round(self.seconds, 3),
            "kind": self.kind,
            "kinds": {name: round(share, 4) for name, share in self.kinds.items()},
            "primary": self.primary,
            "classes": {name: round(share, 4) for name, share in self.classes.items()},
            "scales": {name: round(share, 4) for name, share in self.scales.items()},
            "derived": ["dominance"] if self.kind == "music" else ["valence", "arousal", "dominance"],
            "arc": self.arc,
        }
        if timeline:
            told["timeline"] = [
                {"time": round(float(time), 3), **_point(row)}
                for time, row in zip(self.times, self.course, strict=True)
            ]
        return told


def listen(path: str | os.PathLike[str], kind: str | None = None) -> Recording:
    """Hear what feeling a recording carries.

    Parameters: path, a wav, flac, ogg or mp3 file; kind, one of `KINDS` (None: as it sounds).
    Raises: UnknownNameError; FileError, the file cannot be read or is no audio, or Kelly was built without its ears.
    """
    samples = recording.read_at(path, ears.RATE).samples[0]
    return hear(samples, os.fspath(path), kind)


def hear(wave: Wave, name: str = "", kind: str | None = None) -> Recording:
    """Hear a wave (samples,) of one channel at 16 kHz, as `listen` does.

    Raises: UsageError, it has another shape or holds what is no finite number; UnknownNameError; FileError.
    """
    if wave.ndim != 1 or not np.isfinite(wave).all():
        raise UsageError(f"a wave must be (samples,) of finite numbers; got shape {wave.shape}")
    asked = None if kind is None else find(kind, KINDS, "kind")
    seconds = len(wave) / ears.RATE
    times = np.arange(0.0, max(seconds, 1 / RATE), 1 / RATE)
    wave = wave - wave.mean(dtype=np.float64).astype(np.float32) if len(wave) else wave
    near, all_of_it = _sounding(wave, _VOICED), _sounding(wave, _FAINT)
    if near.sum() * _FRAME < LEAST * ears.RATE:
        nothing = np.full((len(times), 3), np.nan)
        even = dict.fromkeys(CLASSES, 0.0) | {"neutral": 1.0}
        return Recording(name, seconds, asked or "", {}, _silence(name), even, {}, times, nothing)
    heard = np.flatnonzero(all_of_it)  # the constant is that of the sound, whatever silence is around it
    wave = wave - wave[heard[0] * _FRAME : (heard[-1] + 1) * _FRAME].mean(dtype=np.float64).astype(np.float32)
    kinds = {one: float(one == asked) for one in KINDS} if asked else _kinds(wave, near)
    chosen = max(kinds, key=lambda one: kinds[one])
    windows, weights = _windows(wave, SPAN[chosen], all_of_it if chosen == "music" else near)
    told = _told(wave, windows, "music" if chosen == "music" else "voice")
    head = "speech" if chosen == "speech" else "song"
    places = _music(told) if chosen == "music" else _voice(told[head])
    course = _course(times, windows, places)
    course[~_heard_at(times, all_of_it)] = np.nan
    place = weights @ places
    if chosen == "music":
        apart = np.sqrt(weights @ np.square(places - place))
        reading = _reading(name, place, np.hypot(SPREADS, apart))
        scales = dict(zip(ears.shipped("music").names["gems"], weights @ np.clip(told["gems"], 0, 1), strict=True))
        scales = {scale: float(share) for scale, share in scales.items()}
        return Recording(name, seconds, chosen, kinds, reading, _near(reading), scales, times, course)
    probabilities = weights @ told[head]
    reading = _reading(name, place, _spreads(probabilities))
    return Recording(name, seconds, chosen, kinds, reading, _eight(probabilities, reading.emotion), {}, times, course)


def _kinds(wave: Wave, sounding: Bools) -> dict[str, float]:
    """How likely each kind is, by some windows of the whole."""
    windows, weights = _windows(wave, _GLANCE, sounding)
    chosen = np.unique(np.linspace(0, len(windows) - 1, _GLANCES).round().astype(int)).tolist()
    told = _told(wave, [windows[row] for row in chosen], "voice")["kind"]
    shares_told = weights[chosen] @ told / weights[chosen].sum()
    return dict(zip(KINDS, shares_told.tolist(), strict=True))


def _sounding(wave: Wave, below: float) -> Bools:
    """Which frames of `_FRAME` samples are less than so many dB below the loudest one, and no silence."""
    padded = np.pad(wave, (0, -len(wave) % _FRAME))
    power = padded.reshape(-1, _FRAME).var(1, dtype=np.float64)  # a constant is no sound
    return np.asarray(power > max(_SILENCE**2, power.max(initial=0.0) * 10 ** (-below / 10)))


def _windows(wave: Wave, span: float, sounding: Bools) -> tuple[list[tuple[int, int]], Floats]:
    """Begin and end in samples of the windows in which there is sound, and how much each counts; the sum is 1."""
    alive = np.flatnonzero(sounding) * _FRAME
    first, end = int(alive[0]), min(len(wave), int(alive[-1]) + _FRAME)
    length, hop = round(span * ears.RATE), round(span * ears.RATE / 2)
    last = max(first, end - length)
    starts = sorted({*range(first, last + 1, hop), last})
    found = [(start, min(start + length, end)) for start in starts]
    shares_alive = np.array([sounding[start // _FRAME : -(-stop // _FRAME)].mean() for start, stop in found])
    kept = np.flatnonzero(shares_alive >= min(_MOSTLY, float(shares_alive.max()))).tolist()
    weights = shares_alive[kept] / shares_alive[kept].sum()
    return [found[row] for row in kept], np.asarray(weights, np.float64)


def _course(times: Floats, windows: Sequence[tuple[int, int]], places: Floats) -> Floats:
    """Valence, arousal and dominance (t, 3) on straight lines between the middles of windows."""
    middles = np.array([(start + end) / 2 for start, end in windows]) / ears.RATE
    return np.stack([np.interp(times, middles, column) for column in places.T], axis=1)


def _heard_at(times: Floats, sounding: Bools) -> Bools:
    """Whether there is sound within half a point's time of each time (t,)."""
    alive = np.flatnonzero(sounding) * _FRAME / ears.RATE
    near = np.clip(np.searchsorted(alive, times), 1, max(1, len(alive) - 1))
    apart = np.minimum(np.abs(alive[near - 1] - times), np.abs(alive[np.minimum(near, len(alive) - 1)] - times))
    return np.asarray(apart <= 0.5 / RATE)


def _told(wave: Wave, windows: Sequence[tuple[int, int]], name: str) -> dict[str, Floats]:
    """What the heads of an ear tell (windows, numbers)."""
    ear = ears.shipped(name)
    parts = [
        ear.hear([wave[start:end] for start, end in windows[row : row + _AT_ONCE]])
        for row in range(0, len(windows), _AT_ONCE)
    ]
    return {head: np.concatenate([part[head] for part in parts]) for head in parts[0]}


def _voice(probabilities: Floats) -> Floats:
    """Valence, arousal and dominance (windows, 3) of the probabilities (windows, 8 or 6) of actors' emotions."""
    return np.asarray(probabilities @ _places("speech")[: probabilities.shape[1]])


def music_sources(told: Mapping[str, Floats]) -> dict[str, Floats]:
    """Valence and arousal (sounds, 2) by each head of the ear for music, every one in its own unit.

    Parameters: told, what the heads `gems`, `vgmidi` and `emopia` tell (sounds, numbers).
    """
    return {"vgmidi": told["vgmidi"], "emopia": told["emopia"] @ _QUARTERS, "gems": _roused(told["gems"])[:, :2]}


def _roused(scales: Floats) -> Floats:
    """Valence, arousal and dominance (sounds, 3) of the shares of listeners (sounds, 8) whom each feeling moved."""
    weights = np.clip(scales, _FEWEST, None)
    return np.asarray(weights / weights.sum(1, keepdims=True) @ _places("gems"))


def music_units(told: Mapping[str, Floats], scale: Mapping[str, Any]) -> Floats:
    """Valence and arousal (sounds, 2) of what the heads for music tell, weighed, in units of how far each varies.

    Parameters: told, as `music_sources` takes it; scale, of each head the `mean` and `deviation` of both.
    """
    units = [
        np.array(WEIGHTS[name]) * (rows - scale[name]["mean"]) / scale[name]["deviation"]
        for name, rows in music_sources(told).items()
    ]
    return np.asarray(np.sum(units, axis=0), np.float64)


def _music(told: Mapping[str, Floats]) -> Floats:
    """Valence, arousal and dominance (windows, 3) of what the heads for music tell."""
    scale = ears.shipped("music").config["scale"]
    units = music_units(told, scale)
    rated = np.array([0.0, 0.5]) + np.array(REACH) * units / np.array(scale["together"])
    whole = np.column_stack([rated, _roused(told["gems"])[:, 2]])
    return np.asarray(np.clip(whole, [-1, 0, 0], 1), np.float64)


def _reading(name: str, place: Floats, spreads: npt.ArrayLike) -> Reading:
    valence, arousal, dominance = np.asarray(spreads, np.float64).tolist()
    off = (valence, arousal, dominance)
    told = clipped(*place.tolist()).with_confidence(certainty(off))
    names, alternatives = called(told, off)
    return Reading(name, told, alternatives, (), spreads=off, names=names, reader="sound")


def _silence(name: str) -> Reading:
    nothing = NEUTRAL.with_confidence(0.0)
    return Reading(name, nothing, (Alternative(describe(nothing), 1.0),), (), spreads=(math.inf,) * 3, reader="sound")


def _spreads(probabilities: Floats) -> Floats:
    """How far off a voice's reading may be: as far as the emotions lie apart that it may be, and what is never sure."""
    places = _places("speech")[: len(probabilities)]
    mean = probabilities @ places
    return np.asarray(np.sqrt(probabilities @ np.square(places - mean) + np.square(_OWN)))


def _eight(probabilities: Floats, emotion: Emotion) -> dict[str, float]:
    """The shares of the eight classes of a voice, from those of the actors' emotions."""
    rows = [row for row in _table() if row["head"] == "speech"]
    told = dict.fromkeys(CLASSES, 0.0)
    for row, share in zip(rows, probabilities.tolist(), strict=False):
        told[row["class"]] += share
    if emotion.valence > _EXCITED[0] and emotion.arousal > _EXCITED[1]:
        told["excited"], told["happy"] = told["happy"], 0.0
    return told


def _near(reading: Reading) -> dict[str, float]:
    """The shares of the eight classes of music: how near each class's place is, by the reading's spreads."""
    rows = {row["class"]: row for row in _table() if row["class"] and row["label"] != "calm"}
    places = np.array([[float(rows[name][axis]) for axis in ("valence", "arousal", "dominance")] for name in CLASSES])
    apart = (places - reading.emotion.vad) / np.hypot(reading.spreads, WIDE)
    weights = shares(np.asarray(np.where(np.array(CLASSES) == _UNRATED, -np.inf, -0.5 * np.square(apart).sum(1))))
    return dict(zip(CLASSES, weights.tolist(), strict=True))


def _nearest_arc(course: Floats) -> str:
    """The arc whose energy goes as arousal does, and whose travel as valence does, one way or the other."""
    if len(course) < 2:
        return ""
    where = np.linspace(0, 1, _POINTS)
    valence, arousal = (np.interp(where, np.linspace(0, 1, len(course)), course[:, axis]) for axis in (0, 1))
    return max(arcs().values(), key=lambda one: _likeness(one, valence, arousal, where)).name


def _likeness(one: Arc, valence: Floats, arousal: Floats, where: Floats) -> float:
    centres = one.centres()
    energy = np.interp(where, centres, [stretch.energy for stretch in one.stretches])
    travel = np.interp(where, centres, [stretch.travel for stretch in one.stretches])
    # What moves little is a small part of the likeness: both are compared in Kelly's own units.
    off = np.abs((arousal - arousal.mean()) - (energy - energy.mean())).mean()
    begun, ended = valence[: _POINTS // 8].mean(), valence[-_POINTS // 8 :].mean()
    gone = begun + (ended - begun) * travel
    return -float(off + 0.5 * np.abs(valence - gone - (valence - gone).mean()).mean())


def _point(row: Floats) -> dict[str, Any]:
    if not np.isfinite(row).all():
        return {"valence": None, "arousal": None, "dominance": None, "name": None}
    felt = clipped(*row.tolist())
    axes = {axis: round(value, 4) for axis, value in zip(("valence", "arousal", "dominance"), felt.vad, strict=True)}
    return axes | {"name": describe(felt).name}


@cache
def _places(head: str) -> Floats:
    """Valence, arousal and dominance (labels, 3) of what a head tells of, in its order."""
    axes = ("valence", "arousal", "dominance")
    return np.array([[float(row[axis]) for axis in axes] for row in _table() if row["head"] == head])


@cache
def _table() -> tuple[dict[str, str], ...]:
    return tuple(_rows())


def _rows() -> Iterator[dict[str, str]]:
    with resources.files("kelly.listening").joinpath("labels.csv").open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)
