"""Hearing a recording: what feeling a voice or music carries, as a whole and as it goes on.

Conventions: what is heard is one channel at 16 kHz. An ear tells whether somebody speaks, sings alone, or there is
music, unless that is given. It is heard in windows that overlap by half, `SPAN` seconds each; between the middles of
windows lie straight lines, of which the timeline has `RATE` points a second. Windows without sound say nothing.

A voice is heard as the emotions that actors were asked for; valence, arousal and dominance are the mean of those
emotions' places (`labels.csv`), so they are derived and not rated. Music is heard as its listeners would rate it:
valence and arousal are the mean of what three corpora's heads say, each brought to one unit over the corpora's own
sounds (`config.json` of the ear), a unit being `REACH` on Kelly's axes; dominance is derived from the feelings of the
Geneva scale. The eight classes are happy, sad, angry, fearful, surprised, disgusted, neutral and excited: of a voice
the actors' emotions, calm counting as neutral, and happy as excited where valence is above .3 and arousal above .7; of
music how near it lies to the place of each.
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
from kelly.listening.naming import alternatives, certainty, log_density, named, shares
from kelly.listening.reading import Alternative, Reading
from kelly.listening.stretches import Heard, formed
from kelly.models import ears
from kelly.names import find
from kelly.sound import recording

__all__ = ["CLASSES", "KINDS", "RATE", "Recording", "hear", "listen", "music_sources"]

Floats = npt.NDArray[np.float64]
Wave = npt.NDArray[np.float32]

KINDS = ("speech", "singing", "music")
CLASSES = ("happy", "sad", "angry", "fearful", "surprised", "disgusted", "neutral", "excited")
RATE = 2.0  # points of a timeline a second
SPAN: Mapping[str, float] = MappingProxyType({"speech": 4.0, "singing": 5.0, "music": 5.0})  # seconds of a window
REACH = (0.5, 0.22)  # valence and arousal
SPREADS = (0.35, 0.16, 0.3)  # of music
_OWN = (0.3, 0.15, 0.2)  # spread of a voice whose emotion is certain
_WIDE = (0.3, 0.15, 0.15)  # of a name's region
_SILENCE = 1e-4  # RMS of a window without sound: -80 dB
_GLANCES, _GLANCE = 8, 4.0  # windows that tell the kind, and their seconds
_AT_ONCE = 8  # windows
_EXCITED = (0.3, 0.7)  # valence and arousal above which happy is excited
_FEWEST = 1e-3  # of the listeners, whom a feeling moves at the least
_QUARTERS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])  # signs of valence and arousal of EMOPIA's quadrants
_POINTS = 33  # at which an arc is compared


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """How a recording was heard.

    Parameters: name, of the file; seconds; kind, one of `KINDS`, and kinds, how likely each is; reading, the whole;
    classes, the shares of `CLASSES`; scales, of music the shares of listeners whom it would move so, by the feelings of
    the Geneva scale; times (t,) in seconds and course (t, 3), valence, arousal and dominance as they go on, NaN where
    there is no sound.
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
        """The narrative arc whose energy and travel the course follows best; "" of what is silent."""
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
    kinds = {one: float(one == asked) for one in KINDS} if asked else _kinds(wave)
    chosen = max(kinds, key=lambda one: kinds[one])
    windows = _windows(wave, SPAN[chosen])
    if not windows:
        nothing = np.full((len(times), 3), np.nan)
        even = dict.fromkeys(CLASSES, 0.0) | {"neutral": 1.0}
        return Recording(name, seconds, chosen, kinds, _silence(name), even, {}, times, nothing)
    told = _told(wave, windows, "music" if chosen == "music" else "voice")
    middles = np.array([(start + end) / 2 for start, end in windows]) / ears.RATE
    places = _music(told) if chosen == "music" else _voice(told["speech" if chosen == "speech" else "song"])
    course = np.stack([np.interp(times, middles, column) for column in places.T], axis=1)
    course[~_sounding(times, windows)] = np.nan
    if chosen == "music":
        reading = _reading(name, places.mean(0), SPREADS)
        shares_told = np.clip(told["gems"], 0, 1).mean(0)
        scales = dict(zip(ears.shipped("music").names["gems"], shares_told.tolist(), strict=True))
        return Recording(name, seconds, chosen, kinds, reading, _near(reading), scales, times, course)
    probabilities = told["speech" if chosen == "speech" else "song"].mean(0)
    reading = _reading(name, places.mean(0), _spreads(probabilities))
    return Recording(name, seconds, chosen, kinds, reading, _eight(probabilities, reading.emotion), {}, times, course)


def _kinds(wave: Wave) -> dict[str, float]:
    """How likely each kind is, by some windows of the whole."""
    windows = _windows(wave, _GLANCE)
    if not windows:
        return {one: float(one == "speech") for one in KINDS}
    chosen = [windows[row] for row in np.unique(np.linspace(0, len(windows) - 1, _GLANCES).round().astype(int))]
    told = _told(wave, chosen, "voice")["kind"].mean(0)
    return dict(zip(KINDS, told.tolist(), strict=True))


def _windows(wave: Wave, span: float) -> list[tuple[int, int]]:
    """Begin and end in samples of the windows in which there is sound."""
    length, hop = round(span * ears.RATE), round(span * ears.RATE / 2)
    last = max(0, len(wave) - length)
    starts = sorted({*range(0, last + 1, hop), last})
    found = [(start, min(start + length, len(wave))) for start in starts]
    return [(start, end) for start, end in found if end > start and _rms(wave[start:end]) > _SILENCE]


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


def _music(told: Mapping[str, Floats]) -> Floats:
    """Valence, arousal and dominance (windows, 3) of what the heads for music tell."""
    scale = ears.shipped("music").config["scale"]
    units = np.sum(
        [(rows - scale[name]["mean"]) / scale[name]["deviation"] for name, rows in music_sources(told).items()], axis=0
    )
    rated = np.array([0.0, 0.5]) + np.array(REACH) * units / np.array(scale["together"])
    whole = np.column_stack([rated, _roused(told["gems"])[:, 2]])
    return np.asarray(np.clip(whole, [-1, 0, 0], 1), np.float64)


def _reading(name: str, place: Floats, spreads: npt.ArrayLike) -> Reading:
    valence, arousal, dominance = np.asarray(spreads, np.float64).tolist()
    off = (valence, arousal, dominance)
    told = clipped(*place.tolist()).with_confidence(certainty(off))
    weights = shares(log_density(told, off, _WIDE))
    return Reading(
        text=name,
        emotion=told,
        alternatives=alternatives(weights, told),
        words=(),
        spreads=off,
        names=tuple((node.name, weight) for node, weight in zip(named(), weights.tolist(), strict=True)),
        reader="sound",
    )


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
    apart = (places - reading.emotion.vad) / np.hypot(reading.spreads, _WIDE)
    weights = shares(np.asarray(-0.5 * np.square(apart).sum(1)))
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


def _sounding(times: Floats, windows: Sequence[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Whether each time (t,) lies in a window."""
    heard = np.zeros(len(times), bool)
    for start, end in windows:
        heard |= (times >= start / ears.RATE) & (times <= end / ears.RATE)
    return heard


def _point(row: Floats) -> dict[str, Any]:
    if not np.isfinite(row).all():
        return {"valence": None, "arousal": None, "dominance": None, "name": None}
    felt = clipped(*row.tolist())
    axes = {axis: round(value, 4) for axis, value in zip(("valence", "arousal", "dominance"), felt.vad, strict=True)}
    return axes | {"name": describe(felt).name}


def _rms(wave: Wave) -> float:
    return math.sqrt(float(np.mean(np.square(wave, dtype=np.float64))))


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
