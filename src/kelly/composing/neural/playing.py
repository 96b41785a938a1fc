"""Playing: how a pianist would shape the written notes of a section, and a drummer the sixteenths of a bar.

Conventions: times in beats, velocities in MIDI steps; a touch is a difference from what the rules wrote. The mean
loudness of a part and the place of its beat stay the rules' (they tell dominance and tempo): touches of a part sum to
nothing. Pads and strings have no touch, since what they do to a tone is not in its velocity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kelly.composing.context import BAR, Context
from kelly.composing.touch import Touch
from kelly.models import asking
from kelly.models.dynamics import surroundings
from kelly.models.dynamics.slots import ROLES, Written
from kelly.models.dynamics.surroundings import Notes, Setting
from kelly.models.groove import feeling as asked
from kelly.models.groove.slots import STEPS
from kelly.models.networks import DynamicsEngine, GroovePredictor, shipped
from kelly.score.notes import Note

__all__ = ["touches"]

Floats = npt.NDArray[np.float64]
# Which parts a pianist would play, in which role of `ROLES`; and which a drummer.
PLAYED = {"melody": "melody", "counter": "counter", "variation": "counter", "chords": "chords", "bass": "bass"}
STRUCK = ("drums", "fills")
LATEST = 0.06  # beats that a network may move a note by
_NEUTRAL = 0.5  # of tension, of which the plan knows nothing


def touches(context: Context, notes: Mapping[str, tuple[Note, ...]]) -> dict[str, dict[Note, Touch]]:
    """What the networks would do to the notes of a section, by part; nothing at dial 0.

    Parameters: context, the section with its chords; notes, as written, by part.
    """
    if not context.plan.neural:
        return {}
    return {**_pianist(context, notes), **_drummer(context, notes)}


def _pianist(context: Context, notes: Mapping[str, tuple[Note, ...]]) -> dict[str, dict[Note, Touch]]:
    """The touch of melody, counter-melody, chords and bass, played together as by two hands."""
    played = [(part, note) for part in PLAYED for note in notes[part] if 0 <= note.onset < context.section.beats]
    network = shipped(DynamicsEngine) if played else None
    if network is None:
        return {}
    told = network.predict(_surroundings(context, played))
    written_loud = np.array([note.velocity for _, note in played], np.float64)
    parts = np.array([part for part, _ in played])
    louder = context.plan.neural * (_centred(told.velocity, parts) - _centred(written_loud, parts))
    later = _delays(told.deviation, np.ones(len(played), np.int64), context)
    found: dict[str, dict[Note, Touch]] = {}
    for (part, note), more, delay, spread in zip(played, louder, later, told.velocity_sd, strict=True):
        found.setdefault(part, {})[note] = Touch(float(more), float(delay), float(spread))
    return found


def _surroundings(context: Context, played: Sequence[tuple[str, Note]]) -> Written:
    """What the dynamics network is told of notes."""
    onset, duration, pitch = np.array([(note.onset, note.duration, note.pitch) for _, note in played], np.float64).T
    role = np.array([ROLES.index(PLAYED[part]) for part, _ in played])
    tones = [note.pitch % 12 in context.chord_at(note.onset).symbol.pitch_classes for _, note in played]
    bars = np.arange(context.section.bars + 1.0) * BAR
    setting = Setting(
        feeling=asking.code(context.feeling, asking.PIANO)[:4],
        role=role,
        bpm=context.parameters.tempo,
        energy=context.energy,
        tension=_NEUTRAL,
        chord_tone=np.array(tones, np.float64),
    )
    return surroundings.written(Notes(onset, duration, pitch, role, bars), setting)


def _drummer(context: Context, notes: Mapping[str, tuple[Note, ...]]) -> dict[str, dict[Note, Touch]]:
    """The touch of drums and fills: the accents of a bar's sixteenths are the network's, within them the rules'."""
    played = [(part, note) for part in STRUCK for note in notes[part]]
    network = shipped(GroovePredictor) if played else None
    if network is None:
        return {}
    told = network.predict(asked.code(context.feeling))
    step = np.array([round(note.onset * STEPS / BAR) % STEPS for _, note in played])
    loud = np.array([note.velocity for _, note in played], np.float64)
    hits = np.bincount(step, minlength=STEPS)
    profile = np.bincount(step, loud, STEPS) / np.maximum(hits, 1) - loud.mean()
    accents = told.accents - np.average(told.accents, weights=hits)
    louder = context.plan.neural * (accents - profile)
    later = _delays(told.offsets, hits, context)
    found: dict[str, dict[Note, Touch]] = {}
    for (part, note), place in zip(played, step, strict=True):
        found.setdefault(part, {})[note] = Touch(float(louder[place]), float(later[place]))
    return found


def _centred(values: Floats, parts: npt.NDArray[np.str_]) -> Floats:
    """Values less the mean of their part."""
    found = values.copy()
    for part in np.unique(parts):
        found[parts == part] -= values[parts == part].mean()
    return found


def _delays(told: Floats, hits: npt.NDArray[np.int64], context: Context) -> Floats:
    """Delays in beats, as the dial has them: around none, so that the beat keeps its place."""
    around = told - np.average(told, weights=hits)
    return np.asarray(np.clip(context.plan.neural * around, -LATEST, LATEST))
