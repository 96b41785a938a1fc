"""Progressions: songs of four corpora in one alphabet of chords, relative to the key that holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import CorpusError, FileError, MissingCorpusError, UnknownNameError
from kelly.models.harmony.classes import BEGIN, CLASSES, END, NO_CHORD, name_of
from kelly.training.data.layout import Record
from kelly.training.data.leadsheet import Change, Key, LeadSheet
from kelly.training.data.progressions import CORPORA, progression, progressions, sheets
from small import billboard, jazz, nottingham, pop909

NOTES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


class Song(Record):
    id, split, group = "1", "train", "g"


C_MAJOR = (Key(0.0, 0, minor=False),)


def of(*changes, keys=C_MAJOR):
    return progression("jazz", Song(), LeadSheet(tuple(Change(*change) for change in changes), keys), "jazz")


def names(song):
    return [name_of(index) for index in song.classes]


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpora")
    for corpus in (billboard, jazz, nottingham, pop909):
        corpus.write(root)
    return root


@pytest.fixture(scope="module")
def songs(corpora):
    return {(song.corpus, song.id): song for song in progressions(corpora)}


def test_repeats_are_one_step_between_a_begin_and_an_end():
    song = of((0, 4, "C"), (4, 4, "CM7"), (8, 2, "F"), (10, 2, "G7"), (12, 4, "C6"))
    assert names(song) == ["begin", "I:maj", "IV:maj", "V:dom7", "I:maj", "end"]
    assert song.onsets.tolist() == [0, 0, 8, 10, 12, 16]
    assert song.beats.tolist() == [0, 8, 2, 2, 4, 0]


def test_a_chord_is_relative_to_the_key_that_holds_where_it_begins():
    song = of((0, 4, "C"), (4, 4, "F"), (8, 4, "Gm"), keys=(Key(0.0, 0, minor=False), Key(8.0, 7, minor=True)))
    assert names(song)[1:-1] == ["I:maj", "IV:maj", "I:min"]
    assert (song.tonics.tolist(), song.minor.tolist()) == ([0, 0, 0, 7, 7], [False, False, False, True, True])


def test_silence_around_is_left_out_and_a_gap_within_is_no_chord():
    song = of((0, 4, "NC"), (4, 4, "C"), (10, 2, "F"), (12.5, 1, "G"), (13.5, 4, "NC"))
    assert names(song) == ["begin", "I:maj", "no-chord", "IV:maj", "V:maj", "end"]
    assert song.onsets.tolist() == [4, 4, 8, 10, 12.5, 13.5]


def test_a_song_without_chords_is_none():
    assert of() is None
    assert of((0, 4, "NC")) is None


@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(("", "m", "7", "sus4", "o", "5", "?"))), min_size=1),
    st.integers(0, 11),
)
def test_a_song_in_another_key_is_the_same_song(row, by):
    here, there = (
        of(
            *((4.0 * i, 4.0, NOTES[(root + up) % 12] + ending) for i, (root, ending) in enumerate(row)),
            keys=(Key(0.0, up, minor=False),),
        )
        for up in (0, by)
    )
    assert here.classes.tolist() == there.classes.tolist()
    assert (here.classes[0], here.classes[-1]) == (BEGIN, END)
    assert (np.diff(here.classes) != 0).all()
    assert ((here.classes >= 0) & (here.classes < CLASSES)).all()


def test_all_four_corpora_give_their_songs(songs):
    assert {corpus for corpus, _ in songs} == set(CORPORA)
    assert ("nottingham", "waltzes2") not in songs  # it has no chords
    assert len(songs) == 3 + 3 + 4 + 3


def test_pop909_is_heard_by_its_experts_and_without_them_by_itself(songs):
    for name in ("001", "002"):
        assert names(songs["pop909", name])[:5] == ["begin", "I:maj", "VI:min", "IV:maj", "V:maj"]
        assert names(songs["pop909", name])[5:] == ["bIII:maj", "I:min", "bVI:maj", "bVII:maj", "end"]
    assert songs["pop909", "001"].minor.tolist() == [False] * 5 + [True] * 5


def test_billboard_follows_its_changes_of_tonic(songs):
    song = songs["billboard", "0010"]
    assert names(song)[:6] == ["begin", "I:maj", "IV:maj", "V:dom7", "I:maj", "V:sus"]
    assert names(song)[6:] == ["no-chord", "other", "I:maj", "VI:min", "end"]
    assert song.beats[names(song).index("V:sus")] == 2
    assert songs["billboard", "0003"].minor.all()


def test_jazz_in_a_signature_of_two_flats_may_be_in_g_minor(songs):
    song = songs["jazz", "Songs[#,A-G]/AutumnLeaves"]
    assert (song.tonics[0], bool(song.minor[0])) == (7, True)
    assert names(song)[1:5] == ["IV:min", "bVII:dom7", "bIII:maj", "bVI:maj"]


def test_folk_tunes_are_in_the_key_of_their_file(songs):
    assert names(songs["nottingham", "jigs1"]) == ["begin", "I:maj", "V:maj", "V:dom7", "I:maj", "end"]


def test_groups_and_splits_are_their_records(corpora, songs):
    for corpus in CORPORA:
        for record, _, _ in sheets(corpora, corpus):
            song = songs.get((corpus, record.id))
            assert song is None or (song.group, song.split) == (record.group, record.split)


def test_no_step_lasts_less_than_nothing_and_none_comes_before_another(songs):
    for song in songs.values():
        assert (song.beats[1:-1] > 0).all()
        assert (np.diff(song.onsets) >= 0).all()
        assert NO_CHORD not in {song.classes[1], song.classes[-2]}


def test_songs_that_cannot_be_read_are_left_out_and_told(tmp_path):
    cut = pop909.write(tmp_path) / "POP909-CL/POP909_processed/003.mid"
    cut.write_bytes(cut.read_bytes()[:100])
    path = billboard.write(tmp_path) / "billboard-2.0-salami_chords/0010/salami_chords.txt"
    path.write_text(path.read_text().replace("metre: ", "metre: x", 1))
    told = []
    found = {song.id for song in progressions(tmp_path, ["pop909", "billboard"], note=told.append)}
    assert "001" in found
    assert not {"003", "0010"} & found
    assert [note.partition(":")[0] for note in told] == ["pop909 003 is left out", "billboard 0010 is left out"]
    assert all(str(file) in note for file, note in zip((cut, path), told, strict=True))
    for corpus, error in (("pop909", FileError), ("billboard", CorpusError)):
        with pytest.raises(error):  # where nobody hears the note
            list(progressions(tmp_path, [corpus]))


def test_songs_of_other_splits_are_not_read(corpora, songs):
    assert {song.id for song in progressions(corpora, splits=("test",))} == {
        song.id for song in songs.values() if song.split == "test"
    }
    assert not list(progressions(corpora, ["jazz"], splits=()))


def test_an_unknown_or_missing_corpus_is_named(tmp_path):
    with pytest.raises(UnknownNameError, match="pop909, billboard, jazz, nottingham"):
        next(progressions(tmp_path, ["lakh"]))
    with pytest.raises(MissingCorpusError, match="jazz"):
        next(progressions(tmp_path, ["jazz"]))
