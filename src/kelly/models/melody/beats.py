"""Beats of a melody: which pitches sound in each of them, in training and in use alike.

Conventions: a beat is a quarter note, counted from 0. A pitch sounds in the beat that its note begins in, and in each
beat that the note holds on into for more than `HELD`; what begins less than `EARLY` before a beat begins with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kelly.score.notes import Note

__all__ = ["EARLY", "HELD", "sounding"]

EARLY, HELD = 1 / 16, 1 / 8  # beats


def sounding(notes: Sequence[Note]) -> tuple[int, list[set[int]]]:
    """The pitches that sound in each beat of a melody.

    Parameters: notes, at least one, none before beat 0. Returns: its first beat, and the pitches of each from there on.
    """
    spans = [_span(note) for note in notes]
    first = min(begin for begin, _ in spans)
    beats: list[set[int]] = [set() for _ in range(max(end for _, end in spans) - first)]
    for note, (begin, end) in zip(notes, spans, strict=True):
        for beat in range(begin, end):
            beats[beat - first].add(note.pitch)
    return first, beats


def _span(note: Note) -> tuple[int, int]:
    """The first beat in which a note sounds, and that after the last."""
    begin = int(note.onset + EARLY)
    return begin, max(int(np.ceil(note.end - HELD)), begin + 1)
