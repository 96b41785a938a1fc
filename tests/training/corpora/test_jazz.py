import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kelly.errors import CorpusError
from kelly.training.data.corpora import jazz
from kelly.training.data.leadsheet import Key
from small import jazz as small


@pytest.fixture
def tunes(tmp_path):
    small.write(tmp_path)
    return {tune.path.stem: tune for tune in jazz.load(tmp_path)}


def test_a_tune_is_known_by_its_path_and_grouped_by_its_title(tunes):
    waltz = tunes["JitterbugWaltz"]
    assert (waltz.id, waltz.composer) == ("Songs[H-O]/JitterbugWaltz", 'Thomas "Fats" Waller')
    assert waltz.group == tunes["JitterbugWaltz2"].group == "jitterbug waltz"
    assert len({tune.group for tune in tunes.values()}) == 3


def test_the_chords_of_a_bar_share_it(tunes):
    sheet = jazz.read(tunes["JitterbugWaltz"])
    assert [(change.onset, change.duration, change.symbol) for change in sheet.changes] == [
        *((0, 3, "DbM7"), (3, 1, "Gb7"), (4, 1, "Ebm7/Ab"), (5, 1, "Ab7"), (6, 3, "DbM7"), (9, 3, "NC"))
    ]
    assert sheet.meters[0].numerator == 3


def test_a_signature_of_c_may_not_have_been_set(tunes):
    assert jazz.read(tunes["AutumnLeaves"]).keys == (Key(0.0, 10, None),)
    assert jazz.read(tunes["NatureBoy"]).keys == ()


def test_a_tune_without_a_title_is_named_after_its_file(tunes, tmp_path):
    path = tunes["NatureBoy"].path
    path.write_text(path.read_text().replace("Title = Nature Boy\n", ""))
    assert "natureboy" in {tune.group for tune in jazz.load(tmp_path)}


@pytest.mark.parametrize(
    ("old", "new", "told"), [("TimeSig = 4 4", "TimeSig = 4", "TimeSig"), ("|", "", "bars"), ("D", "\xff", "")]
)
def test_a_wrong_tune_is_named(tunes, old, new, told):
    tune = tunes["NatureBoy"]
    lines = tune.path.read_text().replace(old, new)
    if told == "bars":
        lines = "".join(line + "\n" for line in lines.splitlines() if "=" in line)
    tune.path.write_text(lines, encoding="latin-1")
    with pytest.raises(CorpusError, match=f"NatureBoy.*{told}"):
        jazz.read(tune)


@given(st.text("|= ACm7b5/\nTitleSg4", max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_tune_is_read_or_refused(tunes, text):
    tune = tunes["NatureBoy"]
    tune.path.write_text(f"TimeSig = 4 4\n{text}")
    try:
        sheet = jazz.read(tune)
    except CorpusError:
        return
    bars = sheet.changes[-1].end / 4
    assert bars == pytest.approx(round(bars))
