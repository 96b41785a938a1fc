"""The commands about MIDI files, Kelly's own or another's: `kelly render`, `kelly explain` and `kelly show`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kelly.cli import options, prose
from kelly.cli.output import as_json, note, progress, say
from kelly.cli.sounding import sounded, stem_paths
from kelly.cli.writing import folder, write_together
from kelly.errors import FileError, KellyError, UsageError
from kelly.files import make_folder

if TYPE_CHECKING:
    from kelly.score.notes import Score

__all__ = ["explain", "register", "render", "show"]

MIDI = (".mid", ".midi")
Source = Annotated[Path, typer.Argument(metavar="SONG.mid", help="A MIDI file.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command(short_help="Sound MIDI files.")(render)
    app.command(short_help="Tell how a song came to be.")(explain)
    app.command(short_help="Draw a song as a piano roll.")(show)


def render(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A MIDI file, or a folder of them.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="OUT", help="The WAV file, or a folder for those of a folder.")
    ],
    soundfont: options.SoundFont = None,
    stems: Annotated[Path | None, typer.Option(metavar="DIR", help="A WAV file for each part as well.")] = None,
    skip_existing: Annotated[bool, typer.Option("--skip-existing", help="Leave WAV files alone that exist.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Sound a MIDI file, or every MIDI file of a folder."""
    jobs = _jobs(source, out, stems)
    done, failed = [], 0
    with progress(len(jobs), quiet=quiet) as step:
        for midi, wav, tracks in jobs:
            step(f"rendering {midi.name}")
            if skip_existing and wav.exists():
                continue
            try:
                done.append(_rendered(midi, wav, tracks, soundfont))
            except KellyError as error:
                if not source.is_dir():
                    raise
                # One bad file does not keep the others of a folder waiting.
                note(str(error) if str(midi) in str(error) else f"{midi}: {error}")
                failed += 1
    if json:
        as_json({"files": done})
    else:
        say((path for files in done for path in (files["wav"], *files["stems"].values())), quiet=quiet)
    if failed:
        raise FileError(f"{failed} of {len(jobs)} files could not be rendered")


def _jobs(source: Path, out: Path, stems: Path | None) -> list[tuple[Path, Path, Path | None]]:
    """What to render: the MIDI file, its WAV file, and the folder for its stems."""
    if not source.is_dir():
        return [(source, options.checked_suffix("-o", out, ".wav"), stems)]
    if out.suffix.lower() == ".wav":
        raise UsageError(f"-o takes a folder when a folder is rendered; got {str(out)!r}")
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in MIDI and path.is_file())
    if not files:
        raise FileError(f"there is no MIDI file in {source}")
    twice = [path for path, before in zip(files[1:], files, strict=False) if path.stem == before.stem]
    if twice:
        raise UsageError(f"two files would be rendered to {twice[0].stem}.wav: rename {twice[0]}")
    make_folder(out)
    return [(path, out / f"{path.stem}.wav", None if stems is None else stems / path.stem) for path in files]


def _rendered(midi: Path, wav: Path, stems: Path | None, soundfont: Path | None) -> dict[str, Any]:
    from kelly.score.midi import read

    score = read(midi)
    with folder(stems):
        write_together(sounded(score, wav, stems, soundfont, lambda _: None))
    tracks = {part: str(path) for part, path in stem_paths(score, stems).items()}
    return {"midi": str(midi), "wav": str(wav), "stems": tracks}


def explain(source: Source, json: options.Json = False) -> None:
    """Tell from a song's file which emotion, parameters, sections and rule-breaks made it."""
    from kelly.composing.report import read_report
    from kelly.score.midi import read

    score = read(source)
    told = read_report(score)
    if told is None:
        raise FileError(f"{source} carries no report of Kelly's: it was not composed by Kelly, or has lost its texts")
    told = _listened(score, told) or told
    if json:
        as_json({**told, "files": {"midi": str(source), "wav": None, "stems": {}}})
    else:
        say(_explained(told, source))


def _listened(score: Score, told: dict[str, Any] | None) -> dict[str, Any] | None:
    """A report with how its sections are heard; None where there is none, it is damaged, or Kelly has no judge."""
    from kelly.composing.judge import with_heard

    try:
        return with_heard(score, told) if told else None
    except (ArithmeticError, AttributeError, IndexError, FileError, KeyError, TypeError, UsageError, ValueError):
        return None


def _measured(score: Score) -> list[str]:
    """What was asked of a song of Kelly's and how it is heard, section by section."""
    from kelly.composing.report import read_report

    with suppress(FileError):  # a damaged report keeps nobody from the picture
        told = _listened(score, read_report(score))
        return list(prose.fit(told)) if told else []
    return []


def _explained(told: dict[str, Any], source: Path) -> Sequence[str]:
    try:
        return list(prose.report(told))
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise FileError(f"{source}: the file's Kelly report is damaged ({type(error).__name__}: {error})") from error


def show(
    source: Source,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="ROLL.png", help="The picture: .png or .svg.")],
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Draw a song's notes as a piano roll, coloured by what is felt."""
    options.checked_suffix("-o", out, ".png", ".svg")
    from kelly.composing.picture import draw
    from kelly.score.midi import read

    score = read(source)
    write_together([(out, partial(draw, replace(score, title=score.title or source.stem)))])
    if json:
        as_json({"files": {"midi": str(source), "picture": str(out)}})
    elif not quiet:
        say([*_measured(score), str(out)])
