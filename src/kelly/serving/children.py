"""Children: programs that the service starts, how they are told from other processes, and how they are ended.

Conventions: a program is started from a list of arguments, never by a shell; in a session of its own, after all else on
the machine, without input and without the service's token. What a process is told by is its id together with the boot
and the time of its start, since an id alone may be another's by now; where the system has no /proc nobody can tell, and
a process that is not our own child counts as gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from anyio import CapacityLimiter, WouldBlock, create_task_group, fail_after, open_process
from anyio.abc import ByteReceiveStream, Process

from kelly.serving.problems import RefusedError
from kelly.serving.work import OverlongError

__all__ = ["Children", "Identity", "Said", "alive", "begun", "ended", "identity"]

NICE = 10  # how far after the service
MOST = 16 * 2**20  # bytes of an answer
_TOKEN = "KELLY_TOKEN"  # noqa: S105 - the name of the variable, not what it holds
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a process is told by: its id; mark, its boot and start ("": the system does not tell)."""

    pid: int
    mark: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said: its exit code, and what it wrote."""

    code: int
    output: bytes
    errors: bytes


def begun(command: Sequence[str], log: BinaryIO) -> subprocess.Popen[bytes]:
    """A program that was started. Parameters: command; log, where all goes that it writes. Raises: OSError."""
    child = subprocess.Popen(  # noqa: S603 - a list of arguments that were checked
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_surroundings(), start_new_session=True
    )
    _lowered(child.pid)
    return child


def identity(pid: int) -> Identity:
    """What a process is told by from now on."""
    return Identity(pid, _mark(pid))


def alive(one: Identity) -> bool:
    """Whether that very process runs still."""
    return bool(one.mark) and _mark(one.pid) == one.mark


def ended(one: Identity, *, at_once: bool = False, own: bool = False) -> None:
    """Tell a child to end (SIGTERM).

    Parameters: one; at_once, end it now with whatever it started; own, it is our own child and its end was not asked
    for yet, so that its id is no other's. What is not, and cannot be told from others, is left alone.
    """
    if not own and not alive(one):
        return
    with suppress(ProcessLookupError, PermissionError):
        if at_once and hasattr(os, "killpg"):
            os.killpg(one.pid, signal.SIGKILL)  # it leads its group
        else:
            os.kill(one.pid, signal.SIGTERM)


class Children:
    """Programs that answer and end. Parameters: most, how many run at the same time."""

    def __init__(self, most: int) -> None:
        self._limiter = CapacityLimiter(most)

    async def answer(self, command: Sequence[str], seconds: float) -> Said:
        """What a program says.

        Raises: RefusedError, others run already (429), it cannot be started (503) or says too much (422);
        OverlongError, it took more than so many seconds.
        """
        me = object()
        try:
            self._limiter.acquire_on_behalf_of_nowait(me)
        except WouldBlock as error:
            raise RefusedError(429, "another one runs already", again=30) from error
        try:
            return await _answered(command, seconds)
        finally:
            self._limiter.release_on_behalf_of(me)


async def _answered(command: Sequence[str], seconds: float) -> Said:
    try:
        child = await open_process(command, stdin=subprocess.DEVNULL, env=_surroundings(), start_new_session=True)
    except OSError as error:
        raise RefusedError(503, "the program that does this cannot be started") from error
    _lowered(child.pid)
    try:
        with fail_after(seconds):
            return await _said(child)
    except TimeoutError as error:
        raise OverlongError(504, f"it took longer than {seconds:g} seconds") from error
    finally:
        if child.returncode is None:
            ended(Identity(child.pid, ""), at_once=True, own=True)
        await child.aclose()


async def _said(child: Process) -> Said:
    """All that a child says until its end."""
    output, errors = bytearray(), bytearray()
    async with create_task_group() as group:
        for stream, to in ((child.stdout, output), (child.stderr, errors)):
            if stream is not None:
                group.start_soon(_read, stream, to)
    if max(len(output), len(errors)) > MOST:
        raise RefusedError(422, f"what there is to say of it is more than {MOST:,} bytes")
    return Said(await child.wait(), bytes(output), bytes(errors))


async def _read(stream: ByteReceiveStream, to: bytearray) -> None:
    """Read to the end, and keep what is not too much."""
    async for piece in stream:
        to += piece[: MOST + 1 - len(to)]


def _surroundings() -> dict[str, str]:
    """The variables of the service but for its token."""
    return {name: value for name, value in os.environ.items() if name != _TOKEN}


def _lowered(pid: int) -> None:
    with suppress(AttributeError, OSError):  # Windows has none; and it may have ended by now
        os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid) + NICE)


def _mark(pid: int) -> str:
    """The boot and the start of a process; "" of one that has ended, or where the system does not tell."""
    try:
        told = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    fields = told.rpartition(")")[
        2
    ].split()  # after the name, which may hold anything: state is the 3rd, start the 22nd
    return "" if fields[0] in {"Z", "X"} else f"{boot} {fields[19]}"
