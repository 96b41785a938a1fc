"""Composer: runs the engines over the plan and assembles the score.

Conventions: engines see one section at a time and write in beats from its start; the score counts from the song's
start. The composer knows engines only by their one shape, `play(context, rng)`. Every part is composed whether it is
heard or not, so that muting one cannot change another (ADR 0004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from numpy.random import Generator

from kelly.composing import controllers, rulebreaks
from kelly.composing.context import FIRST, PHRASE, Chord, Context, Layer, Plan, Revision, Section
from kelly.composing.engines import (
    arrangement,
    bass,
    chords,
    counter_melody,
    drums,
    dynamics,
    fills,
    groove,
    melody,
    pad,
    rhythm,
    strings,
    tension,
    transitions,
    variation,
)
from kelly.composing.improvising.band import improvised
from kelly.composing.neural import playing
from kelly.composing.plan import make_plan
from kelly.composing.rulebreaks import Broken
from kelly.composing.settings import Settings
from kelly.composing.tables import parts
from kelly.composing.theory import voice
from kelly.emotion.journey import Journey
from kelly.score.midi import settled
from kelly.score.notes import Control, KeySignature, Marker, Meter, Note, Part, Score, Tempo

__all__ = ["Composition", "Written", "compose_score", "write_sections"]

Change = TypeVar("Change", Tempo, KeySignature)
Play = Callable[[Context, Generator], Sequence[Note | Control]]

# Order matters: a later engine may read what the earlier ones wrote in the section.
WRITERS: dict[str, Play] = {
    "melody": melody.play,
    "bass": bass.play,
    "counter": counter_melody.play,
    "pad": pad.play,
    "strings": strings.play,
    "chords": rhythm.play,
    "drums": drums.play,
    "fills": fills.play,
    "transitions": transitions.play,
    "tension": tension.play,
    "variation": variation.play,
}
SEAM = "transitions"
LEAD = "melody"  # the part that sings a given melody


@dataclass(frozen=True, slots=True)
class Written:
    """One section as written: its plan, layers and voiced chords, and the notes and controls of every part in beats
    from the section's start, before micro-timing (`notes`) and after (`played`).
    """

    section: Section
    layers: tuple[Layer, ...]
    chords: tuple[Chord, ...]
    notes: dict[str, tuple[Note, ...]] = field(default_factory=dict)
    played: dict[str, tuple[Note, ...]] = field(default_factory=dict)
    controls: dict[str, tuple[Control, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composition:
    """A composed score with the plan, the broken rules and the sections it came from, and which parts are heard."""

    score: Score
    plan: Plan
    broken: tuple[Broken, ...]
    sections: tuple[Written, ...]
    heard: tuple[str, ...]


def compose_score(journey: Journey, settings: Settings, revision: Revision = FIRST) -> Composition:
    """Compose a song for a journey.

    Parameters: journey, the curve of feelings; settings, what the user asked for beside it; revision, what is tried
    otherwise than at first.
    Returns: the composition; the same arguments give the same score, note for note.
    """
    plan = make_plan(journey, settings, revision)
    broken = rulebreaks.choose(plan, settings)
    plan = rulebreaks.break_plan(plan, broken)
    sections = tuple(write_sections(plan, broken))
    score = settled(rulebreaks.break_score(_assembled(plan, sections, settings.mute), plan, broken))
    muted = {parts()[part].title for part in settings.mute}
    sounding = tuple(part for part in score.parts if part.name not in muted)
    heard = tuple(part for part in parts() if part not in settings.mute)
    return Composition(replace(score, parts=sounding), plan, broken, sections, heard)


def write_sections(plan: Plan, broken: tuple[Broken, ...] = ()) -> Iterator[Written]:
    """Write the sections of a plan in order; the voicing of the chords is led from one to the next."""
    voicing: tuple[int, ...] = ()
    for section in plan.sections:
        context = Context(plan, section)
        layers = arrangement.play(context, context.stream("arrangement"))
        context = replace(context, layers=tuple(_with_lead(layers, context)))
        row = _given(context) or chords.play(context, context.stream("chords"))
        row = rulebreaks.break_chords(row, context, broken)
        voiced = _voiced(row, voicing, context)
        voicing = voiced[-1].voicing
        yield _written(replace(context, chords=tuple(voiced)))


def _with_lead(layers: Sequence[Layer], context: Context) -> Iterator[Layer]:
    """The layers, with one for a given melody where the arrangement has none: it sounds wherever it has notes."""
    yield from layers
    if context.lead and not any(layer.part == LEAD for layer in layers):
        yield Layer(0.0, context.section.beats, LEAD, 1.0)


def _given(context: Context) -> list[Chord]:
    """The chords of the section that are given, in beats from its start; none where the engine is to write them."""
    start, beats = context.section.start, context.section.beats
    moved = (replace(chord, onset=chord.onset - start) for chord in context.plan.revision.chords)
    row = [chord for chord in moved if 0 <= chord.onset < beats]
    return [replace(chord, cadence=chord.end % PHRASE == 0 or chord is row[-1]) for chord in row]


def _voiced(row: Iterable[Chord], previous: tuple[int, ...], context: Context) -> list[Chord]:
    """Lead the voices through a row of chords in the range of the chords part; a chord voiced by a rule-break stays."""
    at = replace(context, part="chords", row=parts()["chords"])
    voiced = []
    for chord in row:
        previous = chord.voicing or voice(chord.symbol, previous, at.low, at.high)
        voiced.append(replace(chord, voicing=previous))
    return voiced


def _written(context: Context) -> Written:
    """Let every writer play the section, then shape loudness and time."""
    notes: dict[str, tuple[Note, ...]] = {}
    controls: dict[str, tuple[Control, ...]] = {}
    for part, play in WRITERS.items():
        events = play(_for(part, context, notes), context.stream(part))
        notes[part] = tuple(sorted(e for e in events if isinstance(e, Note)))
        controls[part] = tuple(e for e in events if isinstance(e, Control))
    notes |= improvised(context, notes)
    played = {}
    touched = playing.touches(context, notes)
    for part in WRITERS:
        at = replace(_for(part, context, notes), touches=touched.get(part, {}))
        timed = part == LEAD and at.lead  # a given melody has a timing of its own
        played[part] = notes[part] if timed else tuple(groove.play(at, at.stream(f"groove {part}")))
        if part != SEAM:
            controls[part] = tuple(_shaped(at))
    return Written(context.section, context.layers, context.chords, notes, played, controls)


def _for(part: str, context: Context, notes: Mapping[str, tuple[Note, ...]]) -> Context:
    return replace(context, part=part, row=parts()[part], parts=notes)


def _shaped(context: Context) -> list[Control]:
    """Loudness, pedal and vibrato of one part in a section."""
    notes = context.parts[context.part]
    if not notes or context.part == "fills":  # on the channel of the drums, which say how loud it is
        return []
    loudness = dynamics.play(context, context.stream(f"dynamics {context.part}"))
    pedal = controllers.pedal(context.instrument, context.chords, notes, context.parameters)
    return [*(c for c in loudness if isinstance(c, Control)), *pedal, *controllers.vibrato(context)]


def _assembled(plan: Plan, sections: tuple[Written, ...], mute: tuple[str, ...]) -> Score:
    """Lay the sections end to end."""
    return Score(
        parts=tuple(_part(name, plan, sections, mute) for name in parts()),
        tempos=_changes(Tempo(s.start, s.parameters.tempo) for s in plan.sections),
        meters=(Meter(0.0),),
        keys=_changes(KeySignature(s.start, s.key.tonic_name, s.key.minor) for s in plan.sections),
        markers=tuple(Marker(s.start, s.role) for s in plan.sections),
    )


def _part(name: str, plan: Plan, sections: tuple[Written, ...], mute: tuple[str, ...]) -> Part:
    row = parts()[name]
    notes: list[Note] = []
    controls = controllers.setting(row, plan.sections[0].parameters)
    for written in sections:
        start, end = written.section.start, written.section.start + written.section.beats
        last = plan.beats if name == LEAD and plan.revision.lead else end  # a given melody may hold on over a seam
        notes += [_moved(note, start, last) for note in written.played[name]]
        own = written.controls[name]
        if own and name not in (SEAM, "drums", "fills") and SEAM not in mute:
            own = tuple(controllers.merged(own, written.controls[SEAM]))
        controls += [replace(c, onset=start + c.onset) for c in own if name != SEAM]
    return Part(
        row.title, row.channel, plan.instruments[name].program, tuple(sorted(notes)), tuple(_restored(controls))
    )


def _moved(note: Note, start: float, end: float) -> Note:
    """A section's note in the time of the song, ending at `end` at the latest."""
    onset = max(start + note.onset, 0.0)
    return replace(note, onset=onset, duration=max(min(note.duration, end - onset), 1 / 32))


def _restored(controls: list[Control]) -> Iterator[Control]:
    """The controls in time order, one value at a time; equal values said again are left out."""
    latest = {(control.onset, control.controller): control for control in controls}  # the later said holds
    last: dict[int, int] = {}
    for control in sorted(latest.values()):
        if last.get(control.controller) != control.value:
            yield control
        last[control.controller] = control.value


def _changes(row: Iterable[Change]) -> tuple[Change, ...]:
    """Only the first of a run that says the same."""
    kept: list[Change] = []
    for change in row:
        if not kept or replace(change, onset=kept[-1].onset) != kept[-1]:
            kept.append(change)
    return tuple(kept)
