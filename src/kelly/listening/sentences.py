"""Sentences: where a long text falls apart into pieces that can be read one by one.

Conventions: a piece is a slice of the text as given, `end` exclusive, without white space around it; pieces come in
order and do not overlap. Prose falls into sentences, also where an editor has wrapped its lines; in lyrics and lists
every line is a piece of its own. Blank lines, ornaments ("* * *") and headings ("Chorus:", "[Verse 2]", "Chapter 3")
are borders; headings and ornaments belong to no piece. The work is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from kelly.listening.morphology import table

__all__ = ["MOST", "Piece", "pieces"]

MOST = 2000  # pieces, about
LONG = 400  # characters of one piece
WRAPPED = range(40, 121)  # characters of the lines that editors make when they wrap
SURE = 60  # from here on lines that are filled to their width are wrapped, capitals or not: verses are shorter
RAGGED = 6  # characters by which a line may be wrapped too early
KNOWN = 20  # characters before a full stop that are looked at: no abbreviation is longer

_LINE = re.compile(r"([^\n\r\u2028\u2029\x85]*)(?:\r\n|[\n\r\u2028\u2029\x85]|\Z)")
_EMOJI = r"(?:[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff][\ufe0e\ufe0f\u200d]*)"
_SMILE = r"(?:[:;=]'?-?[()DPp/|]+(?!\w)|</?3+)"
_WORD = re.compile(rf"[^\W_]|{_EMOJI}|(?<!\S){_SMILE}")
_END = re.compile(
    r"(?P<mark>[.!?…‥。！？．｡؟।॥]+)(?P<close>[\"'”’»›)\]」』）】*_]*)"
    rf"(?:[ \t]*(?:{_EMOJI}|{_SMILE}))*"
    rf"|(?:{_EMOJI}|(?<!\S){_SMILE})+"
)
_OPENING = re.compile(r"[\s\"'“‘„«‹(\[¿¡*_—–-]*")
_LAST = re.compile(r"[^\s\"“„«‹(\[*_—–-]+\Z")
_FIRST = re.compile(r"\S{1,40}")
_GAP = re.compile(r"\s+")
_CLAUSE = re.compile(r"[;:,，、；：،—–)]\s*")
_BULLET = re.compile(r"(?:[-–—*•·]|\d{1,2}[.)])\s")
_BOXED = re.compile(r"[\[【][^\]】]{1,60}[\]】]:?|#{1,6}\s.{1,80}")
_CHAPTER = re.compile(
    r"(?i:chapter|part|act|scene|book|kapitel|teil)\s+(?:\d+|[IVXLC]+|(?i:one|two|three|four|five|six|seven))"
    r"(?:\s*[:.–—-].{0,60})?"
)


class Piece(NamedTuple):
    """A piece of a text: its place; whether it is the first after a border; and, of the first piece under a heading
    that names a section of a song, the role that this section has (else "").
    """

    start: int
    end: int
    opens: bool = False
    role: str = ""


class _Span(NamedTuple):
    start: int
    end: int


def pieces(text: str, most: int = MOST) -> list[Piece]:
    """The pieces of a text, in order; a text of borders alone is one piece, white space alone is none.

    Parameters: text; most, how many there may be, about: of more than that, short ones are joined.

    Examples
    --------
    >>> text = "Dr. Hope waited... and waited. Then: 3.5 seconds of joy!"
    >>> [text[piece.start : piece.end] for piece in pieces(text)]
    ['Dr. Hope waited... and waited.', 'Then: 3.5 seconds of joy!']
    """
    paragraphs = list(_paragraphs(text))
    width = max((b - a for lines, _ in paragraphs for a, b in lines if b - a in WRAPPED), default=0)
    found: list[Piece] = []
    for lines, role in paragraphs:
        spans = (
            part
            for chunk in _chunks(text, lines, width)
            for sentence in _sentences(text, chunk)
            for part in _shortened(text, sentence)
        )
        found += [Piece(*span, number == 0, "" if number else role) for number, span in enumerate(spans)]
    if not found and text.strip():
        found = [Piece(*_trimmed(text, 0, len(text)), opens=True)]
    return _joined(found, len(text) // most) if len(found) > most else found


def _joined(found: Sequence[Piece], floor: int) -> list[Piece]:
    """The pieces, those shorter than `floor` characters together with what follows them."""
    kept: list[Piece] = []
    for piece in found:
        if kept and kept[-1].end - kept[-1].start < floor:
            kept[-1] = kept[-1]._replace(end=piece.end)
        else:
            kept.append(piece)
    return kept


def _trimmed(text: str, start: int, end: int) -> _Span:
    whole = text[start:end]
    left = len(whole) - len(whole.lstrip())
    return _Span(start + left, max(start + left, start + len(whole.rstrip())))


def _paragraphs(text: str) -> Iterator[tuple[list[_Span], str]]:
    """Lines that no border parts, with the role that a heading above them names."""
    lines: list[_Span] = []
    role = ""
    for line in _LINE.finditer(text):
        start, end = _trimmed(text, *line.span(1))
        heading, after = _heading(text[start:end])
        says = _WORD.search(text, start + after, end) is not None
        if lines and (heading is not None or not says):
            yield lines, role
            lines, role = [], ""
        role = heading or role
        if says:
            lines.append(_trimmed(text, start + after, end))
    if lines:
        yield lines, role


def _heading(line: str) -> tuple[str | None, int]:
    """The role that a heading names ("" when none, None for no heading), and where in the line it ends."""
    named = _named().match(line)
    role, alone = _roles()[" ".join(named["name"].casefold().split())] if named else ("", False)
    if _BOXED.fullmatch(line) or _CHAPTER.fullmatch(line):
        return role, len(line)
    if named is None:
        return None, 0
    whole = named.end() == len(line) and (alone or len(named.group()) > len(named["name"]))
    return (role, named.end()) if whole or (alone and named["colon"]) else (None, 0)


@cache
def _named() -> re.Pattern[str]:
    """A section's name as headings write it: "Verse 2:", "[Chorus x2]", "**Bridge**"."""
    names = "|".join(re.escape(name) for name in sorted(_roles(), key=lambda name: (-len(name), name)))
    number = r"(?:\s*(?:[-#]\s*)?(?:\d{1,2}|[ivx]{1,4}|one|two|three|four)\b)?"
    times = r"(?:\s*[(\[]?(?:x\s?\d{1,2}|\d{1,2}\s?x)\b[)\]]?)?"
    begun, ended = r"[#\[(【*_]{0,8}\s?", r"[\])】*_]{0,8}(?P<colon>\s?:)?[*_]{0,4}\s*"
    return re.compile(rf"{begun}(?P<name>{names})(?![^\W\d_]){number}{times}{ended}", re.IGNORECASE)


@cache
def _roles() -> dict[str, tuple[str, bool]]:
    """The role of every heading, and whether the bare word makes one."""
    return {row["heading"]: (row["role"], row["alone"] == "yes") for row in table("headings.csv")}


def _chunks(text: str, lines: Sequence[_Span], width: int) -> Iterator[_Span]:
    """Lines, those that an editor wrapped at `width` characters as one."""
    runs_on = [width > 0 and _runs_on(text, *pair, width) for pair in pairwise(lines)]
    capitals = sum(text[line.start].isupper() for line in lines[1:])
    wrapped = 5 * sum(runs_on) >= 3 * len(runs_on) and (width >= SURE or 2 * capitals < len(runs_on))
    start, end = lines[0]
    for line, joined in zip(lines[1:], runs_on, strict=True):
        if not (wrapped and joined):
            yield _Span(start, end)
            start = line.start
        end = line.end
    yield _Span(start, end)


def _runs_on(text: str, line: _Span, following: _Span, width: int) -> bool:
    """Whether the first word of the line that follows would have found no room in a line before it."""
    length, word = line.end - line.start, _FIRST.match(text, *following)
    if word is None or _BULLET.match(text, *following):
        return False
    return length <= width < length + 1 + len(word.group()) + RAGGED


def _sentences(text: str, chunk: _Span) -> list[_Span]:
    found: list[_Span] = []
    start = seen = chunk.start
    says = False
    for end in _END.finditer(text, *chunk):
        says = says or _WORD.search(text, seen, end.end()) is not None
        seen = end.end()
        if says and seen < chunk.end and _ends(text, start, end, chunk.end):
            found.append(_trimmed(text, start, seen))
            start, says = seen, False
    if found and not says and _WORD.search(text, seen, chunk.end) is None:
        start = found.pop().start  # marks without a word belong to what they follow
    return [*found, _trimmed(text, start, chunk.end)]


def _ends(text: str, start: int, end: re.Match[str], stop: int) -> bool:
    """Whether a sentence that began at `start` ends with a mark, or with a smile in place of one."""
    mark, quoted = end["mark"], bool(end["close"])
    if mark and mark[-1] in "。！？．｡":  # no white space follows these
        return True
    following = _OPENING.match(text, end.end(), stop)
    after = following.end() if following else stop
    first, second = text[after : after + 1], text[after + 1 : after + 2]
    if not mark:
        ended = first.isupper()
    elif mark == ".":
        ended = _stops(text[max(start, end.start() - KNOWN) : end.start()].strip(), first, quoted=quoted)
    elif set(mark) <= set(".…‥"):
        ended = not first.islower() and (first != "I" or second.isalpha())  # "I... I am" goes on
    else:
        ended = not (quoted and first.islower())  # "Why?" she asked
    return ended and text[end.end()].isspace()


def _stops(before: str, first: str, *, quoted: bool) -> bool:
    """Whether the full stop after `before` ends a sentence; `first` is the first letter of what follows."""
    last = _LAST.search(before)
    word = last.group().strip("'’‘").casefold() if last else ""
    if word in _abbreviations():
        return _abbreviations()[word] and first.isupper()
    numbers = word.isdigit() and before == word  # "2. The second"
    initial = word not in ("i", "a") and all(len(part) == 1 and part.isalpha() for part in word.split("."))
    return not (numbers or initial or (quoted and first.islower()))


@cache
def _abbreviations() -> dict[str, bool]:
    """Abbreviations, and whether a capital after one may begin a sentence."""
    return {row["abbreviation"]: row["ends"] == "yes" for row in table("abbreviations.csv")}


def _shortened(text: str, sentence: _Span) -> Iterator[_Span]:
    """A sentence in parts of at most `LONG` characters, cut after a clause, or else between words where it has any."""
    start, end = sentence
    while end - start > LONG:
        last = start + LONG
        cuts = [cut.end() for cut in _CLAUSE.finditer(text, start + LONG // 2, last)]
        cuts = cuts or [cut.end() for cut in _GAP.finditer(text, start + 1, last)]
        cut = cuts[-1] if cuts else last
        yield _trimmed(text, start, cut)
        gap = _GAP.match(text, cut, end)
        start = gap.end() if gap else cut
    yield _Span(start, end)
