"""Contexts of whole songs, as the engines see them."""

from dataclasses import replace
from functools import cache

import pytest

from kelly.composing.composer import compose_score
from kelly.composing.context import Context
from kelly.composing.settings import Settings
from kelly.composing.tables import parts
from kelly.emotion import thesaurus
from kelly.emotion.journey import Journey


@pytest.fixture(scope="session")
def contexts_of():
    """A function from (name of a feeling, part, settings ...) to the contexts of its song's sections, in order."""

    @cache
    def whole(name, settings):
        made = compose_score(Journey(thesaurus.lookup(name).emotion), Settings(**dict(settings)))
        return [Context(made.plan, w.section, layers=w.layers, chords=w.chords, parts=w.notes) for w in made.sections]

    def contexts(name, part="melody", progressions=None, **settings):
        key = (*settings.items(), *([("progressions", _Frozen(progressions))] if progressions else []))
        return [replace(context, part=part, row=parts().get(part)) for context in whole(name, key)]

    return contexts


class _Frozen(dict):
    """A dictionary that can stand in a cache's key."""

    def __hash__(self):
        return hash(tuple(self.items()))
