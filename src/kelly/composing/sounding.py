"""Sounding: a song or a score as audio, with what its broken production rules do to the sound.

Conventions: as in `kelly.sound.render`; a score that carries a Kelly report is rendered with the effects it names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from kelly.composing import rulebreaks
from kelly.composing.report import read_report
from kelly.composing.rulebreaks import Broken
from kelly.composing.song import Song, score_of
from kelly.errors import FileError
from kelly.score.notes import Score
from kelly.sound import render as sound
from kelly.sound.audio import Audio
from kelly.sound.effects import Effects

__all__ = ["each_stem", "render", "stems"]


def render(music: Song | Score, *, soundfont: str | os.PathLike[str] | None = None, rate: int = 44_100) -> Audio:
    """Render a song or a score.

    Parameters: music; soundfont, a .sf2 file (the best one found when left out); rate in Hz.
    Returns: stereo audio at -16 LUFS, true peak below -1 dBFS.
    Raises SoundError when there is nothing to sound or no SoundFont that can be read.
    """
    score = score_of(music)
    return sound.render(score, soundfont=soundfont, rate=rate, effects=_effects(score))


def stems(
    music: Song | Score, *, soundfont: str | os.PathLike[str] | None = None, rate: int = 44_100
) -> dict[str, Audio]:
    """Render every part by itself: audio by name of the part; added up they are the mix before it is mastered."""
    score = score_of(music)
    return sound.stems(score, soundfont=soundfont, rate=rate, effects=_effects(score))


def each_stem(
    music: Song | Score, *, soundfont: str | os.PathLike[str] | None = None, rate: int = 44_100
) -> Iterator[tuple[str, Audio]]:
    """Render as `stems` does, but hand over one part at a time, so that memory need not hold them all."""
    score = score_of(music)
    return sound.each_stem(score, soundfont=soundfont, rate=rate, effects=_effects(score))


def _effects(score: Score) -> Effects | None:
    report = read_report(score)
    if report is None:
        return None
    try:
        return rulebreaks.effects(tuple(Broken(**row) for row in report.get("rule_breaks", [])))
    except (TypeError, ValueError) as error:
        raise FileError(f"the file's Kelly report is damaged: its rule-breaks cannot be read ({error})") from error
