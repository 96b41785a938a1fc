"""Rhythm broken: parts off the beat, a wandering or turning tempo, two pulses at once, beats cut away.

Conventions: times in beats of the song, four beats a bar, phrases of four bars from each section's start. The breaks
of tempo touch the tempo map alone (and add the bar that prepares a new pulse); `dropped_beats` moves all that comes
after a cut, so it is applied last. `plan.sections` are those in which a break acts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from numpy.random import Generator

from kelly.composing.chance import pick, sway
from kelly.composing.context import BAR, Plan, Section
from kelly.composing.rulebreaks.edits import (
    EARLY,
    change,
    clusters,
    find,
    map_parts,
    phrases,
    playing,
    section_at,
    within,
)
from kelly.score.notes import KeySignature, Meter, Note, Part, Score, Tempo

__all__ = [
    "constant_displacement",
    "dropped_beats",
    "metric_modulation",
    "polyrhythmic_layers",
    "tempo_fluctuation",
]

Change = TypeVar("Change", Tempo, Meter, KeySignature)
ACCOMPANYING = ("counter", "variation", "chords", "strings", "pad")
PEDAL = 64
SHORTEST = 1 / 32
FLUCTUATION = 5.0  # BPM
# New pulses: the length of the new beat in old beats, and the severity it needs.
PULSES = ((3 / 4, 0.0), (4 / 3, 0.0), (2 / 3, 0.4), (3 / 2, 0.4))
TEMPOS = (40.0, 300.0)
SIDE_STICK, BEAT = 37, 1.0


def constant_displacement(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """A part lies an eighth late throughout: the chords, and above a severity of .6 the melody too.

    When mild, another accompanying part lies a sixteenth late.
    """
    if severity < 0.35:
        names, late = playing(score, ACCOMPANYING, plan.sections)[:1], 0.25
    else:
        names, late = playing(score, ("chords", *ACCOMPANYING), plan.sections)[:1], 0.5
    if severity > 0.6:
        names.append("melody")
    for name in names:
        score = change(score, name, lambda part: _late(part, plan.sections, late))
    return score


def _late(part: Part, sections: Sequence[Section], late: float) -> Part:
    """The part's notes, pedal and bends moved within their sections; what no longer fits before its end is left out."""
    notes = []
    for note in part.notes:
        section = section_at(note.onset, sections)
        if section is None:
            notes.append(note)
            continue
        onset, end = note.onset + late, section.start + section.beats
        if onset < end - SHORTEST:
            notes.append(replace(note, onset=onset, duration=min(note.duration, end - onset)))
    controls = (
        replace(c, onset=c.onset + late) if c.controller == PEDAL and section_at(c.onset, sections) else c
        for c in part.controls
    )
    bends = (replace(b, onset=b.onset + late) if section_at(b.onset, sections) else b for b in part.bends)
    in_time = sorted(controls, key=lambda control: control.onset)
    return replace(part, notes=tuple(sorted(notes)), controls=tuple(in_time), bends=tuple(bends))


def tempo_fluctuation(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """The tempo wanders from bar to bar, at most 5 BPM from what it was; the stronger, the wider."""
    width = FLUCTUATION * min(1.0, 0.5 + 0.6 * severity)
    drift, kept = 0.0, [tempo for tempo in score.tempos if section_at(tempo.onset, plan.sections) is None]
    for section in plan.sections:
        kept += [t for t in score.tempos if section.start < t.onset < section.start + section.beats and t.onset % BAR]
        for bar in range(section.bars):
            onset = section.start + bar * BAR
            drift = min(max(0.6 * drift + 1.5 * width * sway(rng), -width), width)
            kept.append(Tempo(onset, round(_tempo_at(score, onset) + drift, 2)))
    return replace(score, tempos=tuple(sorted(kept)))


def _tempo_at(score: Score, onset: float) -> float:
    bpm = score.tempos[0].bpm
    for tempo in score.tempos:
        if tempo.onset <= onset:
            bpm = tempo.bpm
    return bpm


def metric_modulation(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """One section takes another value of the old tempo as its beat; the bar before it beats the new pulse.

    That section is the bridge, or the one in which the second half of the song begins; in a loop, its second half.
    """
    start, end = _turn(plan)
    old = _tempo_at(score, start)
    options = {beat: 1.0 for beat, least in PULSES if least <= severity and (severity < 0.6 or least)}
    options = {beat: w for beat, w in options.items() if TEMPOS[0] <= old / beat <= TEMPOS[1]}
    beat = pick(options or {3 / 4: 1.0}, rng)
    inside = [replace(t, bpm=t.bpm / beat) for t in score.tempos if start < t.onset < end]
    outside = [t for t in score.tempos if t.onset < start or t.onset > end]
    seams = [Tempo(start, old / beat)] + ([Tempo(end, _tempo_at(score, end))] if end < _end(plan) else [])
    changed = replace(score, tempos=tuple(sorted([*outside, *inside, *seams])))
    return _announced(changed, plan, start, beat)


def _end(plan: Plan) -> float:
    """Where the last section ends, in beats."""
    return plan.sections[-1].start + plan.sections[-1].beats


def _turn(plan: Plan) -> tuple[float, float]:
    """Start and end of the stretch that gets the new tempo."""
    sections = plan.sections
    if len(sections) == 1:
        half = BAR * (sections[0].bars // 2)
        return sections[0].start + half, sections[0].start + sections[0].beats
    bridges = [section for section in sections[1:] if section.role == "bridge"]
    middle = _end(plan) / 2
    section = (bridges or [s for s in sections[1:] if s.start + s.beats > middle])[0]
    return section.start, section.start + section.beats


def _announced(score: Score, plan: Plan, start: float, beat: float) -> Score:
    """The drums (without any, the bass) beat the new pulse in the bar before it becomes the beat."""
    name = "drums" if find(score, "drums") else "bass"
    part = find(score, name)
    before = [note for note in part.notes if note.onset < start] if part else []
    if not before or start < BAR:
        return score
    count = int(BAR / beat + 1e-9)
    pitch = SIDE_STICK if name == "drums" else within(plan, name, before[-1].pitch)
    last = before[-1].velocity
    pulse = [Note(start - beat * k, min(beat, 0.5), pitch, min(last + 10, 127)) for k in range(count, 0, -1)]

    def beaten(part: Part) -> Part:
        bar = start - BAR - EARLY
        kept = part.notes if name == "drums" else [n for n in part.notes if not bar <= n.onset < start - EARLY]
        kept = [
            replace(n, duration=min(n.duration, max(start - BAR - n.onset, SHORTEST))) if n.onset < bar else n
            for n in kept
        ]
        return replace(part, notes=tuple(sorted([*kept, *pulse])))

    return change(score, name, beaten)


def polyrhythmic_layers(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """An accompanying part plays equal notes against the four beats: three a bar, five above a severity of .6.

    When mild, it does so in the second half of each phrase only.
    """
    names = playing(score, ACCOMPANYING, plan.sections)
    if not names:
        return score
    equal = 5 if severity > 0.6 else 3
    bars = [
        bar
        for start, end in phrases(plan.sections)
        for bar in _bars(start, end)
        if severity >= 0.35 or bar >= (start + end) / 2
    ]
    return change(score, names[0], lambda part: replace(part, notes=_layered(part.notes, bars, equal)))


def _bars(start: float, end: float) -> list[float]:
    return [start + BAR * i for i in range(math.ceil((end - start) / BAR))]


def _layered(notes: Sequence[Note], bars: Sequence[float], equal: int) -> tuple[Note, ...]:
    """The notes of the bars, group by group, on an even grid; groups are repeated in order until the grid is full."""
    step = BAR / equal
    free = list(notes)
    layered: list[Note] = []
    for bar in bars:
        here = [note for note in free if bar <= note.onset + EARLY < bar + BAR]
        if not here:
            continue
        before = [note for note in free if note.onset + EARLY < bar]
        after = [note for note in free if note.onset + EARLY >= bar + BAR]
        free = [*(replace(n, duration=min(n.duration, max(bar - n.onset, SHORTEST))) for n in before), *after]
        groups = clusters(here)
        for i in range(equal):
            group = groups[i % len(groups)]
            layered += [replace(n, onset=bar + i * step, duration=0.9 * step) for n in group]
    return tuple(sorted([*free, *layered]))


def dropped_beats(score: Score, plan: Plan, severity: float, rng: Generator) -> Score:
    """The last beat of phrases (every one above a severity of .5, else every second) is cut: a bar of 3/4.

    What begins within the cut is gone, what rings into it stops there, and all that follows comes a beat earlier.
    """
    ends = [end for _, end in phrases(plan.sections) if BAR < end < _end(plan)]
    every = 1 if severity > 0.5 else 2
    chosen = ends[(len(ends) - 1) % every :: every] if ends else [_inner_bar(plan)]
    cuts = _Cuts(tuple(end - BEAT for end in chosen))
    meters = [Meter(end - BAR, 3, 4) for end in chosen] + [Meter(end) for end in chosen]
    # Where a cut bar follows a cut bar, the 4/4 between them would have no length.
    meters = [m for m in meters if m.numerator == 3 or all(m.onset != end - BAR for end in chosen)]
    return replace(
        map_parts(score, cuts.part),
        tempos=_kept_last([replace(tempo, onset=cuts.moved(tempo.onset)) for tempo in score.tempos]),
        meters=_kept_last(
            [replace(m, onset=cuts.moved(m.onset)) for m in sorted([*score.meters, *meters], key=lambda m: m.onset)]
        ),
        keys=_kept_last([replace(key, onset=cuts.moved(key.onset)) for key in score.keys]),
        markers=tuple(replace(marker, onset=cuts.moved(marker.onset)) for marker in score.markers),
    )


def _inner_bar(plan: Plan) -> float:
    """In a loop of one phrase, the end of the bar before its second half; of its only bar when it has one."""
    return plan.sections[0].start + BAR * max(1, plan.sections[0].bars // 2)


def _kept_last(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Of changes that came to lie at one time, the last; in time order."""
    return tuple({change.onset: change for change in changes}.values())


@dataclass(frozen=True, slots=True)
class _Cuts:
    """Beats cut out of a song: where each begins, in time order."""

    starts: tuple[float, ...]

    def moved(self, onset: float) -> float:
        """Where a time comes to lie; what lies within a cut comes to its start."""
        return onset - sum(min(max(onset - start, 0.0), BEAT) for start in self.starts)

    def part(self, part: Part) -> Part:
        """A part without the cut beats; a note up to `EARLY` before a cut or its end belongs after that point."""
        notes = []
        for note in part.notes:
            played = note.onset + EARLY
            if any(start <= played < start + BEAT for start in self.starts):
                continue
            onset = self.moved(played) - EARLY
            notes.append(replace(note, onset=onset, duration=max(self.moved(note.end) - onset, SHORTEST)))
        return replace(
            part,
            notes=tuple(sorted(notes)),
            controls=tuple(replace(c, onset=self.moved(c.onset)) for c in part.controls),
            bends=tuple(replace(b, onset=self.moved(b.onset)) for b in part.bends),
        )
