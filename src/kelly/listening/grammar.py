"""The grammar of feeling: what negation, degree, contrast, wishes and the past do to the words that carry a feeling.

Conventions: the text is walked once, left to right. An *operator* (not, no longer, I wish, used to ...) reaches the
feelings that follow it, until a mark, a conjunction or its reach (in words) ends it; operators nest, the nearest acts
first. Degrees add up on a factor of 1 which scales the distance from neutral. "But" gives more weight to what follows.
The kinds of cues, as `cues.csv` names them:

- the operators of `operators`: negate, ended (no longer), unwanted (don't want to), wish, past (used to), unreal
  (should be); bad feelings open one themselves, object ("tired of being strong");
- keep: cancels a negation (can't stop, not only), its amount strengthens what follows (never been so);
- untrue (but I don't believe it): denies what the sentence said so far;
- anymore: turns the negation before it into ended; over (fading): the feeling just before it has ended;
- contrast (but), until (until, but now: what a past tense said before is over), concede (although);
- stop (because) and link (and) end scopes, now gives weight, skip has no meaning of its own.

Sarcasm and irony are not attempted: "oh great, another Monday" reads as its words say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kelly.listening.lexicon import Cue, Match, Sense, longest, point
from kelly.listening.operators import OPERATORS, Found
from kelly.listening.tokens import Token

__all__ = ["find"]

_BEFORE, _AFTER, _NOW, _CONCEDED = 0.45, 1.5, 1.2, 0.35  # weights around "but", after "now", in an "although" clause
_BESIDE = (0.75, 1.15)  # weights around a "but" between two feelings side by side ("sad but hopeful")
_QUESTION = 0.7  # weight of what is asked, not said
_FACTORS = (0.2, 1.8)
_LOUD, _STRETCHED, _COMPARATIVE, _SUPERLATIVE, _NEVER_SO = 0.15, 0.1, 0.15, 0.2, 0.35
_NESTING = 4
_LOOK_BACK = 12  # tokens

_SUBJECTS = frozenset(["i", "we", "he", "she", "they", "it", "you", "there", "this", "that", "my", "now", "then"])
_VERBS = frozenset(["feel", "am", "have"])  # after "and" they open a clause of their own
_ARTICLES = frozenset(["a", "an", "the"])
_ALONG = _ARTICLES | {"or", "and", "nor"}
_CLEAR = _ALONG | {"of", "feel", "feeling", "be", "to", "in", "my", "with", "such", "it", "me"}
_GOVERNING = frozenset(["of", "to", "for", "about", "at", "being"])
_PAST = frozenset(["was", "were", "used", "had"])
_BOOSTING = frozenset(["never", "nothing", "nobody", "could"])
_DEGREES = ("before", "after", "either")
_IMPERATIVE = frozenset(["stop", "quit"])
_TRAILING = frozenset(["nothing", "nowhere", "nobody", "no one"])
_SENTENCE = frozenset(".!?…\n。！？؟")
_COMMAS = frozenset(",、，،")

_MISSED = Sense("", "yearning", 1.0, -0.3, 0.42, 0.36, 0.7, "longing")  # a wish whose object is no feeling
_GONE = Sense("", "disappointment", 1.0, -0.4, 0.3, 0.35, 0.5)  # "we don't talk anymore"


def find(tokens: list[Token]) -> list[Found]:
    """The feelings in a list of tokens, in order of the text. Linear in its length."""
    walk = _Walk(tokens)
    while walk.at < len(tokens):
        walk.step()
    walk.end_sentence(".")
    return sorted(walk.found, key=lambda found: found.first)


@dataclass(slots=True)
class _Operator:
    """An open operator; a `short` one (no, without) is ended by a subject, a `used` one by any word but a list's."""

    kind: str
    reach: int
    at: int
    short: bool = False
    used: bool = False


@dataclass(slots=True)
class _Walk:
    """Where the walk stands: the token it is at, what it found, the operators open and the degrees that wait."""

    tokens: list[Token]
    at: int = 0
    end: int = 0  # after the phrase at `at`
    found: list[Found] = field(default_factory=list)
    operators: list[_Operator] = field(default_factory=list)
    degree: float = 0.0
    weight: float = 1.0
    conceded: bool = False
    idle: int = 9  # words since the last feeling of this clause
    words: int = 0  # of this sentence
    turned: int = 0  # the first feeling before the last contrast, and
    segment: int = 0  # since it,
    since: int = 0  # of this sentence,
    before: int = 0  # and of the one before
    denial: str = ""  # the negation this sentence consists of, so far
    asked: bool = False  # whether the sentence before was a question
    why: bool = False  # whether this one asks for a reason, and so takes its words for granted

    def step(self) -> None:
        """Read the token at `at`, or the phrase that begins there, and go on behind it."""
        token = self.tokens[self.at]
        match = None if token.mark else self.match()
        self.end = self.at + 1 if match is None else match.end
        self.words += not token.mark
        if token.mark:
            self.mark(token.mark)
        elif match is None:
            self.plain(token)
        elif match.degree is not None and self.is_degree(match.degree):
            self.degree_word(match.degree)
        elif isinstance(match.entry, Cue):
            self.cue(match.entry)
        elif match.entry.name:
            self.feeling(match.entry)
        else:
            self.plain(token)
        self.at = self.end

    def match(self) -> Match | None:
        """The longest entry here, unless a longer one begins inside it ("want to | shout from the rooftop")."""
        here = longest(self.tokens, self.at)
        if here is None:
            return None
        for start in range(self.at + 1, here.end):
            inside = longest(self.tokens, start)
            degree = inside is not None and isinstance(inside.entry, Cue) and inside.entry.kind in _DEGREES
            if inside is not None and not degree and inside.end - start > here.end - self.at:
                return None
        return here

    def ahead(self) -> Token | None:
        """The word after the phrase at hand; None before a mark and at the end."""
        token = self.tokens[self.end] if self.end < len(self.tokens) else None
        return None if token is None or token.mark else token

    # Marks and plain words

    def mark(self, mark: str) -> None:
        """Punctuation ends a clause, and a list of denied things only when no "or" follows."""
        if mark[0] in _COMMAS and self.list_goes_on():
            return
        self.end_clause()
        if mark[0] in _SENTENCE:
            self.end_sentence(mark)

    def list_goes_on(self) -> bool:
        """Whether the comma here stands in a list that "or" ends: not sad, tired or lonely."""
        if not any(operator.used for operator in self.operators):
            return False
        for token in self.tokens[self.at + 1 : self.at + 6]:
            if token.mark and token.mark[0] not in _COMMAS:
                return False
            if "or" in token.forms or "nor" in token.forms:
                return True
        return False

    def end_clause(self) -> None:
        """Close every scope; a negation at the very end denies what was said: it should get better, but it doesn't."""
        last = self.operators[-1] if self.operators else None
        if last is not None and last.kind == "negate" and not last.used and last.at == self.at - 1:
            self.deny(self.turned)
        self.keep([])
        self.degree, self.idle, self.conceded = 0.0, 9, False

    def keep(self, operators: list[_Operator]) -> None:
        """Close all scopes but these. A wish that met no feeling is one itself."""
        for operator in self.operators:
            if operator.kind == "wish" and not operator.used and operator not in operators:
                self.found.append(Found(_MISSED, operator.at, operator.at, 1.0, _MISSED.weight * self.weight, []))
        self.operators = operators

    def end_sentence(self, mark: str) -> None:
        """A question weighs less; a bare no denies the question (or claim) before it."""
        self.end_clause()
        if not self.words:
            return
        here, question = self.found[self.since :], "?" in mark
        if self.denial and not here and (self.asked or self.denial == "not"):
            for found in self.found[self.before : self.since]:
                found.operators.insert(0, "negate")
        if question and not self.why:
            for found in here:
                found.weight *= _QUESTION
        if here or not (self.asked and question):  # "Sad? Me? No."
            self.before = self.since
        self.since = self.segment = self.turned = len(self.found)
        self.asked, self.why, self.denial = question, False, ""
        self.words, self.weight = 0, 1.0

    def deny(self, start: int) -> None:
        """Negate the feelings from number `start` up to the last contrast, where nothing else acts on them yet."""
        for found in self.found[start : self.segment]:
            if not found.operators:
                found.operators.append("negate")

    def plain(self, token: Token) -> None:
        """A word of no entry: scopes age, and a degree that waits is spent unless the word is an article or so."""
        if self.words == 1:
            self.why = token.forms[0] in ("why", "how")
        if self.words > 3:
            self.denial = ""
        if _CLEAR.isdisjoint(token.forms):
            self.degree = 0.0
        self.idle += 1
        along, subject = not _ALONG.isdisjoint(token.forms), token.forms[0] in _SUBJECTS
        for operator in self.operators:
            operator.reach -= 1
        self.keep(
            [
                operator
                for operator in self.operators
                if operator.reach >= 0
                and (along or not operator.used)
                and not (operator.short and subject)
                and not (token.forms[0] == "being" and operator.at < self.at - 1)  # it is not easy being alone
            ]
        )

    # Feelings

    def feeling(self, sense: Sense) -> None:
        """A word or phrase that carries a feeling, under all that is open."""
        token = self.tokens[self.at]
        kinds = [operator.kind for operator in self.operators]
        amount = self.degree + _LOUD * token.loud + _STRETCHED * token.stretched + _grade(token, sense)
        if kinds[-1:] == ["negate"] and _grade(token, sense) and self.follows(_BOOSTING, 5):
            kinds.pop()  # never been happier
            amount += _NEVER_SO - _COMPARATIVE
        for operator in self.operators:
            operator.used = True
            operator.reach -= 1
        weight = sense.weight * self.weight * (_CONCEDED if self.conceded else 1)
        self.found.append(Found(sense, self.at, self.end - 1, _clip(1 + amount), weight, kinds))
        self.degree, self.idle, self.denial = 0.0, 0, ""
        if point(sense).valence < -0.1 and self.governs():
            self.operators.append(_Operator("object", OPERATORS["object"], self.at))

    def governs(self) -> bool:
        """Whether the phrase at hand takes an object: tired of, scared to, miss being."""
        near = self.tokens[self.end - 1 : self.end + 1]
        return any(not token.mark and token.forms[0] in _GOVERNING for token in near)

    def follows(self, words: frozenset[str], reach: int) -> bool:
        """Whether one of these words stands within `reach` tokens before the phrase at hand."""
        near = self.tokens[max(0, self.at - reach) : self.at]
        return any(token.forms[0] in words for token in near if not token.mark)

    # Cues

    def cue(self, cue: Cue) -> None:
        """Let a cue act by its kind."""
        if cue.kind in OPERATORS:
            self.open(cue)
        elif cue.kind in _DEGREES:
            self.degree_word(cue)
        elif cue.kind == "keep":
            self.operators = [operator for operator in self.operators if operator.kind != "negate"]
            self.degree += cue.amount
        elif cue.kind == "link":
            self.link()
        elif cue.kind in ("contrast", "until"):
            self.contrast(past=cue.kind == "until")
        elif cue.kind in ("anymore", "over"):
            self.over(cue.kind)
        elif cue.kind == "untrue":
            self.deny(self.since)
        elif cue.kind == "skip":
            self.idle += 1
        else:
            self.pause(cue.kind)

    def open(self, cue: Cue) -> None:
        """Open the scope of an operator, unless it is an answer or looks back."""
        if self.words <= 3 and cue.kind == "negate":
            self.denial = self.denial or cue.entry
        if self.is_scopeless(cue) or self.looks_back(cue):
            return
        reach = int(cue.amount) or OPERATORS[cue.kind]
        self.operators = self.operators[1 - _NESTING :]
        self.operators.append(_Operator(cue.kind, reach, self.at, short=reach <= 3))

    def is_scopeless(self, cue: Cue) -> bool:
        """Whether the cue denies nothing here: "No, I ...", "Stop shouting!", and the second of neither and nor."""
        after = self.ahead()
        if cue.entry == "no":
            return after is None or after.forms[0] in _SUBJECTS
        if cue.entry == "nor":
            return self.denied()
        return cue.entry in _IMPERATIVE and self.words == 1

    def looks_back(self, cue: Cue) -> bool:
        """Whether the cue acts on what stands before it; if so it has acted."""
        last = self.found[-1] if self.found else None
        if cue.entry.startswith("without") and self.denied():  # can't look at her without smiling
            self.operators = [operator for operator in self.operators if operator.kind != "negate"]
        elif last is not None and cue.entry in _TRAILING and self.idle == 0:  # I belong nowhere
            last.operators.append("negate")
        elif last is not None and cue.entry == "less" and self.idle == 0 and not self.leads():  # hurting less
            last.operators.insert(0, "ended")
        elif last is not None and cue.kind == "past" and self.idle <= 1 and self.ahead() is None:
            last.operators.insert(0, "past")  # where your laughter used to be
        else:
            return False
        return True

    def denied(self) -> bool:
        """Whether a negation is open."""
        return any(operator.kind == "negate" for operator in self.operators)

    def is_degree(self, cue: Cue) -> bool:
        """Whether words that are a feeling and a degree are the degree here: another feeling stands beside them."""
        return self.leads() or (cue.kind == "either" and self.idle <= 2)

    def leads(self) -> bool:
        """Whether a feeling or another degree follows at once."""
        match = longest(self.tokens, self.end) if self.ahead() is not None else None
        return match is not None and (isinstance(match.entry, Sense) or match.entry.kind in ("before", "either"))

    def degree_word(self, cue: Cue) -> None:
        """A degree waits for the feeling after it, or adds to the one before it."""
        if cue.kind == "before" or (cue.kind == "either" and self.leads()):
            self.degree += cue.amount
        elif self.idle <= 2 and self.found:
            last = self.found[-1]
            if "much" in cue.entry and last.operators[-1:] == ["negate"] and self.follows(frozenset(["never"]), 6):
                last.operators.pop()  # never laughed so much
            last.factor = _clip(last.factor + cue.amount)

    def link(self) -> None:
        """And: a new clause when a subject or a verb follows, else the list goes on."""
        after = self.ahead()
        if after is not None and (after.forms[0] in _SUBJECTS or not _VERBS.isdisjoint(after.forms)):
            self.keep([])
        self.degree = 0.0

    def contrast(self, *, past: bool) -> None:
        """But: what came before weighs less, what follows more. Until: what a past tense said before is over."""
        start = self.before if self.words == 1 else self.segment
        ended = past and self.follows(_PAST, _LOOK_BACK)
        before, after = _BESIDE if self.idle == 0 and self.leads() else (_BEFORE, _AFTER)
        self.end_clause()
        for found in self.found[start:]:
            found.weight *= before
            if ended:
                found.operators.insert(0, "past")
        self.turned, self.segment = start, len(self.found)
        self.weight = after

    def over(self, kind: str) -> None:
        """No more: the negation before it means an end, and so does "fading" after a feeling."""
        if kind == "over":
            if self.idle <= 1 and self.found:
                self.found[-1].operators.insert(0, "ended")
            return
        for found in self.found[max(self.segment, len(self.found) - 2) :]:
            found.operators = ["ended" if operator == "negate" else operator for operator in found.operators]
        for operator in self.operators:
            if operator.kind == "negate" and not operator.used:
                operator.used = True
                self.found.append(Found(_GONE, operator.at, self.end - 1, 1.0, _GONE.weight * self.weight, []))

    def pause(self, kind: str) -> None:
        """Because, although, now: a new clause begins."""
        conceded = self.conceded and kind != "concede"
        self.end_clause()
        self.conceded = conceded or kind == "concede"
        if kind == "now":
            self.weight = max(self.weight, _NOW)


def _grade(token: Token, sense: Sense) -> float:
    """What a comparative or superlative adds: the written word ends so and its entry does not."""
    word, base = token.forms[0], sense.entry.partition(" ")[0]
    if word == base or not word.startswith(base[:2]):
        return 0.0
    return _SUPERLATIVE if word.endswith("est") else _COMPARATIVE if word.endswith("er") else 0.0


def _clip(factor: float) -> float:
    return min(max(factor, _FACTORS[0]), _FACTORS[1])
