"""Bass: which low note sounds under each chord, and when.

Conventions: time in beats from the section's start, pitch as MIDI number, velocity 1..127; one voice, no note
overlaps the next.
Decides the rhythm (rows of `bass.json`, after the section's figure and `drive`), the register (from valence), fifths,
lines and the approach into the next chord. Every chord begins with its bass tone, whatever the row says; only a pedal
stays.
Leaves the chords to `chords`, micro-timing to `groove`, loudness over the song to `dynamics`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise

from numpy.random import Generator

from kelly.composing.chance import chance, pick
from kelly.composing.context import BAR, PHRASE, Chord, Context
from kelly.composing.patterns import Hit, bar_rows, closing_bar, lay_bars, step_of, table
from kelly.composing.seams import silent_from
from kelly.composing.theory import nearest_pitch
from kelly.score.notes import Note

__all__ = ["play"]

OCTAVE, SPAN = 12, 8  # semitones; how far a line strides when the next root lies elsewhere
DIRECTIONS = {"descending": -1, "climbing": 1}
UNLED = ("pedal", "breathing", "pulsing")  # figures that do not lead into the next chord
UNTURNED = ("walking", "breathing", *DIRECTIONS)  # figures whose bars differ by themselves
EPS = 1e-6


@dataclass(frozen=True, slots=True)
class _Span:
    """The stretch of one chord: onset and end in beats, the chord, its bass tone, and the one it moves to."""

    onset: float
    end: float
    chord: Chord
    root: int
    goal: int


def play(context: Context, rng: Generator) -> list[Note]:
    """Write the bass line of one section.

    Parameters: context, the section with its chords, feeling and energy; rng, this engine's own stream.
    Returns: notes in time order, none overlapping, all within the instrument's and the part's range.
    """
    spans = _spans(context)
    if not spans:
        return []
    figure = context.section.figures["bass"]
    rows = bar_rows(table("bass.json")[figure], context, rng)
    line: list[tuple[Hit, int]] = []
    for span in spans:
        hits = _hits(rows, span, context)
        if figure in DIRECTIONS:
            pitches = _stride(span, hits, DIRECTIONS[figure], context)
        elif figure == "walking":
            pitches = _walk(span, hits, context, rng)
        else:
            pitches = _tones(span, hits, context)
            if figure not in UNLED:
                _lead(span, hits, pitches, context, rng)
        if hits[-1].onset == closing_bar(context):
            pitches[-1] = span.root
        line += zip(hits, pitches, strict=True)
    if figure not in UNTURNED:
        line = _turned(line, spans, context, rng)
    return _sound(_joined(line, context), context)


def _spans(context: Context) -> list[_Span]:
    """The chords as far as the part plays, each with a bass tone near the one before."""
    layer = context.layer
    if layer is None:
        return []
    until = min(layer.end, silent_from(context))
    inside = [c for c in context.chords if c.end > layer.onset + EPS and c.onset < until - EPS]
    way = DIRECTIONS.get(context.section.figures["bass"], 0)
    roots: list[int] = []
    for chord in inside:
        tone = _pedal(context) if context.section.figures["bass"] == "pedal" else chord.symbol.lowest
        roots.append(_root(tone, roots[-1] if roots else None, way, context))
    goals = [*roots[1:], roots[0]] if roots else []
    return [
        _Span(max(c.onset, layer.onset), min(c.end, until), c, root, goal)
        for c, root, goal in zip(inside, roots, goals, strict=True)
    ]


def _pedal(context: Context) -> int:
    """The tone that stays: the dominant where the music gathers itself, else the tonic."""
    gathers = context.section.role in ("pre-chorus", "build", "bridge")
    return context.key.scale[4] if gathers else context.key.tonic


def _centre(context: Context) -> float:
    """Where the roots lie: deeper for unpleasant feelings, and with room for a line that descends or climbs."""
    room = -3 * DIRECTIONS.get(context.section.figures["bass"], 0)
    middle = 37 + 6 * context.feeling.valence + 2 * context.feeling.arousal + room
    return min(max(middle, context.low + 5), context.high - 5)


def _root(tone: int, before: int | None, way: int, context: Context) -> int:
    """The bass tone nearest the register and the tone before, on the wanted side of it, no more than an octave away."""
    centre = _centre(context)
    origin = centre if before is None else before
    pitches = [p for p in range(context.low, context.high + 1) if p % 12 == tone and abs(p - origin) <= OCTAVE]
    if not pitches:
        return nearest_pitch(origin, [tone], context.low, context.high)

    def cost(pitch: int) -> float:
        wrong = 5 if way and before is not None and (pitch - before) * way < 0 else 0
        return round(0.7 * abs(pitch - centre) + 0.5 * abs(pitch - origin) + wrong, 6)

    return min(pitches, key=lambda pitch: (cost(pitch), pitch))


def _hits(rows: list[str], span: _Span, context: Context) -> list[Hit]:
    """When the span's notes sound: the row, and the chord's own onset in any case."""
    closing = closing_bar(context)
    if closing is not None and span.onset >= closing - EPS:
        return [Hit(span.onset, span.end - span.onset, "R")]
    if closing is not None and span.end > closing + EPS:  # the last bar is one long tone
        before = replace(span, end=closing)
        return [*_hits(rows, before, context), Hit(closing, span.end - closing, "R")]
    hits = lay_bars(rows, span.onset, span.end, step_of(context))
    if hits and hits[0].onset < span.onset + EPS:
        first = hits[0].symbol if hits[0].symbol in "wp" else "R"
        return [Hit(hits[0].onset, hits[0].duration, first), *hits[1:]]
    first = {"w": "w", "p": "p"}.get(rows[0][0], "R")
    until = hits[0].onset if hits else span.end
    return [Hit(span.onset, until - span.onset, first), *hits]


def _tones(span: _Span, hits: list[Hit], context: Context) -> list[int]:
    """The chord tone that each character asks for."""
    classes = span.chord.symbol.pitch_classes
    tones = {"3": classes[1], "5": classes[2] if len(classes) > 2 else classes[0]}
    pitches = {symbol: _above(span, (tone - span.root) % 12, context) for symbol, tone in tones.items()}
    pitches["8"] = _above(span, OCTAVE, context)
    return [pitches.get(hit.symbol, span.root) for hit in hits]


def _above(span: _Span, interval: int, context: Context) -> int:
    """The tone above the root, or an octave lower where the register ends or the way to the next root would be long."""
    pitch = span.root + interval
    far = pitch > context.high or pitch - span.goal > 9
    return pitch - OCTAVE if far and pitch - OCTAVE >= context.low else pitch


def _walk(span: _Span, hits: list[Hit], context: Context, rng: Generator) -> list[int]:
    """A line from the root to a neighbour of the next one: chord tones on strong beats, steps between."""
    pitches = [span.root]
    scale, chord = context.scale_at(span.onset), span.chord.symbol.pitch_classes
    # Between root and goal the line bends outwards, so that it walks even when both are the same.
    bow = 14.0 if span.goal >= span.root else -14.0
    for i, hit in enumerate(hits[1:-1], start=1):
        share = i / len(hits)
        target = span.root + share * (span.goal - span.root) + bow * share * (1 - share)
        tones = chord if abs(hit.onset - span.onset) % 2 < EPS else scale
        free = [tone for tone in tones if tone != pitches[-1] % 12]
        low, high = max(context.low, pitches[-1] - 9), min(context.high, pitches[-1] + 9)
        pitches.append(nearest_pitch(target, free, low, high))
    if len(hits) > 1:
        pitches.append(_approach(pitches[-1], span.goal, context, rng))
    return pitches


def _stride(span: _Span, hits: list[Hit], way: int, context: Context) -> list[int]:
    """A line that goes one way by steps of the scale, over the next root where that lies so, else a few steps far."""
    scale = context.scale_at(span.onset)
    reach = (span.goal - span.root) * way
    slope = (min(reach, SPAN) if reach > 0 else SPAN) / len(hits)
    pitches = [span.root]
    for i in range(1, len(hits)):
        before = pitches[-1]
        step = 1 if len(hits) < 6 else 0  # a long line may say a tone twice
        low, high = (context.low, before - step) if way < 0 else (before + step, context.high)
        near = nearest_pitch(span.root + way * slope * i, scale, low, high)
        pitches.append(near if context.low <= near <= context.high else before)
    return pitches


def _approach(before: int, goal: int, context: Context, rng: Generator) -> int:
    """The last note before the goal: a scale step from it, or a semitone where the harmony is rich."""
    side = 1 if before > goal else -1
    if chance(0.5 * context.plan.complexity, rng):
        near = goal + side
    else:
        near = nearest_pitch(goal + 1.6 * side, [pc for pc in context.key.scale if pc != goal % 12])
    near = near + OCTAVE if near < context.low else near - OCTAVE if near > context.high else near
    return near if near != before else nearest_pitch(goal - 1.6 * side, context.key.scale, context.low, context.high)


def _lead(span: _Span, hits: list[Hit], pitches: list[int], context: Context, rng: Generator) -> None:
    """Turn the last note before a new root into a step towards it; at a phrase's end more readily."""
    moves = span.goal % 12 != span.root % 12
    late = span.end - hits[-1].onset <= 1 / context.section.pulse + EPS
    closes = abs(span.end % PHRASE) < EPS
    wanted = chance(0.15 + 0.5 * context.plan.complexity + 0.3 * closes, rng)
    if moves and late and wanted and len(hits) > 1 and hits[-1].symbol != "g":
        pitches[-1] = _approach(pitches[-2], span.goal, context, rng)
        if closes and span.end - hits[-1].onset > 0.75:
            _split(hits, pitches, span, context, rng)


def _split(hits: list[Hit], pitches: list[int], span: _Span, context: Context, rng: Generator) -> None:
    """Two quick notes instead of the last: the pick-up into the next phrase."""
    last = hits.pop()
    half = (span.end - last.onset) / 2
    hits += [Hit(last.onset, half, last.symbol), Hit(last.onset + half, half, last.symbol)]
    beyond = pick((2, 3, 4), rng) * (1 if pitches[-1] > span.goal else -1)
    pitches.insert(-1, nearest_pitch(pitches[-1] + beyond, context.scale_at(span.onset), context.low, context.high))


def _turned(line: list[tuple[Hit, int]], spans: list[_Span], context: Context, rng: Generator) -> list[tuple[Hit, int]]:
    """The ends of second bars turn in one way all section, those of later ones in the phrase each in their own."""
    heads = [span.onset for span in spans]
    shift = 0.31 * context.section.occurrence
    stays = context.section.figures["bass"] == "pedal"
    turns = ("breath", "split") if stays else ("octave", "fifth", "breath", "split", "push")
    answer, closing = pick(turns, rng, shift), closing_bar(context)
    turned: list[tuple[Hit, int]] = []
    for i, (hit, pitch) in enumerate(line):
        bar = int(hit.onset // BAR)
        last = i + 1 == len(line) or int(line[i + 1][0].onset // BAR) > bar
        own, wanted = pick(turns, rng, shift), chance((0.0, 0.7, 0.3, 0.9)[bar % 4], rng)
        fixed = hit.onset in heads or (closing is not None and hit.onset >= closing - EPS)
        if not last or not wanted or fixed:
            turned.append((hit, pitch))
        else:
            span = spans[max(bisect_right(heads, hit.onset + EPS) - 1, 0)]
            turned += _turn(answer if bar % 4 == 1 else own, hit, pitch, span, context)
    return turned


def _turn(how: str, hit: Hit, pitch: int, span: _Span, context: Context) -> list[tuple[Hit, int]]:
    """The last note of a bar, turned: an octave or a fifth away, left out, said twice, or early."""
    if how == "breath" and hit.duration <= 1:
        return []
    if how in ("split", "breath") and hit.duration >= 0.5:
        half = hit.duration / 2
        return [(replace(hit, duration=half), pitch), (Hit(hit.onset + half, half, hit.symbol), pitch)]
    if how == "push" and 0.5 <= hit.duration <= 1:
        later = hit.duration / 2
        return [(Hit(hit.onset + later, later, hit.symbol), pitch)]
    fifth = (span.chord.symbol.pitch_classes[2] - span.root) % 12
    tone = _above(span, fifth if how == "fifth" else OCTAVE, context)
    return [(hit, tone if tone != pitch else span.root)]


def _joined(line: list[tuple[Hit, int]], context: Context) -> list[tuple[Hit, int]]:
    """The line without leaps beyond an octave."""
    joined: list[tuple[Hit, int]] = []
    for hit, written in line:
        pitch = written
        if joined and abs(pitch - joined[-1][1]) > OCTAVE:
            pitch += OCTAVE if pitch < joined[-1][1] else -OCTAVE
        joined.append((hit, pitch if context.low <= pitch <= context.high else written))
    return joined


def _sound(line: list[tuple[Hit, int]], context: Context) -> list[Note]:
    """Lengths after the articulation, weight after the metre; ghosts are short and soft, phrase ends breathe."""
    gate = context.parameters.gate
    ends = [following.onset for (_, _), (following, _) in pairwise(line)] + [line[-1][0].onset + line[-1][0].duration]
    notes: list[Note] = []
    for (hit, pitch), end in zip(line, ends, strict=True):
        length = min(hit.duration, end - hit.onset)
        closes = abs((hit.onset + length) % PHRASE) < EPS
        share = 0.4 if hit.symbol == "g" else gate * (1 - 0.4 * context.parameters.rest * closes)
        share = 1.0 if hit.onset == closing_bar(context) else share
        velocity = context.velocity(_accent(hit, context))
        if hit.symbol == "g":
            velocity = max(round(0.55 * velocity), 1)
        notes.append(Note(hit.onset, max(length * share, min(length, 0.05)), pitch, velocity))
    return notes


def _accent(hit: Hit, context: Context) -> float:
    """Downbeats carry the line; a pulse leans towards the next bar instead."""
    beat = hit.onset % 4
    if context.section.figures["bass"] == "pulsing":
        return -0.3 + 0.2 * beat
    return 0.4 if beat < EPS else 0.1 if beat % 1 < EPS else -0.3
