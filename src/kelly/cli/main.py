"""The command `kelly`: parse, call the package, print.

Conventions: what was asked for goes to standard output, progress and notes to standard error. The exit code is 0 when
all is well, 2 when the command was used wrongly, 1 when something failed; then there is one line on standard error and
no half-written file. Commands import what they need when they run, so that `kelly --help` is quick.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, NoReturn

import typer

from kelly._version import __version__
from kelly.cli import (
    backups,
    corpora,
    doctor,
    feelings,
    improvising,
    listening,
    reperforming,
    scores,
    serving,
    songs,
    workbench,
)
from kelly.errors import KellyError, UsageError

__all__ = ["app", "main", "run"]

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
WITH_TEXT = ("feel", "compose", "reperform")

app = typer.Typer(
    name="kelly",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    feelings,
    listening,
    songs,
    scores,
    reperforming,
    improvising,
    workbench,
    corpora,
    serving,
    backups,
    doctor,
):
    module.register(app)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.", is_eager=True)] = False,
    debug: Annotated[  # noqa: ARG001 - `main` looks for it itself: an error may come before this function runs
        bool, typer.Option("--debug", help="Show where an unexpected error comes from.")
    ] = False,
) -> None:
    """Say what you feel; Kelly turns it into a multi-track song that carries that feeling."""
    if version:
        typer.echo(f"kelly {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run() -> None:
    """Console entry: run the command line and end the process with its exit code.

    A terminal that closes and a polite request to end leave no half-written file either.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup stays in force
            signal.signal(number, _ended)
    sys.exit(main(sys.argv[1:]))


def _ended(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def main(arguments: Sequence[str]) -> int:
    """Run `kelly` with its arguments (without the program's name) and give the exit code; nothing is raised."""
    for stream in (sys.stdout, sys.stderr):
        # What a terminal cannot show is escaped: a name in a strange alphabet is no reason to fail.
        with suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # pipes and terminals have it
    # Where matplotlib keeps its caches is its own affair.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        return _answered(arguments)
    except BrokenPipeError:
        # The reader has gone (`kelly emotions | head`); Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _answered(arguments: Sequence[str]) -> int:
    try:
        code = app(list(arguments), prog_name="kelly", standalone_mode=False)
        if sys.stdout is not None:  # it was closed before the start
            sys.stdout.flush()
    except KellyError as error:
        return _refused(str(error), 2 if isinstance(error, UsageError) else 1)
    except typer.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        # Files have errors of their own, so this comes from standard output: a full disk behind ">".
        return _refused(f"cannot write to standard output: {error.strerror}", 1)
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, a user gets one line
        return _unexpected(error, debug="--debug" in arguments)
    return code if isinstance(code, int) else 0


def _unexpected(error: Exception, *, debug: bool) -> int:
    """Typer's own complaints about the command line, and mistakes of ours."""
    complaint = getattr(error, "format_message", None)
    if complaint is not None:
        return _refused(_plain(complaint()) + _addition(error), int(getattr(error, "exit_code", 2)))
    if debug:
        traceback.print_exc()
    return _refused(f"unexpected {type(error).__name__}: {error} (kelly --debug ... shows where it comes from)", 1)


def _plain(complaint: str) -> str:
    """A complaint of typer's in the form of Kelly's own."""
    text = complaint.strip().removesuffix(".").replace("Input should be", "it should be").partition(", unable")[0]
    if "(Possible options: " in text:
        text = text.replace("(Possible options: ", "(did you mean ").removesuffix(")") + "?)"
    text = re.sub(r"\. Did you mean '(\w+)'\?", r" (did you mean \1?)", text)
    return text[:1].lower() + text[1:]


def _addition(error: Exception) -> str:
    """What typer's complaint does not say: what was got, or what is allowed."""
    text = str(error)
    context = getattr(error, "ctx", None)
    command = getattr(context, "info_name", None)
    found = getattr(error.__cause__, "errors", None)  # the validator's, which knows the value
    if found is not None:
        return f"; got {found()[0]['input']!r}"
    if text.startswith("Got unexpected extra argument") and command in WITH_TEXT:
        return "; put a text of several words in quotes"
    if text.startswith("No such command") and "mean" not in text:
        spoken = " " in text.removeprefix("No such command ")
        known = ", ".join(getattr(getattr(context, "command", None), "commands", ()))
        return "; put feel or compose before a text" if spoken else f"; commands are {known}"
    return ""


def _refused(reason: str, code: int) -> int:
    with suppress(OSError):  # nobody to tell: the exit code says it
        typer.echo("kelly: " + " ".join(reason.split()), err=True)
    return code
