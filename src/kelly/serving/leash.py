"""Leash: a worker ends when the service that started it has gone, were it killed in the middle of a task."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

__all__ = ["PREFIX", "held"]

PREFIX = "kelly-"  # of the name of a task's folder

_GLANCE = 1.0  # seconds between two looks at whether the service is there


@cache
def held(parent: int) -> None:
    """Let this process end as soon as its parent is not this one any more. Parameters: parent, its process id."""
    threading.Thread(target=_watch, args=(parent,), name="kelly-leash", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_GLANCE)
    folder = Path(tempfile.tempdir or "")
    if folder.name.startswith(PREFIX):  # of the task, as `work` has set it; else it is everybody's
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)  # without a word to anybody: nobody listens
