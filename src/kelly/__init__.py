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
    from kelly.client.client import Client
    from kelly.composing.improvising.freely import improvise
    from kelly.composing.improvising.sampling import Sampling
    from kelly.composing.improvising.scores import accompanied, continued, infilled, varied
    from kelly.composing.intent import SongIntent
    from kelly.composing.intent import load as load_intent
    from kelly.composing.reperforming import reperformed, reperformed_bars
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
    from kelly.score.midi import read as read_midi
    from kelly.score.midi import write as write_midi
    from kelly.score.notes import Score
    from kelly.sound.audio import Audio

__all__ = [
    "Audio",
    "Client",
    "Emotion",
    "Journey",
    "KellyError",
    "Reading",
    "Sampling",
    "Score",
    "Song",
    "SongIntent",
    "Story",
    "__version__",
    "accompanied",
    "compose",
    "continued",
    "feel",
    "improvise",
    "infilled",
    "listen",
    "load_intent",
    "read_midi",
    "read_story",
    "render",
    "reperformed",
    "reperformed_bars",
    "stems",
    "thesaurus",
    "varied",
    "write_midi",
]

_HOMES = {
    "Audio": "kelly.sound.audio",
    "Client": "kelly.client.client",
    "Emotion": "kelly.emotion.space",
    "Journey": "kelly.emotion.journey",
    "KellyError": "kelly.errors",
    "Reading": "kelly.listening.reading",
    "Sampling": "kelly.composing.improvising.sampling",
    "Score": "kelly.score.notes",
    "Song": "kelly.composing.song",
    "SongIntent": "kelly.composing.intent",
    "Story": "kelly.listening.story",
    "accompanied": "kelly.composing.improvising.scores",
    "compose": "kelly.composing.song",
    "continued": "kelly.composing.improvising.scores",
    "feel": "kelly.listening.words",
    "improvise": "kelly.composing.improvising.freely",
    "infilled": "kelly.composing.improvising.scores",
    "listen": "kelly.listening.listen",
    "load_intent": "kelly.composing.intent:load",
    "read_midi": "kelly.score.midi:read",
    "read_story": "kelly.listening.story",
    "render": "kelly.composing.sounding",
    "reperformed": "kelly.composing.reperforming",
    "reperformed_bars": "kelly.composing.reperforming",
    "stems": "kelly.composing.sounding",
    "varied": "kelly.composing.improvising.scores",
    "write_midi": "kelly.score.midi:write",
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
