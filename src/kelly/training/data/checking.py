"""Checking: whether the corpora below a folder are whole, readable and honestly split.

Conventions: a fault is what no training should meet: a label out of range, a group or a content in two splits, an id
twice, a file that is missing, empty, unreadable or not of its checksum. A warning is what is wrong with a sound that
can be read (`faults`). A remark is what a user may wonder at: other counts than Kelly's models were made with, files
without notes. Checksums stand in the folder of a corpus (`sums`).

Files are read by a module's `read`. One whose records have more beside their file (a score, annotations) lists in
`BESIDE` the functions that read it; phrases of a corpus that has them are read as its records are, but not counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from kelly.errors import CorpusError, KellyError, MissingCorpusError
from kelly.names import key
from kelly.score.notes import Score
from kelly.sound.audio import Audio
from kelly.training.data import faults, sums
from kelly.training.data.layout import SPLITS, Record
from kelly.training.data.parallel import mapped, shown
from kelly.training.data.registry import NAMES, reader

__all__ = ["Checked", "check", "found"]

NAMED = 3  # of many groups, ids or files
CHUNK = 16  # files that go to a worker together


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of a corpus.

    Parameters: name, of its module; folder; counts and groups, by split; files, that were looked at; sums, "verified",
    "wrong", "written" or "" where there are none; faults; warnings; remarks.
    """

    name: str
    folder: Path
    counts: Mapping[str, int]
    groups: Mapping[str, int]
    files: int
    sums: str
    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]


_Reading = Callable[[], object]  # of a record, by a function of its corpus's module; other processes can take it


@dataclass(frozen=True, slots=True)
class _File:
    """A file to look at, and how it is read (None: it is not)."""

    path: Path
    read: _Reading | None = None


_Job = _File | _Reading


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file was, or what stands beside a record's file (which has no digest then).

    Parameters: digest, its SHA-256; complaint, why it cannot be used ("": it can); hollow, it is sound, but empty;
    heard, what was found of its sound, where it has one.
    """

    digest: str = ""
    complaint: str = ""
    hollow: bool = False
    heard: faults.Heard | None = None


@dataclass(frozen=True, slots=True)
class _Survey:
    """A corpus whose files are still to be looked at.

    Parameters: name; folder; records; files, by path; beside, what is read besides; stated, the sums; faults so far.
    """

    name: str
    folder: Path
    records: Sequence[Record]
    files: Mapping[Path, _File]
    beside: Sequence[_Reading]
    stated: Mapping[Path, str]
    faults: Sequence[str]


def found(root: Path, names: Iterable[str] = ()) -> dict[str, Path]:
    """The folders of the corpora below a root, or of the root itself where it is a corpus, by the names of modules.

    Parameters: root; names, of those that must be there; all that are known are looked for when left out.
    Raises: UnknownNameError, there is no corpus of a name; MissingCorpusError, one of these is missing, or all are,
    or the root is.
    """
    if not root.is_dir():
        raise MissingCorpusError(f"{root} {'is not a folder' if root.exists() else 'does not exist'}")
    asked = tuple(dict.fromkeys(key(name).replace("-", "_") for name in names))
    if asked:
        return {name: reader(name).CORPUS.folder(root) for name in asked}
    places: dict[str, Path] = {}
    for name in NAMES:
        with suppress(MissingCorpusError):
            places[name] = reader(name).CORPUS.folder(root)
    chosen = {name: place for name, place in places.items() if place != root or _is(name, root)}
    if not chosen:
        known = "; ".join(f"{name}, from {reader(name).CORPUS.source}" for name in NAMES)
        raise MissingCorpusError(f"no corpus is found in {root}; known are {known}")
    return chosen


def _is(name: str, root: Path) -> bool:
    """Whether a folder with the sign of a corpus, which may be in other folders too, is the corpus."""
    try:
        return next(iter(reader(name).load(root)), None) is not None
    except CorpusError:
        return root.resolve().name == reader(name).CORPUS.name


def check(
    root: Path, names: Iterable[str] = (), *, workers: int = 1, engine: str = "local", write_sums: bool = False
) -> list[Checked]:
    """Check corpora; every file is looked at once, and none stops the check.

    Parameters: root and names, as `found`; workers and engine, as in `parallel.mapped`; write_sums, write the checksums
    of a corpus without faults instead of verifying them.
    Raises: as `found` and `mapped`; FileError, checksums cannot be written.
    """
    surveys = [_survey(name, folder, root, write_sums=write_sums) for name, folder in found(root, names).items()]
    jobs = [job for survey in surveys for job in _jobs(survey)]
    looks = iter(list(shown(mapped(_seen, jobs, workers=workers, engine=engine, chunk=CHUNK), "checking", len(jobs))))
    return [_checked(survey, looks, write_sums=write_sums) for survey in surveys]


def _jobs(survey: _Survey) -> list[_Job]:
    return [*survey.files.values(), *survey.beside]


def _survey(name: str, folder: Path, root: Path, *, write_sums: bool) -> _Survey:
    wrong: list[str] = []
    records: list[Record] = []
    phrases: list[Record] = []
    stated: dict[Path, str] = {}
    try:
        records.extend(reader(name).load(root))
        if not records:
            wrong.append("there are no records in it")
        phrases.extend(_phrases(name, root))
    except KellyError as error:
        wrong.append(str(error))
    try:
        stated = sums.read(folder) if (folder / sums.NAME).exists() and not write_sums else {}
    except KellyError as error:
        wrong.append(str(error))
    others = _below(folder) if write_sums and not _is_shared(name, folder, root) else stated
    files = {path: _File(path) for path in others} | {file.path: file for file in _files(name, [*records, *phrases])}
    beside = [partial(read, record) for read in getattr(reader(name), "BESIDE", ()) for record in records]
    return _Survey(name, folder, records, files, beside, stated, wrong)


def _phrases(name: str, root: Path) -> Iterator[Record]:
    """The phrases of a corpus that may have some."""
    module: Any = reader(name)
    with suppress(MissingCorpusError):
        yield from module.phrases(root) if hasattr(module, "phrases") else ()


def _is_shared(name: str, folder: Path, root: Path) -> bool:
    """Whether the folder of a corpus holds others too, whose files are not its own."""
    if folder != root:
        return False
    try:
        return set(found(root)) != {name}
    except MissingCorpusError:
        return False


def _below(folder: Path) -> Iterator[Path]:
    """All files of a folder but hidden ones and the sums themselves."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts != (sums.NAME,) and not any(part.startswith(".") for part in parts):
            yield path


def _files(name: str, records: Iterable[Record]) -> Iterator[_File]:
    """The files that records name; that of several records is read for the first."""
    first: dict[Path, _File] = {}
    read = getattr(reader(name), "read", None)
    for record in records:
        main = _main(record)
        for path in _paths(record) if main is None else (main, *_paths(record)):
            first.setdefault(path, _File(path))
        if read is not None and main is not None and first[main].read is None:
            first[main] = _File(main, partial(read, record))
    yield from first.values()


def _main(record: Record) -> Path | None:
    """The file that a record is read from."""
    path: Path | None = getattr(record, "path", None)
    return path


def _paths(record: Any) -> list[Path]:  # noqa: ANN401 - a record of any corpus
    values = (getattr(record, field.name) for field in fields(record))
    return [value for value in values if isinstance(value, Path)]


def _seen(job: _Job) -> _Seen:
    """Look at a file, and read it where a module can; or read what stands beside one."""
    if isinstance(job, _File):
        return _looked(job)
    try:
        job()
    except KellyError as error:
        return _Seen(complaint=str(error))
    return _Seen()


def _looked(file: _File) -> _Seen:
    try:
        digest = sums.digest(file.path)
        if not file.path.stat().st_size:
            return _Seen(digest, f"{file.path} is empty")
        content = file.read() if file.read else None
        heard = faults.heard(file.path, content) if isinstance(content, Audio) else None
    except KellyError as error:
        told, folder = str(error), str(file.path.parent)
        return _Seen(complaint=told if file.path.name in told or folder in told else f"{file.path}: {told}")
    return _Seen(digest, hollow=_is_hollow(content), heard=heard)


def _is_hollow(content: object) -> bool:
    return isinstance(content, Score) and not any(part.notes for part in content.parts)


def _checked(survey: _Survey, looks: Iterator[_Seen], *, write_sums: bool) -> Checked:
    """What was found of a corpus, by the looks at its files and at what is read besides, which come next."""
    seen = dict(zip(survey.files, islice(looks, len(survey.files)), strict=True))
    beside = [one.complaint for one in islice(looks, len(survey.beside)) if one.complaint]
    wrong = [*survey.faults, *_split_faults(survey.records), *_file_faults(survey, seen, beside)]
    sounds = {path: one.heard for path, one in seen.items() if one.heard is not None}
    counts = Counter(record.split for record in survey.records)
    groups = Counter(split for split, _ in {(record.split, record.group) for record in survey.records})
    remarks = [*_count_remarks(survey.name, counts), *_file_remarks(survey, seen)]
    right = all(seen[path].digest == digest for path, digest in survey.stated.items())
    stated = ("verified" if right else "wrong") if survey.stated else ""
    if write_sums and wrong:
        remarks.append("checksums are written when nothing is wrong")
    elif write_sums:
        sums.write(survey.folder, {path: one.digest for path, one in seen.items() if survey.folder in path.parents})
        stated = "written"
    return Checked(
        survey.name,
        survey.folder,
        _by_split(counts),
        _by_split(groups),
        len(seen),
        stated,
        tuple(wrong),
        tuple(faults.warnings(sounds, survey.records)),
        tuple(remarks),
    )


def _by_split(counts: Mapping[str, int]) -> dict[str, int]:
    return {split: counts[split] for split in SPLITS if split in counts}


def _split_faults(records: Sequence[Record]) -> Iterator[str]:
    strange = sorted({record.split for record in records} - set(SPLITS))
    if strange:
        yield f"splits must be {', '.join(SPLITS)}; got {', '.join(strange)}"
    twice = [name for name, times in Counter(record.id for record in records).items() if times > 1]
    if twice:
        yield f"{_some(twice, 'id')} more than once"
    splits = _splits((record.group, record.split) for record in records)
    if cut := [group for group, where in splits.items() if len(where) > 1]:
        yield f"{_some(cut, 'group')} in more than one split"


def _splits(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The splits of each thing that has some."""
    splits: defaultdict[str, set[str]] = defaultdict(set)
    for thing, split in pairs:
        splits[thing].add(split)
    return splits


def _some(names: Sequence[str], what: str) -> str:
    """How many there are, with the first of them."""
    more = ", ..." if len(names) > NAMED else ""
    stand = "stands" if len(names) == 1 else "stand"
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'} ({', '.join(names[:NAMED])}{more}) {stand}"


def _file_faults(survey: _Survey, seen: Mapping[Path, _Seen], beside: Iterable[str]) -> Iterator[str]:
    useless = {str(path): one.complaint for path, one in seen.items() if one.complaint}
    others = (told for told in beside if not any(path in told for path in useless))  # which the file's own look told
    yield from dict.fromkeys([*useless.values(), *others])
    for path, digest in survey.stated.items():
        if seen[path].digest not in {"", digest}:
            yield f"{path} has another checksum than {sums.NAME} states"
    yield from _shared_contents(survey, seen)


def _shared_contents(survey: _Survey, seen: Mapping[Path, _Seen]) -> Iterator[str]:
    """Contents of records' files that are in several splits."""
    mains = [(path, record) for record in survey.records if (path := _main(record)) is not None]
    pairs = [(seen[path].digest, record) for path, record in mains if not seen[path].complaint]
    splits = _splits((digest, record.split) for digest, record in pairs)
    names: dict[str, list[str]] = defaultdict(list)
    for digest, record in pairs:
        if len(splits[digest]) > 1:
            names[digest].append(record.id)
    if names:
        same = [" = ".join(ids[:NAMED]) for ids in names.values()]
        yield f"{_some(same, 'content')} in more than one split"


def _count_remarks(name: str, counts: Mapping[str, int]) -> Iterator[str]:
    for split, known in reader(name).CORPUS.counts.items():
        if counts.get(split, 0) != known:
            yield f"{split} has {counts.get(split, 0)} records; Kelly's models were made with {known}"


def _file_remarks(survey: _Survey, seen: Mapping[Path, _Seen]) -> Iterator[str]:
    hollow = [path.name for path, one in seen.items() if one.hollow]
    if hollow:
        yield f"{_some(hollow, 'file')} there without content"
    unlisted = [path.name for path in seen if survey.stated and path not in survey.stated]
    if unlisted:
        yield f"{_some(unlisted, 'file')} there without a checksum in {sums.NAME}"
