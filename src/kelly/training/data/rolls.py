"""Rolls: stretches of scores that Kelly plays, and which of a piano's keys are struck and held in every frame of them.

Conventions: frames are those of `SCALES` (62.5 a second); levels are kept in steps of `STEP`. A key is struck in the
frame nearest to where its note begins and in the next, and held from there until it is released, one frame at the least
(a pedal makes no difference). Keys are the 88 from A0 (MIDI 21) to C8. Which stretches of a score are played, and with
which of the SoundFonts each, follows from the id of its record alone. Percussion is played, but strikes no key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.score import midi
from kelly.score.notes import Meter, Score, Tempo
from kelly.sound.features import SCALES, evened, levels
from kelly.sound.render import mix
from kelly.training.data.corpora import asap, pop909
from kelly.training.data.preparing import Arrays, Item
from kelly.training.data.splits import share
from kelly.training.data.sums import digest
from kelly.training.tasks.context import Context

__all__ = ["CORPORA", "FRAMES", "KEYS", "LOWEST", "SECONDS", "STEP", "Roll", "excerpt", "keys", "played", "rolls"]

Bits = npt.NDArray[np.bool_]

CORPORA = MappingProxyType({"pop909": pop909, "asap": asap})
LOWEST, KEYS = 21, 88
SECONDS = 12.0  # of a stretch
FRAMES = int(SECONDS * SCALES[0].frames_a_second)
STEP = 1 / 28  # of levels: about a third of a decibel
_BEFORE = 4.0  # seconds before a stretch that are played too: what still sounds when it begins
_FEWEST = 4  # notes of a stretch
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """A stretch of a score, heard and written.

    Parameters: corpus, id, split, group, as its record has them; levels, uint8 (definitions, frames, bands), in steps
    of `STEP`; keys, uint8 (frames, 22), the bits of 88 struck keys and of 88 held ones.
    """

    corpus: str
    id: str
    split: str
    group: str
    levels: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.uint8]


def rolls(
    root: Path,
    context: Context,
    corpora: Sequence[str],
    fonts: Sequence[Path],
    stretches: int,
    splits: Sequence[str] = ("train", "dev"),
) -> list[Roll]:
    """Stretches of scores of some corpora below a root; files that cannot be read are left out and told.

    Parameters: root; context; corpora, of `CORPORA`; fonts, the SoundFonts that play; stretches, of each score; splits,
    whose scores are played.
    Raises: MissingCorpusError, a corpus is not there; CorpusError, one is not as it should be, or there is no stretch;
    FileError, all files of one are damaged, or a font cannot be read; SoundError, a font is none.
    """
    told = [{"soundfont": str(font), "sha256": digest(font)} for font in fonts]
    found: list[Roll] = []
    for corpus in corpora:
        records = [one for one in CORPORA[corpus].load(root) if one.split in splits]
        items = [Item(one.path, {"fonts": told, "stretches": stretches, "name": one.id}) for one in records]
        for one, arrays in zip(records, context.prepared(items, played, _VERSION) if items else (), strict=True):
            if arrays is not None:
                rows = zip(arrays["levels"], arrays["keys"], strict=True)
                found += [Roll(corpus, one.id, one.split, one.group, *row) for row in rows]
    if not found:
        wanted = f"of {SECONDS:g} seconds or more and the split {' or '.join(splits)}"
        raise CorpusError(f"{', '.join(corpora)} in {root} must have a score {wanted}")
    return found


def played(item: Item) -> Arrays:
    """Stretches of a score: levels (stretches, definitions, frames, bands) and keys (stretches, frames, 22)."""
    assert item.path is not None  # noqa: S101 - a score is a file
    score, asked = midi.read(item.path), item.parameters
    fonts, rate = asked["fonts"], SCALES[0].rate
    first = share("font", asked["name"])
    rng = np.random.default_rng(int(first * 2**32))
    heard, written = [], []
    for number in range(asked["stretches"]):
        start = rng.uniform(0, max(0.0, score.duration - SECONDS))
        part, lead = excerpt(score, start)
        bits = keys(part, lead)
        if score.duration < SECONDS or sum(0 <= onset - lead < SECONDS for _, onset, _ in _sounding(part)) < _FEWEST:
            continue
        font = fonts[(int(first * len(fonts)) + number) % len(fonts)]["soundfont"]
        wave = mix(part, rate=rate, soundfont=font).mono.samples[0]
        wave = np.pad(wave, (0, max(0, round((lead + SECONDS) * rate) - len(wave))))
        alike, _ = evened(wave[round(lead * rate) : round((lead + SECONDS) * rate)])
        each = np.stack([levels(alike, mel)[:FRAMES] for mel in SCALES])
        heard.append(np.rint(each / STEP).clip(0, 255).astype(np.uint8))
        written.append(np.packbits(bits.reshape(FRAMES, -1), axis=1))
    return {
        "levels": np.array(heard, np.uint8).reshape(-1, len(SCALES), FRAMES, SCALES[0].bands),
        "keys": np.array(written, np.uint8).reshape(-1, FRAMES, 2 * KEYS // 8),
    }


def excerpt(score: Score, start: float) -> tuple[Score, float]:
    """What is played of a score to hear it from `start` seconds on for `SECONDS`, a beat a second.

    Returns: the score, which begins up to `_BEFORE` seconds earlier, and by how many.
    """
    lead = min(start, _BEFORE)
    begin, end = start - lead, start + SECONDS
    parts = []
    for part in score.parts:
        times = score.seconds(np.array([(note.onset, note.end) for note in part.notes]).reshape(-1, 2)) - begin
        notes = tuple(
            replace(note, onset=onset, duration=min(close, end - begin + 1.0) - onset)  # some never end
            for note, (onset, close) in zip(part.notes, times.tolist(), strict=True)
            if 0 <= onset < end - begin
        )
        moved = score.seconds(np.array([control.onset for control in part.controls])) - begin
        controls = tuple(
            replace(control, onset=max(0.0, onset))
            for control, onset in zip(part.controls, moved.tolist(), strict=True)
            if onset < end - begin
        )
        parts.append(replace(part, notes=notes, controls=controls, bends=()))
    return Score(tuple(parts), tempos=(Tempo(0.0, 60.0),), meters=(Meter(0.0),)), lead


def keys(part: Score, lead: float) -> Bits:
    """Which keys are struck and held in the frames after `lead` seconds (or beats) of an excerpt, (frames, 2, 88)."""
    bits = np.zeros((FRAMES, 2, KEYS), np.bool_)
    for key, onset, close in _sounding(part):
        first, last = (round((time - lead) * SCALES[0].frames_a_second) for time in (onset, close))
        if first < FRAMES and last > 0:
            bits[max(0, first) : max(first + 1, last), 1, key] = True
        if 0 <= first < FRAMES:
            bits[first : first + 2, 0, key] = True
    return bits


def _sounding(score: Score) -> Iterator[tuple[int, float, float]]:
    for part in score.parts:
        for note in () if part.is_drums else part.notes:
            if 0 <= (key := note.pitch - LOWEST) < KEYS:
                yield key, note.onset, note.end
