"""Variation: a voice that answers the melody with the song's own motif, changed.

Conventions: times in beats from the section's start; one voice, above the melody where there is room. The motif is the
one of the section's role; how it is changed is the section's figure, one of `motif.TRANSFORMS`.
Decides where an answer fits (where the melody says least, later rather than sooner), how many phrases get one (from
density and energy) and how high it lies. Leaves the motif to the plan and the change itself to `motif`.
"""

from __future__ import annotations

from dataclasses import replace

from numpy.random import Generator

from kelly.composing.chance import chance
from kelly.composing.context import BAR, PHRASE, Context, Layer
from kelly.composing.counterpoint import note, rests, roughness, solo, sounding, step, strength
from kelly.composing.motif import Motif, transform
from kelly.composing.theory import fold, nearest_pitch
from kelly.score.notes import Note

__all__ = ["play"]

MOTIFS = {"chorus": "chorus", "drop": "chorus", "bridge": "bridge", "breakdown": "bridge"}
SEQUENCE = (0, 2, -1, 1)  # scale steps by which one answer lies above the first


def play(context: Context, rng: Generator) -> list[Note]:
    """Write the answers of one section.

    Parameters: context, the section with its chords and the melody in `parts`; rng, this engine's own stream.
    Returns: notes in time order, one at a time, within the part's range, on chord or scale; over a sounding melody only
    where the two go together.
    """
    layer = context.layer
    if layer is None or not context.chords:
        return []
    motifs = context.plan.motifs
    motif = motifs.get(MOTIFS.get(context.section.role, "verse")) or motifs["verse"]
    spots = _spots(context, layer, motif.length, rng)
    changed = transform(motif, context.section.figures["variation"], rng)
    developed = transform(changed, "transpose", rng)
    notes: list[Note] = []
    for k, (start, end) in enumerate(spots):
        last = k == len(spots) - 1 and k > 0 and context.section.occurrence > 0
        notes += _said(context, developed if last else changed, start, end, SEQUENCE[k % len(SEQUENCE)])
    return solo(notes)


def _spots(context: Context, layer: Layer, length: float, rng: Generator) -> list[tuple[float, float]]:
    """Where answers lie: at most one a phrase, in the second half of a section that is heard for the first time."""
    melody = context.parts.get("melody", ())
    earliest = 0.0 if context.section.occurrence else context.section.beats / 2
    likely = 0.3 + 0.5 * context.parameters.density + 0.2 * context.energy
    spots = []
    phrase = 0.0
    while phrase < context.section.beats:
        wanted = chance(likely, rng) or phrase + PHRASE >= context.section.beats
        start, end = max(phrase, earliest, layer.onset), min(phrase + PHRASE, layer.end)
        if wanted and end - start >= BAR:
            spots.append(_freest(melody, start, end, length))
        phrase += PHRASE
    return spots


def _freest(melody: tuple[Note, ...], start: float, end: float, length: float) -> tuple[float, float]:
    """The stretch of whole bars, as long as the motif or half, where the melody does least; the later of equals."""
    best = (start, min(start + length, end))
    least = 9.0
    for span in (length, length / 2):
        for k in range(int((end - start - span) // BAR) + 1 if end - start >= span else 0):
            at = start + BAR * k
            silent = sum(off - on for on, off in rests(melody, at, at + span, 0.5))
            struck = sum(at <= n.onset < at + span for n in melody)
            busy = round(1 - silent / span + struck / span + (0.15 if span < length else 0.0), 6)
            if busy <= least:
                best, least = (at, at + span), busy
    return best


def _said(context: Context, motif: Motif, start: float, end: float, shift: int) -> list[Note]:
    """The motif from `start` to `end` at most, hung on a chord tone and bent or left out where it would disturb."""
    melody = context.parts.get("melody", ())
    degrees = [s.degree for s in motif.steps]
    anchor = _anchor(context, start, (max(degrees) + min(degrees)) / 2, shift)
    said = []
    for told in motif.steps:
        onset = start + told.onset
        if onset >= end - 0.1:
            break
        pitch = _fitting(context, step(anchor, told.degree, context.scale_at(onset)), onset)
        if pitch is not None:
            said.append(note(context, onset, min(onset + told.duration, end), pitch, 0.5 * strength(onset) - 0.2))
    return [_trimmed(context, melody, heard) for heard in solo(said)]


def _anchor(context: Context, start: float, middle: float, shift: int) -> int:
    """The chord tone that the motif hangs on: its middle lies high above the register, a sequence `shift` steps off."""
    centre = min(max(context.parameters.register + 10, context.low + 10), context.high - 10)
    target = centre - 1.7 * middle + 1.7 * shift
    return nearest_pitch(target, context.chord_at(start).symbol.pitch_classes)


def _fitting(context: Context, pitch: int, onset: float) -> int | None:
    """The pitch, or its neighbour, that may start here: in range, on strong beats on the chord, smooth with the melody.

    None when there is none: where the melody strikes at the same time, only a consonance may.
    """
    inside = fold(pitch, context.low, context.high)
    classes = context.chord_at(onset).symbol.pitch_classes if strength(onset) >= 0.8 else context.scale_at(onset)
    heard = sounding(context.parts.get("melody", ()), onset)
    nearest = nearest_pitch(inside, classes, context.low, context.high)
    if heard is None:
        return nearest
    limit = 0.5 if onset - heard.onset >= 0.45 else 0.1
    for tried in (nearest, step(nearest, -1, classes), step(nearest, 1, classes)):
        if roughness(tried, heard.pitch) <= limit and context.low <= tried <= context.high:
            return tried
    return None


def _trimmed(context: Context, melody: tuple[Note, ...], heard: Note) -> Note:
    """Shortened by articulation, and before the melody would strike the same pitch."""
    same = [n.onset for n in melody if n.pitch == heard.pitch and heard.onset < n.onset < heard.end]
    length = heard.duration * context.parameters.gate
    return replace(heard, duration=min([length, *(at - heard.onset for at in same)]))
