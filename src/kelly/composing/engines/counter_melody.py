"""Counter-melody: the second voice, which leans on the melody and speaks where it rests.

Conventions: times in beats from the section's start; one voice, a third to a tenth under the melody, or over it where
the melody lies low; strong beats are consonant with the melody and, where they can be, on the chord.
Decides how the voice relates to the melody (figure), which of its notes it joins and how many of its rests it fills
(from density and energy). Without a melody it holds guide tones. Leaves answers that quote the motif to `variation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from numpy.random import Generator

from kelly.composing.chance import chance, pick
from kelly.composing.context import BAR, PHRASE, Chord, Context, Layer
from kelly.composing.counterpoint import (
    breath,
    harmony,
    note,
    phrase_of,
    rests,
    roughness,
    solo,
    sounding,
    step,
    strength,
    tones,
)
from kelly.composing.theory import fold, nearest_pitch
from kelly.score.notes import Note

__all__ = ["play"]

# Onsets of an ostinato's bar, from sparse to dense, and the places in its ladder of tones that they visit.
CELLS = ((0.0, 1.5, 3.0), (0.0, 1.0, 1.5, 3.0), (0.0, 0.5, 1.5, 2.5, 3.0), (0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 3.5))
SHAPES = ((0, 1, 2, 1, 0, 1, 2), (0, 2, 1, 2, 0, 2, 1), (2, 1, 0, 1, 2, 0, 1), (0, 0, 2, 0, 1, 0, 2))
NEEDS_MELODY = ("parallel", "contrary", "imitation")


@dataclass(frozen=True, slots=True)
class Frame:
    """What the voice leans on: the melody within its layer, and the range and side it keeps."""

    context: Context
    layer: Layer
    melody: tuple[Note, ...]
    below: bool
    centre: float

    @property
    def side(self) -> int:
        """-1 under the melody, 1 over it."""
        return -1 if self.below else 1


def play(context: Context, rng: Generator) -> list[Note]:
    """Write the counter-melody of one section.

    Parameters: context, the section with its chords and the melody in `parts`; rng, this engine's own stream.
    Returns: notes in time order, one at a time, within the part's range, none in unison with a sounding melody note;
    fewer than the melody's, unless the figure is `ostinato` or there is no melody.
    """
    layer = context.layer
    if layer is None or not harmony(context):
        return []
    frame = _frame(context, layer)
    figure = context.section.figures["counter"]
    if not frame.melody and figure in NEEDS_MELODY:
        figure = "oblique"
    line = solo(FIGURES[figure](frame, rng))
    if figure in NEEDS_MELODY:
        line = _filled(frame, line, rng)
    elif figure != "ostinato" and frame.melody:
        line = _weightiest(line, max(1, len(frame.melody) - 1))
    return [_shaped(frame, heard) for heard in solo(_free_of_unisons(frame, line))]


def _frame(context: Context, layer: Layer) -> Frame:
    melody = tuple(n for n in context.parts.get("melody", ()) if layer.onset <= n.onset < layer.end)
    height = sum(n.pitch for n in melody) / len(melody) if melody else context.parameters.register + 5
    below = height - context.low >= 10
    centre = min(max(height - 8 if below else height + 8, context.low + 7), context.high - 7)
    return Frame(context, layer, melody, below, centre)


def _cost(frame: Frame, pitch: int, beat: float) -> float:
    """How badly a pitch suits a beat: rough against the melody, off the chord, or on the melody's other side."""
    leader = sounding(frame.melody, beat)
    weight = strength(beat)
    classes = frame.context.chord_at(beat).symbol.pitch_classes
    rubs = any((pitch - pc) % 12 in (1, 11) for pc in classes)
    cost = 1.1 * weight * (pitch % 12 not in classes) * (1.1 if rubs else 1)
    if leader is not None:
        cost += (1.5 + 1.5 * weight) * roughness(pitch, leader.pitch)
        cost += 0.5 * ((pitch - leader.pitch) * frame.side <= 0)
    return cost


def _cheapest(options: dict[int, float]) -> int:
    return min(options, key=lambda pitch: (round(options[pitch], 6), pitch))


def _joined(frame: Frame, share: float) -> list[Note]:
    """The weightiest `share` of the melody's notes, phrase by phrase: those that the voice joins."""
    kept: list[Note] = []
    for phrase in range(phrase_of(frame.layer.end - 0.01) + 1):
        sung = [n for n in frame.melody if phrase_of(n.onset) == phrase]
        kept += _weightiest(sung, round(share * len(sung)))
    return kept


def _weightiest(line: list[Note], count: int) -> list[Note]:
    """The `count` notes of a line on the strongest beats, the longer of equals first, in time order."""
    ranked = sorted(line, key=lambda n: (-strength(n.onset), -round(n.duration, 6), n.onset))
    return sorted(ranked[:count])


def _share(context: Context) -> float:
    return 0.4 + 0.3 * context.parameters.density + 0.1 * context.energy


def _until(frame: Frame, pitch: int, leader: Note, following: float) -> float:
    """How long a joined note sounds: with its leader, and on under later notes that it does not rub against."""
    end = leader.end
    for heard in frame.melody:
        if leader.onset < heard.onset < following:
            if roughness(pitch, heard.pitch) > 0.35 or heard.onset - end > 0.5:
                break
            end = heard.end
    return min(end, following, frame.layer.end)


def _parallel(frame: Frame, rng: Generator) -> list[Note]:
    """The melody's weighty notes in thirds or sixths of the scale; interval and side change with the phrase alone."""
    joined = _joined(frame, _share(frame.context))
    first = pick((2, 5), rng)
    line = []
    for leader, following in zip(joined, [*[n.onset for n in joined[1:]], frame.layer.end], strict=True):
        phrase = phrase_of(leader.onset)
        turned = (phrase + frame.context.section.occurrence) % 2
        pitch = _doubled(frame, leader, _side(frame, phrase), 7 - first if turned else first)
        line.append(note(frame.context, leader.onset, _until(frame, pitch, leader, following), pitch))
    return line


def _side(frame: Frame, phrase: int) -> int:
    """The side on which a phrase of the melody has room for a second voice: the frame's own, if it can be."""
    sung = [n.pitch for n in frame.melody if phrase_of(n.onset) == phrase]
    fitting = sum(frame.context.low <= pitch + 9 * frame.side <= frame.context.high for pitch in sung)
    return frame.side if 2 * fitting >= len(sung) else -frame.side


def _doubled(frame: Frame, leader: Note, side: int, wanted: int) -> int:
    """The tone `wanted` scale steps from a note of the melody, or the best other consonance in range."""
    scale = frame.context.scale_at(leader.onset)
    options: dict[int, float] = {}
    for steps, dearness in ((wanted, 0.0), (7 - wanted, 0.8), (wanted + 7, 1.2), (4, 1.2)):
        for sign, crossing in ((side, 0.0), (-side, 2.0)):
            pitch = step(leader.pitch, sign * steps, scale)
            if frame.context.low <= pitch <= frame.context.high:
                cost = _cost(frame, pitch, leader.onset) + dearness + crossing
                options[pitch] = min(cost, options.get(pitch, cost))
    return _cheapest(options) if options else fold(leader.pitch, frame.context.low, frame.context.high)


def _contrary(frame: Frame, rng: Generator) -> list[Note]:
    """Down when the melody climbs, up when it falls: its shape in each phrase, mirrored about the voice's centre."""
    joined = _joined(frame, _share(frame.context))
    line: list[Note] = []
    for i, leader in enumerate(joined):
        following = joined[i + 1].onset if i + 1 < len(joined) else frame.layer.end
        phrase = [n.pitch for n in joined if phrase_of(n.onset) == phrase_of(leader.onset)]
        fresh = not line or phrase_of(line[-1].onset) != phrase_of(leader.onset)
        rise = 0 if fresh else leader.pitch - joined[i - 1].pitch
        mirrored = frame.centre - 0.6 * (leader.pitch - sum(phrase) / len(phrase))
        pitch = _against(frame, leader.onset, None if fresh else line[-1].pitch, rise, mirrored)
        line.append(note(frame.context, leader.onset, _until(frame, pitch, leader, following), pitch))
    return line


def _against(frame: Frame, beat: float, previous: int | None, rise: int, mirrored: float) -> int:
    """The tone near `mirrored` that answers a melody that rose by `rise` semitones since `previous` was sung."""
    scale = frame.context.scale_at(beat)
    low, high = _around(frame, 10)
    options = {}
    for pitch in tones(scale, low, high):
        moved = 0 if previous is None else pitch - previous
        if abs(moved) <= 7:
            wrong = previous is not None and rise != 0 and moved * rise >= 0
            options[pitch] = _cost(frame, pitch, beat) + 3.0 * wrong + 0.15 * abs(pitch - mirrored) + 0.05 * abs(moved)
    return _cheapest(options) if options else nearest_pitch(frame.centre, scale, low, high)


def _oblique(frame: Frame, rng: Generator) -> list[Note]:
    """One tone held under each chord while the melody moves: the smoothest against all that it sings, and near."""
    line: list[Note] = []
    for chord in harmony(frame.context):
        options = {
            pitch: _friction(frame, pitch, chord) + 0.09 * abs(pitch - (line[-1].pitch if line else frame.centre))
            for pitch in tones(chord.symbol.pitch_classes, *_around(frame, 9))
        }
        pitch = _cheapest(options) if options else nearest_pitch(frame.centre, chord.symbol.pitch_classes)
        held = line and line[-1].pitch == pitch and line[-1].end == chord.onset and chord.onset % (2 * BAR) != 0
        if held:
            line[-1] = replace(line[-1], duration=chord.end - breath(frame.context, chord) - line[-1].onset)
        else:
            line.append(note(frame.context, chord.onset, chord.end - breath(frame.context, chord), pitch))
    return line


def _around(frame: Frame, reach: int) -> tuple[int, int]:
    """The range within `reach` semitones of the centre."""
    return max(frame.context.low, int(frame.centre) - reach), min(frame.context.high, int(frame.centre) + reach)


def _friction(frame: Frame, pitch: int, chord: Chord) -> float:
    """How rough a held pitch is against the melody over a chord, weighted by time (beats)."""
    over = [n for n in frame.melody if n.onset < chord.end and n.end > chord.onset]
    shares = [(min(n.end, chord.end) - max(n.onset, chord.onset), n.pitch) for n in over]
    crossing = sum(length for length, other in shares if (pitch - other) * frame.side < 0)
    return sum(length * roughness(pitch, other) for length, other in shares) + 0.3 * crossing


def _imitation(frame: Frame, rng: Generator) -> list[Note]:
    """The head of what the melody says in every two bars, said again a bar (or half a bar) later at another height."""
    line: list[Note] = []
    for k in range(int((frame.layer.end - frame.layer.onset) // (2 * BAR)) + 1):
        start = frame.layer.onset + 2 * BAR * k
        head = [n for n in frame.melody if start <= n.onset < start + BAR]
        if head:
            delay = min((BAR, BAR / 2), key=lambda beats: _coincidence(frame, head, beats))
            line += _echo(frame, head, delay)
    return _weightiest(solo(line), max(1, len(frame.melody) - 1))


def _coincidence(frame: Frame, head: Iterable[Note], delay: float) -> float:
    """How much an echo would be covered: the share of the melody's own onsets and sounds in its place."""
    heard = [sounding(frame.melody, n.onset + delay) for n in head]
    struck = {n.onset for n in frame.melody}
    onsets = [n.onset + delay in struck for n in head]
    return sum(onsets) + 0.5 * sum(h is not None for h in heard)


def _echo(frame: Frame, head: list[Note], delay: float) -> list[Note]:
    """The head `delay` beats later, all of it so many scale steps away that it fits melody and harmony best."""
    said = [replace(n, onset=n.onset + delay) for n in head if n.onset + delay < frame.layer.end]
    shifts = {shift: frame.side * shift for shift in (2, 4, 5, 7, 9, 11)}
    rows = {shift: [_placed(frame, n, signed) for n in said] for shift, signed in shifts.items()}
    costs = {shift: sum(_cost(frame, n.pitch, n.onset) for n in row) + 0.02 * shift for shift, row in rows.items()}
    return rows[_cheapest(costs)]


def _placed(frame: Frame, heard: Note, shift: int) -> Note:
    pitch = step(heard.pitch, shift, frame.context.scale_at(heard.onset))
    pitch = fold(pitch, frame.context.low, frame.context.high)
    if strength(heard.onset) >= 0.8 and _cost(frame, pitch, heard.onset) > 1.2:
        scale = frame.context.scale_at(heard.onset)
        near = {p: _cost(frame, p, heard.onset) for p in (pitch, step(pitch, -1, scale), step(pitch, 1, scale))}
        pitch = _cheapest({p: cost for p, cost in near.items() if frame.context.low <= p <= frame.context.high})
    end = min(heard.end, frame.layer.end)
    return note(frame.context, heard.onset, end, pitch)


def _pedal(frame: Frame, rng: Generator) -> list[Note]:
    """The key's tonic or fifth, whichever rubs less, struck every two bars, every bar, or in the middle of bars too."""
    context = frame.context
    chords = harmony(context)
    roots = (context.key.tonic, (context.key.tonic + 7) % 12)
    pitch = _cheapest({p: _grinding(frame, p, chords) for p in tones(roots, *_around(frame, 8))})
    fullness = context.parameters.density + 0.4 * context.energy
    onsets = (0.0,) if fullness < 0.75 else (0.0, 4.0) if fullness < 1.0 else (0.0, 2.5, 4.0, 6.5)
    struck = [start for start in _places(frame.layer, 2 * BAR, onsets) if start % PHRASE < PHRASE - 2]
    ends = [*struck[1:], frame.layer.end]
    air = breath(context, chords[-1])
    pairs = [(on, min(off, (phrase_of(on) + 1) * PHRASE - air)) for on, off in zip(struck, ends, strict=True)]
    return [note(context, _clear(frame, on, pitch), off, pitch) for on, off in pairs if _clear(frame, on, pitch) < off]


def _grinding(frame: Frame, pitch: int, chords: list[Chord]) -> float:
    """How much a pedal tone rubs over a row of chords (beats, weighted)."""
    foreign = sum(chord.duration for chord in chords if pitch % 12 not in chord.symbol.pitch_classes)
    unisons = sum(n.duration for n in frame.melody if n.pitch == pitch)
    away = 0.25 * abs(pitch - frame.centre + 3) * len(chords)
    return sum(_friction(frame, pitch, c) for c in chords) + 0.5 * foreign + 1.5 * unisons + away


def _clear(frame: Frame, onset: float, pitch: int) -> float:
    """When the melody has left a pitch that is wanted at `onset`."""
    heard = sounding(frame.melody, onset)
    return heard.end if heard is not None and heard.pitch == pitch else onset


def _places(layer: Layer, period: float, onsets: tuple[float, ...]) -> list[float]:
    """The onsets of a pattern repeated every `period` beats within a layer."""
    first, last = int(layer.onset // period), int(-(-layer.end // period))
    return [k * period + at for k in range(first, last) for at in onsets if layer.onset <= k * period + at < layer.end]


def _ostinato(frame: Frame, rng: Generator) -> list[Note]:
    """A bar's cell over and over, bent to each harmony as little as it must; it turns where phrases end."""
    context = frame.context
    fullness = 0.7 * context.parameters.density + 0.3 * context.energy
    cell = CELLS[min(int(max(fullness - 0.2, 0) / 0.8 * len(CELLS)), len(CELLS) - 1)]
    shape = pick(SHAPES, rng)
    home = context.key.tonic, (context.key.tonic + (3 if context.key.minor else 4)) % 12, (context.key.tonic + 7) % 12
    ladder = tones(home, *_around(frame, 12))
    base = max(0, min(len(ladder) - 3, sum(p < frame.centre for p in ladder) - 1))
    length = 0.5 * context.parameters.gate
    line = []
    for onset in _places(frame.layer, BAR, cell):
        wanted = ladder[base + shape[cell.index(onset % BAR)]]
        if onset % PHRASE >= PHRASE - 2:  # the cell turns where the phrase does
            wanted = step(wanted, 2 if onset % (2 * PHRASE) >= PHRASE else 1, context.scale_at(onset))
        allowed = context.chord_at(onset).symbol.pitch_classes if strength(onset) >= 0.8 else context.scale_at(onset)
        pitch = nearest_pitch(wanted, allowed, context.low, context.high)
        line.append(note(context, onset, min(onset + length, frame.layer.end), pitch))
    return line


def _filled(frame: Frame, line: list[Note], rng: Generator) -> list[Note]:
    """The line with short runs in the melody's rests, as long as it says less than the melody."""
    budget = max(1, len(frame.melody) - 1)
    filled = _weightiest(line, budget)
    likely = 0.35 + 0.5 * frame.context.parameters.density + 0.1 * min(frame.context.section.occurrence, 2)
    for start, end in rests(frame.melody, frame.layer.onset, frame.layer.end, 1.0):
        wants = chance(likely, rng)
        run = _run(frame, filled, start, end)
        if (
            wants
            and len(filled) + len(run) <= budget
            and not any(n.end > run[0].onset and n.onset < end for n in filled)
        ):
            filled = sorted(filled + run)
    return filled


def _run(frame: Frame, line: list[Note], start: float, end: float) -> list[Note]:
    """Two to four steps through a rest of the melody, towards a tone of the chord that follows it."""
    pace = 0.5 if frame.context.parameters.density > 0.5 else 1.0
    first = -(-start // 0.5) * 0.5
    count = min(max(int((end - first) / pace), 1), 4)
    before = [n.pitch for n in line if n.onset < start]
    origin = before[-1] if before else round(frame.centre)
    classes = frame.context.chord_at(min(end, frame.context.section.beats - 0.01)).symbol.pitch_classes
    goal = nearest_pitch(origin + (4 if origin < frame.centre else -4), classes, *_around(frame, 12))
    turn = 1 if goal >= origin else -1
    run = []
    for k in range(count):
        onset = first + pace * k
        pitch = step(goal, -turn * (count - 1 - k), frame.context.scale_at(onset))
        pitch = nearest_pitch(pitch, frame.context.scale_at(onset), frame.context.low, frame.context.high)
        run.append(note(frame.context, onset, min(onset + pace, end), pitch))
    return run


def _free_of_unisons(frame: Frame, line: Iterable[Note]) -> list[Note]:
    """No note starts on, or is held into, the very pitch that the melody sings."""
    free = []
    for heard in line:
        same = [n for n in frame.melody if n.pitch == heard.pitch and n.onset < heard.end and n.end > heard.onset]
        if same and same[0].onset <= heard.onset:
            pitch = _beside(frame, heard)
            same = [n for n in frame.melody if n.pitch == pitch and n.onset < heard.end and n.end > heard.onset]
            heard = replace(heard, pitch=pitch)  # noqa: PLW2901
        cut = min([n.onset for n in same if n.onset > heard.onset], default=heard.end)
        free.append(replace(heard, duration=cut - heard.onset))
    return free


def _beside(frame: Frame, heard: Note) -> int:
    """The best tone near a pitch that the melody has taken."""
    classes = frame.context.chord_at(heard.onset).symbol.pitch_classes
    near = tones(classes, max(frame.context.low, heard.pitch - 9), min(frame.context.high, heard.pitch + 9))
    options = {p: _cost(frame, p, heard.onset) + 0.05 * abs(p - heard.pitch) for p in near if p != heard.pitch}
    return _cheapest(options)


def _shaped(frame: Frame, heard: Note) -> Note:
    """Louder in the melody's rests than under it, with the metre; short notes take the articulation."""
    alone = sounding(frame.melody, heard.onset) is None
    accent = 0.4 * strength(heard.onset) - 0.3 + 0.3 * alone
    length = heard.duration * (frame.context.parameters.gate if heard.duration <= 1 else 1.0)
    return replace(heard, duration=length, velocity=frame.context.velocity(accent))


FIGURES: dict[str, Callable[[Frame, Generator], list[Note]]] = {
    "parallel": _parallel,
    "contrary": _contrary,
    "oblique": _oblique,
    "imitation": _imitation,
    "pedal": _pedal,
    "ostinato": _ostinato,
}
