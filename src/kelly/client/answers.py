"""Answers: what a service tells, as values of the package.

Conventions: data are taken as they come; whoever asked (`Wire.understood`) says what it means where they are not what
they should be.
"""

from __future__ import annotations

import io
import wave
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kelly.client.values import Entry, Preference
from kelly.emotion.code import AXES
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import Node
from kelly.models.shelf import Model
from kelly.score import midi
from kelly.score.notes import Score
from kelly.sound.audio import Audio

__all__ = ["audio", "entry", "model", "node", "preference", "score", "stems"]

Row = Mapping[str, Any]

_FULL = np.float32(32767)  # as `Audio.save` has it


def score(data: bytes) -> Score:
    """A score from its MIDI file, which is the file that it gives again.

    The notes of each part are brought into the order in which they are composed, which no file keeps, unless some that
    are struck as one would change places in the file by that.
    """
    found = midi.from_bytes(data)
    ordered = replace(found, parts=tuple(replace(part, notes=tuple(sorted(part.notes))) for part in found.parts))
    return ordered if midi.to_bytes(ordered) == data else found


def audio(data: bytes) -> Audio:
    """The sound of a WAV file of 16 bits."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, rate, frames = file.getnchannels(), file.getframerate(), file.readframes(file.getnframes())
            width = file.getsampwidth()
    except wave.Error as error:
        raise ValueError(str(error)) from error
    if width != 2:
        raise ValueError(width)
    samples = np.frombuffer(frames, "<i2").reshape(-1, channels).T
    return Audio(np.ascontiguousarray(samples, np.float32) / _FULL, rate)


def stems(data: bytes, music: Score) -> dict[str, Audio]:
    """The sound of each part of a score that has notes in its file, as `kelly.stems` gives it: parts of one name are
    added. What another part of the same channel plays at the same time is in the file but once.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = archive.infolist()
            if any(file.compress_type for file in files) or sum(file.file_size for file in files) > len(data):
                raise ValueError(len(files))  # they should be stored as they are, and cannot unfold
            sounds = [audio(archive.read(file)) for file in files]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError(str(error)) from error
    found: dict[str, Audio] = {}
    for part, sound in zip((part for part in midi.settled(music).parts if part.notes), sounds, strict=True):
        other = found.get(part.name)
        found[part.name] = sound if other is None else Audio(other.samples + sound.samples, sound.rate)
    return found


def entry(row: Row) -> Entry:
    """A song in the history."""
    emotion = row["emotion"]
    felt = None if emotion is None else _emotion(emotion, emotion["confidence"], emotion["intensity"])
    return Entry(row["id"], float(row["created"]), row["kind"], row["parent"], row["title"], felt, row["parameters"])


def preference(row: Row) -> Preference:
    """A preference that was kept."""
    asked = None if row["asked"] is None else _emotion(row["asked"])
    return Preference(row["id"], float(row["created"]), row["first"], row["second"], row["nearer"], asked)


def node(row: Row) -> Node:
    """A name of a feeling; how strong it is follows from its place, where it is not told otherwise."""
    place = _emotion(row)
    if round(place.intensity, 4) != row["intensity"]:
        place = _emotion(row, 1.0, row["intensity"])
    return Node(row["name"], row["category"], "full", place, bool(row.get("blend", False)))


def model(row: Row) -> Model:
    """A trained model."""
    return Model(row["name"], row["licence"], tuple(row["corpora"]), int(row["size"]), tuple(row["damaged"]))


def _emotion(row: Row, *more: float) -> Emotion:
    valence, arousal, dominance = (row[axis] for axis in AXES)
    return Emotion(valence, arousal, dominance, *more)
