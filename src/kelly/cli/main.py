"""The command `kelly`: parse, call the package, print.

Conventions: what was asked for goes to standard output, progress and notes to standard error. The exit code is 0 when
all is well, 2 when the command was used wrongly, 1 when something failed; then there is one line on standard error and
no half-written file. Commands import what they need when they run, so that `kelly --help` is quick.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from kelly._version import __version__
from kelly.cli import feelings, scores, songs
from kelly.errors import KellyError, UsageError

__all__ = ["app", "main", "run"]

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

app = typer.Typer(
    name="kelly",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (feelings, songs, scores):
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
    """Console entry: run the command line and end the process with its exit code."""
    sys.exit(main(sys.argv[1:]))


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
        sys.stdout.flush()
    except KellyError as error:
        return _refused(str(error), 2 if isinstance(error, UsageError) else 1)
    except typer.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, a user gets one line
        return _unexpected(error, debug="--debug" in arguments)
    return code if isinstance(code, int) else 0


def _unexpected(error: Exception, *, debug: bool) -> int:
    """Typer's own complaints about the command line, and mistakes of ours."""
    complaint = getattr(error, "format_message", None)
    if complaint is not None:
        return _refused(_plain(complaint()), int(getattr(error, "exit_code", 2)))
    if debug:
        traceback.print_exc()
    return _refused(f"unexpected {type(error).__name__}: {error} (kelly --debug ... shows where it comes from)", 1)


def _plain(complaint: str) -> str:
    """A complaint of typer's in the form of Kelly's own."""
    text = complaint.strip().removesuffix(".").replace("Input should be", "it should be").partition(", unable")[0]
    if "(Possible options: " in text:
        text = text.replace("(Possible options: ", "(did you mean ").removesuffix(")") + "?)"
    if text.startswith("Got unexpected extra argument"):
        text += "; put a text of several words in quotes"
    return text[:1].lower() + text[1:]


def _refused(reason: str, code: int) -> int:
    typer.echo("kelly: " + " ".join(reason.split()), err=True)
    return code
