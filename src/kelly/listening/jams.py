"""JAMS: a recording's course in the JSON format for annotations of music (Humphrey and others, ISMIR 2014).

Conventions: version 0.3 of the format; valence and arousal stand in the namespace `mood_thayer`, arousal in -1..1 there
as valence is, names of feelings in `tag_open`, one for the whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kelly._version import __version__
from kelly.listening.sound import RATE, Recording

__all__ = ["jams"]

_FORMAT = "0.3.4"


def jams(recording: Recording) -> dict[str, Any]:
    """A recording as a JAMS object, plain data for JSON; silence has no observations."""
    heard = np.isfinite(recording.course).all(1)
    confidence = recording.reading.emotion.confidence
    course = [
        _observed(float(time), 1 / RATE, [round(float(row[0]), 4), round(2 * float(row[1]) - 1, 4)], confidence)
        for time, row in zip(recording.times[heard], recording.course[heard], strict=True)
    ]
    names = [
        _observed(0.0, recording.seconds, one.node.name, one.weight)
        for one in recording.reading.alternatives
        if recording.reading.heard
    ]
    return {
        "file_metadata": {
            "title": recording.name,
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


def _observed(time: float, duration: float, value: object, confidence: float) -> dict[str, Any]:
    return {"time": round(time, 3), "duration": round(duration, 3), "value": value, "confidence": round(confidence, 4)}


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
