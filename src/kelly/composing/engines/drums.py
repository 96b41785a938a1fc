"""Drums: the groove of the genre, as busy as the section wants it.

Conventions: time in beats from the section's start, pitch as General MIDI percussion number, velocity 1..127.
Decides the bars' pattern (grooves of `drums.json`, four a genre from calm to busy, after `drive`), which light
strokes are left out, how bars answer each other and phrases end, and the crash on a section that rises. In a row X is
accented, g a ghost, o a stroke that only dense feelings play. Leaves fills to `fills` (there only kick and hat go
on), the swing and the late snare to `groove`.
"""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from kelly.composing.chance import chance, pick, uniform
from kelly.composing.context import BAR, PHRASE, Context, Layer
from kelly.composing.patterns import Hit, closing_bar, drive, kit, lay, level, step_of, table
from kelly.composing.seams import silent_from
from kelly.score.notes import Note

__all__ = ["play"]

THIN_ROLES = ("intro", "outro", "breakdown", "interlude")
CRASH_ROLES = ("chorus", "drop")
TIMEKEEPERS = ("hat", "ride", "pedal", "shaker", "cabasa")
BACKBEATS = ("snare", "rim", "clap")
EPS = 1e-6

Stroke = tuple[str, Hit]  # the drum and when it is struck


def play(context: Context, rng: Generator) -> list[Note]:
    """Play the groove of one section.

    Parameters: context, the section with its layers, feeling and energy; rng, this engine's own stream.
    Returns: notes in time order within the part's layer; one drum is never struck twice at once.
    """
    layer = context.layer
    if layer is None:
        return []
    name = context.plan.genre.name
    rows = table("drums.json")["grooves"][name][_level(context)]
    until = min(layer.end, silent_from(context), closing_bar(context) or layer.end)
    hits: list[Stroke] = []
    for drum, row in rows.items():
        if drum == "pedal" and "ride" in rows and _hurry(context) > 0.25:  # the foot has the kick to think of
            continue
        hits += [(drum, hit) for hit in _groove(drum, row, layer.onset, until, context, rng)]
    hits = _varied(hits, layer.onset, until, context, rng)
    hits += _marks(layer, context, rng)
    return _struck(hits, context)


def _level(context: Context) -> int:
    """Which groove: after the drive, thinner where a song opens, rests or ends."""
    thin = context.section.role in THIN_ROLES and not context.plan.is_loop
    return max(level(context) - thin, 0)


def _groove(drum: str, row: str, start: float, until: float, context: Context, rng: Generator) -> list[Hit]:
    """One drum's strokes: light ones are in or out for the whole section, none crowd a fill."""
    step = step_of(context)
    drawn = [uniform(0, 1, rng) for _ in row]
    lightness = drive(context) - _hurry(context)
    kept = [hit for hit in lay(row, start, until, step) if _wanted(hit, drawn, step, lightness)]
    if context.section.role == "intro":  # an intro lets the beat grow: time first, then kick, then the rest
        late = {"kick": 0.25}.get(drum, 0.0 if drum in TIMEKEEPERS else 0.5)
        kept = [hit for hit in kept if hit.onset >= late * context.section.beats - EPS]
    if drum == "kick" and _hurry(context) > 0.25:  # no foot plays sixteenths at this pace
        kept = [hit for hit in kept if hit.onset % (2 * step) < EPS]
    return [hit for hit in kept if _supports(drum, hit) or not _in_fill(hit.onset, context)]


def _hurry(context: Context) -> float:
    """How far the genre's own tempo is beyond what hands fill with sixteenths (120 BPM): 0, .5 at 180 BPM."""
    return max(0.0, context.parameters.tempo * context.section.pulse / 120 - 1)


def _wanted(hit: Hit, drawn: list[float], step: float, lightness: float) -> bool:
    """Ghosts and light strokes are played where the number drawn for their step lies below `lightness`."""
    if hit.symbol not in "og":
        return True
    return drawn[round(hit.onset / step) % len(drawn)] < lightness + 0.1


def _supports(drum: str, hit: Hit) -> bool:
    """Kick and foot hold the beat under a fill."""
    return drum in ("kick", "pedal") and hit.onset % 1 < EPS


def _in_fill(onset: float, context: Context) -> bool:
    return any(layer.part == "fills" and layer.onset - EPS <= onset < layer.end for layer in context.layers)


def _varied(strokes: list[Stroke], start: float, until: float, context: Context, rng: Generator) -> list[Stroke]:
    """Second bars answer the first in one way all section, fourth bars each in their own; the others seldom move."""
    step, bar = step_of(context), max(BAR, 16 * step_of(context))
    shift = 0.31 * context.section.occurrence
    answer = pick(_turns(strokes, context), rng, shift)
    seat = rng.random()  # where in the bar the answer lies
    for number in range(int(start / bar + 1 - EPS), int(until / bar + EPS)):
        end = bar * (number + 1)
        closes, answers = end % PHRASE < EPS, number % 2 == 1
        own, place = pick(_turns(strokes, context), rng, shift), rng.random()
        likely = 0.95 if closes else 0.8 if answers else 0.25 * drive(context)
        if not chance(likely * (0.7 + 0.3 * context.plan.complexity), rng) or _in_fill(end - step, context):
            continue
        turn, at = (answer, seat) if answers and not closes else (own, place)
        strokes = _turned(turn, strokes, end, step, at)
        if closes and turn in ("open", "ghost", "drag", "hole") and at < 0.5:  # a phrase's end is worth two words
            strokes = _kick(strokes, end, step, 2 * at)
    return strokes


def _turned(turn: str, strokes: list[Stroke], end: float, step: float, place: float) -> list[Stroke]:
    """The bar turned as wanted, or with one more kick where that would change nothing."""
    before = {(drum, round(hit.onset, 6)) for drum, hit in strokes}
    turned = TURNS[turn](strokes, end, step, place)
    if {(drum, round(hit.onset, 6)) for drum, hit in turned} != before or not any(d == "kick" for d, _ in strokes):
        return turned
    return _kick(strokes, end, step, place)


def _turns(strokes: list[Stroke], context: Context) -> dict[str, float]:
    """The ways a bar may end, weighted: busy feelings add a stroke, calm ones leave a breath."""
    push = drive(context)
    present = {drum: True for drum, _ in strokes}
    has_hat = "hat" in present and context.plan.genre.name != "ambient"
    return {
        "open": 0.3 + push if has_hat else 0.0,
        "kick": 0.3 + push if "kick" in present else 0.0,
        "ghost": 0.2 + push if "snare" in present else 0.0,
        "drag": push * push if "snare" in present else 0.0,
        "hole": 0.5 if "kick" in present else 0.0,
        "breath": 0.8 * (1 - push),
    }


def _open(strokes: list[Stroke], end: float, step: float, place: float) -> list[Stroke]:
    """An open hat over one of the last three off-beats, mostly the last."""
    start = end - (2, 2, 6, 10)[int(4 * place)] * step
    over = start + 2 * step
    kept = [(d, h) for d, h in strokes if d not in TIMEKEEPERS or not start - EPS < h.onset < over - EPS]
    return [*kept, ("open", Hit(start, 2 * step, "x"))]


def _kick(strokes: list[Stroke], end: float, step: float, place: float) -> list[Stroke]:
    """A kick or two more on the way to the bar line."""
    return strokes + _added("kick", "x", ((2,), (5, 2), (1,), (6,), (3, 2), (7, 1)), strokes, end, step, place)


def _ghost(strokes: list[Stroke], end: float, step: float, place: float) -> list[Stroke]:
    """Soft strokes of the snare between its own."""
    return strokes + _added("snare", "g", ((1,), (3, 1), (7,), (9, 7), (5,), (6, 3)), strokes, end, step, place)


def _added(
    drum: str,
    symbol: str,
    choices: tuple[tuple[int, ...], ...],
    strokes: list[Stroke],
    end: float,
    step: float,
    place: float,
) -> list[Stroke]:
    """The strokes of the first choice from `place` on (steps before the bar's end) that are not there already."""
    struck = {round(hit.onset, 6) for name, hit in strokes if name == drum}
    for k in range(len(choices)):
        backs = choices[(int(len(choices) * place) + k) % len(choices)]
        fresh = [end - back * step for back in backs if round(end - back * step, 6) not in struck]
        if fresh:
            return [(drum, Hit(onset, step, symbol)) for onset in fresh]
    return []


def _drag(strokes: list[Stroke], end: float, step: float, place: float) -> list[Stroke]:
    """Two grace strokes and a snare into the next bar."""
    grace = [("snare", Hit(end - back * step, step, "g")) for back in (3, 2)]
    return [*strokes, *grace, ("snare", Hit(end - step, step, "x"))]


def _hole(strokes: list[Stroke], end: float, step: float, place: float) -> list[Stroke]:
    """One of several kicks off the beat is left out."""
    first = end - 16 * step
    spare = [h.onset for d, h in strokes if d == "kick" and first < h.onset < end - EPS and h.onset % (4 * step) > EPS]
    if len(spare) < 2:
        return strokes
    gone = spare[int(place * len(spare))]
    return [(d, h) for d, h in strokes if d != "kick" or abs(h.onset - gone) > EPS]


def _breath(strokes: list[Stroke], end: float, step: float, place: float) -> list[Stroke]:
    """Only the feet go on in the last beat, or in its second half."""
    last = end - (4 if place < 0.6 else 2.5) * step
    return [(d, h) for d, h in strokes if d in ("kick", "pedal") or not last + EPS < h.onset < end - EPS]


# What a drummer does to a bar: (strokes, the bar's end, a step in beats, place 0..1) -> strokes.
TURNS: dict[str, Callable[[list[Stroke], float, float, float], list[Stroke]]] = {
    "open": _open,
    "kick": _kick,
    "ghost": _ghost,
    "drag": _drag,
    "hole": _hole,
    "breath": _breath,
}


def _marks(layer: Layer, context: Context, rng: Generator) -> list[Stroke]:
    """The crash where a section lifts off or its second half begins, and the last stroke of the song."""
    marks: list[Stroke] = []
    calm = context.plan.genre.name in ("ambient", "ballad") and context.energy < 0.6
    if layer.onset < EPS and context.previous is not None and not calm:
        rise = context.energy - context.previous.energy
        if rise >= 0.1 or (context.section.role in CRASH_ROLES and context.energy > 0.4):
            marks.append(("crash", Hit(0.0, BAR, "X" if rise > 0.2 else "x")))
    half = context.section.beats / 2
    loud = context.energy > 0.6 and context.section.bars >= 8 and context.section.bars % 8 == 0
    if loud and layer.onset <= half < layer.end and not calm and chance(drive(context), rng):
        marks.append(("crash", Hit(half, BAR, "x")))
    closing = closing_bar(context)
    if closing is not None and layer.end > closing + EPS:
        marks += [("kick", Hit(closing, 1.0, "x")), ("crash", Hit(closing, BAR, "o"))]
    return marks


def _struck(hits: list[Stroke], context: Context) -> list[Note]:
    """Notes from strokes: one a drum and onset, each over before the drum's next."""
    pitches, weights = kit(context.plan.genre.name), table("drums.json")["weights"]
    notes: dict[tuple[int, int], Note] = {}
    for drum, hit in hits:
        velocity = context.velocity(weights[hit.symbol] + _metre(drum, hit.onset))
        if hit.symbol == "g":
            velocity = max(round(0.6 * velocity), 1)
        length = min(1.0 if drum == "crash" else 0.2, 0.8 * step_of(context) if drum != "crash" else 1.0)
        place = (round(hit.onset * 960), pitches[drum])
        if place not in notes or notes[place].velocity < velocity:
            notes[place] = Note(hit.onset, length, pitches[drum], velocity)
    return sorted(notes.values())


def _metre(drum: str, onset: float) -> float:
    """Time is kept softer than the beat, and softest off it."""
    if drum in TIMEKEEPERS:
        return -0.5 if onset % 1 < EPS else -0.9
    return 0.3 if drum in BACKBEATS and onset % 1 < EPS else 0.0
