"""The command `kelly listen`: what feeling a score or a recording carries."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from kelly.cli import options, prose
from kelly.cli.output import as_json, note, progress, say
from kelly.errors import FileError, UsageError
from kelly.names import find

__all__ = ["listen", "register"]

_SCORES, _SOUNDS = (".mid", ".midi"), (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
_AXES = ("valence", "arousal", "dominance")
_WHOLE = ("file", "kind", "seconds", *_AXES, "confidence", "name", "primary", "arc")
_COURSE = ("file", "time", *_AXES, "name")
_SILENT = "too little sound to hear a feeling in"


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command(short_help="Hear what feeling a recording or a MIDI file carries.")(listen)


def listen(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|FOLDER",
            help="A recording (wav, flac, ogg, mp3, aiff), a MIDI file, or a folder of them and of folders.",
        ),
    ],
    timeline: Annotated[
        bool, typer.Option("--timeline", help="As it goes on, too: twice a second; of a MIDI file by passages.")
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--as", metavar="KIND", help="speech, singing or music; as it sounds when left out.")
    ] = None,
    json: options.Json = False,
    table: Annotated[bool, typer.Option("--csv", help="Print comma-separated values instead of text.")] = False,
    annotation: Annotated[
        bool, typer.Option("--jams", help="Print one recording's course in the JAMS format.")
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Print nothing but what --json, --csv or --jams asks for and errors."),
    ] = False,
) -> None:
    """Hear what feeling a recording or a MIDI file carries, or all those in a folder."""
    if json + table + annotation > 1:
        raise UsageError("--json, --csv and --jams are three ways to print; give one")
    kind = _known(kind)
    if annotation:
        _jams(file, kind, quiet=quiet)
        return
    many, refused = _is_folder(file), list[FileError]()
    files = _files(file, refused) if many else [file]
    hear = partial(_heard, kind=kind, timeline=timeline, many=many, quiet=quiet)
    # Rows on a terminal show by themselves how far it is.
    heard = _each(files, hear, refused, quiet=quiet or (table and _on_terminal()))
    if table:
        _stream(heard, timeline=timeline)
    else:
        _tell(list(heard), many=many, json=json, quiet=quiet)
    for earlier in refused[:-1]:
        note(str(earlier))
    if refused:
        raise refused[-1]


def _known(kind: str | None) -> str | None:
    """The kind of sound that was asked for. Raises: UnknownNameError."""
    if kind is None:
        return None
    from kelly.listening.sound import KINDS

    return find(kind, KINDS, "kind")


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _each(
    files: Sequence[Path], hear: Callable[[Path], dict[str, Any]], refused: list[FileError], *, quiet: bool
) -> Iterator[dict[str, Any]]:
    """What is heard in each file; errors of those that cannot be read go to `refused`."""
    with progress(len(files), quiet=quiet) as step:
        for path in files:
            step(f"hearing {path.name}")
            try:
                told = hear(path)
            except FileError as error:
                # One bad file does not keep the others from being heard.
                refused.append(error)
            else:
                yield told


def _heard(path: Path, *, kind: str | None, timeline: bool, many: bool, quiet: bool) -> dict[str, Any]:
    """What is heard in a file, as plain data."""
    from kelly.listening.listen import is_score

    if is_score(path):
        if kind is not None and not many:
            raise UsageError(f"--as is for recordings; {str(path)!r} is a MIDI file")
        return _score(path, timeline=timeline, quiet=quiet)
    from kelly.listening.sound import listen as hear

    recording = hear(path, kind)
    if not recording.reading.heard:
        note(f"{path}: {_SILENT}", quiet=quiet)
    return {"file": str(path), **recording.as_dict(timeline=timeline)}


def _score(path: Path, *, timeline: bool, quiet: bool) -> dict[str, Any]:
    from kelly.listening.score import follow, hear
    from kelly.score import midi

    score = midi.read(path)
    reading = hear(score, str(path))
    told = {"file": str(path), **reading.as_dict()}
    if timeline:
        told["passages"] = [
            {"start": round(one.start, 3), "end": round(one.end, 3), **one.reading.as_dict()} for one in follow(score)
        ]
    if not reading.heard:
        note(f"{path}: too few notes to hear a feeling in", quiet=quiet)
    return told


def _jams(path: Path, kind: str | None, *, quiet: bool) -> None:
    from kelly.listening.listen import is_score

    folder = _is_folder(path)
    if folder or is_score(path):
        raise UsageError(f"--jams is for one recording; {str(path)!r} is a {'folder' if folder else 'MIDI file'}")
    from kelly.listening.jams import jams
    from kelly.listening.reading import emotion_dict
    from kelly.listening.sound import listen as hear

    recording = hear(path, kind)
    if not recording.reading.heard:
        note(f"{path}: {_SILENT}", quiet=quiet)
    as_json(jams(recording, prose.label(emotion_dict(recording.reading.emotion))))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise FileError(f"cannot read {str(path)!r}: {error.strerror}") from error


def _files(folder: Path, refused: list[FileError]) -> list[Path]:
    """The files in a folder, and in those below it, that can be heard; folders that cannot be read go to `refused`.

    Raises: UsageError, there is none; FileError, there is none in what can be read.
    """

    def refuse(error: OSError) -> None:
        refused.append(FileError(f"cannot read the folder {str(error.filename)!r}: {error.strerror}"))

    there = [Path(place, name) for place, _, names in os.walk(folder, onerror=refuse) for name in names]
    found = sorted(path for path in there if path.suffix.lower() in (*_SCORES, *_SOUNDS) and _is_file(path))
    if not found and refused:
        raise refused[-1]
    if not found:
        raise UsageError(f"{str(folder)!r} holds no file that can be heard: {', '.join((*_SOUNDS, *_SCORES))}")
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return True  # whoever reads it tells why it cannot be read


def _tell(told: Sequence[dict[str, Any]], *, many: bool, json: bool, quiet: bool) -> None:
    if told and json:
        as_json({"files": told} if many else told[0])
    elif told:
        say(_prose(told, named=many), quiet=quiet)


def _prose(told: Sequence[Mapping[str, Any]], *, named: bool) -> Iterator[str]:
    for row, one in enumerate(told):
        if named:
            yield from ([""] if row else [])
            yield one["file"]
        yield from prose.listened(_labelled(one))


def _labelled(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was heard, its timeline's names as text and tables write names everywhere: "grief:low", "neutral"."""
    if "timeline" not in one:
        return one
    return {**one, "timeline": [row | {"name": _label(row)} for row in one["timeline"]]}


def _label(row: Mapping[str, Any]) -> str | None:
    if row["name"] is None:
        return None
    from kelly.emotion.space import Emotion
    from kelly.listening.reading import emotion_dict

    return prose.label(emotion_dict(Emotion(*(row[axis] for axis in _AXES))))


def _stream(heard: Iterable[Mapping[str, Any]], *, timeline: bool) -> None:
    """Print a table, the rows of each file as soon as it is heard."""
    out = sys.stdout  # a progress bar puts itself in its place
    columns = _COURSE if timeline else _WHOLE
    for place, one in enumerate(heard):
        rows = _course(_labelled(one)) if timeline else [_whole(one)]
        lines = [_line([row.get(name) for name in columns]) for row in rows]
        typer.echo("".join(lines if place else [_line(columns), *lines]), file=out, nl=False)


def _whole(one: Mapping[str, Any]) -> dict[str, Any]:
    emotion = one["emotion"]
    told = {"file": one["file"], "kind": one.get("kind", "score"), "seconds": one.get("seconds")}
    told["confidence"] = emotion["confidence"]
    if not emotion["confidence"]:
        return told
    axes = {axis: emotion[axis] for axis in _AXES}
    return told | axes | {"name": prose.label(emotion), "primary": one.get("primary"), "arc": one.get("arc")}


def _course(one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in one.get("timeline", ()):
        yield {"file": one["file"], **row}
    for row in one.get("passages", ()):
        axes = {axis: row["emotion"][axis] for axis in _AXES}
        yield {"file": one["file"], "time": row["start"], **axes, "name": prose.label(row["emotion"])}


def _line(values: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(["" if value is None else value for value in values])
    return text.getvalue()
