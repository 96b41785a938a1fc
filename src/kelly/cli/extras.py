"""Extras: what to install where a command needs more than Kelly alone."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from kelly.errors import KellyError

__all__ = ["INSTALL", "extra"]

INSTALL = "pip install torch==2.13.0, then pip install 'kelly-music[train]'"


@contextmanager
def extra() -> Iterator[None]:
    """One line instead of a stack trace where the extra `train` is not installed; its libraries keep to themselves.

    Raises: KellyError, a library is missing.
    """
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", module=r"lightning\.")
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "kelly":
            raise
        raise KellyError(f"this command needs the extra `train` ({error.name} is missing): {INSTALL}") from error
