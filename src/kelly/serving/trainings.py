"""Trainings: `kelly train` as child processes of the service, each in the folder of a run of its own.

Conventions: a training is what its folder (`logbook`) and its process say, whichever service is asked; so it goes on
while a service that was killed is started anew, which then watches it. One that left weights is done; one that left
none has failed where somebody watched it end by itself, and is stopped where nobody did. What is told to end and does
not is killed after `grace` seconds. A service that ends, ends the trainings that it watches; each can go on later from
its last whole epoch.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

import anyio
from anyio import to_thread

from kelly.errors import FileError
from kelly.files import make_folder
from kelly.serving import runs
from kelly.serving.children import Identity, alive, begun, ended, identity
from kelly.serving.logbook import (
    ASKED,
    ENDED,
    LOG,
    STOPPING,
    Asked,
    Process,
    Training,
    arguments,
    ask,
    asked_in,
    ended_as,
    finished,
    process_in,
    rows_in,
    seconds_in,
    started,
    training_in,
)
from kelly.serving.paths import without
from kelly.serving.problems import RefusedError
from kelly.serving.store.tables import new_id

__all__ = ["Training", "Trainings"]

_GLANCE = 0.3  # seconds between two looks at the children
_NOTES = logging.getLogger("kelly.serving")


@dataclass(slots=True)
class _Held:
    """A process that this service watches; own, if it is its child; until, when it is killed (monotonic clock)."""

    child: Identity
    own: subprocess.Popen[bytes] | None = None
    until: float | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return not alive(self.child) if self.own is None else self.own.poll() is not None


class Trainings:
    """The trainings in a folder.

    Parameters: folder; command, that starts `kelly`; most, how many run at the same time; grace, seconds that one may
    take to end.
    """

    def __init__(self, folder: Path, command: Sequence[str], most: int, grace: float) -> None:
        self.folder = folder
        self._command, self._most, self._grace = tuple(command), most, grace
        self._me = identity(os.getpid())
        self._held: dict[str, _Held] = {}
        self._lock = RLock()
        self._ending = False

    def begin(self, asked: Mapping[str, Any], name: str | None = None) -> Training:
        """Begin a training.

        Parameters: asked, as `schemas.workbench.TrainingQuestion` has it; name, its id (None: a new one), which is
        begun once.
        Raises: RefusedError, so many run already (429), or nothing can be written or started (503).
        """
        name = name or new_id()
        place = self.folder / name
        with self._lock:
            if (there := self.found(name)) is not None:
                return there
            self._room()
            try:
                make_folder(place)
                ask(place, asked)
                self._start(place, asked_in(place))
            except (FileError, OSError) as error:
                if not (place / runs.SETTINGS).exists():  # what was learned is never thrown away
                    shutil.rmtree(place, ignore_errors=True)
                raise _unable(error) from error
            return self._known(name)

    def go_on(self, name: str) -> Training:
        """Let a training that ended early go on. Raises: RefusedError, as `begin`; there is none (404), it runs or is
        done (409).
        """
        with self._lock:
            told = self._known(name)
            if told.state in {"running", "done"}:
                raise RefusedError(409, f"the training is {told.state}: only one that stopped or failed can go on")
            self._room()
            try:
                self._start(self.folder / name, asked_in(self.folder / name))
            except (FileError, OSError) as error:
                raise _unable(error) from error
            return self._known(name)

    def stop(self, name: str) -> Training:
        """Tell a training to end. Raises: RefusedError, there is none (404), or it has ended (409)."""
        with self._lock:
            if (told := self._known(name)).state != "running":
                raise RefusedError(409, f"the training has ended already: it is {told.state}")
            if (process := process_in(self.folder / name)) is not None:
                self._dismiss(name, self._held.setdefault(name, _Held(process.child)))
            return self._known(name)

    def found(self, name: str) -> Training | None:
        """The training of an id."""
        with self._lock:
            asked = asked_in(self.folder / name)
            return None if asked is None else self._told(self.folder / name, asked)

    def page(self, limit: int, before: tuple[float, str] | None = None) -> list[Training]:
        """So many trainings before a place (created, id), the newest first."""
        with self._lock:
            aged = {(asked.created, place.name): asked for place in self._places() if (asked := asked_in(place))}
            newest = sorted((one for one in aged if before is None or one < before), reverse=True)[:limit]
            return [self._told(self.folder / one[1], aged[one], runs.FEW) for one in newest]

    def end(self) -> None:
        """Let all trainings that this service watches end; `watch` sees to it."""
        self._ending = True

    async def watch(self) -> None:
        """Watch over the trainings, those that a service left among them, until `end` and until all have ended."""
        await to_thread.run_sync(self._adopt)
        try:
            while self._held or not self._ending:
                if self._held:
                    await to_thread.run_sync(self.look)
                await anyio.sleep(_GLANCE)
        finally:
            for held in tuple(self._held.values()):
                ended(held.child, own=held.own is not None)

    def look(self) -> None:
        """Note what has ended, and end what should."""
        with self._lock:
            for name, held in tuple(self._held.items()):
                try:
                    self._look(name, held)
                except FileError as error:  # a disk is full for a while, or someone removed the folder
                    _NOTES.warning(
                        "a training's end cannot be noted", extra={"job": name, "reason": without()(str(error))}
                    )
                    if self._ending or not (self.folder / name).is_dir():
                        del self._held[name]

    def _look(self, name: str, held: _Held) -> None:
        if held.over:
            code = None if held.own is None else held.own.returncode
            if held.own is not None or not (self.folder / name / ENDED).exists():
                finished(self.folder / name, code, time.time(), seen=not self._ending)
            del self._held[name]
            told = ended_as(self.folder / name)
            _NOTES.info("job", extra={"job": name, "kind": "training", "outcome": told})
        elif held.until is None and self._ending:
            self._dismiss(name, held)
        elif held.until is not None and time.monotonic() > held.until:
            ended(held.child, at_once=True, own=held.own is not None)
            if self._ending and time.monotonic() > held.until + self._grace:  # the system does not let go of it
                del self._held[name]

    def _dismiss(self, name: str, held: _Held) -> None:
        """Tell a process to end, which gets some time for it."""
        held.until = held.until or time.monotonic() + self._grace
        with suppress(OSError):
            (self.folder / name / STOPPING).touch()
        ended(held.child, own=held.own is not None)

    def _adopt(self) -> None:
        """Watch what a service that is gone has left."""
        with self._lock:
            for place in self._places():
                process = process_in(place)
                if process is None or (place / ENDED).exists() or place.name in self._held or alive(process.keeper):
                    continue
                if alive(process.child):
                    self._held[place.name] = _Held(process.child)
                    continue
                with suppress(OSError):
                    finished(place, None, (place / LOG).stat().st_mtime, seen=False)

    def _start(self, place: Path, asked: Asked | None) -> None:
        """Start the process of a training. Raises: OSError."""
        if asked is None:
            raise FileError("what was asked for cannot be read")
        process = process_in(place)
        spent = 0.0 if process is None else seconds_in(place, process)
        for name in (ENDED, STOPPING):
            (place / name).unlink(missing_ok=True)
        with (place / LOG).open("ab") as log:
            child = begun((*self._command, *arguments(place, asked)), log)
        now = Process(identity(child.pid), self._me, time.time(), spent, len(rows_in(place)))
        try:
            started(place, now)
        except FileError:
            ended(now.child, at_once=True, own=True)
            child.wait()
            raise
        self._held[place.name] = _Held(now.child, child)

    def _room(self) -> None:
        """Raises: RefusedError, so many run already (429), or the service ends (503)."""
        if self._ending:
            raise RefusedError(503, "the service is about to end", again=5)
        running = sum(self._runs(place) for place in self._places())
        if running >= self._most:
            raise RefusedError(429, f"{running} of at most {self._most} trainings run already", again=60)

    def _runs(self, place: Path) -> bool:
        """Whether a training runs, or has just ended and whoever watches it is about to note how."""
        if (place / ENDED).exists():
            return False
        held, process = self._held.get(place.name), process_in(place)
        if held is not None and not held.over:
            return True
        return process is not None and (alive(process.child) or (process.keeper != self._me and alive(process.keeper)))

    def _known(self, name: str) -> Training:
        """The training of an id. Raises: RefusedError, there is none."""
        if (found := self.found(name)) is None:
            raise RefusedError(404, "there is no such training")
        return found

    def _places(self) -> list[Path]:
        with suppress(OSError):
            return [place for place in self.folder.iterdir() if (place / ASKED).exists()]
        return []

    def _told(self, place: Path, asked: Asked, points: int = runs.POINTS) -> Training:
        """A training as it stands, with so many rows of its curve."""
        if (held := self._held.get(place.name)) is not None and held.over:
            self.look()
        return training_in(place, asked, running=self._runs(place), points=points)


def _unable(error: OSError) -> RefusedError:
    _NOTES.warning("a training cannot be started", extra={"reason": without()(str(error))})
    return RefusedError(503, "the training cannot be started: its folder or its program is not as it should be")
