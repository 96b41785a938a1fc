"""Word forms: which entries of the lexicon a written word may stand for.

Conventions: words come in lower case, NFKC. `forms` gives the word itself first, then its bases, likeliest first; a
base that no lexicon holds does no harm, so the rules only refuse what would find a *wrong* entry (staring is not star).
Irregular forms, contractions and slang spellings are a table (`forms.csv`), and so are the kinds of people and pets
(`kinds.csv`, written ~kin in the lexicon).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

__all__ = ["expand", "forms", "table"]

_LONGEST = 40  # letters; a longer "word" is no word, and is not worth a place in the cache
_STRETCH = re.compile(r"(.)\1{2,}")
_POSSESSIVES = frozenset({"my", "your", "his", "her", "its", "our", "their", "ur"})
_REFLEXIVES = frozenset({"myself", "yourself", "himself", "herself", "itself", "ourselves", "themselves", "oneself"})
_CLITICS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would", "s": "is", "em": "them"}
_VOWELS = "aeiou"


def table(file: str) -> Iterator[dict[str, str]]:
    """The rows of a table beside this module, as dictionaries of text."""
    with resources.files("kelly.listening").joinpath(file).open(encoding="utf-8") as rows:
        lines = csv.reader(rows)
        head = next(lines)
        for line in lines:
            yield dict(zip(head, line, strict=True))


@cache
def _irregular() -> dict[str, str]:
    return {row["form"]: row["base"] for row in table("forms.csv")}


@cache
def _kinds() -> dict[str, str]:
    return {row["word"]: "~" + row["kind"] for row in table("kinds.csv")}


@lru_cache(maxsize=65536)
def expand(word: str) -> tuple[tuple[str, ...], ...]:
    """The words inside a written word, each as its forms: "can't" is can + not, "gonna" is going + to.

    Parameters: word, lower case, straight apostrophes.
    """
    whole = _irregular().get(word)
    if whole is not None and " " in whole:
        return tuple(forms(part) for part in whole.split())
    if word.endswith("n't"):
        return forms(word[:-3]), forms("not")
    stem, apostrophe, clitic = word.rpartition("'")
    if not apostrophe:
        return (forms(word),)
    if clitic in _CLITICS and stem:
        return forms(stem), forms(_CLITICS[clitic])
    if clitic == "" or not stem:
        return (forms(word.strip("'")),)
    return (forms(word.replace("'", "")),)


@lru_cache(maxsize=65536)
def forms(word: str) -> tuple[str, ...]:
    """The word and the bases it may be a form of, likeliest first, without repeats."""
    if len(word) > _LONGEST:
        return (word[:_LONGEST],)
    found = [word, *_bases(word)]
    if _STRETCH.search(word):
        for keep in (r"\1", r"\1\1"):
            short = _STRETCH.sub(keep, word)
            found += [short, *_bases(short)]
    return tuple(dict.fromkeys(found))


def _bases(word: str) -> Iterator[str]:
    if word in _POSSESSIVES:
        yield "my"
    if word in _REFLEXIVES:
        yield "myself"
    irregular = _irregular().get(word, "")
    if irregular and " " not in irregular:
        yield irregular
    # A word that the table calls its own base (number, butter) has no other: it is no comparative of numb.
    for form in (word,) if irregular == word else (word, *_regular(word)):
        yield form
        if form in _kinds():
            yield _kinds()[form]


def _regular(word: str) -> Iterator[str]:
    """Bases by the regular endings of English: -s, -ed, -ing, -er, -est, -ly, -ness and the g dropped from -ing."""
    if len(word) < 4:
        return
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        yield from _without_s(word)
    for ending in ("ed", "ing", "in", "er", "est"):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            yield from _without(word[: -len(ending)])
    if word.endswith("ness") and len(word) > 6:
        yield _with_y(word[:-4])
    if word.endswith("ly") and len(word) > 4:
        yield from _without_ly(word[:-2])


def _without_s(word: str) -> Iterator[str]:
    if word.endswith("ies") and len(word) > 4:
        yield word[:-3] + "y"
        yield word[:-1]
    elif word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        yield word[:-2]
        yield word[:-1]
    else:
        yield word[:-1]


def _without(stem: str) -> Iterator[str]:
    """Bases of a stem that lost a vowel ending: criy-, stopp-, hop(e)-."""
    if not any(letter in _VOWELS + "y" for letter in stem):
        return
    if stem.endswith("i"):
        yield stem[:-1] + "y"
        return
    doubled = len(stem) > 3 and stem[-1] == stem[-2]
    if doubled and stem[-1] not in _VOWELS + "s":
        yield stem[:-1]
        if stem[-1] in "lfz":
            yield stem
        return
    if not _would_double(stem):
        yield stem
    yield stem + "e"


def _would_double(stem: str) -> bool:
    """Whether a short stem would have doubled its last letter before a vowel ending (starr-): then it lost an e."""
    if len(stem) < 3 or stem[-1] in _VOWELS + "wxy" or stem[-2] not in _VOWELS:
        return False
    return sum(letter in _VOWELS for letter in stem) == 1


def _with_y(stem: str) -> str:
    return stem[:-1] + "y" if stem.endswith("i") else stem


def _without_ly(stem: str) -> Iterator[str]:
    yield _with_y(stem)
    if stem.endswith(("b", "p", "t", "d", "g")):
        yield stem + "le"
    if stem.endswith("al"):
        yield stem[:-2]
    if stem.endswith("l"):
        yield stem + "l"
