"""The pages are true: every command and every piece of Python in them runs."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from kelly.cli.main import main
from kelly.score import midi
from kelly.score.notes import Note, Part, Score
from kelly.sound.audio import Audio

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
BLOCK = re.compile(r"^```(sh|python|yaml|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(kelly [a-z]+ [^`]*)`")
PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b|\[|\.\.\.")
SILENCE = Audio(np.zeros((2, 4410), dtype=np.float32), 44100)


def blocks(language):
    for page in PAGES:
        for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if kind == language:
                yield page.relative_to(ROOT).as_posix(), text


COMPOSED = ("explain", "show", "continue", "infill", "vary", "reperform")  # begin with a song of Kelly's


def commands():
    """Every command line of the pages: those in blocks, and those in running text that name no placeholder."""
    for page, text in blocks("sh"):
        yield from ((page, line.partition(" # ")[0]) for line in text.splitlines() if line.startswith("kelly "))
    for page in PAGES:
        found = INLINE.findall(page.read_text(encoding="utf-8"))
        yield from ((page.relative_to(ROOT).as_posix(), line) for line in found if not PLACEHOLDER.search(line))


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """A folder with what the pages take for granted; sound, which takes seconds, is a moment of silence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kelly.composing.sounding.render", lambda *_, **__: SILENCE)
    monkeypatch.setattr(
        "kelly.composing.sounding.each_stem", lambda score, **_: ((p.name, SILENCE) for p in score.parts if p.notes)
    )
    (tmp_path / "songs").mkdir()
    for name in ("song.mid", "songs/song.mid"):
        midi.write(Score((Part("Piano", 0, 0, (Note(0.0, 1.0, 60, 90),)),)), tmp_path / name)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_a_command_of_the_pages_runs(page, line, capsys):
    for suffix, kind in (("yaml", "yaml"), ("txt", "text")):
        for where, text in blocks(kind):
            if where == page:  # a page shows one file of a kind, which its commands name
                named = re.search(rf"\S+\.{suffix}", line)
                Path(named[0] if named else f"shown.{suffix}").write_text(text, encoding="utf-8")
    if line.split()[1] in COMPOSED:
        assert main(["compose", "so sad", "--bars", "4", "-o", shlex.split(line)[2], "-q"]) == 0
    assert main(shlex.split(line)[1:]) == 0, f"{page}: {capsys.readouterr().err}"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("page", sorted({page for page, _ in blocks("python")}))
def test_the_python_of_a_page_runs_from_top_to_bottom(page):
    code = "\n".join(text for where, text in blocks("python") if where == page)
    exec(compile(code, page, "exec"), {})  # noqa: S102 - the pages are ours


@pytest.mark.parametrize(
    "command",
    [
        *("feel", "listen", "emotions", "compose", "demo", "render", "explain", "show"),
        *("reperform", "continue", "infill", "vary", "accompany"),
        *("models", "train", "tune", "label", "evaluate", "export", "doctor"),
        *("studio", "serve", "backup", "restore"),
    ],
)
def test_every_option_of_a_command_is_on_the_page_of_the_command_line(command, capsys):
    page = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    assert f"## kelly {command}\n" in page
    main([command, "--help"])
    options = re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)
    assert [option for option in options if option not in page] == []
