"""Tables: genres, instruments and parts, read from the data files beside this module.

Conventions: programs and channels are numbered from 0; `home` is the (valence, arousal, dominance) at which a thing
feels at home, and `affinity` says how near a feeling is to it.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from kelly.emotion.space import Emotion
from kelly.names import find, key

__all__ = ["Genre", "Instrument", "PartRow", "affinity", "genre", "genres", "instruments", "load_rows", "parts"]


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre: tempo range (BPM), place of the off-beat eighth in the beat (.5 straight), feel (-1 laid back..1
    pushing), drum kit (program), home, the energy from which drums play, and the rhythms it likes with their weights.
    """

    name: str
    tempo: tuple[float, float]
    swing: float
    feel: float
    kit: int
    home: tuple[float, float, float]
    energy_of_drums: float
    rhythms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument: General MIDI program, lowest and highest pitch, the parts it can play, home, genres it belongs
    to.
    """

    name: str
    program: int
    low: int
    high: int
    parts: tuple[str, ...] = ()
    home: tuple[float, float, float] = (0.0, 0.5, 0.5)
    genres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of the arrangement: title of its track, channel, range, pan and volume (0..127), weight of its
    velocities.
    """

    part: str
    title: str
    channel: int
    low: int
    high: int
    pan: int
    volume: int
    weight: float


def affinity(feeling: Emotion, home: tuple[float, float, float], width: float = 0.35) -> float:
    """How near a feeling is to a home: exp(-d^2 / (2 width^2)) in 0..1, d the distance with valence halved."""
    v, a, d = home
    square = ((feeling.valence - v) / 2) ** 2 + (feeling.arousal - a) ** 2 + (feeling.dominance - d) ** 2
    return math.exp(-square / (2 * width**2))


def load_rows(file: str) -> list[dict[str, str]]:
    """The rows of a CSV table in this folder."""
    with resources.files("kelly.composing").joinpath(file).open(encoding="utf-8") as table:
        return list(csv.DictReader(table))


@cache
def genres() -> dict[str, Genre]:
    """All genres by name."""
    text = resources.files("kelly.composing").joinpath("genres.json").read_text(encoding="utf-8")
    return {name: _genre(name, row) for name, row in json.loads(text).items()}


def _genre(name: str, row: Mapping[str, Any]) -> Genre:
    return Genre(name, **{**row, "tempo": tuple(row["tempo"]), "home": tuple(row["home"])})


def genre(name: str) -> Genre:
    """The genre called `name` (any case). Raises UnknownNameError with the genres there are."""
    wanted = {"lofi": "lo-fi", "hiphop": "hip-hop", "electronic": "edm"}.get(key(name, "genre"), name)
    return genres()[find(wanted, genres(), "genre")]


@cache
def instruments() -> tuple[Instrument, ...]:
    """All instruments, in the order of the table."""
    return tuple(
        Instrument(
            row["instrument"],
            int(row["program"]),
            int(row["low"]),
            int(row["high"]),
            tuple(row["parts"].split()),
            (float(row["valence"]), float(row["arousal"]), float(row["dominance"])),
            tuple(row["genres"].split()),
        )
        for row in load_rows("instruments.csv")
    )


@cache
def parts() -> dict[str, PartRow]:
    """All parts by name, in the order of the table."""
    return {row["part"]: _part(row) for row in load_rows("parts.csv")}


def _part(row: Mapping[str, str]) -> PartRow:
    channel, low, high, pan, volume = (int(row[name]) for name in ("channel", "low", "high", "pan", "volume"))
    return PartRow(row["part"], row["title"], channel, low, high, pan, volume, float(row["weight"]))
