"""Listening to a file, be it a recording or a score."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kelly.emotion.journey import Journey
from kelly.errors import UsageError
from kelly.listening import score, sound
from kelly.listening.reading import Reading
from kelly.listening.score import Passage
from kelly.listening.stretches import Heard, formed
from kelly.score import midi

__all__ = ["is_score", "journey", "listen", "way"]

_SUFFIXES = (".mid", ".midi")
_HEAD = b"MThd"


def listen(path: str | os.PathLike[str]) -> Reading:
    """Hear what feeling a recording (wav, flac, ogg, mp3) or a MIDI file carries.

    Returns: a Reading; of silence, and of fewer than four notes, it is neutral, with confidence 0 and infinite spreads.
    Raises: FileError, the file cannot be read or is neither, or Kelly was built without its ears.

    See Also
    --------
    kelly.feel : the same of words.
    kelly.listening.sound.listen : what else is heard in a recording, and how it goes on.
    """
    return score.listen(path) if is_score(path) else sound.listen(path).reading


def journey(path: str | os.PathLike[str]) -> Journey:
    """The way through the feelings of a recording or a MIDI file, with the form of a song.

    Raises: as `listen`; UsageError, there is too little in it to hear a feeling.
    """
    if not is_score(path):
        heard = sound.listen(path)
        _check(path, heard.reading)
        return heard.journey()
    notes = midi.read(path)
    whole = score.hear(notes)
    _check(path, whole)
    return way(whole, score.follow(notes))


def way(whole: Reading, passages: Sequence[Passage]) -> Journey:
    """The way through the passages of a score, heard as a whole and one by one, with the form of a song."""
    felt = [one.reading.emotion.rounded() for one in passages]
    if not felt:
        return Journey(whole.emotion)
    return formed([Heard(one, round(0.1 + one.intensity, 2), 10) for one in felt])[0]


def _check(path: str | os.PathLike[str], reading: Reading) -> None:
    if not reading.heard:
        raise UsageError(f"{os.fspath(path)!r} holds too little sound, or too few notes, to hear a feeling in")


def is_score(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a MIDI file, by its name or its first bytes; whoever reads it tells what cannot be read."""
    if Path(path).suffix.lower() in _SUFFIXES:
        return True
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_HEAD)) == _HEAD
    except (OSError, ValueError):
        return False
