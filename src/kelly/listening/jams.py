"""JAMS: a recording's course in the JSON format for annotations of music (Humphrey and others, ISMIR 2014).

Conventions: version 0.3 of the format; valence and arousal stand in the namespace `mood_thayer`, arousal in -1..1 there
as valence is, the name of the feeling of the whole in `tag_open`. An observation lasts until the next point of the
course, the last one to the end of the recording.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kelly._version import __version__
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import describe
from kelly.listening.sound import RATE, Recording

__all__ = ["jams"]

_FORMAT = "0.3.4"


def jams(recording: Recording, name: str | None = None) -> dict[str, Any]:
    """A recording as a JAMS object, plain data for JSON; silence has no observations.

    Parameters: recording; name, what the feeling of the whole is called (None: as the thesaurus does).
    """
    emotion, heard = recording.reading.emotion, np.isfinite(recording.course).all(1)
    course = [
        _observed(time, min(1 / RATE, recording.seconds - time), [round(row[0], 4), round(2 * row[1] - 1, 4)], emotion)
        for time, row in zip(recording.times[heard].tolist(), recording.course[heard].tolist(), strict=True)
    ]
    whole = _observed(0.0, recording.seconds, name or describe(emotion).label, emotion)
    names = [whole] if recording.reading.heard else []
    return {
        "file_metadata": {
            "title": Path(recording.name).name,
            "artist": "",
            "release": "",
            "duration": round(recording.seconds, 3),
            "identifiers": {},
            "jams_version": _FORMAT,
        },
        "annotations": [
            _annotation("mood_thayer", course, recording.seconds),
            _annotation("tag_open", names, recording.seconds),
        ],
        "sandbox": {"kind": recording.kind, "arc": recording.arc},
    }


def _observed(time: float, duration: float, value: object, emotion: Emotion) -> dict[str, Any]:
    confidence = round(emotion.confidence, 4)
    return {"time": round(time, 3), "duration": round(duration, 3), "value": value, "confidence": confidence}


def _annotation(namespace: str, data: list[dict[str, Any]], duration: float) -> dict[str, Any]:
    metadata = {
        "curator": {"name": "", "email": ""},
        "annotator": {},
        "version": __version__,
        "corpus": "",
        "annotation_tools": "Kelly",
        "annotation_rules": "",
        "validation": "",
        "data_source": "program",
    }
    return {
        "namespace": namespace,
        "data": data,
        "annotation_metadata": metadata,
        "sandbox": {},
        "time": 0,
        "duration": round(duration, 3),
    }
