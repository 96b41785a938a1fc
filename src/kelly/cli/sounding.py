"""Sound files of a score: the mix and the stems, rendered one after the other so that memory holds one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kelly.cli.writing import Output, slug
from kelly.errors import SoundError

if TYPE_CHECKING:
    from kelly.score.notes import Score

__all__ = ["sounded", "stem_paths", "steps"]


def stem_paths(score: Score, stems: Path | None) -> dict[str, Path]:
    """Where the stem of every part with notes goes: part -> file in the folder `stems`; nothing without a folder."""
    paths: dict[str, Path] = {}
    for part in score.parts:
        if stems is not None and part.notes:
            paths.setdefault(part.name, stems / f"{slug(part.name, taken=[p.stem for p in paths.values()])}.wav")
    return paths


def steps(score: Score, wav: Path | None, stems: Path | None) -> int:
    """How many waves `sounded` renders."""
    return (wav is not None) + len(stem_paths(score, stems))


def sounded(
    score: Score, wav: Path | None, stems: Path | None, soundfont: Path | None, step: Callable[[str], None]
) -> Iterator[Output]:
    """Render the mix to `wav` and each part to a file in `stems`, as far as they are asked for.

    Yields files with what writes them, each rendered when it is asked for; `step` hears what comes next.
    """
    if wav is not None:
        from kelly.composing.sounding import render

        step("rendering the mix")
        yield wav, render(score, soundfont=soundfont).save
    paths = stem_paths(score, stems)
    if stems is None:
        return
    if not paths:
        raise SoundError("nothing to render: the score has no notes")
    from kelly.composing.sounding import each_stem

    step("rendering the stems")
    for name, audio in each_stem(score, soundfont=soundfont):
        step(f"rendered {name}")
        yield paths[name], audio.save
