"""Settings of the service: where it keeps things, how much it takes on, and how much it takes in.

Conventions: sizes in bytes, times in seconds; the type of a limit says which. What is promised on the page about
security is what stands here, and a test holds the two against each other. As text a limit is a number with or without
its unit: 10MB, 64 MiB, 30s, 1,000.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints
from urllib.parse import quote

from kelly.errors import UsageError
from kelly.names import find, quoted

__all__ = ["Settings", "home", "limited", "limits", "shown"]

KIB = 2**10
MIB = 2**20
GIB = 2**30

Bytes = Annotated[int, "bytes"]
Seconds = Annotated[float, "seconds"]
Rate = Annotated[int, "bytes a second"]
Count = Annotated[int, "count"]

_UNITS: Mapping[str, Mapping[str, float]] = {
    "bytes": {"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": KIB, "mib": MIB, "gib": GIB},
    "seconds": {"": 1, "ms": 1e-3, "s": 1, "min": 60, "h": 3600},
    "count": {"": 1},
}
_MOST = {"bytes": 2.0**50, "seconds": 1e6, "count": 1e6}
_NUMBER = re.compile(r"([0-9][0-9,]{,30}(?:[.][0-9]{1,30})?)\s*([A-Za-z]{,3})", re.ASCII)


def home() -> Path:
    """Where the service keeps its store unless it is told another place: kelly in the user's folder for data."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "kelly"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service is started with.

    Parameters
    ----------
    folder : where the store, sounds that were rendered, and trainings lie.
    store : URL of the store; SQLite in the folder when empty.
    token : what a caller must show; nobody need show anything when empty.
    hosts : the names under which the service may be called; any when empty.
    local : whether it can be reached from this machine alone.
    workers : processes that compose, render and hear, at the same time.
    waiting : jobs that may wait.
    memory : what a worker may use, and file, the largest file that it may write.
    job, answer : how long a job, or what is answered at once, may take.
    body, upload : size of a request in JSON, and of one with a file.
    sound : length of a recording that is heard.
    pause, trickle : how long a body may pause, or an answer wait to be read; and how many bytes a second a body must
        bring, on the average after its first pause.
    head, idle : how long the head of a request may take, and how long a connection may be idle after an answer.
    headers, target : size of the head of a request, and of the URL in it.
    connections : how many there may be.
    requests : how many are answered at the same time; of these uploads bring files, and watchers follow jobs.
    live : how many listen live at the same time, and frames, size of what each sends at a time.
    quiet, session : how long who listens live may send nothing, and how long it may last.
    lag : how long a reading may wait for its turn; else the caller is told to come again.
    batch : most texts that are read together, and delay, how long the first may wait for another.
    cache : size of what was rendered.
    grace : how long running work may go on when the service is told to end.
    lease : after what time another replica takes up the jobs of one that was killed; up to two minutes.
    trainings : how many run at the same time, and check, how long a check of corpora may take.
    runs : further folders of runs that are told of.
    command : what starts `kelly` for a training or a check.
    """

    folder: Path = field(default_factory=home)
    store: str = ""
    token: str = ""
    hosts: tuple[str, ...] = ()
    local: bool = True
    workers: int = 2
    waiting: Count = 1000
    memory: Bytes = 4 * GIB
    file: Bytes = 2 * GIB
    job: Seconds = 600.0
    answer: Seconds = 60.0
    body: Bytes = MIB
    upload: Bytes = 64 * MIB
    sound: Seconds = 900.0
    pause: Seconds = 10.0
    trickle: Rate = 16 * KIB
    head: Seconds = 10.0
    idle: Seconds = 15.0
    headers: Bytes = 16 * KIB
    target: Bytes = 8 * KIB
    connections: Count = 1000
    requests: Count = 512
    uploads: Count = 16
    watchers: Count = 64
    live: Count = 16
    frames: Bytes = 64 * KIB
    quiet: Seconds = 30.0
    session: Seconds = 3600.0
    lag: Seconds = 0.055
    batch: Count = 1
    delay: Seconds = 0.0
    cache: Bytes = 2 * GIB
    grace: Seconds = 20.0
    lease: Seconds = 15.0
    trainings: Count = 1
    check: Seconds = 300.0
    runs: tuple[Path, ...] = ()
    command: tuple[str, ...] = (sys.executable, "-P", "-c", "from kelly.cli.main import run; run()")

    @property
    def url(self) -> str:
        """The store's URL."""
        return self.store or f"sqlite:///{quote(str(self.folder / 'kelly.db'))}"


def limits() -> dict[str, str]:
    """The limits by name, with their units: bytes, bytes a second, seconds or count.

    Examples
    --------
    >>> limits()["upload"], limits()["pause"], limits()["trickle"]
    ('bytes', 'seconds', 'bytes a second')
    """
    hints = get_type_hints(Settings, include_extras=True)
    return {name: str(get_args(kind)[1]) for name, kind in hints.items() if hasattr(kind, "__metadata__")}


def limited(settings: Settings, texts: Iterable[str]) -> Settings:
    """Settings with other limits.

    Parameters: settings; texts, each NAME=VALUE.
    Raises: UsageError, a name is not known, or a value is no number above zero with its unit.

    Examples
    --------
    >>> limited(Settings(), ["upload=10MB", "answer=2min"]).upload
    10000000
    """
    read: dict[str, Any] = dict(map(_read, texts))
    return replace(settings, **read)


def _read(text: str) -> tuple[str, int | float]:
    name, _, value = text.partition("=")
    units = limits()
    name = find(name.strip(), units, "limit")
    unit = "bytes" if units[name].startswith("bytes") else units[name]
    found = _NUMBER.fullmatch(value.strip().removesuffix("/s"))
    factor = _UNITS[unit].get(found[2].lower()) if found else None
    number = float(found[1].replace(",", "")) * factor if found and factor else math.nan
    if not 0 < number <= _MOST[unit] or (unit != "seconds" and number < 1):
        like = {"bytes": "10MB", "seconds": "30s", "count": "100"}[unit]
        raise UsageError(f"--limit takes a number above zero, such as {name}={like}; got {quoted(text)}")
    return name, number if unit == "seconds" else round(number)


def shown(unit: str, value: float) -> str:
    """A limit as people read it, and `limited` reads it back.

    Examples
    --------
    >>> shown("bytes", 64 * MIB), shown("bytes a second", 16 * KIB), shown("seconds", 0.06), shown("count", 1000)
    ('64 MiB', '16 KiB/s', '0.06 s', '1,000')
    """
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "seconds":
        return f"{value:,.3f}".rstrip("0").rstrip(".") + " s"
    whole, sizes = int(value), ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB"), (1, "B"))
    size, name = next((size, name) for size, name in sizes if not whole % size)
    return f"{whole // size:,} {name}{'/s' if unit.endswith('second') else ''}"
