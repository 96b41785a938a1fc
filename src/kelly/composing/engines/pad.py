"""Pad: the ground of held sound under everything else.

Conventions: times in beats from the section's start; an open voicing of three or four tones, led from chord to chord,
its second-highest voice an octave down. Decides the texture (figure), the register (beside the melody: over a low one,
under a high one), the number of voices (from complexity and level) and how often held tones are struck again (from
density and energy); gives way where it would rub. Leaves the chords to `chords`, loudness over time to `dynamics`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from numpy.random import Generator

from kelly.composing.chance import chance, pick, shuffle
from kelly.composing.context import BAR, PHRASE, Chord, Context
from kelly.composing.counterpoint import Block, apart, breath, harmony, led, note, step, strength, tied, tones
from kelly.composing.theory import fold, nearest_pitch
from kelly.composing.voicing import LOW_VOICE, clear, eased, heard, height, patience, rub
from kelly.score.notes import Note

__all__ = ["play"]

Voiced = list[tuple[Chord, tuple[int, ...]]]

BESIDE = ("melody", "bass", "counter", "chords")  # what the pad gives way to
RUSH = 0.75  # density above which a pulse is thinned


def play(context: Context, rng: Generator) -> list[Note]:
    """Write the pad of one section.

    Parameters: context, the section with its chords, feeling and energy; rng, this engine's own stream.
    Returns: notes in time order, none overlapping another of its pitch, all on the chord (in `moving` also beside it)
    and within the part's range.
    """
    chords = harmony(context)
    if not chords:
        return []
    figure = context.section.figures["pad"]
    notes = FIGURES[figure](context, list(zip(chords, _open(context, chords), strict=True)), rng)
    if figure != "open-fifths":
        notes = clear(notes, heard(context, *BESIDE), patience(context))
    return apart(notes)


def _open(context: Context, chords: list[Chord]) -> list[tuple[int, ...]]:
    """Led close voicings, opened: the second voice from above goes an octave down, never into the mud."""
    middle = min(max(_middle(context), context.low + 9), context.high - 9)
    low = max(context.low, 50, int(middle) - 9)
    high = min(context.high, max(int(middle) + 9, low + 14))
    spans, limit = heard(context, *BESIDE), patience(context)
    ground = low if _sung_low(context) else max(context.low, 45)
    opened = []
    for chord, voicing in zip(chords, led(chords, low, high, _voices(context)), strict=True):
        down = voicing[-2] - 12
        free = down >= ground and (down >= 52 or voicing[0] - down >= 5)
        spread = down if free else voicing[-2]
        wide = sorted({*voicing[:-2], spread, voicing[-1]})
        opened.append(eased(chord, wide, spans, (ground, high), limit))
    return opened


def _middle(context: Context) -> float:
    """Where the pad lies: well under a melody that sings high, over one that sings low."""
    sung = height(context)
    if sung is None:
        return 60 + 0.4 * (context.parameters.register - 60)
    return sung + 12 if sung < LOW_VOICE else max(sung - 11, 55)


def _sung_low(context: Context) -> bool:
    sung = height(context)
    return sung is not None and sung < LOW_VOICE


def _voices(context: Context) -> int:
    """Three voices, or four where the music is complex or loud and the melody sings well over them."""
    sung = height(context)
    if sung is not None and sung < LOW_VOICE + 6:
        return 3
    level = context.layer.level if context.layer else 0.0
    return 4 if context.plan.complexity + 0.4 * level + 0.3 * context.energy > 0.85 else 3


def _held(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Every tone as long as the harmony holds it; a returning section is doubled an octave up at its phrase ends."""
    blocks = []
    for chord, voicing in voiced:
        doubled = context.section.occurrence > 0 and chord.cadence and voicing[-1] + 12 <= context.high
        pitches = (*voicing, voicing[0] + 12 if doubled else voicing[0])
        blocks.append((chord.onset, chord.end - breath(context, chord), tuple(sorted(set(pitches)))))
    return _sustained(context, blocks)


def _sustained(context: Context, blocks: list[Block], accent: float = 0.0) -> list[Note]:
    """Tied blocks as notes, the outer voices a shade above the inner ones."""
    outer = {pitch for _, _, pitches in blocks for pitch in (pitches[0], pitches[-1])}
    return [
        note(context, start, end, pitch, accent + (0.1 if pitch in outer else -0.15))
        for start, end, pitch in tied(blocks)
    ]


def _swelling(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Each phrase grows: two voices at its start, all of them and an octave more at its end, ever louder."""
    notes = []
    for chord, voicing in voiced:
        for start, end in _bars(chord, breath(context, chord)):
            share = start % PHRASE / PHRASE
            crown = (voicing[-2] + 12,) if share >= 0.75 and voicing[-2] + 12 <= context.high else ()
            count = max(2, round(len(voicing) * (0.45 + 0.75 * share)))
            pitches = tuple(sorted({*voicing[:count], *crown}))
            notes += [note(context, start, end, pitch, -0.5 + 1.2 * share) for pitch in pitches]
    return notes


def _bars(chord: Chord, air: float) -> list[tuple[float, float]]:
    """A chord's stretches (from, to) cut at the bar lines, the last ending with a breath."""
    cuts = [chord.onset]
    while cuts[-1] // BAR * BAR + BAR < chord.end:
        cuts.append(cuts[-1] // BAR * BAR + BAR)
    return list(zip(cuts, [*cuts[1:], chord.end - air], strict=True))


def _moving(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Outer voices are held while an inner one wanders from its tone to its neighbours and on into the next chord."""
    blocks: list[Block] = []
    notes: list[Note] = []
    pace = 1.0 if context.parameters.density + 0.4 * context.energy > 0.8 else 2.0
    spans, limit = heard(context, *BESIDE), patience(context)
    for i, (chord, voicing) in enumerate(voiced):
        inner = voicing[len(voicing) // 2]
        goal = voiced[i + 1][1][len(voicing) // 2 : len(voicing) // 2 + 1] if i + 1 < len(voiced) else ()
        end = chord.end - breath(context, chord)
        blocks.append((chord.onset, end, tuple(pitch for pitch in voicing if pitch != inner)))
        path = _path(context, chord, inner, goal, max(1, round(chord.duration / pace)), rng)
        onsets = [chord.onset + pace * k for k in range(len(path))]
        ends = [*onsets[1:], end]
        taken = [pitch for pitch in voicing if pitch != inner]
        for onset, stop, pitch in zip(onsets, ends, path, strict=True):
            rough = any(abs(pitch - other) in (0, 1, 13) for other in taken) or rub(pitch, onset, stop, spans) > limit
            free = inner if rough else pitch
            notes.append(note(context, onset, stop, free, 0.3 * strength(onset)))
    return _sustained(context, blocks, -0.2) + notes


def _path(context: Context, chord: Chord, inner: int, goal: tuple[int, ...], count: int, rng: Generator) -> list[int]:
    """The tones that an inner voice passes in one chord, the last a step from where the next chord wants it."""
    turn = pick((-1, 1), rng)
    scale = context.scale_at(chord.onset)
    shapes = {0: (0,), 1: (0, turn), 2: (0, turn, 0), 3: (0, turn, 2 * turn, turn)}
    shape = shapes[min(count, 4) - 1]
    path = [inner if k == 0 else step(inner, k, scale) for k in (shape * count)[:count]]
    if goal and count > 1 and abs(goal[0] - inner) in (3, 4):
        path[-1] = step(inner, 1 if goal[0] > inner else -1, scale)
    return [min(max(pitch, context.low), context.high) for pitch in path]


def _pulsing(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Struck again in quarters (in a rush in halves, in eighths where the energy is there); phrases end on a hold."""
    rushes = context.parameters.density > RUSH
    pace = 2.0 if rushes else 0.5 if context.energy + context.parameters.density > 1.25 else 1.0
    held = max(0.35, context.parameters.gate - 0.1)
    notes = []
    for chord, voicing in voiced:
        last = chord.end - (2.0 if chord.cadence and chord.duration >= 4 else 0.0)
        for k in range(int((last - chord.onset) / pace)):
            onset = chord.onset + pace * k
            weight = strength(onset)
            pitches = voicing if weight >= (0.9 if rushes else 0.5) else voicing[-2:]
            notes += [note(context, onset, onset + pace * held, p, 0.9 * weight - 0.6) for p in pitches]
        if last < chord.end:
            notes += [note(context, last, chord.end - breath(context, chord), p, 0.2) for p in voicing]
    return notes


def _open_fifths(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """Root, fifth and the octaves above them, no third: bare, and low."""
    wide = _voices(context) > 3
    blocks = []
    for chord, _ in voiced:
        root, fifth = chord.symbol.root, chord.symbol.pitch_classes[2]
        ground = nearest_pitch(context.low + 5, (root,), context.low, context.high)
        pitches = [ground, nearest_pitch(ground + 7, (fifth,), ground, context.high), ground + 12]
        upper = fold(pitches[1] + 12, context.low, context.high)
        crowned = wide or chord.onset % PHRASE >= 2 * BAR
        pitches += [upper] if crowned else []
        if _sung_low(context):  # the ground, a gap for the voice, and the rest over it
            pitches = [ground, *(fold(p + 12, ground, context.high) for p in pitches[1:])]
        blocks.append((chord.onset, chord.end - breath(context, chord), tuple(sorted(set(pitches)))))
    return _sustained(context, blocks)


def _shimmer(context: Context, voiced: Voiced, rng: Generator) -> list[Note]:
    """High tones that enter one after another and ring on together, softly, in an order that keeps changing."""
    notes = []
    pace = 0.5 if context.parameters.density + 0.3 * context.energy > 0.75 else 1.0
    spans, limit = heard(context, *BESIDE), patience(context)
    for chord, _ in voiced:
        ladder = tones(chord.symbol.pitch_classes, max(context.low, context.high - 17), context.high)
        end = chord.end - breath(context, chord)
        ladder = eased(chord, ladder, spans, (ladder[0], ladder[-1]), limit)
        order = shuffle(ladder, rng)[: 3 + (chance(context.plan.complexity, rng) and chord.duration >= 4)]
        for k, pitch in enumerate(order):
            onset = chord.onset + pace * k
            if onset < end - pace / 2:
                notes.append(note(context, onset, end, pitch, -0.2 - 0.1 * k))
    return [replace(n, duration=min(n.duration, 2 * BAR)) for n in notes]


FIGURES: dict[str, Callable[[Context, Voiced, Generator], list[Note]]] = {
    "held": _held,
    "swelling": _swelling,
    "moving": _moving,
    "pulsing": _pulsing,
    "open-fifths": _open_fifths,
    "shimmer": _shimmer,
}
