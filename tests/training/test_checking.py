import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("snowballstemmer", reason="needs the extra `train`")

from kelly.cli.main import main
from kelly.errors import FileError, MissingCorpusError, UnknownNameError
from kelly.score import midi
from kelly.score.notes import Note, Part, Score
from kelly.training.data import sums
from kelly.training.data.checking import check, found
from small import asap, mirex_mood, pop909, ravdess, vgmidi
from small import emopia as small


@pytest.fixture
def place(tmp_path):
    """The folder of a small EMOPIA in which no two clips are alike."""
    place = small.write(tmp_path / "data")
    for number, path in enumerate(sorted((place / "midis").iterdir())):
        midi.write(Score((Part("piano", 0, notes=(Note(0.0, 1.0, 60 + number, 90),)),)), path)
    return place


@pytest.fixture
def only(place):
    """What is found of that corpus."""

    def checked(**options):
        (one,) = check(place, **options)
        return one

    return checked


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_whole_corpus_has_no_faults(only, place):
    one = only()
    assert one.faults == ()
    assert one.counts == {"train": 5, "dev": 2, "test": 1}
    assert one.groups == {"train": 3, "dev": 1, "test": 1}
    assert (one.name, one.folder, one.files, one.sums) == ("emopia", place, 8, "")


def test_other_counts_than_ours_are_a_remark(only):
    assert "train has 5 records; Kelly's models were made with 767" in only().remarks


def test_a_group_in_two_splits_is_named(only, place):
    rewrite(place / "split/val.csv", "Q3_ddd_0,Q3", "Q1_aaa_5,Q1")
    shutil.copy(place / "midis/Q3_ddd_0.mid", place / "midis/Q1_aaa_5.mid")
    assert only().faults == ("1 group (aaa) stands in more than one split",)


def test_at_most_three_of_many_groups_are_named(place):
    for path, split in (("split/val.csv", "val"), ("split/test.csv", "test")):
        text = (place / "split/train.csv").read_text()
        (place / path).write_text(text.replace("_0,", "_7,").replace("_1,", "_8,") if split == "val" else text)
    (one,) = check(place)
    assert any(fault.startswith("3 groups (aaa, b_b, c-c) stand") for fault in one.faults)


def test_an_id_that_stands_twice_is_named(monkeypatch, place):
    from kelly.training.data.corpora import emopia

    clips = list(emopia.load(place))
    monkeypatch.setattr(emopia, "load", lambda _: iter([*clips, clips[0]]))
    (one,) = check(place, ["emopia"])
    assert one.faults == ("1 id (aaa_0) stands more than once",)


def test_every_file_that_cannot_be_used_is_named(only, place):
    (place / "midis/Q1_aaa_0.mid").write_bytes(b"MThd")
    (place / "midis/Q1_aaa_1.mid").write_bytes(b"")
    (place / "midis/Q2_b_b_0.mid").unlink()
    faults = only().faults
    assert len(faults) == 3
    assert all(name in fault for name, fault in zip(("aaa_0", "aaa_1", "b_b_0"), faults, strict=True))
    assert faults[1].endswith("is empty")


@pytest.fixture
def unseen(monkeypatch):
    """Corpora of songs that nobody has listed, so that all are in one split."""
    monkeypatch.setattr("kelly.training.data.splits._table", dict)


def ruined(path):
    """Cut a file off in its middle, with a byte that no text ends with, and give its name."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] + b"\xff")
    return path.name


@pytest.mark.usefixtures("unseen")
@pytest.mark.parametrize(
    ("corpus", "name", "file"),
    [
        (asap, "asap", "Bach/Minuet/midi_score.mid"),
        (asap, "asap", "Bach/Minuet/midi_score_annotations.txt"),
        (asap, "asap", "Bach/Minuet/Shi05M_annotations.txt"),
        (mirex_mood, "mirex_mood", "features/logmel128_u8.npz"),
        (pop909, "pop909", "POP909/001/beat_midi.txt"),
        (pop909, "pop909", "POP909/001/chord_midi.txt"),
        (pop909, "pop909", "POP909/001/key_audio.txt"),
        (pop909, "pop909", "POP909-CL/POP909_processed/001.mid"),
        (vgmidi, "vgmidi", "bardo/phrases/split_2/Chases_Sleep_0.mid"),
    ],
)
def test_what_stands_beside_a_records_file_is_read_too(tmp_path, corpus, name, file):
    place = corpus.write(tmp_path)
    (one,) = check(tmp_path, [name])
    assert one.faults == ()
    ruined(place / file)
    (one,) = check(tmp_path, [name])
    assert one.faults
    assert all(Path(file).name in fault for fault in one.faults)


def test_a_side_file_of_several_records_is_told_once_and_hides_no_other(tmp_path):
    folder = asap.write(tmp_path) / "Bach/Minuet"
    names = {ruined(folder / name) for name in ("midi_score.mid", "Shi05M_annotations.txt", "HUAN_B01_annotations.txt")}
    (folder / "midi_score_annotations.txt").unlink()
    (one,) = check(tmp_path)
    assert len(one.faults) == 4
    assert all(any(name in fault for fault in one.faults) for name in (*names, "midi_score_annotations.txt"))
    assert check(tmp_path, workers=2) == [one]


@pytest.mark.usefixtures("unseen")
def test_one_damaged_spectrogram_is_named_by_its_clip(tmp_path):
    archive = mirex_mood.write(tmp_path) / "features/logmel128_u8.npz"
    with np.load(archive) as whole:
        np.savez_compressed(archive, **{name: whole[name][:64] if name == "002" else whole[name] for name in whole})
    (one,) = check(tmp_path)
    assert len(one.faults) == 1
    assert "002 must be uint8" in one.faults[0]


@pytest.mark.usefixtures("unseen")
def test_phrases_are_looked_at_and_not_counted(tmp_path):
    vgmidi.write(tmp_path)
    (one,) = check(tmp_path)
    assert (one.counts, one.files) == ({"test": 4}, 4 + 8)
    assert any("_1.mid" in remark and remark.endswith("without content") for remark in one.remarks)
    shutil.rmtree(tmp_path / "vgmidi/bardo")
    (one,) = check(tmp_path)
    assert (one.files, one.faults) == (4, ())


def test_files_without_notes_are_a_remark(only, place):
    midi.write(Score((Part("piano", 0),)), place / "midis/Q1_aaa_0.mid")
    assert "1 file (Q1_aaa_0.mid) stands there without content" in only().remarks
    assert only().faults == ()


def test_the_same_content_in_two_splits_is_named(only, place):
    shutil.copy(place / "midis/Q1_aaa_0.mid", place / "midis/Q4_eee_0.mid")
    assert only().faults == ("1 content (aaa_0 = eee_0) stands in more than one split",)


def test_a_wrong_label_is_a_fault(only, place):
    rewrite(place / "split/val.csv", "Q3_ddd_0,Q3", "Q3_ddd_0,Q5")
    (fault,) = only().faults
    assert "val.csv" in fault


def test_a_corpus_without_records_is_a_fault(place):
    for name in ("train", "val", "test"):
        (place / f"split/{name}.csv").write_text("fname,label\n")
    (one,) = check(place, ["emopia"])
    assert one.faults == ("there are no records in it",)


def test_workers_find_the_same(place):
    (place / "midis/Q1_aaa_0.mid").write_bytes(b"MThd")
    assert check(place, workers=2) == check(place)


def test_sums_are_written_verified_and_such_as_sha256sum_checks(only, place):
    assert only(write_sums=True).sums == "written"
    assert only().sums == "verified"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", sums.NAME], cwd=place, check=True)
    midi.write(Score((Part("piano", 0),)), place / "midis/Q1_aaa_0.mid")
    (place / "split/test.csv").unlink()
    missing, changed = only().faults
    assert only().sums == "wrong"
    assert "test.csv" in missing
    assert "Q1_aaa_0.mid has another checksum" in changed


def test_files_without_a_sum_are_a_remark(only, place):
    only(write_sums=True)
    rewrite(place / sums.NAME, "midis/Q1_aaa_0.mid", "split/val.csv")
    assert any(remark.startswith("1 file (Q1_aaa_0.mid)") for remark in only().remarks)


def test_sums_of_a_faulty_corpus_are_not_written(only, place):
    (place / "midis/Q1_aaa_0.mid").write_bytes(b"")
    assert only(write_sums=True).sums == ""
    assert not (place / sums.NAME).exists()


def test_sums_leave_the_files_of_other_corpora_alone(place):
    ravdess.write(place.parent)
    check(place.parent, ["ravdess"], write_sums=True)
    assert {path.parts[-3] for path in sums.read(place.parent)} == {"ravdess_speech", "ravdess_song"}


@given(names=st.sets(st.text("ab \\\n\r%é.", min_size=1).filter(lambda name: name.strip(".")), max_size=4))
def test_sums_of_any_names_are_read_again(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("sums")
    stated = {folder / name: hashlib.sha256(name.encode()).hexdigest() for name in names}
    sums.write(folder, stated)
    assert sums.read(folder) == stated


@pytest.mark.parametrize(
    "line", [b"0" * 64 + b"  ../x\n", b"0" * 64 + b"  /etc/x\n", b"0" * 63 + b"  x\n", b"\xff\n", b"words\n"]
)
def test_strange_sums_are_refused(tmp_path, line):
    (tmp_path / sums.NAME).write_bytes(line)
    with pytest.raises(FileError, match=sums.NAME):
        sums.read(tmp_path)


def test_all_corpora_below_a_folder_are_found(corpora):
    assert list(found(corpora)) == list(found(corpora.parent)) == ["emobank", "goemotions", "semeval", "warriner"]
    assert not any(one.faults for one in check(corpora))


def test_a_corpus_is_known_whatever_its_folder_is_called(place, tmp_path):
    assert list(found(place.rename(tmp_path / "downloads"))) == ["emopia"]


@pytest.fixture
def sung(tmp_path):
    """A small RAVDESS in which no two takes sound alike, and its takes."""
    ravdess.write(tmp_path, ending=".wav")
    paths = sorted(tmp_path.rglob("*.wav"))
    for number, path in enumerate(paths):
        wave = 0.3 * np.random.default_rng(number).uniform(-1, 1, 8000) * np.hanning(8000)
        soundfile.write(path, wave, 16_000)
    return paths


def test_what_is_wrong_with_a_sound_is_a_warning_and_no_fault(tmp_path, sung, capsys):
    (one,) = check(tmp_path)
    assert (one.faults, one.warnings) == ((), ())
    soundfile.write(sung[0], np.zeros(8000), 16_000)
    soundfile.write(sung[1], np.clip(soundfile.read(sung[1])[0] * 9, -1, 1), 16_000)
    sung[2].write_bytes(sung[2].read_bytes()[:9000])
    shutil.copy(sung[3], sung[4])
    (one,) = check(tmp_path)
    assert one.faults == ()
    assert [warning.split(" (")[1] for warning in one.warnings] == [
        f"{sung[0].stem}): silent, nothing reaches -60 dB",
        f"{sung[1].stem}): clipped, more than 0.01% of it at full scale",
        f"{sung[2].stem}): cut off, its head promises more than there is",
        f"{sung[2].stem}): stopping dead, cut out of something longer or cut off",
        f"{sung[3].stem} = {sung[4].stem}): the same sound under different labels",
    ]
    assert check(tmp_path, workers=2) == [one]
    assert main(["data", "check", str(tmp_path), "--workers", "1"]) == 0
    assert f"  warning: 1 file ({sung[0].stem}): silent" in capsys.readouterr().out


def test_a_recording_that_cannot_be_read_is_a_fault(tmp_path, sung):
    sung[0].write_bytes(b"Dear Kelly")
    soundfile.write(sung[1], [0.0, np.nan], 16_000, subtype="FLOAT")
    (one,) = check(tmp_path)
    assert [path.name in fault for path, fault in zip(sung[:2], one.faults, strict=True)] == [True, True]
    assert one.warnings == ()


def test_where_there_is_no_corpus_the_known_are_told(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/letter.txt").write_text("Dear Kelly")
    with pytest.raises(MissingCorpusError, match=r"no corpus is found.*emopia, from github"):
        check(tmp_path)


def test_a_corpus_that_is_asked_for_must_be_there(tmp_path, place):
    with pytest.raises(MissingCorpusError, match="warriner"):
        check(place, ["warriner"])
    with pytest.raises(UnknownNameError, match="did you mean emopia"):
        check(tmp_path, ["emopa"])


def test_the_command_tells_what_is_there_and_what_is_wrong(place, capsys):
    assert main(["data", "check", str(place), "--workers", "1"]) == 0
    assert "  records (groups: song): train 5 (3), dev 2 (1), test 1 (1)\n" in capsys.readouterr().out
    (place / "midis/Q1_aaa_0.mid").write_bytes(b"")
    assert main(["data", "check", str(place), "--workers", "1", "--json"]) == 1
    told = capsys.readouterr()
    assert told.err == "kelly: 1 of 1 corpora have faults: emopia\n"
    (one,) = json.loads(told.out)["corpora"]
    assert one["faults"] == [f"{place}/midis/Q1_aaa_0.mid is empty"]


def test_of_many_faults_the_command_tells_some(place, capsys, monkeypatch):
    monkeypatch.setattr("kelly.cli.corpora.MOST_TOLD", 2)
    for path in (place / "midis").iterdir():
        path.write_bytes(b"")
    assert main(["data", "check", str(place), "--workers", "1"]) == 1
    assert "  and 6 more faults (--json lists all)\n" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "told"), [("nowhere", "does not exist"), ("letter.txt", "is not a folder")])
@pytest.mark.parametrize("command", [["check"], ["check", "--corpus", "asap"], ["manifest", "-o", "m.jsonl"]])
def test_a_folder_that_is_not_there_is_called_so(tmp_path, command, name, told, capsys):
    (tmp_path / "letter.txt").write_text("Dear Kelly")
    assert main(["data", *command, str(tmp_path / name)]) == 1
    assert capsys.readouterr().err == f"kelly: {tmp_path / name} {told}\n"


@pytest.mark.parametrize("arguments", [["--corpus", "emopa"], ["--engine", "spark"], ["--workers", "-1"]])
def test_a_wrong_use_is_told(place, arguments, capsys):
    assert main(["data", "check", str(place), *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_whole_corpora_have_no_faults():
    assert [one.name for one in check(Path(os.environ["KELLY_CORPORA"])) if one.faults] == []
