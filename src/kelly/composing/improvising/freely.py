"""Improvising freely: the transformer plays with no song around it, note after note, for as long as it is asked to.

Conventions: beats from the beginning, in 4/4. Tempo and mode follow the feeling by the formulas of
`kelly.composing.mapping`, bar by bar where it is a journey; what is played, and over which harmony, is the network's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from kelly.composing import mapping, theory
from kelly.composing.chance import stream
from kelly.composing.improvising.reading import moves
from kelly.composing.improvising.sampling import Sampling
from kelly.composing.improvising.writing import Bar, Page, Rules, write
from kelly.composing.tables import parts as tables
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UsageError
from kelly.models.transformer import network
from kelly.models.transformer.layout import SEATS
from kelly.names import find
from kelly.score.notes import Note
from kelly.score.tokens import DURATIONS, GRID, METERS, PERCUSSION, TEMPOS

__all__ = ["LONGEST", "PLAYERS", "improvise"]

Words = npt.NDArray[np.int64]

LONGEST = 100_000  # bars
PLAYERS = ("melody", "chords", "bass", "counter", "pad", "strings", "drums")
NAMES = {SEATS[name]: name for name in PLAYERS}
USUAL = Sampling()
_ALONE = ("melody", "bass", "counter")
_FOUR, _BEATS = METERS.index((4, 4)) + 1, 4.0


def improvise(
    feeling: Emotion | Journey,
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
    feeling : what is to be heard; a journey leads through all bars.
    bars : 1 to `LONGEST`, in 4/4.
    parts : some of `PLAYERS`.
    key : the tonic; the mode is the feeling's.
    tempo : BPM in 20..400, in place of the feeling's (`mapping.tempo` of its arousal).
    seed, sampling : another take, and how freely it is drawn.

    Returns
    -------
    An iterator of (part, note), in the order of bars and beats, onsets in beats. It takes no more memory the longer it
    plays. The same arguments give the same notes.

    Raises
    ------
    UsageError : an argument is out of range or unknown; FileError, Kelly was built without the transformer.

    Examples
    --------
    >>> part, note = next(improvise(Emotion(0.6, 0.7, 0.6), bars=1))
    >>> part in ("melody", "chords", "bass") and 0 <= note.onset < 4
    True
    """
    if not 1 <= bars <= LONGEST:
        raise UsageError(f"bars must lie in 1..{LONGEST}; got {bars}")
    if tempo is not None and not 20 <= tempo <= 400:
        raise UsageError(f"tempo must lie in 20..400 BPM; got {tempo}")
    names = [find(one, PLAYERS, "part") for one in parts]
    if not names or len(set(names)) < len(names):
        raise UsageError(f"parts must be one or more of {', '.join(PLAYERS)}, each once; got {', '.join(names)}")
    tonic = theory.parse_tonic(key)
    writer = network.shipped()
    if writer is None:
        raise FileError("Kelly was built without the transformer")
    programs = {SEATS[name]: PERCUSSION if name == "drums" else 1 for name in names}
    plan = _plan(feeling, bars, tempo)
    page = Page(programs, {SEATS[name]: _rules(name, moves(tonic), plan[0].classes) for name in names}, plan)
    return _notes(write(writer, page, sampling, stream(seed, "improvise")), moves(tonic))


def _rules(name: str, moved: int, classes: frozenset[int]) -> Rules:
    row = tables()[name]
    if name == "drums":
        return Rules(row.low, row.high)
    return Rules(row.low + moved, row.high + moved, classes, alone=name in _ALONE)


def _plan(feeling: Emotion | Journey, bars: int, tempo: float | None) -> list[Bar]:
    """The bars to be written; one for all where the feeling stays."""
    if not (isinstance(feeling, Journey) and feeling.moves):
        return [_bar(feeling.start if isinstance(feeling, Journey) else feeling, tempo)] * bars
    return [_bar(feeling.at((bar + 0.5) / bars), tempo) for bar in range(bars)]


def _bar(feeling: Emotion, tempo: float | None) -> Bar:
    asked = mapping.parameters(feeling)
    number = 1 + int(np.abs(np.log(TEMPOS / (asked.tempo if tempo is None else tempo))).argmin())
    return Bar(_FOUR, number, feeling, classes=frozenset(theory.MODES[asked.mode]))


def _notes(words: Iterator[tuple[int, Words]], moved: int) -> Iterator[tuple[str, Note]]:
    for bar, word in words:
        name = NAMES[int(word[1])]
        onset = _BEATS * bar + (int(word[2]) - 1) / GRID
        length = float(DURATIONS[int(word[4]) - 1]) / GRID
        pitch = int(word[3]) - 1 - moved * (name != "drums")
        yield name, Note(onset, length, pitch, max(1, 4 * (int(word[5]) - 1) + 2))
