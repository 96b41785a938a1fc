"""Renderings: a song as sound, picture or printed notes, made when it is first asked for and kept for a while.

Conventions: a rendering is a file named after its song, and after what it was made from, so that it is never out of
date. It goes with its song: at once where that is deleted, and within a minute where another replica was told to. When
all together are larger than they may be, those that were not asked for longest go. The folder is its owner's alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from kelly.serving import tasks
from kelly.serving.requests import key_of
from kelly.serving.store import songs
from kelly.serving.store.songs import Song
from kelly.serving.store.store import Store
from kelly.serving.work import Crew

__all__ = ["FORMS", "Renderings"]

FORMS = {
    "wav": ("wav", "audio/wav"),
    "svg": ("svg", "image/svg+xml"),
    "musicxml": ("musicxml", "application/vnd.recordare.musicxml+xml"),
    "stems": ("zip", "application/zip"),
    "notes": ("json", "application/json"),
}

_TIDY = 60.0  # seconds between two times of tidying
_FRESH = 10.0  # seconds in which a file stays that was asked for: it is about to be opened, or still written
_LOG = logging.getLogger("kelly.serving")


@dataclass(frozen=True, slots=True)
class _File:
    """A file in the folder: used, when it was asked for or written last; size, bytes."""

    path: Path
    used: float
    size: int

    @property
    def song(self) -> str:
        """The id of its song; empty of what a worker still writes, or was ended in."""
        return self.path.name.partition("-")[0] if self.path.name[0] != "." else ""


class Renderings:
    """A folder of renderings. Parameters: folder; most, bytes; crew, who makes them; seconds, which each may take."""

    def __init__(self, folder: Path, most: int, crew: Crew, seconds: float) -> None:
        self._folder, self._most, self._crew, self._seconds = folder, most, crew, seconds
        self._locks: dict[str, anyio.Lock] = {}

    async def of(self, song: Song, form: str, origin: Song | None = None) -> Path:
        """A song in one of `FORMS`; its notes with the sections of another, which it was made of.

        Raises: as `Crew.run` and the rendering do.
        """
        suffix, _ = FORMS[form]
        parts = [song.midi] if origin is None else [song.midi, origin.midi]
        name = f"{song.id}-{key_of(*(hashlib.sha256(midi).hexdigest() for midi in parts), form)}.{suffix}"
        path = self._folder / name
        lock = self._locks.setdefault(name, anyio.Lock())
        try:
            async with lock:  # who asks for the same at the same time waits for the first
                if not await to_thread.run_sync(_used, path):
                    await to_thread.run_sync(self._made)
                    await self._written(song, form, path, origin)
                    await to_thread.run_sync(self._shrunk)
        finally:
            if not lock.locked():
                self._locks.pop(name, None)
        return path

    async def _written(self, song: Song, form: str, path: Path, origin: Song | None) -> None:
        if origin is None:
            await self._crew.run(self._seconds, tasks.rendered, song.midi, form, str(path))
        else:
            await self._crew.run(self._seconds, tasks.noted, song.midi, origin.midi, str(path))

    async def forget(self, song: str) -> None:
        """Remove the renderings of a song. Parameters: song, its id."""
        files = await to_thread.run_sync(self._files)
        await to_thread.run_sync(_removed, [file for file in files if file.song == song])

    async def watch(self, store: Store) -> None:
        """Tidy once a minute, until it is cancelled."""
        while True:
            try:
                await self.tidy(store)
            except (SQLAlchemyError, OSError) as error:
                _LOG.warning("renderings cannot be tidied", exc_info=error)
            await anyio.sleep(_TIDY)

    async def tidy(self, store: Store) -> None:
        """Remove what belongs to no song of the store, what workers left who were ended, and what is too much."""
        files = await to_thread.run_sync(self._files)
        gone = await store.read(songs.gone, {file.song for file in files if file.song})
        since = time.time() - self._seconds - _FRESH  # a worker that writes longer has been ended
        await to_thread.run_sync(_removed, [f for f in files if f.song in gone or (not f.song and f.used < since)])
        await to_thread.run_sync(self._shrunk)

    def _made(self) -> None:
        self._folder.mkdir(0o700, parents=True, exist_ok=True)

    def _shrunk(self) -> None:
        """Remove what was not asked for longest, until the rest is small enough."""
        files = sorted(self._files(), key=lambda file: file.used)
        size = sum(file.size for file in files)
        for file in files:
            if size <= self._most or file.used > time.time() - _FRESH:
                return
            size -= file.size
            _removed([file])

    def _files(self) -> list[_File]:
        """What is in the folder; files come and go meanwhile."""
        found = []
        with suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                with suppress(FileNotFoundError):
                    told = path.stat()
                    if stat.S_ISREG(told.st_mode):
                        found.append(_File(path, max(told.st_atime, told.st_mtime), told.st_size))
        return found


def _removed(files: Iterable[_File]) -> None:
    for file in files:
        file.path.unlink(missing_ok=True)


def _used(path: Path) -> bool:
    """Whether a file is there, which is then the latest that was asked for; it is not changed by that."""
    try:
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    except FileNotFoundError:
        return False
    return True
