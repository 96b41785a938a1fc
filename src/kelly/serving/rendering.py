"""Renderings: a song as sound, picture or printed notes, made when it is first asked for and kept for a while.

Conventions: a rendering is a file named after what it was made from, so that it is never out of date; when all together
are larger than they may be, those that were not asked for longest go.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import anyio
from anyio import to_thread

from kelly.files import make_folder
from kelly.serving import tasks
from kelly.serving.requests import key_of
from kelly.serving.work import Crew

__all__ = ["FORMS", "Renderings"]

FORMS = {
    "wav": ("wav", "audio/wav"),
    "svg": ("svg", "image/svg+xml"),
    "musicxml": ("musicxml", "application/vnd.recordare.musicxml+xml"),
    "stems": ("zip", "application/zip"),
}


class Renderings:
    """A folder of renderings. Parameters: folder; most, bytes; crew, who makes them; seconds, which each may take."""

    def __init__(self, folder: Path, most: int, crew: Crew, seconds: float) -> None:
        self._folder, self._most, self._crew, self._seconds = folder, most, crew, seconds
        self._locks: dict[str, anyio.Lock] = {}

    async def of(self, midi: bytes, form: str) -> Path:
        """A song in one of `FORMS`. Raises: as `Crew.run` and the rendering do."""
        suffix, _ = FORMS[form]
        name = key_of(hashlib.sha256(midi).hexdigest(), form)
        path = self._folder / f"{name}.{suffix}"
        lock = self._locks.setdefault(name, anyio.Lock())
        try:
            async with lock:  # who asks for the same at the same time waits for the first
                if not await to_thread.run_sync(_used, path):
                    await to_thread.run_sync(make_folder, self._folder)
                    await self._crew.run(self._seconds, tasks.rendered, midi, form, str(path))
                    await to_thread.run_sync(self._tidied, path)
        finally:
            if not lock.statistics().tasks_waiting:
                self._locks.pop(name, None)
        return path

    def _tidied(self, newest: Path) -> None:
        """Remove what was not asked for longest, until the rest is small enough."""
        files = sorted(self._folder.iterdir(), key=lambda file: file.stat().st_mtime)
        size = sum(file.stat().st_size for file in files)
        for file in files:
            if size <= self._most:
                return
            if file != newest:
                size -= file.stat().st_size
                file.unlink(missing_ok=True)


def _used(path: Path) -> bool:
    """Whether a file is there, which is then the latest that was asked for."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True
