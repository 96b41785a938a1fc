"""SoundFont 2 files: which recorded samples sound for a program, a key and a velocity, and how they are shaped.

Conventions: times in seconds, pitch in cents, levels as linear amplitude, pan -1 (left) .. 1 (right), sample places in
frames from the start of the file's sample pool. Follows the SoundFont 2.04 specification: instrument generators are
absolute and a preset's are added to them. Modulators and LFOs are not read; `sampler` applies velocity itself.
The pool stays on disk (memory-mapped), so a font of any size costs only the samples that sound.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kelly.errors import FileError, SoundError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["DRUM_BANK", "Region", "SoundFont"]

DRUM_BANK = 128
TABLES = {
    "phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("unused", "V12")],
    "pbag": [("gen", "<u2"), ("mod", "<u2")],
    "pgen": [("kind", "<u2"), ("amount", "<i2")],
    "inst": [("name", "S20"), ("bag", "<u2")],
    "ibag": [("gen", "<u2"), ("mod", "<u2")],
    "igen": [("kind", "<u2"), ("amount", "<i2")],
    "shdr": [
        ("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"),
        ("rate", "<u4"), ("key", "u1"), ("correction", "i1"), ("link", "<u2"), ("type", "<u2"),
    ],
}  # fmt: skip
# Generator numbers (specification, 8.1.2).
START, END, LOOP_START, LOOP_END = (0, 4), (1, 12), (2, 45), (3, 50)  # fine and coarse (32,768 frames) offsets
FILTER, RESONANCE, SWEEP = 8, 9, 11
SWEEP_ATTACK, SWEEP_HOLD, SWEEP_DECAY, SWEEP_SUSTAIN = 26, 27, 28, 29
PAN, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE = 17, 34, 35, 36, 37, 38
KEY_TO_HOLD, KEY_TO_DECAY, INSTRUMENT, KEYS, VELOCITIES = 39, 40, 41, 43, 44
FIXED_KEY, ATTENUATION, COARSE_TUNE, FINE_TUNE, SAMPLE, MODE, SCALE, CHOKE, ROOT = 46, 48, 51, 52, 53, 54, 56, 57, 58
INSTANT = -12000
DEFAULTS = {
    **dict.fromkeys((ATTACK, HOLD, DECAY, RELEASE, SWEEP_ATTACK, SWEEP_HOLD, SWEEP_DECAY), INSTANT),
    FILTER: 13500,
    SCALE: 100,
    ROOT: -1,
    FIXED_KEY: -1,
}
# Preset zones may not carry these; a font that does is read as if they were not there.
INSTRUMENT_ONLY = {*START, *END, *LOOP_START, *LOOP_END, FIXED_KEY, MODE, CHOKE, ROOT, SAMPLE}
# Sound cards have always played attenuation at 0.4 of its nominal size, and fonts are tuned by ear on them.
ATTENUATION_SCALE = 0.4
ANY = (0, 127)
COMPRESSED, IN_ROM = 0x0010, 0x8000  # bits of a sample's type
# Far above any real font; a damaged one may claim billions.
MOST_ZONES, MOST_LAYERS = 2**14, 32
# A sample read slower or faster than this (frames a second) is a damaged table, not music.
STEPS = (20.0, 4_000_000.0)

Generators = dict[int, int]
Zone = tuple[tuple[int, int], tuple[int, int], Generators]


@dataclass(frozen=True, slots=True)
class Region:
    """One sample as one key plays it.

    start, end, loop_start, loop_end : frames in the pool; looped says whether the loop is used.
    step : frames of the pool a second. gain, pan : level and place.
    attack, hold : seconds; decay, release : seconds for a fall of 100 dB; sustain : level after the decay, in dB
    below full.
    cutoff, resonance : of the low-pass filter, in cents above 8.176 Hz and dB.
    sweep : how far the filter's own envelope moves the cutoff, in cents; sweep_times : its attack, hold and decay in
    seconds;
    sweep_sustain : where it stays, 0..1.
    choke : notes with the same number above 0 cut each other off (hi-hats).
    """

    start: int
    end: int
    loop_start: int
    loop_end: int
    looped: bool
    step: float
    gain: float
    pan: float
    attack: float
    hold: float
    decay: float
    sustain: float
    release: float
    cutoff: float
    resonance: float
    sweep: float
    sweep_times: tuple[float, float, float]
    sweep_sustain: float
    choke: int


class SoundFont:
    """An open SoundFont.

    Parameters: path, the .sf2 file.
    Raises: FileError, it cannot be opened; SoundError, it is no SoundFont 2, cut off, or compressed (SF3).
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is empty"
            raise FileError(f"cannot read the SoundFont {str(path)!r}: {reason}") from error
        try:
            chunks = _chunks(data)
            self._tables = {name: _table(chunks, name) for name in TABLES}
            _check_order(self._tables)
            self._pool: npt.NDArray[np.int16] = np.frombuffer(chunks["smpl"], "<i2", len(chunks["smpl"]) // 2)
            self._presets = self._index()
        except (KeyError, ValueError, IndexError) as error:
            raise SoundError(f"{str(path)!r} is not a readable SoundFont 2 file") from error
        if np.any(self._tables["shdr"]["type"][:-1] & COMPRESSED):
            raise SoundError(f"{str(path)!r} is a compressed SoundFont (SF3); only uncompressed ones (.sf2) are played")
        self._zones: dict[tuple[int, int], list[tuple[Zone, Zone]]] = {}
        self._keys: dict[tuple[int, int, int], list[tuple[tuple[int, int], Region]]] = {}
        self._path = path

    def regions(self, bank: int, program: int, key: int, velocity: int) -> list[Region]:
        """What sounds for a key and velocity (0..127): none, one, or several layers.

        A drum kit or program that the font lacks is replaced by the first of its bank, then by the first of the font;
        in an instrument, a key without samples borrows those of the nearest key that has some.
        Raises: SoundError, the font's tables contradict each other.
        """
        place = bank, program, key
        if place not in self._keys:
            preset = next(
                p for p in ((bank, program), (bank, 0), (0, program), min(self._presets)) if p in self._presets
            )
            try:
                self._keys[place] = list(self._layers(preset, key))
            except (IndexError, ValueError, OverflowError, ZeroDivisionError) as error:
                raise SoundError(
                    f"{str(self._path)!r} is not a readable SoundFont 2 file: program {program}"
                ) from error
        return [region for velocities, region in self._keys[place] if _holds(velocities, velocity)][:MOST_LAYERS]

    def frames(self, start: int, end: int) -> npt.NDArray[np.float32]:
        """The samples of the pool from `start` to before `end`, in -1..1."""
        return self._pool[start:end].astype(np.float32) / np.float32(32768)

    def _index(self) -> dict[tuple[int, int], int]:
        headers = self._tables["phdr"][:-1]
        if not len(headers):
            raise ValueError("no presets")
        # The first of two presets with one number counts, as in every player.
        return {(int(h["bank"]), int(h["program"])): i for i, h in reversed(list(enumerate(headers)))}

    def _layers(self, preset: tuple[int, int], key: int) -> Iterator[tuple[tuple[int, int], Region]]:
        """What may sound for a key, each with the velocities at which it does."""
        if preset not in self._zones:
            self._zones[preset] = list(islice(self._preset_zones(self._presets[preset]), MOST_ZONES))
        zones = self._zones[preset]
        spans = [(max(outer[0][0], inner[0][0]), min(outer[0][1], inner[0][1])) for outer, inner in zones]
        held = key
        if preset[0] != DRUM_BANK and not any(_holds(span, key) for span in spans):
            keys = [min(max(key, low), high) for low, high in spans if low <= high]
            held = min(keys, key=lambda other: (abs(other - key), other), default=key)
        for (outer, inner), span in zip(zones, spans, strict=True):
            if _holds(span, held):
                region = self._region(_combined(outer[2], inner[2]), key)
                if region is not None:
                    yield (max(outer[1][0], inner[1][0]), min(outer[1][1], inner[1][1])), region

    def _preset_zones(self, preset: int) -> Iterator[tuple[Zone, Zone]]:
        instruments: dict[int, list[Zone]] = {}
        for outer, number in self._zones_of("phdr", "pbag", "pgen", preset, INSTRUMENT):
            if number not in instruments:
                instruments[number] = [zone for zone, _ in self._zones_of("inst", "ibag", "igen", number, SAMPLE)]
            for inner in instruments[number]:
                yield outer, inner

    def _zones_of(self, headers: str, bags: str, gens: str, item: int, link: int) -> Iterator[tuple[Zone, int]]:
        """The zones of a preset or an instrument, each with what it links to; the global zone is worked in."""
        first, last = (int(self._tables[headers][item + side]["bag"]) for side in (0, 1))
        common: Generators = {}
        for bag in range(first, last):
            low, high = (int(self._tables[bags][bag + side]["gen"]) for side in (0, 1))
            own = {int(kind): int(amount) for kind, amount in self._tables[gens][low:high]}
            if link in own:
                merged = {**common, **own}
                yield (_range(merged.get(KEYS)), _range(merged.get(VELOCITIES)), merged), own[link] & 0xFFFF
            elif bag == first:
                common = own

    def _region(self, gens: Mapping[int, int], key: int) -> Region | None:
        """The sample of a zone as `key` plays it; None when the font's numbers for it make no sound."""
        sample = self._tables["shdr"][gens[SAMPLE] & 0xFFFF]
        start, end, loop_start, loop_end = _span(sample, gens)
        key = gens[FIXED_KEY] if gens[FIXED_KEY] >= 0 else key
        step = _step(sample, gens, key)
        if sample["type"] & IN_ROM or not (0 <= start < end <= len(self._pool) and STEPS[0] <= step <= STEPS[1]):
            return None
        return Region(
            start=start,
            end=end,
            loop_start=loop_start,
            loop_end=loop_end,
            looped=gens.get(MODE, 0) & 1 == 1 and start <= loop_start < loop_end - 1 and loop_end <= end,
            step=step,
            gain=10 ** (-ATTENUATION_SCALE * max(0, gens.get(ATTENUATION, 0)) / 200),
            pan=min(max(gens.get(PAN, 0) / 500, -1.0), 1.0),
            attack=_seconds(gens[ATTACK]),
            hold=_seconds(gens[HOLD] + gens.get(KEY_TO_HOLD, 0) * (60 - key)),
            decay=_seconds(gens[DECAY] + gens.get(KEY_TO_DECAY, 0) * (60 - key)),
            sustain=min(max(gens.get(SUSTAIN, 0), 0), 1440) / 10,
            release=_seconds(gens[RELEASE]),
            cutoff=float(min(max(gens[FILTER], 1500), 13500)),
            resonance=min(max(gens.get(RESONANCE, 0), 0), 960) / 10,
            sweep=float(gens.get(SWEEP, 0)),
            sweep_times=(_seconds(gens[SWEEP_ATTACK]), _seconds(gens[SWEEP_HOLD]), _seconds(gens[SWEEP_DECAY])),
            sweep_sustain=1 - min(max(gens.get(SWEEP_SUSTAIN, 0), 0), 1000) / 1000,
            choke=gens.get(CHOKE, 0),
        )


def _span(sample: np.void, gens: Mapping[int, int]) -> tuple[int, ...]:
    """Start, end, loop start and loop end of a sample in the pool, moved as the zone says."""
    names = ("start", "end", "loop_start", "loop_end")
    return tuple(
        int(sample[name]) + gens.get(fine, 0) + 32768 * gens.get(coarse, 0)
        for name, (fine, coarse) in zip(names, (START, END, LOOP_START, LOOP_END), strict=True)
    )


def _step(sample: np.void, gens: Mapping[int, int], key: int) -> float:
    """How many frames of the sample a second sound for a key."""
    own = int(sample["key"]) if sample["key"] < 128 else 60
    root = gens[ROOT] if gens[ROOT] >= 0 else own
    tune = 100 * gens.get(COARSE_TUNE, 0) + gens.get(FINE_TUNE, 0) + int(sample["correction"])
    return int(sample["rate"]) * float(2 ** ((gens[SCALE] * (key - root) + tune) / 1200))


def _chunks(data: mmap.mmap) -> dict[str, memoryview]:
    """The chunks of the file's lists by name, without copying."""
    view = memoryview(data)
    if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
        raise ValueError("no sfbk header")
    found: dict[str, memoryview] = {}
    place = 12
    while place + 8 <= len(view):
        name, size = bytes(view[place : place + 4]), int.from_bytes(view[place + 4 : place + 8], "little")
        if name == b"LIST":
            place += 12
            continue
        if place + 8 + size > len(view):
            raise ValueError("cut off")
        found[name.decode("latin-1")] = view[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    return found


def _table(chunks: Mapping[str, memoryview], name: str) -> npt.NDArray[np.void]:
    layout = np.dtype(TABLES[name])
    return np.frombuffer(chunks[name], layout, len(chunks[name]) // layout.itemsize)


def _check_order(tables: Mapping[str, npt.NDArray[np.void]]) -> None:
    """Each zone belongs to one preset or instrument, and each generator to one zone, as the specification has it."""
    for name, column in (("phdr", "bag"), ("inst", "bag"), ("pbag", "gen"), ("ibag", "gen")):
        places = tables[name][column]
        if np.any(places[1:] < places[:-1]):
            raise ValueError(f"{name} is out of order")


def _combined(preset: Generators, instrument: Generators) -> Generators:
    gens = {**DEFAULTS, **instrument}
    for kind, amount in preset.items():
        if kind not in INSTRUMENT_ONLY:
            gens[kind] = gens.get(kind, 0) + amount
    return gens


def _range(amount: int | None) -> tuple[int, int]:
    return ANY if amount is None else (amount & 0xFF, amount >> 8 & 0xFF)


def _holds(limits: tuple[int, int], value: int) -> bool:
    return limits[0] <= value <= limits[1]


def _seconds(timecents: int) -> float:
    return float(2 ** (min(max(timecents, -12000), 8000) / 1200))
