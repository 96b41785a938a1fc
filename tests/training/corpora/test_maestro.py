import pytest

from kelly.errors import CorpusError, FileError, MissingCorpusError
from kelly.training.data.corpora import maestro
from small import maestro as small


@pytest.fixture
def root(tmp_path):
    small.write(tmp_path)
    return tmp_path


def test_a_performance_has_its_composition_year_and_length(root):
    first = next(maestro.load(root))
    assert first.id == "2018/MIDI-Unprocessed_Chamber3_MID--AUDIO_10_R3_2018"
    assert (first.composer, first.title, first.year) == ("Alban Berg", "Sonata Op. 1", 2018)
    assert first.duration == 698.66


def test_the_official_splits_are_kept_and_cut_no_composition(root):
    found = list(maestro.load(root))
    assert [performance.split for performance in found] == ["train", "train", "dev", "test"]
    assert found[0].group == found[1].group
    assert len({performance.group for performance in found}) == 3
    assert len({performance.id for performance in found}) == 4


def test_a_title_may_hold_commas_and_quotes(root):
    assert 'Impromptu No. 3, "Andante", Op. 90' in {performance.title for performance in maestro.load(root)}


def test_the_folder_of_the_corpus_will_do_as_root(tmp_path):
    place = small.write(tmp_path, folder="maestro-v3.0.0")
    assert len(list(maestro.load(place))) == 4


def test_a_table_of_the_test_split_alone_will_do(tmp_path):
    place = small.write(tmp_path, splits=("test",))
    assert [performance.split for performance in maestro.load(place)] == ["test"]


def test_notes_and_pedals_are_read(root):
    score = maestro.read(next(maestro.load(root)))
    assert len(list(score.notes())) == 12
    assert score.parts[0].controls[0].controller == 64


def test_a_missing_file_is_named(root):
    first = next(maestro.load(root))
    first.path.unlink()
    with pytest.raises(FileError, match=first.path.name):
        maestro.read(first)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (",train,", ",dev,", "must be one of train, validation, test; got 'dev'"),
        (",2018,", ",MMXVIII,", "year of 2018/"),
        (",698.66", ",-1", "must lie in 0..14400"),
        ("canonical_title", "title", "lacks canonical_title"),
    ],
)
def test_a_wrong_row_is_named(root, old, new, told):
    table = root / "maestro/maestro-v3.0.0.csv"
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(CorpusError, match=r"maestro-v3\.0\.0\.csv") as error:
        list(maestro.load(root))
    assert told in str(error.value)


def test_a_missing_corpus_says_where_to_get_it(tmp_path):
    with pytest.raises(MissingCorpusError, match=r"magenta\.tensorflow\.org"):
        list(maestro.load(tmp_path))
