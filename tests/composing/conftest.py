"""Contexts of whole songs, as the engines see them, and songs with rules broken beside the same songs unbroken."""

from dataclasses import replace
from functools import cache

import pytest

from kelly.composing import rulebreaks
from kelly.composing.composer import compose_score
from kelly.composing.context import Context
from kelly.composing.plan import make_plan
from kelly.composing.rulebreaks import Broken
from kelly.composing.settings import Settings
from kelly.composing.tables import parts
from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import lookup
from kelly.score.notes import KeySignature, Marker, Note, Part, Score, Tempo


@pytest.fixture(scope="session")
def contexts_of():
    """A function from (name of a feeling, part, settings ...) to the contexts of its song's sections, in order."""

    @cache
    def whole(name, settings):
        made = compose_score(Journey(lookup(name).emotion), Settings(**dict(settings)))
        return [Context(made.plan, w.section, layers=w.layers, chords=w.chords, parts=w.notes) for w in made.sections]

    def contexts(name, part="melody", progressions=None, **settings):
        key = (*settings.items(), *([("progressions", _Frozen(progressions))] if progressions else []))
        return [replace(context, part=part, row=parts().get(part)) for context in whole(name, key)]

    return contexts


class _Frozen(dict):
    """A dictionary that can stand in a cache's key."""

    def __hash__(self):
        return hash(tuple(self.items()))


@pytest.fixture(params=["grief", "gratitude", "rage"])
def mood(request):
    """The feelings whose songs every rule is broken in."""
    return request.param


@pytest.fixture(scope="session")
def composed():
    """A function from (name of a feeling, rules ...) to a song in which these rules are broken, and no others."""

    @cache
    def compose(mood, *names, bars=48, seed=3, triggers=False):
        breaks = dict.fromkeys(names, "because it hurts")
        settings = Settings(seed=seed, bars=bars, triggers=triggers, breaks=breaks)
        return compose_score(Journey(lookup(mood).emotion), settings)

    return compose


@pytest.fixture(scope="session")
def both(composed):
    """A function from (name of a feeling, rule) to a song unbroken and broken."""
    return lambda mood, name: (composed(mood), composed(mood, name))


@pytest.fixture(scope="session")
def changed(both):
    """A function from (name of a feeling, rule) to the titles of the parts that the break changes."""

    def titles(mood, name):
        plain, broken = both(mood, name)
        return [part.name for part in plain.score.parts if part not in broken.score.parts]

    return titles


@pytest.fixture(scope="session")
def brief():
    """A function to a small score of a hand-written melody over held chords, and the plan it belongs to."""

    def write(*extra, bars=8):
        plan = make_plan(Journey(lookup("grief").emotion), Settings(key="C", mode="ionian", bars=bars, seed=1))
        melody = tuple(Note(float(beat), 0.9, 72 + beat % 3, 90) for beat in range(4 * bars))
        chords = tuple(Note(4.0 * bar, 4.0, pitch, 80) for bar in range(bars) for pitch in (48, 52, 55))
        score = Score(
            (Part("Melody", 1, 73, melody), Part("Chords", 0, 0, chords), *extra),
            tempos=(Tempo(0.0, 100.0),),
            keys=(KeySignature(0.0, "C", minor=False),),
            markers=(Marker(0.0, "verse"),),
        )
        return score, plan

    return write


@pytest.fixture(scope="session")
def broken_by():
    """A function from (rule, severity, score, plan) to the score with the rule broken."""
    return lambda name, severity, score, plan: rulebreaks.break_score(score, plan, [Broken(name, severity, "because")])
