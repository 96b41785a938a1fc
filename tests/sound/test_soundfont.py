"""SoundFonts: which one plays, what is in it, and what happens when it is damaged."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import FileError, SoundError
from kelly.sound import soundfont
from kelly.sound.sampler import Stroke, perform
from kelly.sound.sf2 import DRUM_BANK, SoundFont
from kelly.sound.soundfont import find

HEAD = b"RIFF\0\0\0\0sfbk"


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch, tmp_path):
    """No variable set and no folder with fonts but one of the test's own."""
    monkeypatch.delenv(soundfont.VARIABLE, raising=False)
    monkeypatch.setattr(soundfont, "FOLDERS", (str(tmp_path / "fonts"),))
    (tmp_path / "fonts").mkdir()


def put(folder, name, size=0):
    path = folder / "fonts" / name
    path.write_bytes(HEAD + bytes(size))
    return path


def test_pip_alone_brings_a_font():
    assert find().name == "TimGM6mb.sf2"


def test_the_carrier_of_the_font_is_not_imported():
    code = "import sys; from kelly.sound.soundfont import find; find(); print('pretty_midi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_known_fonts_go_before_larger_ones_and_both_before_pips(tmp_path):
    put(tmp_path, "Small.sf2", 10)
    large = put(tmp_path, "Large.SF2", 1000)
    assert find() == large
    fluid = put(tmp_path, "FluidR3_GM.sf2")
    assert find() == fluid
    general = put(tmp_path, "GeneralUser GS v1.sf2")
    assert find() == general


def test_what_only_looks_like_a_font_is_passed_over(tmp_path):
    (tmp_path / "fonts" / "FluidR3.sf2").write_bytes(b"not a font")
    (tmp_path / "fonts" / "FluidR3b.sf2").mkdir()
    assert find().name == "TimGM6mb.sf2"


def test_the_variable_wins_over_folders_and_the_named_font_over_all(tmp_path, monkeypatch):
    put(tmp_path, "FluidR3.sf2")
    by_variable, named = tmp_path / "v.sf2", tmp_path / "n.sf2"
    for path in (by_variable, named):
        path.write_bytes(HEAD)
    monkeypatch.setenv(soundfont.VARIABLE, str(by_variable))
    assert find() == by_variable
    assert find(named) == named


def test_a_named_font_that_cannot_be_used_is_an_error_and_not_replaced(tmp_path, monkeypatch):
    with pytest.raises(FileError, match=r"none\.sf2"):
        find(tmp_path / "none.sf2")
    with pytest.raises(FileError):
        find(tmp_path)
    wave = tmp_path / "x.sf2"
    wave.write_bytes(b"RIFF\0\0\0\0WAVE")
    with pytest.raises(SoundError, match="not a SoundFont"):
        find(wave)
    monkeypatch.setenv(soundfont.VARIABLE, str(tmp_path / "gone.sf2"))
    with pytest.raises(FileError, match="gone"):
        find()


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.sf2")
    with pytest.raises(SoundError, match="not a SoundFont"):
        find(tmp_path / "pipe.sf2")


def test_every_general_midi_program_and_drum_sounds():
    font = SoundFont(find())
    for program in range(128):
        assert all(font.regions(0, program, key, 90) for key in range(0, 128, 4)), program
    assert all(font.regions(DRUM_BANK, 0, key, 90) for key in range(35, 82))


def test_an_unknown_kit_falls_back_to_the_standard_one():
    font = SoundFont(find())
    assert font.regions(DRUM_BANK, 119, 38, 90) == font.regions(DRUM_BANK, 0, 38, 90)


def test_the_farthest_keys_play_finite_sound():
    font = SoundFont(find())
    for program in range(0, 128, 9):
        strokes = [Stroke(0, 500, key, velocity) for key in (0, 1, 126, 127) for velocity in (1, 127)]
        assert np.all(np.isfinite(perform(font, (0, program), strokes, 1024, 44100)))


@pytest.mark.parametrize("keep", [0, 4, 12, 30, 2000, 5_990_000])
def test_a_font_that_is_cut_off_is_refused(tmp_path, keep):
    path = tmp_path / "cut.sf2"
    path.write_bytes(find().read_bytes()[:keep])
    with pytest.raises((SoundError, FileError)) as caught:
        SoundFont(path)
    assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=25)
@given(place=st.integers(0, 90_000), damage=st.binary(min_size=1, max_size=40), program=st.integers(0, 127))
def test_a_damaged_font_plays_or_is_refused(tmp_path_factory, place, damage, program):
    data = bytearray(find().read_bytes())
    tables = data.rindex(b"pdta") + place % (len(data) - data.rindex(b"pdta"))
    data[tables : tables + len(damage)] = damage
    path = tmp_path_factory.mktemp("damaged") / "x.sf2"
    path.write_bytes(data)
    try:
        wave = perform(SoundFont(path), (0, program), [Stroke(0, 2000, 60, 90)], 4096, 22050)
    except SoundError:
        return
    finally:
        path.unlink()
    assert np.all(np.isfinite(wave))
