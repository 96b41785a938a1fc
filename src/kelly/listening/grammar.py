"""The grammar of feeling: what negation, degree, contrast, wishes and the past do to the words that carry a feeling.

Conventions: the text is walked once, left to right. An *operator* (not, no longer, I wish, used to ...) reaches the
feelings that follow it, until a mark, a conjunction or its reach (in words) ends it; operators nest, the nearest acts
first. Degrees add up on a factor of 1 which scales the distance from neutral. "But" gives more weight to what follows.
The kinds of cues, as `cues.csv` names them:

- operators: negate, ended (no longer), unwanted (don't want to), wish, past (used to), unreal (should be);
- keep: cancels a negation (can't stop, not only), its amount strengthens what follows (never been so);
- anymore: turns the negation before it into ended;
- contrast (but), concede (although), stop (because), link (and), now, skip (no meaning of its own).

Sarcasm and irony are not attempted: "oh great, another Monday" reads as its words say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kelly.emotion.space import NEUTRAL
from kelly.listening.lexicon import Cue, Match, Sense, longest, point
from kelly.listening.tokens import Token

__all__ = ["OPERATORS", "Found", "find"]

Point = tuple[float, float, float]

_BEFORE, _AFTER, _CONCEDED = 0.6, 1.4, 0.5  # weights around "but", and of a clause that "although" opens
_QUESTION = 0.7
_FACTOR = (0.2, 1.8)
_REACH = {"negate": 8, "ended": 6, "unwanted": 8, "wish": 8, "past": 8, "unreal": 6}
_SUBJECTS = frozenset("i we he she they it you there this that now then feel am have my".split())
_CLEAR = frozenset("a an the of feel feeling be or and nor to in my with such it me".split())
_ALONG = frozenset("a an the or and nor".split())
_WHY = frozenset(["why", "how"])
_SENTENCE = frozenset(".!?…\n。！？؟")


@dataclass(slots=True)
class Found:
    """A feeling found in the text: its entry, the tokens it spans, and what the grammar did to it."""

    sense: Sense
    first: int
    last: int
    factor: float
    weight: float
    operators: list[str]

    @property
    def negated(self) -> bool:
        """Whether a negation reaches it."""
        return any(kind in ("negate", "ended") for kind in self.operators)

    def point(self) -> Point:
        """Where it pulls, after degree and operators; may overshoot the axes a little."""
        centre = NEUTRAL.vad
        factor = 1.0 if self.negated and self.factor > 1 else self.factor
        place = tuple(c + factor * (x - c) for c, x in zip(centre, point(self.sense).vad, strict=True))
        for kind in reversed(self.operators):
            place = OPERATORS[kind](*place)
        return place[0], place[1], place[2]


def _negate(v: float, a: float, d: float) -> Point:
    # Not happy is mildly sad; not sad is not yet happy; not calm is restless.
    if v < 0:
        return -0.3 * v, 0.3 + 0.1 * (a - 0.3), 0.5 - 0.3 * (d - 0.5)
    return -0.5 * v, 0.3 + (0.25 if a >= 0.3 else -2) * (a - 0.3), 0.5 - 0.5 * (d - 0.5)


def _ended(v: float, a: float, d: float) -> Point:
    # A pain that is over is relief, a joy that is over is loss.
    return (-0.5 * v, 0.35, 0.62) if v < 0 else (-0.75 * v, 0.3 + 0.2 * (a - 0.3), 0.3)


def _unwanted(v: float, a: float, d: float) -> Point:
    return (0.85 * v, a, d) if v < 0 else _negate(v, a, d)


def _wish(v: float, a: float, d: float) -> Point:
    return (0.8 * v, a, d) if v < 0 else (-0.5 * v, 0.45, 0.36)


def _past(v: float, a: float, d: float) -> Point:
    return (-0.3 * v, 0.35, 0.6) if v < 0 else (-0.45 * v, 0.3, 0.38)


def _unreal(v: float, a: float, d: float) -> Point:
    return (0.5 * v, a, d) if v < 0 else (-0.35 * v, 0.35, 0.4)


OPERATORS: dict[str, Callable[[float, float, float], Point]] = {
    "negate": _negate,
    "ended": _ended,
    "unwanted": _unwanted,
    "wish": _wish,
    "past": _past,
    "unreal": _unreal,
}


def find(tokens: list[Token]) -> list[Found]:
    """The feelings in a list of tokens, in order. Linear in its length."""
    walk = _Walk(tokens)
    at = 0
    while at < len(tokens):
        at = walk.step(at)
    walk.end_sentence(".")
    return walk.found


@dataclass(slots=True)
class _Operator:
    kind: str
    reach: int
    short: bool = False  # such as "without": a subject ends it
    used: bool = False


@dataclass(slots=True)
class _Walk:
    """Where the walk stands: what it found, which operators are open, and the degrees waiting for a feeling."""

    tokens: list[Token]
    found: list[Found] = field(default_factory=list)
    operators: list[_Operator] = field(default_factory=list)
    degree: float = 0.0
    weight: float = 1.0
    conceded: bool = False
    words: int = 0  # in this sentence
    bare_no: str = ""  # the negation this sentence consists of, so far
    why: bool = False
    asked: bool = False  # the sentence before was a question
    since: int = 0  # first feeling of this sentence, of the one before, and since the last contrast
    before: int = 0
    segment: int = 0
    idle: int = 9  # words since the last feeling

    def step(self, at: int) -> int:
        """Read the token at `at` (and its phrase); return the index of the next."""
        token = self.tokens[at]
        if token.mark:
            self.mark(at, token.mark)
            return at + 1
        match = longest(self.tokens, at)
        self.words += 1
        if match is None:
            self.plain(token)
            return at + 1
        if isinstance(match.entry, Sense):
            self.feeling(at, match.entry, match)
        else:
            self.cue(at, match.entry, match.end)
        return match.end

    def mark(self, at: int, mark: str) -> None:
        if mark[0] in _SENTENCE:
            self.end_sentence(mark)
        elif mark[0] in ",、，،" and self.list_goes_on(at):
            return
        self.clause()

    def clause(self) -> None:
        self.operators.clear()
        self.degree = 0.0
        self.idle = 9
        self.conceded = False

    def list_goes_on(self, at: int) -> bool:
        """Whether the comma at `at` stands in a list that "or" ends ("not sad, tired or lonely")."""
        if not any(operator.used for operator in self.operators):
            return False
        for token in self.tokens[at + 1 : at + 6]:
            if token.mark and token.mark != ",":
                return False
            if "or" in token.forms or "nor" in token.forms:
                return True
        return False

    def end_sentence(self, mark: str) -> None:
        here = self.found[self.since :]
        if self.bare_no and not here and (self.asked or self.bare_no == "not"):
            for found in self.found[self.before : self.since]:
                found.operators.insert(0, "negate")
        if "?" in mark and not self.why:
            for found in here:
                found.weight *= _QUESTION
        if self.words:
            self.asked = "?" in mark
            self.before, self.since = self.since, len(self.found)
            self.segment = self.since
        self.words, self.weight, self.bare_no, self.why = 0, 1.0, "", False

    def plain(self, token: Token) -> None:
        word = token.forms[0]
        if self.words == 1 and word in _WHY:
            self.why = True
        if not _CLEAR.intersection(token.forms):
            self.degree = 0.0
        self.bare_no = self.bare_no if self.words <= 3 else ""
        self.idle += 1
        self.age(token)

    def age(self, token: Token) -> None:
        along, subject = _ALONG.intersection(token.forms), word_is_subject(token)
        for operator in self.operators:
            operator.reach -= 1
        self.operators = [
            operator
            for operator in self.operators
            if operator.reach >= 0 and not (operator.used and not along) and not (operator.short and subject)
        ]

    def feeling(self, at: int, sense: Sense, match: Match) -> None:
        if not sense.name:
            self.plain(self.tokens[at])
            return
        first = self.tokens[at]
        amount = self.degree + 0.15 * first.loud + 0.1 * first.stretched + grade(first, sense)
        kinds = [operator.kind for operator in self.operators]
        if grade(first, sense) and kinds[-1:] == ["negate"] and self.superlative_scope(at):
            kinds.pop()
            amount += 0.2
        for operator in self.operators:
            operator.used = True
            operator.reach -= 1
        weight = sense.weight * self.weight * (_CONCEDED if self.conceded else 1)
        self.found.append(Found(sense, at, match.end - 1, _clip(1 + amount), weight, kinds))
        self.degree, self.idle, self.bare_no = 0.0, 0, ""

    def superlative_scope(self, at: int) -> bool:
        """Whether a comparative at `at` stands under never, could not, nothing or nobody ("never been happier")."""
        return any(
            not _BOOSTERS.isdisjoint(token.forms) for token in self.tokens[max(0, at - 5) : at] if not token.mark
        )

    def cue(self, at: int, cue: Cue, end: int) -> None:
        if cue.kind in ("before", "after", "either"):
            self.degree_word(cue, end)
        elif cue.kind in _REACH:
            self.open(cue, end)
        elif cue.kind == "link":
            self.link(end)
        else:
            getattr(self, "_" + cue.kind)(cue)

    def degree_word(self, cue: Cue, end: int) -> None:
        follows = end < len(self.tokens) and not self.tokens[end].mark and self.leads_on(end)
        if cue.kind == "before" or (cue.kind == "either" and follows):
            self.degree += cue.amount
        elif self.idle <= 2 and self.found:
            self.found[-1].factor = _clip(self.found[-1].factor + cue.amount)

    def leads_on(self, at: int) -> bool:
        match = longest(self.tokens, at)
        return match is not None and (isinstance(match.entry, Sense) or match.entry.kind in ("before", "either"))

    def open(self, cue: Cue, end: int) -> None:
        next_word = self.tokens[end] if end < len(self.tokens) else None
        if cue.entry == "no" and next_word is not None and (next_word.mark or word_is_subject(next_word)):
            self.bare_no = self.bare_no or ("no" if self.words == 1 else "")
            return
        reach = int(cue.amount) or _REACH[cue.kind]
        self.operators = [*self.operators[-3:], _Operator(cue.kind, reach, short=reach <= 3)]
        if cue.kind == "negate" and self.words <= 2:
            self.bare_no = cue.entry

    def link(self, end: int) -> None:
        """And: a new clause when a subject or a verb follows, else the list goes on."""
        if end < len(self.tokens) and word_is_subject(self.tokens[end]):
            self.operators.clear()
        self.degree = 0.0

    def _keep(self, cue: Cue) -> None:
        self.operators = [operator for operator in self.operators if operator.kind != "negate"]
        self.degree += cue.amount

    def _anymore(self, cue: Cue) -> None:
        for found in self.found[max(self.segment, len(self.found) - 2) :]:
            found.operators = ["ended" if kind == "negate" else kind for kind in found.operators]

    def _contrast(self, cue: Cue) -> None:
        start = self.before if self.words == 1 else self.segment
        for found in self.found[start:]:
            found.weight *= _BEFORE
        self.segment = len(self.found)
        self.weight = _AFTER
        self.clause()

    def _concede(self, cue: Cue) -> None:
        self.clause()
        self.conceded = True

    def _stop(self, cue: Cue) -> None:
        conceded = self.conceded
        self.clause()
        self.conceded = conceded

    def _now(self, cue: Cue) -> None:
        self._stop(cue)
        self.weight = max(self.weight, 1.2)

    def _skip(self, cue: Cue) -> None:
        self.idle += 1


_BOOSTERS = frozenset(["never", "nothing", "nobody", "could", "ever"])


def word_is_subject(token: Token) -> bool:
    """Whether a word opens a new clause after "and" or "no": a subject, or a verb of feeling and being."""
    return bool(token.forms) and not _SUBJECTS.isdisjoint((token.forms[0], "" if token.mark else token.forms[-1]))


def grade(token: Token, sense: Sense) -> float:
    """What a comparative (.15) or superlative (.2) adds: the written word ends so and its entry does not."""
    word, entry = token.forms[0] if token.forms else "", sense.entry
    if " " in entry or word == entry or not word.startswith(entry[:2]):
        return 0.0
    return 0.2 if word.endswith("est") else 0.15 if word.endswith("er") else 0.0


def _clip(factor: float) -> float:
    return min(max(factor, _FACTOR[0]), _FACTOR[1])
