"""Results: how the benchmarks print what they found, and keep it in their README.

Conventions: tables are Markdown. Hardware is named by its processor and cores, never by the name of the machine. A
README keeps its last result under the heading "Last result"; what stands above is written by hand.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["asked", "corpora", "hardware", "parsed", "publish", "table", "verdict"]

HEADING = "## Last result\n"


def hardware() -> str:
    """Processor, cores and Python version, in words."""
    name = "an unnamed processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers are printed with three significant places, the first column is text."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 20 else f"{value:.3f}"


def verdict(*, met: bool) -> str:
    """How a table says whether a promise was kept."""
    return "met" if met else "**missed**"


def asked(description: str | None, **numbers: int) -> argparse.ArgumentParser:
    """The options that benchmarks share: `--keep DATE`, and one for each of the numbers, with its default."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    for name, number in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--keep", metavar="DATE", help="write the result into the README under this date")
    return parser


def corpora(parser: argparse.ArgumentParser) -> None:
    """Have a benchmark ask for the folder of the corpora, `root`."""
    named = os.environ.get("KELLY_CORPORA")
    parser.add_argument("root", nargs="?", type=Path, default=named, help="the corpora; else KELLY_CORPORA names them")


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What was asked; where the corpora were not named, say so and end."""
    given = parser.parse_args()
    if given.root is None:
        print("not measured: name the folder of the corpora, or set KELLY_CORPORA")
        raise SystemExit
    return given


def publish(script: str, text: str, date: str | None) -> None:
    """Print a result; with a date, also put it into the README beside the benchmark's script."""
    print(text, flush=True)
    if date:
        _keep(script, text, date)


def _keep(script: str, text: str, date: str) -> None:
    """Replace the last result in the README beside a benchmark's script by `text`, under its date and hardware."""
    readme = Path(script).with_name("README.md")
    above = readme.read_text(encoding="utf-8").partition(HEADING)[0].rstrip()
    readme.write_text(f"{above}\n\n{HEADING}\n{date}, {hardware()}.\n\n{text}", encoding="utf-8")
