"""Improvising freely: the transformer plays with no song around it, note after note, for as long as it is asked to.

Conventions: beats from the beginning, in 4/4. Tempo and mode follow the feeling by the formulas of
`kelly.composing.mapping`, bar by bar where it is a journey; what is played, and over which harmony, is the network's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kelly.composing import mapping, theory
from kelly.composing.chance import stream
from kelly.composing.improvising.band import ALONE
from kelly.composing.improvising.reading import moves
from kelly.composing.improvising.sampling import USUAL, Sampling, sampling_of
from kelly.composing.improvising.writing import FOUR, Bar, Page, Rules, note_of, tempo_word, write
from kelly.composing.song import Feeling, meant
from kelly.composing.tables import parts as tables
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion
from kelly.errors import UsageError
from kelly.models.transformer import network
from kelly.models.transformer.layout import SEATS
from kelly.names import find, quoted
from kelly.numbers import number, whole
from kelly.score.notes import Note
from kelly.score.tokens import PERCUSSION

__all__ = ["LONGEST", "PLAYERS", "improvise"]

Words = npt.NDArray[np.int64]

LONGEST = 10_000  # bars
PLAYERS = ("melody", "chords", "bass", "counter", "pad", "strings", "drums")
_BEATS = 4.0  # of a bar
_NAMES = {SEATS[name]: name for name in PLAYERS}


def improvise(
    feeling: Feeling,
    bars: int = 16,
    *,
    parts: Sequence[str] = ("melody", "chords", "bass"),
    key: str = "C",
    tempo: float | None = None,
    seed: int = 0,
    sampling: Sampling = USUAL,
) -> Iterator[tuple[str, Note]]:
    """Improvise: the parts' notes as they come.

    Parameters
    ----------
    feeling : whatever `compose` takes; a journey leads through all bars.
    bars : 1 to `LONGEST`, in 4/4.
    parts : some of `PLAYERS`; any of them may be silent for a while.
    key : the tonic; the mode is the feeling's.
    tempo : BPM in 20..400; None: 60 + 120 * arousal, of each bar of a journey its own.
    seed, sampling : another take, and how freely it is drawn.

    Returns
    -------
    An iterator of (part, note), onsets in beats, those of a part in order. Melody, bass and counter-melody play one
    note at a time and are told a note late, when it is known how long the last one may sound. It takes no more memory
    the longer it plays. The same arguments give the same notes.

    Raises
    ------
    UsageError : an argument is out of range or unknown; FileError, Kelly was built without the transformer.

    Examples
    --------
    >>> part, note = next(improvise(Emotion(0.6, 0.7, 0.6), bars=1))
    >>> part in ("melody", "chords", "bass") and 0 <= note.onset < 4
    True
    """
    journey = meant(feeling).journey
    whole("bars", bars, 1, LONGEST)
    names = _named(parts)
    moved = moves(theory.parse_tonic(key))
    bpm = None if tempo is None else number("tempo", tempo, 20, 400, "BPM")
    rng = stream(whole("seed", seed, 0, 2**63 - 1), "improvise")
    plan = _plan(journey, bars, bpm)
    programs = {SEATS[name]: PERCUSSION if name == "drums" else 1 for name in names}
    page = Page(programs, {SEATS[name]: _rules(name, moved, plan[0].classes) for name in names}, plan)
    return _notes(write(network.needed(), page, sampling_of(sampling), rng), moved, _BEATS * bars)


def _named(parts: object) -> list[str]:
    """The parts that are asked for. Raises: UsageError, they are none."""
    rows = list(parts) if isinstance(parts, Iterable) and not isinstance(parts, str) else []
    names = [find(one, PLAYERS, "part") for one in rows]
    if not names or len(set(names)) < len(names):
        told = ", ".join(names) or quoted(parts)
        raise UsageError(f"parts must be one or more of {', '.join(PLAYERS)}, each once; got {told}")
    return names


def _rules(name: str, moved: int, classes: frozenset[int]) -> Rules:
    row = tables()[name]
    if name == "drums":
        return Rules(row.low, row.high)
    return Rules(row.low + moved, row.high + moved, classes, alone=name in ALONE)


def _plan(journey: Journey, bars: int, tempo: float | None) -> list[Bar]:
    """The bars to be written; one for all where the feeling stays."""
    if not journey.moves:
        return [_bar(journey.start, tempo)] * bars
    return [_bar(journey.at((bar + 0.5) / bars), tempo) for bar in range(bars)]


def _bar(feeling: Emotion, tempo: float | None) -> Bar:
    asked = mapping.parameters(feeling)
    bpm = asked.tempo if tempo is None else tempo
    return Bar(FOUR, tempo_word(bpm), feeling, classes=frozenset(theory.MODES[asked.mode]))


def _notes(words: Iterator[tuple[int, Words]], moved: int, end: float) -> Iterator[tuple[str, Note]]:
    """The notes of words; of parts that play one at a time each ends when the next begins, and all end at the end."""
    held: dict[str, Note] = {}
    for bar, word in words:
        name, note = _NAMES[int(word[1])], note_of(word, _BEATS * bar, moved)
        note = replace(note, duration=min(note.duration, end - note.onset))
        if name not in ALONE:
            yield name, note
            continue
        if name in held:
            last = held[name]
            yield name, replace(last, duration=min(last.duration, note.onset - last.onset))
        held[name] = note
    yield from held.items()
