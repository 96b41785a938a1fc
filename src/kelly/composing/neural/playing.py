"""Playing: how a pianist would shape the written notes of a section, and a drummer the sixteenths of a bar.

Conventions: times in beats, velocities in MIDI steps; a touch is a difference from what the rules wrote. The touches of
a part sum to nothing, since its mean loudness tells dominance, and delays are counted from the beat. Pads and strings
have no touch: what they do to a tone is not in its velocity. What the drummer adds is small beside what the rules
write for each drum, whose backbeat and ghost notes it does not know apart; the bass keeps time with the drums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
LATEST, TIGHTEST = 0.02, 0.01  # seconds that a pianist's and a drummer's notes are moved by at most
LOUDEST = 12.0  # velocity steps of a drummer's accents at most
BEAT = 4  # sixteenths
_NEUTRAL = 0.5  # of tension, of which the plan knows nothing


def touches(context: Context, notes: Mapping[str, tuple[Note, ...]]) -> dict[str, dict[Note, Touch]]:
    """What the networks would do to the notes of a section, by part; nothing at dial 0.

    Parameters: context, the section with its chords; notes, as written, by part.
    """
    if not context.plan.neural:
        return {}
    drummer = shipped(GroovePredictor) if any(notes[part] for part in STRUCK) else None
    groove = None if drummer is None else drummer.predict(asked.code(asked.held(context.feeling)))
    found = _pianist(context, notes)
    if groove is not None:
        delays = _delays(groove.offsets - groove.offsets[::BEAT].mean(), TIGHTEST, context)
        delays[::BEAT] = 0.0
        found |= _drummer(context, notes, groove.accents, delays)
        found["bass"] = {note: replace(touch, delay=_at(note, delays)) for note, touch in found.get("bass", {}).items()}
    return found


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
    later = _delays(told.deviation - told.deviation.mean(), LATEST, context)
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


def _drummer(
    context: Context, notes: Mapping[str, tuple[Note, ...]], accents: Floats, delays: Floats
) -> dict[str, dict[Note, Touch]]:
    """The touch of drums and fills: each drum is accented as the sixteenths are that it is struck on.

    Parameters: accents (16,) in velocity steps and delays (16,) in beats of the sixteenths of a bar.
    """
    played = [(part, note) for part in STRUCK for note in notes[part]]
    drums = np.array([f"{part} {note.pitch}" for part, note in played])
    louder = _centred(np.array([_at(note, accents) for _, note in played]), drums)
    louder = _centred(np.clip(louder, -LOUDEST, LOUDEST), drums) * context.plan.neural
    found: dict[str, dict[Note, Touch]] = {}
    for (part, note), more in zip(played, louder, strict=True):
        found.setdefault(part, {})[note] = Touch(float(more), _at(note, delays))
    return found


def _at(note: Note, steps: Floats) -> float:
    """The one of a bar's sixteen numbers on whose sixteenth a note begins."""
    return float(steps[round(note.onset * STEPS / BAR) % STEPS])


def _centred(values: Floats, parts: npt.NDArray[np.str_]) -> Floats:
    """Values less the mean of their part."""
    found = values.copy()
    for part in np.unique(parts):
        found[parts == part] -= values[parts == part].mean()
    return found


def _delays(told: Floats, latest: float, context: Context) -> Floats:
    """Delays in beats, as the dial has them, at most `latest` seconds either way."""
    most = latest * context.parameters.tempo / 60
    return np.asarray(context.plan.neural * np.clip(told, -most, most))
