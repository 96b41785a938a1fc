"""Machine: what this one has to work with: memory, graphics cards and how these are linked.

Conventions: memory in bytes. Cards are told by torch where it is installed and sees some, else by `nvidia-smi`; a card
that torch does not see cannot be trained on. Links are named as by `nvidia-smi topo -m` ("NV18" 18 NVLinks, "PIX" one
PCIe switch, "SYS" through both processors), or, where torch alone tells, "peer" and "host" (through its memory).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import Any

__all__ = ["Card", "Link", "cards", "links", "memory"]

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container
PATIENCE = 20  # seconds for nvidia-smi
_QUERY = "--query-gpu=name,memory.total,compute_cap"
_TROUBLE = (ImportError, OSError, RuntimeError, AssertionError, AttributeError, ValueError)  # of a broken driver


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card: name, memory (None: shared with the processor), compute capability ("9.0"), seen by torch."""

    name: str
    memory: int | None
    capability: str
    usable: bool


@dataclass(frozen=True, slots=True)
class Link:
    """How two cards, by their numbers, reach each other."""

    first: int
    second: int
    kind: str


def memory() -> int | None:
    """The memory that this process may use; None where the system does not tell."""
    with suppress(AttributeError, OSError, ValueError):
        return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits()])
    return None


def _limits() -> list[int]:
    limits = []
    for name in LIMITS:
        with suppress(OSError, ValueError):  # absent, or "max"
            limits.append(int(Path(name).read_text(encoding="ascii")))
    return limits


def cards() -> tuple[Card, ...]:
    """The graphics cards; none where there are none, or nothing can tell."""
    return _seen_by_torch() or _listed()


def links(count: int) -> tuple[Link, ...]:
    """How the first `count` cards are linked, pair by pair; nothing for one card, or where nothing can tell."""
    pairs = list(combinations(range(count), 2))
    kinds = _topology(_told("topo", "-m"), pairs) if pairs else {}
    return tuple(Link(*pair, kind) for pair in pairs if (kind := kinds.get(pair) or _reach(*pair)))


def _torch() -> Any:  # noqa: ANN401 - it need not be installed
    try:
        return import_module("torch")
    except _TROUBLE:
        return None


def _seen_by_torch() -> tuple[Card, ...]:
    torch = _torch()
    try:
        if torch.cuda.is_available():
            every = (torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count()))
            return tuple(Card(one.name, one.total_memory, f"{one.major}.{one.minor}", usable=True) for one in every)
        if torch.backends.mps.is_available():
            return (Card("Apple", None, "", usable=True),)
    except _TROUBLE:
        pass
    return ()


def _listed() -> tuple[Card, ...]:
    """The cards of `nvidia-smi`, memory in MiB."""
    rows = (line.rsplit(",", 2) for line in _told(_QUERY, "--format=csv,noheader,nounits").splitlines())
    return tuple(
        Card(row[0].strip(), int(row[1]) * 2**20 if row[1].strip().isdigit() else None, row[2].strip(), usable=False)
        for row in rows
        if len(row) == 3
    )


def _told(*arguments: str) -> str:
    """What nvidia-smi answers; nothing when it is not there or fails."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        return subprocess.run(  # noqa: S603 - a program of the system with arguments of ours
            [program, *arguments], capture_output=True, text=True, check=True, timeout=PATIENCE
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""


def _topology(table: str, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """The kinds of links in the table of `nvidia-smi topo -m`, whose rows and first columns are the cards."""
    plain = re.sub(r"\x1b\[\d*m", "", table)  # its head is underlined
    rows = {cells[0]: cells[1:] for line in plain.splitlines() if (cells := line.split())}
    found: dict[tuple[int, int], str] = {}
    for first, second in pairs:
        with suppress(IndexError, KeyError):
            found[first, second] = rows[f"GPU{first}"][second]
    return found


def _reach(first: int, second: int) -> str:
    torch = _torch()
    try:
        return "peer" if torch.cuda.can_device_access_peer(first, second) else "host"
    except _TROUBLE:
        return ""
