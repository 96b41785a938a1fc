"""`kelly compose --musicxml`: the sheet music beside the song."""

import music21
import pytest

from kelly.composing.tables import parts

QUICK = ("compose", "--emotion", "hope", "--bars", 4, "-o", "song.mid")


def test_the_sheet_is_written_beside_the_song_and_named(kelly, tmp_path):
    done = kelly(*QUICK, "--musicxml", "song.musicxml")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-2:] == ["song.mid", "song.musicxml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["song.mid", "song.musicxml"]


def test_json_names_the_sheet_where_there_is_one(kelly):
    told = kelly(*QUICK, "--musicxml", "song.xml", "--json").json
    assert told["files"] == {"midi": "song.mid", "musicxml": "song.xml", "wav": None, "stems": {}}


def test_a_notation_program_opens_it_and_finds_the_song(kelly, tmp_path):
    told = kelly(*QUICK, "--musicxml", "song.musicxml", "--json").json
    sheet = music21.converter.parse(tmp_path / "song.musicxml", forceSource=True)
    assert sheet.metadata.title == told["title"]
    assert len(sheet.parts[0].getElementsByClass("Measure")) == 4
    chords = sheet.parts[0].recurse().getElementsByClass("ChordSymbol")
    assert len(chords) == len(told["sections"][0]["chords"])


def test_the_same_line_gives_the_same_sheet(kelly, tmp_path):
    for name in ("a", "b"):
        kelly(*QUICK, "--musicxml", f"{name}.musicxml", "-q")
    assert (tmp_path / "a.musicxml").read_bytes() == (tmp_path / "b.musicxml").read_bytes()


@pytest.mark.parametrize("name", ["song.pdf", "song", "song.mxl"])
def test_a_name_that_no_program_would_open_is_refused(kelly, tmp_path, name):
    done = kelly(*QUICK, "--musicxml", name)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"kelly: --musicxml takes a file ending in .musicxml or .xml; got '{name}'\n"
    assert list(tmp_path.iterdir()) == []


def test_where_the_sheet_cannot_be_written_there_is_no_song_either(kelly, tmp_path):
    done = kelly(*QUICK, "--musicxml", "none/song.musicxml")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_song_without_a_note_has_no_sheet(kelly, tmp_path):
    done = kelly(*QUICK, "--mute", ",".join(parts()), "--musicxml", "song.musicxml")
    assert (done.code, done.out) == (2, "")
    assert "no notes" in done.err
    assert list(tmp_path.iterdir()) == []
