"""Manifest: a list of audio files with what is known of each, a JSON object on each line (`.jsonl`, UTF-8).

Conventions: an object has the keys of `Entry`, all of them and no others. Paths are relative to the manifest's folder,
with slashes. Whole groups are in one split; a group whose split nobody states is in train, dev or test (8 : 1 : 1) by
the hash of its name. Labels come from where `labels` finds them; null is "not known".
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from kelly.errors import CorpusError, FileError, UsageError
from kelly.files import read_bytes, write_atomically
from kelly.names import quoted
from kelly.sound import recording
from kelly.training.data.labels import Labels, by_corpus, by_folder, by_table
from kelly.training.data.parallel import mapped, shown
from kelly.training.data.tenths import split_by_hash

__all__ = ["ENDINGS", "Entry", "listed", "read", "write"]

ENDINGS = (".wav", ".flac", ".ogg", ".mp3")
LARGEST = 2**30  # bytes of a manifest
LONGEST = 7 * 86400  # seconds; libsndfile gives more where it does not know
NAMED = 5  # errors of a manifest that are told
CHUNK = 32  # files that go to a worker together


def _relative(path: str) -> str:
    if PurePosixPath(path).is_absolute() or "\0" in path or PurePosixPath(path).name in {"", ".."}:
        raise ValueError("must be the path of a file, relative to the manifest's folder")
    return path


Unit = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, config=ConfigDict(strict=True, extra="forbid"))
class Entry:
    """An audio file.

    Parameters: audio_path; split; duration in seconds; tempo in BPM; emotions, joy, sadness, anger, fear, surprise,
    disgust, trust and anticipation, 0..1; valence -1..1; arousal and dominance, 0..1; group, that no split cuts (a
    song, a performer, a folder); metadata, whatever else is known.
    """

    audio_path: Annotated[str, Field(min_length=1), AfterValidator(_relative)]
    split: Literal["train", "dev", "test"]
    duration: Positive
    tempo: Positive | None
    emotions: tuple[Unit, Unit, Unit, Unit, Unit, Unit, Unit, Unit] | None
    valence: Annotated[float, Field(ge=-1, le=1)] | None
    arousal: Unit | None
    dominance: Unit | None
    group: Annotated[str, Field(min_length=1)]
    metadata: dict[str, JsonValue]


_ENTRY = TypeAdapter(Entry)


def read(path: Path) -> list[Entry]:
    """Read a manifest.

    Raises: FileError, the file cannot be read; CorpusError, a line is not as it should be, a file stands twice, or a
    group is in two splits: the first errors with the numbers of their lines.
    """
    try:
        lines = read_bytes(path, limit=LARGEST).decode().split("\n")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} must be UTF-8 text; byte {error.start + 1} is not") from error
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    entries, errors = _parsed(numbered)
    errors += _contradictions(entries)
    if errors:
        more = f"; and {len(errors) - NAMED} more" if len(errors) > NAMED else ""
        raise CorpusError(f"{path}: {'; '.join(errors[:NAMED])}{more}")
    return [entry for _, entry in entries]


def _parsed(lines: Iterable[tuple[int, str]]) -> tuple[list[tuple[int, Entry]], list[str]]:
    entries, errors = [], []
    for number, line in lines:
        try:
            entries.append((number, _ENTRY.validate_json(line)))
        except ValidationError as error:
            errors += [f"line {number}: {complaint}" for complaint in _complaints(error)]
    return entries, errors


def _complaints(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False):
        where = ".".join(map(str, one["loc"])) or "the line"
        yield f"{where}: {one['msg'][:1].lower()}{one['msg'][1:]}; got {quoted(one['input'])}"


def _contradictions(entries: Sequence[tuple[int, Entry]]) -> list[str]:
    errors = []
    paths: dict[str, int] = {}
    splits: dict[str, tuple[int, str]] = {}
    for number, entry in entries:
        first = paths.setdefault(entry.audio_path, number)
        if first != number:
            errors.append(f"line {number}: {quoted(entry.audio_path)} stands in line {first} already")
        where, split = splits.setdefault(entry.group, (number, entry.split))
        if split != entry.split:
            errors.append(f"line {number}: group {quoted(entry.group)} is in {split} by line {where}")
    return errors


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write a manifest.

    Raises: FileError, as `write_atomically`; UsageError, metadata hold what JSON in UTF-8 cannot.
    """
    try:
        lines = [json.dumps(asdict(entry), ensure_ascii=False, allow_nan=False) + "\n" for entry in entries]
        data = "".join(lines).encode()
    except ValueError as error:
        raise UsageError(f"metadata must be finite numbers and texts in UTF-8: {error}") from error
    write_atomically(path, data)


def listed(folder: Path, beside: Path, *, workers: int = 1) -> tuple[list[Entry], list[str]]:
    """List the audio files below a folder, hidden ones left out.

    Parameters: folder; beside, the folder of the manifest; workers, as in `parallel.mapped`.
    Returns: the entries in the order of the paths; and why each of the other files and folders cannot be read.
    Raises: FileError, the folder does not exist or has no audio file; CorpusError, labels are not as they should be, or
    state two splits of one group.
    """
    if not folder.is_dir():
        raise FileError(f"{folder} {'is not a folder' if folder.exists() else 'does not exist'}")
    paths, closed = _below(folder)
    if not paths:
        raise FileError("; ".join([f"there is no audio file ({', '.join(ENDINGS)}) below {folder}", *closed]))
    complaints = closed + [_unnameable(path) for path in paths if not _is_nameable(path, folder, beside)]
    paths = [path for path in paths if _is_nameable(path, folder, beside)]
    labels = _labels(paths, folder)
    splits = _splits(labels)
    measured = shown(mapped(_duration, paths, workers=workers, chunk=CHUNK), "listing", len(paths))
    entries = []
    for path, label, duration in zip(paths, labels, measured, strict=True):
        if isinstance(duration, str):
            complaints.append(duration)
        else:
            entries.append(_entry(_path(path, beside), duration, label, splits[label.group]))
    return entries, complaints


def _below(folder: Path) -> tuple[list[Path], list[str]]:
    """The audio files below a folder in order, and why folders in it cannot be looked into."""
    closed: list[str] = []

    def complain(error: OSError) -> None:
        closed.append(f"cannot look into {quoted(str(error.filename))}: {error.strerror}")

    files: list[Path] = []
    for here, folders, names in os.walk(folder, onerror=complain):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(here, name) for name in names]
    return sorted(path for path in files if _is_audio(path)), closed


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()


def _is_nameable(path: Path, folder: Path, beside: Path) -> bool:
    """Whether a manifest, which is UTF-8, can hold a file's path and the group that is called after it."""
    try:
        (_path(path, beside) + path.relative_to(folder).as_posix()).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unnameable(path: Path) -> str:
    return f"cannot list {quoted(os.fsencode(path).decode(errors='backslashreplace'))}: its name must be UTF-8"


def _labels(paths: Iterable[Path], folder: Path) -> list[Labels]:
    known = by_table(folder) | by_corpus(folder)
    return [known.get(path.resolve()) or by_folder(path, folder) for path in paths]


def _splits(labels: Iterable[Labels]) -> dict[str, str]:
    """The split of each group: the one that is stated for some of it, else that of its hash."""
    stated: dict[str, str] = {}
    for label in labels:
        if label.split and stated.setdefault(label.group, label.split) != label.split:
            raise CorpusError(
                f"group {label.group!r} must be in one split; it is in {stated[label.group]} and {label.split}"
            )
    return {label.group: stated.get(label.group) or split_by_hash("manifest", label.group) for label in labels}


def _duration(path: Path) -> float | str:
    """The length of a sound in seconds, or why it cannot be read."""
    try:
        seconds = recording.duration(path)
    except FileError as error:
        return str(error)
    if seconds > LONGEST:
        return f"cannot read {quoted(str(path))}: it must last up to {LONGEST} s; it lasts {seconds:.0f} s"
    return seconds


def _path(path: Path, beside: Path) -> str:
    return Path(os.path.relpath(path.absolute(), beside.absolute())).as_posix()


def _entry(path: str, duration: float, label: Labels, split: str) -> Entry:
    axes = (label.valence, label.arousal, label.dominance)
    return Entry(path, split, duration, label.tempo, label.emotions, *axes, label.group, dict(label.metadata))  # type: ignore[arg-type]
