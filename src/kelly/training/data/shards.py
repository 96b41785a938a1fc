"""Shards: many samples in few large tar files in the webdataset format, for sets that are read in a stream.

Conventions: a sample is a key and some parts, each a file `<key>.<ending>` of the tar; the files of a sample stand
together. Since webdataset ends a key at the first dot of its last name, dots (and %) there are written as %2E (%25).
Shards are `<split>-<number>.tar`, or `shard-<number>.tar` where samples have no split; beside them stand an index for
each split (`<split>.json`, as webdataset's `wids` reads it) and `SHA256SUMS`. The same samples give the same bytes.

Only the standard library is needed here; with webdataset, in training:

    webdataset.WebDataset("shards/train-{000000..000012}.tar").decode().to_tuple("npz", "json")
"""

from __future__ import annotations

import io
import json
import re
import secrets
import shutil
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from kelly.errors import FileError, UsageError
from kelly.names import quoted
from kelly.training.data import manifest, sums
from kelly.training.data.layout import SPLITS
from kelly.training.data.parallel import shown

__all__ = ["Sample", "Shard", "bytes_of", "from_folder", "from_manifest", "read", "write"]

SMALLEST = 2 * tarfile.RECORDSIZE  # bytes of a shard
_SIZE = re.compile(r"(\d+(?:\.\d+)?) *([kmgt]?)(i?)b?", re.IGNORECASE)
_STRANGE = re.compile(r"[\0-\x1f\\\ud800-\udfff]")  # that some system cannot have in a path
_ENDING = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_NAME = re.compile(r"((?:.*/)?[^./]+)\.([^/]+)")  # of a part: key and ending
_CODES = {"%": "%25", ".": "%2E"}

Member: TypeAlias = "tuple[tarfile.TarInfo, bytes | Path]"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample: key, with slashes as a path has them; parts, by ending ("json", "npz", "wav"), each a content or the
    file that holds it; split, "" where there is none.
    """

    key: str
    parts: Mapping[str, bytes | Path]
    split: str = ""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard that was written: name of its file, number of samples, size in bytes, SHA-256."""

    name: str
    samples: int
    size: int
    digest: str


def bytes_of(text: str) -> int:
    """A size as people write it: "256MB" is 256 million bytes, "256MiB" 256 times 2 to the 20.

    Raises: UsageError, it is no size, or a smaller one than a shard can have.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"a size must be a number with kB, MB, GB, TB or KiB, MiB, GiB, TiB; got {quoted(text)}")
    size = int(float(found[1]) * (1024 if found[3] else 1000) ** " kmgt".index(found[2].lower() or " "))
    if size < SMALLEST:
        raise UsageError(f"a shard has at least {SMALLEST} bytes; got {quoted(text)}")
    return size


def from_manifest(path: Path) -> Iterator[Sample]:
    """The audio files of a manifest, each with its entry as `json`. Raises: as `manifest.read`."""
    for entry in manifest.read(path):
        audio = PurePosixPath(entry.audio_path)
        key = PurePosixPath(*(part for part in audio.parts if part != "..")).with_suffix("").as_posix()
        told = json.dumps(asdict(entry), ensure_ascii=False).encode()
        yield Sample(key, {"json": told, audio.suffix[1:].lower(): path.parent / audio}, entry.split)


def from_folder(folder: Path) -> Iterator[Sample]:
    """The files below a folder, those of one name but for their last ending as one sample.

    Hidden files and files without an ending are left out. Raises: UsageError, two files differ in case alone.
    """
    samples: defaultdict[str, dict[str, bytes | Path]] = defaultdict(dict)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not path.suffix or not path.is_file() or any(part.startswith(".") for part in name.parts):
            continue
        parts, ending = samples[name.with_suffix("").as_posix()], path.suffix[1:].lower()
        if ending in parts:
            raise UsageError(f"two files may not differ in the case of their ending alone; got {path}")
        parts[ending] = path
    yield from (Sample(key, parts) for key, parts in sorted(samples.items()))


def write(samples: Iterable[Sample], folder: Path, size: int) -> list[Shard]:
    """Pack samples into a new folder, which is there whole or not at all.

    Parameters: samples; folder, absent or empty; size, of a shard at most, in bytes; a sample that is larger has a
    shard of its own.
    Raises: UsageError, there are no samples, or a key or an ending cannot be used or stands twice; FileError, a file
    cannot be read or written, or the folder is not empty.
    """
    splits: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in _checked(samples):
        splits[sample.split or "shard"].append(sample)
    if not splits:
        raise UsageError("there is nothing to pack")
    shards: list[Shard] = []
    with _appearing(folder) as place:
        for name, of_split in splits.items():
            written = [_packed(place / f"{name}-{i:06}.tar", each) for i, each in enumerate(_batches(of_split, size))]
            (place / f"{name}.json").write_text(_index(written), encoding="utf-8")
            shards += written
        indices = {place / f"{name}.json": sums.digest(place / f"{name}.json") for name in splits}
        sums.write(place, indices | {place / shard.name: shard.digest for shard in shards})
    return shards


def read(place: Path, *, verify: bool = True) -> Iterator[Sample]:
    """The samples of a shard, or of all shards of a folder in the order of their names, with their contents.

    Parameters: place; verify, that a shard has the checksum that is stated beside it, before it is read.
    Raises: FileError, a shard cannot be read, is damaged, or there is none in the folder.
    """
    paths = sorted(place.glob("*.tar")) if place.is_dir() else [place]
    if not paths:
        raise FileError(f"there is no shard (.tar) in {place}")
    for path in paths:
        if verify:
            _verify(path)
        yield from _unpacked(path)


def _checked(samples: Iterable[Sample]) -> Iterator[Sample]:
    seen: set[str] = set()
    for sample in samples:
        if not {"", ".", ".."}.isdisjoint(sample.key.split("/")) or _STRANGE.search(sample.key):
            raise UsageError(f"a key must be a relative path without strange signs; got {quoted(sample.key)}")
        if sample.split not in {"", *SPLITS}:
            raise UsageError(f"a split must be one of {', '.join(SPLITS)}; {quoted(sample.key)} has {sample.split!r}")
        if sample.key in seen:
            raise UsageError(f"keys must differ; {quoted(sample.key)} stands twice")
        wrong = [ending for ending in sample.parts if not _ENDING.fullmatch(ending)]
        if wrong or not sample.parts:
            raise UsageError(f"endings must be small letters, digits and _; {quoted(sample.key)} has {wrong or 'none'}")
        seen.add(sample.key)
        yield sample


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A folder that takes the place of an absent or empty one when the block succeeds, and else is removed."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileError(f"{folder} must be a new or an empty folder")
    target = folder.resolve()
    beside = target.with_name(f".kelly-{secrets.token_hex(6)}")
    try:
        beside.mkdir(parents=True)
        yield beside
        if target.exists():
            target.rmdir()
        beside.replace(target)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _batches(samples: Sequence[Sample], size: int) -> Iterator[list[list[Member]]]:
    """The files of samples, as many samples together as fit into a shard."""
    batch: list[list[Member]] = []
    filled = 0
    for sample in shown(iter(samples), "packing", len(samples)):
        members = [_member(sample, ending, content) for ending, content in sorted(sample.parts.items())]
        room = sum(map(_room, members))
        if batch and _total(filled + room) > size:
            yield batch
            batch, filled = [], 0
        batch.append(members)
        filled += room
    yield batch


def _member(sample: Sample, ending: str, content: bytes | Path) -> Member:
    head, slash, base = sample.key.rpartition("/")
    info = tarfile.TarInfo(head + slash + re.sub(r"[%.]", lambda sign: _CODES[sign[0]], base) + f".{ending}")
    info.size = _size(content) if isinstance(content, Path) else len(content)
    return info, content


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error


def _room(member: Member) -> int:
    """The bytes that a file takes in a tar: its head and its content, in blocks."""
    info, _ = member
    return len(info.tobuf(tarfile.PAX_FORMAT)) + -(-info.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _total(filled: int) -> int:
    """The bytes of a tar with its end: two empty blocks, in whole records."""
    return -(-(filled + 2 * tarfile.BLOCKSIZE) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE


def _packed(path: Path, batch: Sequence[Sequence[Member]]) -> Shard:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in (member for members in batch for member in members):
            _add(tar, info, content)
    return Shard(path.name, len(batch), path.stat().st_size, sums.digest(path))


def _add(tar: tarfile.TarFile, info: tarfile.TarInfo, content: bytes | Path) -> None:
    if isinstance(content, bytes):
        tar.addfile(info, io.BytesIO(content))
        return
    try:
        source = content.open("rb")
    except OSError as error:
        raise FileError(f"cannot read {content}: {error.strerror}") from error
    with source:
        tar.addfile(info, source)


def _index(shards: Iterable[Shard]) -> str:
    rows = [{"url": one.name, "nsamples": one.samples, "filesize": one.size, "sha256": one.digest} for one in shards]
    return json.dumps({"__kind__": "wids-shard-index-v1", "wids_version": 1, "shardlist": rows}, indent=2) + "\n"


def _verify(path: Path) -> None:
    if not (path.parent / sums.NAME).exists():
        return
    stated = sums.read(path.parent).get(path)
    if stated not in {None, sums.digest(path)}:
        raise FileError(f"{path} is damaged: it has another checksum than {sums.NAME} states")


def _unpacked(path: Path) -> Iterator[Sample]:
    key = ""
    parts: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for name, content in _files(tar):
                found = _NAME.fullmatch(name)
                if found is None:  # webdataset passes over such files too
                    continue
                if found[1] != key and parts:
                    yield _sample(path, key, parts)
                    parts = {}
                key = found[1]
                parts[found[2].lower()] = content
    except (tarfile.TarError, OSError, EOFError) as error:
        raise FileError(f"cannot read {path}: {error}") from error
    if parts:
        yield _sample(path, key, parts)


def _files(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in tar:
        # A sparse file can claim any size.
        file = tar.extractfile(member) if member.isreg() and not member.issparse() else None
        if file is not None:
            yield member.name, file.read()


def _sample(path: Path, key: str, parts: Mapping[str, bytes]) -> Sample:
    split = path.name.partition("-")[0]
    head, slash, base = key.rpartition("/")
    plain = re.sub("%2[5E]", lambda code: {"%25": "%", "%2E": "."}[code[0]], base)
    return Sample(head + slash + plain, parts, split if split in SPLITS else "")
