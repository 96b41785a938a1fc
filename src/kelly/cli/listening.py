"""The command `kelly listen`: what feeling a score or a recording carries."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kelly.cli import options, prose
from kelly.cli.output import as_json, note, say
from kelly.errors import FileError, KellyError, UsageError

__all__ = ["listen", "register"]

_SCORES, _SOUNDS = (".mid", ".midi"), (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
_WHOLE = ("file", "kind", "seconds", "valence", "arousal", "dominance", "confidence", "name", "primary", "arc")
_COURSE = ("file", "time", "valence", "arousal", "dominance", "name")


def register(app: typer.Typer) -> None:
    """Add the command of this module to the application."""
    app.command(short_help="Hear what feeling a recording or a MIDI file carries.")(listen)


def listen(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A recording (wav, flac, ogg, mp3), a MIDI file, or a folder of them."),
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
) -> None:
    """Hear what feeling a recording or a MIDI file carries, or all those in a folder."""
    if json + table + annotation > 1:
        raise UsageError("--json, --csv and --jams are three ways to print; give one")
    many = _is_folder(file)
    files = _files(file) if many else [file]
    if annotation:
        _jams(file, kind)
        return
    told, refused = [], list[KellyError]()
    for path in files:
        try:
            told.append(_heard(path, kind, timeline=timeline, many=many))
        except FileError as error:
            # One bad file does not keep the others from being heard.
            refused.append(error)
    if json:
        as_json({"files": told} if many else told[0]) if told else None
    elif table and told:
        say(_table(told, timeline=timeline))
    elif told:
        say(_prose(told, named=many))
    for earlier in refused[:-1]:
        note(str(earlier))
    if refused:
        raise refused[-1]


def _heard(path: Path, kind: str | None, *, timeline: bool, many: bool) -> dict[str, Any]:
    """What is heard in a file, as plain data."""
    from kelly.listening.listen import is_score

    if is_score(path):
        if kind is not None and not many:
            raise UsageError(f"--as is for recordings; {str(path)!r} is a MIDI file")
        return _score(path, timeline=timeline)
    from kelly.listening.sound import listen as hear

    told = {"file": str(path), **hear(path, kind).as_dict(timeline=timeline)}
    _note_silence(path, heard=told["emotion"]["confidence"] > 0)
    return told


def _note_silence(path: Path, *, heard: bool) -> None:
    if not heard:
        note(f"{path}: too little sound to hear a feeling in")


def _score(path: Path, *, timeline: bool) -> dict[str, Any]:
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
        note("too few notes to hear a feeling in")
    return told


def _jams(path: Path, kind: str | None) -> None:
    from kelly.listening.listen import is_score

    if path.is_dir() or is_score(path):
        raise UsageError(
            f"--jams is for one recording; {str(path)!r} is a {'folder' if path.is_dir() else 'MIDI file'}"
        )
    from kelly.listening.jams import jams
    from kelly.listening.sound import listen as hear

    recording = hear(path, kind)
    _note_silence(path, heard=recording.reading.heard)
    as_json(jams(recording))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise FileError(f"cannot read {str(path)!r}: {error.strerror}") from error


def _files(folder: Path) -> list[Path]:
    """The files in a folder, and in those below it, that can be heard.

    Raises: UsageError, there is none; FileError, the folder cannot be read.
    """
    try:
        there = sorted(path for path in folder.rglob("*") if path.is_file())
    except OSError as error:
        raise FileError(f"cannot read the folder {str(folder)!r}: {error.strerror}") from error
    found = [path for path in there if path.suffix.lower() in (*_SCORES, *_SOUNDS)]
    if not found:
        raise UsageError(f"{str(folder)!r} holds no file that can be heard: {', '.join((*_SOUNDS, *_SCORES))}")
    return found


def _prose(told: Sequence[Mapping[str, Any]], *, named: bool) -> Iterator[str]:
    for row, one in enumerate(told):
        if named:
            yield from ([""] if row else [])
            yield one["file"]
        yield from prose.listened(one)


def _table(told: Sequence[Mapping[str, Any]], *, timeline: bool) -> Iterator[str]:
    columns = _COURSE if timeline else _WHOLE
    yield _line(columns)
    for one in told:
        rows = _course(one) if timeline else [_whole(one)]
        for row in rows:
            yield _line([row[name] for name in columns])


def _whole(one: Mapping[str, Any]) -> dict[str, Any]:
    emotion = one["emotion"]
    axes = {axis: emotion[axis] for axis in ("valence", "arousal", "dominance", "confidence")}
    told = {name: one.get(name, "") for name in ("file", "seconds", "primary", "arc")}
    return told | axes | {"kind": one.get("kind", "score"), "name": prose.label(emotion)}


def _course(one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in one.get("timeline", ()):
        yield {"file": one["file"], **row}
    for row in one.get("passages", ()):
        axes = {axis: row["emotion"][axis] for axis in ("valence", "arousal", "dominance")}
        yield {"file": one["file"], "time": row["start"], **axes, "name": prose.label(row["emotion"])}


def _line(values: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(["" if value is None else value for value in values])
    return text.getvalue()
