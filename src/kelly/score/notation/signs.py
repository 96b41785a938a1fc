"""Signs: what is drawn in a bar: note values and rests with their dots, tuplets, ties and beams.

Conventions: places are divisions from the bar line. A voice fills its bar; a beat whose places are no sixty-fourths is
a tuplet: three for two, of eighths or (in two beats, or in four quarters) of larger values, or six for four sixteenths.
Beams join what lies in one beat, and four eighths in half a bar of four quarters.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from kelly.score.notation.bars import QUARTER, VALUES, Bar, Bars, lengths
from kelly.score.notation.voices import Chord, Head

__all__ = ["Sign", "Voice", "bars_signed"]

FINE = 3  # a sixty-fourth: what does not lie on these is of a tuplet
BEAMS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}


@dataclass(frozen=True, slots=True)
class Tuplet:
    """Notes in the time of fewer: where it starts and ends, how many (3 or 6) in the time of how many (2 or 4)."""

    start: int
    end: int
    count: int = 3
    normal: int = 2

    @property
    def unit(self) -> int:
        """How long one of them sounds."""
        return (self.end - self.start) // self.count

    @property
    def value(self) -> str:
        """The name of their value."""
        return VALUES[self._plain][0]

    def values(self) -> dict[int, tuple[str, int]]:
        """The values that may stand in it by the time that they take: names and dots."""
        return {length * self.unit // self._plain: value for length, value in VALUES.items() if length >= self._plain}

    @property
    def _plain(self) -> int:
        """How long one would sound outside."""
        return (self.end - self.start) // self.normal


@dataclass(frozen=True, slots=True)
class Sign:
    """A chord or a rest of one value.

    Parameters: start and length in divisions; value, its name (none for a whole bar of rest); dots; heads (none for a
    rest); tuplet, the one it is of; edges, whether that starts or stops here; beams, how each of them goes on; short;
    rolled.
    """

    start: int
    length: int
    value: str = ""
    dots: int = 0
    heads: tuple[Head, ...] = ()
    tuplet: Tuplet | None = None
    edges: tuple[str, ...] = ()
    beams: tuple[str, ...] = ()
    short: bool = False
    rolled: bool = False


Voice = tuple[Sign, ...]  # what fills one bar
Value = tuple[int, int, str, int, Tuplet | None]  # start, length, name, dots, tuplet


def bars_signed(chords: Sequence[Chord], bars: Bars) -> dict[int, Voice]:
    """The signs of a voice by the number of the bar; bars in which it has none are left out."""
    parts: dict[int, list[Chord]] = {}
    for chord in chords:
        for number, part in _cut(chord, bars):
            parts.setdefault(number, []).append(part)
    return {number: tuple(_signs(row, bars.row[number])) for number, row in parts.items()}


def _cut(chord: Chord, bars: Bars) -> Iterator[tuple[int, Chord]]:
    """A chord in the bars that it sounds in, in places from their bar lines."""
    bar = bars.at(chord.start)
    start, first = chord.start, True
    while start < chord.end:
        end = min(chord.end, bar.end)
        heads = _tied(chord.heads, before=not first, after=end < chord.end)
        rolled = chord.rolled and first
        yield bar.index, Chord(start - bar.start, end - bar.start, heads, chord.short, rolled)
        if end == chord.end:
            return
        bar, start, first = bars.row[bar.index + 1], end, False


def _tied(heads: tuple[Head, ...], *, before: bool, after: bool) -> tuple[Head, ...]:
    """The heads of a chord that goes on from one before, or to one after."""
    if not before and not after:
        return heads
    return tuple(Head(h.pitch, h.velocity, h.struck, h.tied or before, h.ties or after) for h in heads)


def _signs(chords: Sequence[Chord], bar: Bar) -> list[Sign]:
    """The signs of one bar."""
    filled = list(_filled(chords, bar.length))
    tuplets = _tuplets([chord.start for chord in filled], bar)
    return _beamed([sign for chord in filled for sign in _valued(chord, bar, tuplets)], bar)


def _filled(chords: Iterable[Chord], length: int) -> Iterator[Chord]:
    """The chords with rests between them."""
    at = 0
    for chord in chords:
        if chord.start > at:
            yield Chord(at, chord.start, ())
        yield chord
        at = chord.end
    if at < length:
        yield Chord(at, length, ())


def _tuplets(places: Sequence[int], bar: Bar) -> list[Tuplet]:
    """The tuplets of a voice in which something starts at some places: the largest that hold all of theirs."""
    found: list[Tuplet] = []
    if all(place % FINE == 0 for place in places):
        return found
    for start, end in _dividable(bar):
        inside = [place - start for place in places if start < place < end]
        taken = any(start < tuplet.end and tuplet.start < end for tuplet in found)
        if taken or not any(place % FINE for place in inside):
            continue
        if all(3 * place % (end - start) == 0 for place in inside):
            found.append(Tuplet(start, end))
        elif end - start == QUARTER:
            found.append(Tuplet(start, end, 6, 4))
    return found


def _dividable(bar: Bar) -> Iterator[tuple[int, int]]:
    """What of a bar may be a tuplet, the largest first: four quarters, two, one."""
    whole = 4 * QUARTER
    if bar.simple and bar.length == whole:
        yield 0, whole
    if bar.simple and bar.length in (whole, whole // 2):
        yield from ((start, start + 2 * QUARTER) for start in range(0, bar.length, 2 * QUARTER))
    yield from pairwise(bar.edges)


def _valued(chord: Chord, bar: Bar, tuplets: Sequence[Tuplet]) -> Iterator[Sign]:
    """A chord or a rest as values, tied where it takes several."""
    pieces = [piece for span in _spans(chord, tuplets) for piece in _values(*span, bar, rest=not chord.heads)]
    for index, (start, length, value, dots, tuplet) in enumerate(pieces):
        first, last = index == 0, index == len(pieces) - 1
        heads = _tied(chord.heads, before=not first, after=not last)
        edges: tuple[str, ...] = ()
        if tuplet is not None:
            edges = ("start",) * (start == tuplet.start) + ("stop",) * (start + length == tuplet.end)
        short, rolled = chord.short and len(pieces) == 1, chord.rolled and first
        yield Sign(start, length, value, dots, heads, tuplet, edges, (), short, rolled)


def _spans(chord: Chord, tuplets: Sequence[Tuplet]) -> Iterator[tuple[int, int, Tuplet | None]]:
    """A chord cut at the edges of tuplets that it begins or ends in: start, end, tuplet."""
    cuts = {chord.start, chord.end}
    for tuplet in tuplets:
        if any(tuplet.start < place < tuplet.end for place in (chord.start, chord.end)):
            cuts |= {place for place in (tuplet.start, tuplet.end) if chord.start < place < chord.end}
    for low, high in pairwise(sorted(cuts)):
        yield low, high, next((tuplet for tuplet in tuplets if tuplet.start <= low and high <= tuplet.end), None)


def _values(start: int, end: int, tuplet: Tuplet | None, bar: Bar, *, rest: bool) -> Iterator[Value]:
    """The values from one place to another."""
    if tuplet is None:
        for length in lengths(bar.numerator, bar.denominator, start, end, rest=rest):
            yield start, length, *VALUES[length], None
            start += length
        return
    known = tuplet.values()
    while start < end:
        length = max(length for length in known if length <= end - start)
        yield start, length, *known[length], tuplet
        start += length


def _beamed(signs: list[Sign], bar: Bar) -> list[Sign]:
    """The signs with beams over those of a beat that have flags."""
    row: list[Sign] = []
    edges = _beam_edges(signs, bar)
    for (_, flagged), members in groupby(signs, key=lambda sign: (bisect_right(edges, sign.start), _is_flagged(sign))):
        run = list(members)
        row += [replace(run[i], beams=_beams(run, i)) for i in range(len(run))] if flagged and len(run) > 1 else run
    return row


def _is_flagged(sign: Sign) -> bool:
    return bool(sign.heads) and sign.value in BEAMS


def _beam_edges(signs: Sequence[Sign], bar: Bar) -> Sequence[int]:
    """Where beams begin: at every beat, but not in the midst of four eighths."""
    edges = bar.edges
    if (bar.numerator, bar.denominator) != (4, 4):
        return edges
    eighths = [s.start for s in signs if s.heads and s.length == QUARTER // 2]
    joined = (half + QUARTER for half in (0, 2 * QUARTER) if sum(half <= s < half + 2 * QUARTER for s in eighths) == 4)
    return sorted(set(edges) - set(joined))


def _beams(run: Sequence[Sign], index: int) -> tuple[str, ...]:
    """How each beam of a sign goes on: begin, continue, end, or a hook."""
    counts = [BEAMS[sign.value] for sign in run]
    row = []
    for level in range(1, counts[index] + 1):
        before = index > 0 and counts[index - 1] >= level
        after = index + 1 < len(run) and counts[index + 1] >= level
        opens = index + 1 < len(run) and (index == 0 or run[index].start // run[index].length % 2 == 0)
        hook = "forward hook" if opens else "backward hook"
        row.append({(True, True): "continue", (True, False): "end", (False, True): "begin"}.get((before, after), hook))
    return tuple(row)
