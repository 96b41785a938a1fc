import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kelly.errors import CorpusError, MissingCorpusError
from kelly.training.data.corpora import billboard
from kelly.training.data.leadsheet import Change, Key, Section
from small import billboard as small


@pytest.fixture
def songs(tmp_path):
    small.write(tmp_path)
    return {song.id: song for song in billboard.load(tmp_path)}


def symbols(sheet):
    return [(change.onset, change.duration, change.symbol) for change in sheet.changes]


def test_entries_of_one_song_are_one_group(songs):
    assert songs["0003"].group == songs["0021"].group != songs["0010"].group
    assert songs["0003"].title == "I Don't Mind"


def test_songs_that_are_not_listed_were_never_seen(tmp_path):
    small.write(tmp_path, songs=("0003",)).joinpath("billboard-2.0-salami_chords/0003").rename(
        tmp_path / "billboard/billboard-2.0-salami_chords/9999"
    )
    assert [(song.id, song.split) for song in billboard.load(tmp_path)] == [("9999", "test")]


def test_chords_share_their_bar_and_a_phrase_is_played_as_often_as_it_says(songs):
    sheet = billboard.read(songs["0003"])
    assert symbols(sheet)[:4] == [(0, 3, "A:min"), (3, 3, "A:min"), (6, 3, "C:maj"), (9, 3, "C:maj")]
    once = [(12, 3, "F:maj"), (15, 1.5, "G:7"), (16.5, 1.5, "A:min")]
    assert symbols(sheet)[4:] == once + [(onset + 6, *rest) for onset, *rest in once]
    assert sheet.meters[0].bar_length == 3
    assert sheet.keys == (Key(0.0, 9, None),)


def test_sections_begin_where_their_letter_stands(songs):
    assert billboard.read(songs["0003"]).sections == (Section(0.0, "A", "intro"), Section(12.0, "B", "verse"))
    assert billboard.read(songs["0021"]).sections == (Section(0.0, "A'", "verse"),)


def test_a_bar_may_have_its_own_metre_and_a_pause_takes_no_beats(songs):
    sheet = billboard.read(songs["0010"])
    assert symbols(sheet)[:4] == [(0, 2, "C:maj"), (2, 1, "F:maj"), (3, 1, "G:7"), (4, 4, "C:maj")]
    assert symbols(sheet)[4:8] == [(8, 2, "G:sus4(b7,9)"), (10, 4, "N"), (14, 4, "*"), (18, 4, "A:1")]
    assert [(meter.onset, meter.bar_length) for meter in sheet.meters] == [(0, 4), (8, 2), (10, 4), (22, 3)]


def test_tonic_and_metre_change_where_they_are_stated_and_dots_go_on_over_a_bar_line(songs):
    sheet = billboard.read(songs["0010"])
    assert sheet.keys == (Key(0.0, 0, None), Key(22.0, 2, None))
    assert symbols(sheet)[8:] == [(22, 3, "D:maj/5"), (25, 1.5, "D:maj/5"), (26.5, 1.5, "B:min")]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("# metre: 6/8\n", "", "metre"),
        ("6/8", "6", "metre"),
        ("# tonic: A", "# tonic: H", "tonic"),
        ("| C:maj | C:maj |, (voice", "C:maj", "between"),
        ("|", "", "bars of chords"),
    ],
)
def test_what_does_not_fit_the_format_is_named(songs, old, new, told):
    path = songs["0003"].path
    text = path.read_text()
    path.write_text(text.replace(old, new) if old == "|" else text.replace(old, new, 1))
    if told == "between":
        path.write_text(path.read_text().replace("| A:min | A:min . ", "| A:min", 1).replace("| A:minC", "|C"))
    with pytest.raises(CorpusError, match=f"salami_chords.*{told}"):
        billboard.read(songs["0003"])


def test_a_song_without_a_title_and_a_missing_corpus_are_named(songs, tmp_path):
    songs["0010"].path.write_text("# artist: The Band\n")
    with pytest.raises(CorpusError, match="0010"):
        list(billboard.load(tmp_path))
    with pytest.raises(MissingCorpusError, match=r"salami_chords\.txt"):
        list(billboard.load(tmp_path / "nowhere"))


@given(st.text("|.:x2()/4 ACGmaj7,\t\n#-*", max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_song_is_read_or_refused(songs, text):
    song = songs["0021"]
    song.path.write_text(f"# title: a\n# artist: b\n# metre: 4/4\n# tonic: C\n0.1\tA, | C:maj |\n{text}\n")
    try:
        sheet = billboard.read(song)
    except CorpusError:
        return
    assert sheet.changes[0] == Change(0.0, 4.0, "C:maj")
    ends = [change.end for change in sheet.changes]
    assert all(later.onset >= end - 1e-9 for end, later in zip(ends, sheet.changes[1:], strict=False))
