"""Kelly: say what you feel, and hear it as music.

>>> import kelly
>>> song = kelly.compose("I miss you so much", bars=8, seed=7)
>>> song.report["parameters"]["mode"]
'aeolian'

What stands in `__all__` is public; everything else may move. Names are loaded when they are first used, so that
`import kelly` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from kelly._version import __version__

if TYPE_CHECKING:
    from kelly.composing.intent import SongIntent
    from kelly.composing.intent import load as load_intent
    from kelly.composing.song import Song, compose
    from kelly.composing.sounding import render, stems
    from kelly.emotion import thesaurus
    from kelly.emotion.journey import Journey
    from kelly.emotion.space import Emotion
    from kelly.errors import KellyError
    from kelly.listening.listen import listen
    from kelly.listening.reading import Reading
    from kelly.listening.story import Story, read_story
    from kelly.listening.words import feel
    from kelly.score.notes import Score
    from kelly.sound.audio import Audio

__all__ = [
    "Audio",
    "Emotion",
    "Journey",
    "KellyError",
    "Reading",
    "Score",
    "Song",
    "SongIntent",
    "Story",
    "__version__",
    "compose",
    "feel",
    "listen",
    "load_intent",
    "read_story",
    "render",
    "stems",
    "thesaurus",
]

_HOMES = {
    "Audio": "kelly.sound.audio",
    "Emotion": "kelly.emotion.space",
    "Journey": "kelly.emotion.journey",
    "KellyError": "kelly.errors",
    "Reading": "kelly.listening.reading",
    "Score": "kelly.score.notes",
    "Song": "kelly.composing.song",
    "SongIntent": "kelly.composing.intent",
    "Story": "kelly.listening.story",
    "compose": "kelly.composing.song",
    "feel": "kelly.listening.words",
    "listen": "kelly.listening.listen",
    "load_intent": "kelly.composing.intent:load",
    "read_story": "kelly.listening.story",
    "render": "kelly.composing.sounding",
    "stems": "kelly.composing.sounding",
}


def __getattr__(name: str) -> object:
    """Load a public name from its home when it is first asked for (PEP 562)."""
    if name == "thesaurus":
        return import_module("kelly.emotion.thesaurus")
    if name not in _HOMES:
        raise AttributeError(f"module 'kelly' has no attribute {name!r}")
    home, _, there = _HOMES[name].partition(":")
    return getattr(import_module(home), there or name)


def __dir__() -> list[str]:
    return sorted(__all__)
