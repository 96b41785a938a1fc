"""Voicing: how the accompaniment shares the air with the melody, the bass and itself.

Conventions: pitch is a MIDI number, times are beats from the section's start. Two tones rub when they lie a semitone or
a minor ninth apart; a share of 1 is the whole time that is asked about. Pure functions of what the engines before have
written, so that chords, pad and strings agree on who takes which tone although each is written by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kelly.composing.context import Chord, Context
from kelly.composing.tables import parts
from kelly.composing.theory import fold, nearest_pitch, voice
from kelly.score.notes import Note

__all__ = ["DRIVEN", "LOW_VOICE", "Heard", "clear", "eased", "grips", "heard", "height", "patience", "rub"]

Heard = dict[int, list[tuple[float, float]]]  # by pitch, from when to when it sounds

RUBS = (-13, -1, 1, 13)
DRIVEN = (29, 30)  # General MIDI programs of guitars that play power chords
LOW_VOICE = 58  # a melody below sings under its accompaniment, one above over it


def patience(context: Context) -> float:
    """The share of the time for which a tone may rub, 0..1: short passing for most, more where the feeling grates."""
    return 0.1 + 1.5 * max(0.0, context.parameters.dissonance - 0.55)


def height(context: Context) -> float | None:
    """The mean pitch of the section's melody, weighted by beats; None where it is silent."""
    melody = context.parts.get("melody", ())
    beats = sum(note.duration for note in melody)
    return sum(note.pitch * note.duration for note in melody) / beats if beats else None


def heard(context: Context, *names: str) -> Heard:
    """When each pitch sounds in the named parts as far as they are written; "chords" stands for their grips."""
    spans: Heard = {}
    for name in names:
        if name == "chords":
            for chord, voicing in zip(context.chords, grips(context), strict=True):
                for pitch in voicing:
                    spans.setdefault(pitch, []).append((chord.onset, chord.end))
        else:
            for note in context.parts.get(name, ()):
                spans.setdefault(note.pitch, []).append((note.onset, note.end))
    return spans


def rub(pitch: int, start: float, end: float, spans: Heard) -> float:
    """The share of start..end for which other tones rub against a pitch (above 1 when several do)."""
    rubbing = 0.0
    for interval in RUBS:
        for onset, stop in spans.get(pitch + interval, ()):
            rubbing += max(0.0, min(stop, end) - max(onset, start))
    return rubbing / max(end - start, 1e-6)


def eased(
    chord: Chord, voicing: Sequence[int], spans: Heard, bounds: tuple[int, int], patience: float
) -> tuple[int, ...]:
    """A voicing without tones that rub: each gives way to a near tone of the chord, or falls silent.

    Third and seventh choose first and the root last, so that only one of two neighbours is held. Two tones are left at
    least, whatever they rub against.
    """
    classes = chord.symbol.pitch_classes
    order = (classes[1], *classes[3:], *classes[2:3], classes[0])
    kept: list[int] = []
    for pitch in sorted(voicing, key=lambda p: (order.index(p % 12) if p % 12 in order else 9, p)):
        near = [p for p in range(max(bounds[0], pitch - 7), min(bounds[1], pitch + 7) + 1) if p % 12 in classes]
        free = [pitch, *(p for p in near if p not in voicing)]
        costs = {p: rub(p, chord.onset, chord.end, spans) + _crowding(p, kept) for p in free if p not in kept}
        fitting = [p for p, cost in costs.items() if cost <= patience]
        if fitting:
            kept.append(min(fitting, key=lambda p: (abs(p - pitch), p)))
        elif costs and len(kept) < 2:
            kept.append(min(costs, key=lambda p: (round(costs[p], 6), abs(p - pitch), p)))
    return tuple(sorted(kept))


def _crowding(pitch: int, kept: Iterable[int]) -> float:
    return 1.0 if any(pitch - other in RUBS for other in kept) else 0.0


def clear(notes: Iterable[Note], spans: Heard, patience: float) -> list[Note]:
    """The notes in time order without those that would rub, against `spans` or each other, longer than they may.

    A note is left where fewer than two others of the row begin with it or sound on.
    """
    row = sorted(notes)
    taken = {pitch: list(times) for pitch, times in spans.items()}
    kept: list[Note] = []
    for i, note in enumerate(row):
        beside = sum(other.onset <= note.onset < other.end for other in row[max(i - 6, 0) : i + 7])
        if beside < 3 or rub(note.pitch, note.onset, note.end, taken) <= patience:
            kept.append(note)
            taken.setdefault(note.pitch, []).append((note.onset, note.end))
    return kept


def grips(context: Context) -> list[tuple[int, ...]]:
    """How the chords part lays each chord of the section: the led voicing, moved out of the melody's way and eased.

    On a driven guitar root, fifth and octave; a block of fifth and octave, laid so on purpose, stays as it is.
    """
    row, instrument = parts()["chords"], context.plan.instruments["chords"]
    low, high = max(row.low, instrument.low), min(row.high, instrument.high)
    if instrument.program in DRIVEN:
        return [_power(chord, low, high) for chord in context.chords]
    spans, middle, limit = heard(context, "melody", "bass"), height(context), patience(context)
    laid = []
    for chord in context.chords:
        written = chord.voicing or voice(chord.symbol, (), low, high)
        voicing = tuple(sorted({fold(pitch, low, high) for pitch in written}))
        if not _is_block(written):
            voicing = eased(chord, _aside(voicing, middle, low, high), spans, (low, high), limit)
        laid.append(voicing)
    return laid


def _power(chord: Chord, low: int, high: int) -> tuple[int, ...]:
    classes = chord.symbol.pitch_classes
    root = nearest_pitch(low + 5, classes[:1], low, high)
    fifth = root + (classes[2] - root) % 12
    return tuple(pitch for pitch in (root, fifth, root + 12) if pitch <= high)


def _is_block(voicing: Sequence[int]) -> bool:
    return [pitch - voicing[0] for pitch in voicing[1:3]] == [7, 12]


def _aside(voicing: tuple[int, ...], middle: float | None, low: int, high: int) -> tuple[int, ...]:
    """The voices on the melody's height an octave away: over a melody that sings low, under one that sings high.

    No voice goes where it would be mud (below C3) or further than a tenth from the next.
    """
    if middle is None:
        return voicing
    moved = set()
    for pitch in voicing:
        if middle < LOW_VOICE and pitch < middle + 4 and pitch + 12 <= high:
            moved.add(pitch + 12)
        elif middle >= LOW_VOICE and pitch > middle - 3 and pitch - 12 >= max(low, 48):
            moved.add(pitch - 12)
        else:
            moved.add(pitch)
    return tuple(sorted(moved)) if len(moved) > 2 else voicing
