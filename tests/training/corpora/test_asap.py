import os
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import CorpusError, FileError, MissingCorpusError
from kelly.training.data.corpora import asap
from small import asap as small


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


@pytest.fixture
def minuet(root):
    return next(asap.load(root))


def performances(root):
    return {performance.id: performance for performance in asap.load(root)}


def test_a_performance_says_who_plays_what(minuet):
    assert minuet.id == "Bach/Minuet/Shi05M.mid"
    assert (minuet.composer, minuet.title, minuet.performer) == ("Bach", "Minuet", "Shi")


def test_the_cut_from_maestro_is_told_where_there_is_one(root):
    found = performances(root)
    cut, whole = found["Bach/Minuet/Shi05M.mid"], found["Bach/Minuet/HUAN_B01.mid"]
    assert (cut.maestro, cut.start, cut.end) == ("2006/MIDI-Unprocessed_19_R1_2006", 144.5, None)
    assert (whole.maestro, whole.start, whole.end) == (None, None, None)


@pytest.mark.parametrize(
    ("file", "performer"),
    [
        ("Shi05M", "Shi"),
        ("HUAN_B01", "HUAN_B"),
        ("WongDoe02_2006", "WongDoe"),
        ("Richardson_2013_03M", "Richardson"),
        ("Bult-ItoS02M", "Bult-ItoS"),
        ("Nobody", "Nobody"),
    ],
)
def test_a_performer_is_known_by_the_name_of_the_file(file, performer):
    assert asap._performer(f"Bach/Minuet/{file}.mid") == performer


@pytest.mark.parametrize(
    ("folder", "work"),
    [
        ("Beethoven/Piano_Sonatas/24-1_no_2_repeat", "Beethoven/Piano_Sonatas/24-1"),
        ("Schumann/Kreisleriana/1_no_first_repeat", "Schumann/Kreisleriana/1"),
        ("Beethoven/Piano_Sonatas/9-2_no_trio", "Beethoven/Piano_Sonatas/9-2"),
        ("Liszt/6_Theme_and_Variations_repeat", "Liszt/6_Theme_and_Variations"),
        ("Schubert/Moment_Musical_no_1", "Schubert/Moment_Musical_no_1"),
        ("Beethoven/Piano_Sonatas/31-3_4", "Beethoven/Piano_Sonatas/31-3_4"),
    ],
)
def test_a_piece_with_and_without_its_repeats_is_one_work(root, folder, work):
    table = root / "asap/metadata.csv"
    table.write_text(table.read_text().replace("Minuet,Bach/Minuet,", f"Minuet,{folder},"))
    assert next(asap.load(root)).group == work


def test_what_is_not_listed_was_never_seen(root):
    assert {performance.split for performance in asap.load(root)} == {"test"}


def test_the_split_is_asked_for_by_the_id(root, monkeypatch):
    monkeypatch.setattr(asap, "split_of", lambda corpus, name: f"{corpus} {name}")
    assert next(asap.load(root)).split == "asap Bach/Minuet/Shi05M.mid"


def test_the_beats_are_those_that_were_played(minuet):
    beats = asap.beats(minuet)
    assert beats.times == pytest.approx(small.played(np.arange(24)))
    assert beats.downbeats == pytest.approx(small.played(np.arange(0, 24, 3)))
    assert np.flatnonzero(beats.is_free).tolist() == [5]


def test_changes_of_meter_and_key_have_their_time(minuet):
    beats = asap.score_beats(minuet)
    assert (beats.meters, beats.keys) == (((0.0, 3, 4),), ((0.0, -2),))
    path = minuet.score_annotations
    path.write_text(path.read_text().replace("db\n", "db,,4\n", 1) + "99.0\t99.0\tb,6/8\n")
    beats = asap.score_beats(minuet)
    assert beats.meters == ((0.0, 3, 4), (99.0, 6, 8))
    assert beats.keys == ((0.0, -2), (2.0, 4))


def test_the_shared_beats_are_the_score_s_and_the_performance_s(minuet):
    written, played = asap.aligned_beats(minuet)
    assert written == pytest.approx(np.arange(24) * 60 / small.BPM)
    assert played == pytest.approx(small.played(np.arange(24)))


def test_a_performance_that_leaves_beats_out_is_not_aligned_but_has_its_own_beats(root):
    short = performances(root)["Chopin/Waltzes/64_1/WongDoe02_2006.mid"]
    with pytest.raises(CorpusError, match="the score has 16, the performance 14"):
        asap.aligned_beats(short)
    assert len(asap.beats(short).times) == 14


def test_score_and_performance_are_read_as_notes(minuet):
    written, played = asap.read_score(minuet), asap.read(minuet)
    assert len(list(written.notes())) == len(list(played.notes())) == 60
    assert written.tempos[0].bpm == small.BPM
    assert {note.velocity for note in written.notes()} != {note.velocity for note in played.notes()}


def test_a_missing_file_is_named(minuet):
    for path in (minuet.path, minuet.annotations):
        path.unlink()
    with pytest.raises(FileError, match=r"Shi05M\.mid"):
        asap.read(minuet)
    with pytest.raises(FileError, match=r"Shi05M_annotations\.txt"):
        asap.beats(minuet)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0.5\t0.5\tbeat\n", "line 1 must be two times and b, db or bR"),
        ("0.5\tb\n", "line 1"),
        ("0.5\t0.5\tdb,3/4,12\n", "key in line 1 must lie in -11..11; got '12'"),
        ("0.5\t0.5\tdb,0/4\n", "a meter has no 0"),
        ("0.5\t0.5\tdb\nnan\t1\tb\n", "time in line 2"),
        ("0.5\t0.5\tdb\n0.5\t0.5\tb\n", "must rise"),
        ("0.5\t0.5\tdb\n0.2\t0.2\tb\n", "must rise"),
    ],
)
def test_a_wrong_annotation_is_named(minuet, text, told):
    minuet.annotations.write_text(text)
    with pytest.raises(CorpusError, match=r"Shi05M_annotations\.txt") as error:
        asap.beats(minuet)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@given(data=st.one_of(st.binary(max_size=60), st.text("0.5\t\nbdR,/-", max_size=60).map(str.encode)))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("asap") / "x_annotations.txt"
    path.write_bytes(data)
    try:
        beats = asap._beats(path)
    except CorpusError:
        return
    assert len(beats.times) == len(beats.is_downbeat) == len(beats.is_free)
    assert np.all(np.diff(beats.times) > 0)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("midi_score,", "score,", "lacks midi_score"),
        ("Bach/Minuet/midi_score.mid,", ",", "has no midi_score"),
        ("144.5", "-1", "start of Bach/Minuet/Shi05M.mid must lie in 0..7200"),
    ],
)
def test_a_wrong_row_is_named(root, old, new, told):
    table = root / "asap/metadata.csv"
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(CorpusError, match=r"metadata\.csv") as error:
        list(asap.load(root))
    assert told in str(error.value)


def test_a_missing_corpus_says_where_to_get_it(tmp_path):
    with pytest.raises(MissingCorpusError, match=r"github\.com/fosfrancesco/asap-dataset"):
        list(asap.load(tmp_path))


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_in_the_whole_corpus_a_work_is_one_title():
    works, titles, aligned = defaultdict(set), defaultdict(set), Counter()
    for performance in asap.load(Path(os.environ["KELLY_CORPORA"])):
        title = (performance.composer, performance.title)
        works[performance.group].add(title)
        titles[title].add(performance.group)
        try:
            asap.aligned_beats(performance)
            aligned[True] += 1
        except CorpusError:
            aligned[False] += 1
    assert all(len(found) == 1 for found in (*works.values(), *titles.values()))
    assert aligned[False] < 0.05 * aligned.total()
