"""The dynamics network: what it is told of a piano piece, what it learns from pianists, and how it is measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.emotion.code import SIZE, UNKNOWN
from kelly.errors import CorpusError, MissingCorpusError, UsageError
from kelly.models.dynamics.slots import LEVELS, ROLES, decode, read
from kelly.score.notes import Control, Note, Part, Score
from kelly.training.data import pages
from kelly.training.data.corpora import asap
from kelly.training.data.feelings import Feelings
from kelly.training.data.takes import _pedal, takes
from kelly.training.evaluation import dynamics as evaluation
from kelly.training.evaluation.linear import least_absolute, ridge
from kelly.training.tasks import dynamics
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit
from kelly.training.tasks.runs import settings
from small import asap as small

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's
SHORT = dynamics.Settings(recipe=Recipe(epochs=20, batch=1, rate=0.01, chance_after=20), dropout=0.0, hidden=0.0)


def split_of(_, name):
    """Both Bach scores are for training, the waltz for development."""
    return "dev" if name.startswith("Chopin") else "train"


@pytest.fixture
def root(tmp_path, monkeypatch):
    small.write(tmp_path / "corpora")
    monkeypatch.setattr(asap, "split_of", split_of)
    return tmp_path / "corpora"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run on the small corpus, which did better than a constant."""
    place = tmp_path_factory.mktemp("dynamics")
    small.write(place / "corpora")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asap, "split_of", split_of)
        samples = dynamics.data(place / "corpora", SHORT, Context(cache=place / "cache"))
        assert fit(dynamics.task(SHORT), samples, place / "run", 0, "cpu") < samples.chance
    return place / "run"


@pytest.fixture
def context(tmp_path):
    return Context(cache=tmp_path / "cache")


def columns(notes):
    return np.array([(note.onset, note.duration, note.pitch) for note in notes], float).T


def roles(*notes):
    return [ROLES[index] for index in pages.roles(*columns([Note(*note, 64) for note in notes]))]


def test_a_piano_piece_has_the_roles_of_a_song():
    over_a_waltz = [(0.0, 3.0, 76), (0.0, 1.0, 40), (1.0, 0.5, 60), (1.0, 0.5, 64), (3.0, 1.0, 72)]
    assert roles(*over_a_waltz) == ["melody", "bass", "chords", "chords", "melody"]
    assert roles((0.0, 4.0, 76), (0.0, 4.0, 40), (0.0, 4.0, 60), (0.0, 4.0, 64)) == ["melody", "bass", "pad", "pad"]
    assert roles((0.0, 2.0, 76), (0.0, 2.0, 40), (0.0, 1.0, 60), (1.0, 1.0, 62))[2:] == ["counter", "counter"]


def test_a_lowest_note_above_middle_c_is_no_bass():
    assert roles((0.0, 0.5, 76), (0.0, 0.5, 64)) == ["melody", "chords"]


def test_a_note_under_a_held_one_is_no_melody():
    assert roles((0.0, 4.0, 80), (1.0, 0.5, 79), (4.0, 1.0, 79)) == ["melody", "chords", "melody"]


def test_bars_reach_around_an_upbeat_and_the_end():
    assert pages.bars_around(np.array([2.0, 3.0, 13.0]), [3.0, 6.0]).tolist() == [0.0, 3.0, 6.0, 9.0, 12.0, 15.0]
    assert pages.bars_around(np.array([0.0, 8.0]), [0.0, 4.0]).tolist() == [0.0, 4.0, 8.0, 12.0]
    assert pages.bars_around(np.array([0.0, 5.0]), []).tolist() == [0.0, 4.0, 8.0]


@given(
    onsets=st.lists(st.floats(-1, 60), min_size=1, max_size=20),
    downbeats=st.lists(st.integers(-4, 60), max_size=6, unique=True),
)
def test_every_note_lies_in_a_bar(onsets, downbeats):
    notes = [Note(onset, 1.0, 60, 64) for onset in sorted(onsets)]
    found, _ = pages.page(notes, sorted(downbeats))
    assert found.bars[0] <= min(onsets) + 1e-6
    assert found.bars[-1] > max(onsets)


def test_a_passing_tone_is_no_chord_tone():
    triad = [Note(0.0, 1.0, pitch, 64) for pitch in (48, 52, 55)]
    line = [Note(0.0, 0.5, 72, 64), Note(0.5, 0.25, 74, 64), Note(0.75, 0.25, 76, 64)]
    assert pages.chord_tones(*columns([*triad, *line])).tolist() == [1, 1, 1, 1, 0, 1]


def test_a_chord_that_is_held_counts_in_the_next_beat():
    held = [Note(0.0, 2.0, pitch, 64) for pitch in (45, 48, 52)]
    assert pages.chord_tones(*columns([*held, Note(1.0, 0.5, 69, 64), Note(1.5, 0.5, 71, 64)])).tolist()[3:] == [1, 0]


def test_energy_and_tension_are_read_from_the_written_loudness():
    onset = np.arange(80.0)
    loud = np.where(onset < 40, 50.0, 96.0)
    loud[20] = 80
    energy, tension = pages.energy_and_tension(onset, loud)
    assert energy[0] == pytest.approx((50 / 127 - 0.3) / 0.65)
    assert energy[20] == pytest.approx((56 / 127 - 0.3) / 0.65)  # five beats, one of them louder
    assert energy[79] == pytest.approx((96 / 127 - 0.3) / 0.65)
    assert tension[39] == pytest.approx(0.5 - tension[40] + 0.5, abs=0.02)  # the halves are as far from the mean
    assert tension[0] < 0.5 < tension[20] < tension[79]
    assert np.mean(tension) == pytest.approx(0.5)


def test_tension_tells_a_piece_of_one_level_from_one_of_many():
    onset = np.arange(60.0)
    steady, lively = 80 + np.tile([0.0, 1, 2], 20), 80 + np.tile([-30.0, 0, 30], 20)
    small_, large = (np.ptp(pages.energy_and_tension(onset, loud)[1]) for loud in (steady, lively))
    assert small_ < 0.2 < large


def test_a_score_without_dynamics_says_nothing_of_energy():
    energy, tension = pages.energy_and_tension(np.arange(5.0), np.array([80.0, 80, 80, 64, 80]))
    assert set(energy) == set(tension) == {0.5}


def test_pedal_is_the_share_of_a_note_that_it_is_down():
    moves = (Control(2.0, 64, 127), Control(4.0, 64, 10), Control(3.0, 1, 0), Control(8.0, 64, 64))
    played = Score((Part("", 0, controls=moves),))  # half a second a beat: down from 1 s to 2 s, and from 4 s on
    start, stop = np.array([0.0, 1.0, 1.5, 5.0]), np.array([1.0, 2.0, 2.5, 9.0])
    assert _pedal(played, start, stop) == pytest.approx([0.0, 1.0, 0.5, 1.0])
    assert _pedal(Score((Part("", 0),)), start, stop).tolist() == [0, 0, 0, 0]


def test_a_take_says_how_each_written_note_is_played(root, context):
    take = next(take for take in takes(root, "train", context) if take.id == "Bach/Minuet/Shi05M.mid")
    told = read(take.inputs)
    assert take.group == "Bach/Minuet"
    assert len(take.note) == len(small.notes(24))
    assert (take.velocity == 50 + np.rint(told.pitch) // 4).all()
    assert np.abs(take.deviation).max() < 0.05
    assert np.median(take.articulation) == pytest.approx(1.0, abs=0.05)
    assert told.bpm == pytest.approx(100, abs=10)
    assert (np.sort(np.unique(np.round(told.place_in_bar * 3, 3))) == [0, 0.5, 1, 1.5, 2, 2.5]).all()
    assert {ROLES[index] for index in told.role} == {"melody", "bass"}
    assert take.bpm / take.tempo == pytest.approx(np.full(len(take.note), told.bpm[0]), rel=1e-3)


def test_inputs_do_not_know_the_performance(root, context):
    found = {take.id: take for take in takes(root, "train", context)}
    ours, theirs = found["Bach/Minuet/Shi05M.mid"], found["Bach/Minuet/HUAN_B01.mid"]
    assert (ours.inputs == theirs.inputs).all()


def test_a_feeling_is_told_where_it_is_known(root, context):
    code = np.linspace(-1, 1, SIZE, dtype=np.float32)
    known = replace(context, feelings=Feelings({"asap": {"Bach/Minuet/Shi05M.mid": code}}))
    found = {take.id: take.inputs[:, :4] for take in takes(root, "train", known)}
    assert (found["Bach/Minuet/Shi05M.mid"] == code[:4]).all()
    assert (found["Bach/Minuet/HUAN_B01.mid"] == UNKNOWN[:4].astype(np.float32)).all()


def test_takes_that_are_not_the_score_are_left_out_and_counted(root, context):
    told = []
    found = takes(root, "dev", replace(context, note=told.append))
    assert [take.id for take in found] == ["Chopin/Waltzes/64_1/Faliks02.mid"]
    assert "ASAP dev: 1 takes, 1 left out (under 90% matched)" in told


def test_a_performance_of_something_else_is_left_out(root, context):
    place = root / "asap/Bach"
    other = (place / "Minuet_no_repeat/Richardson_2013_03M.mid").read_bytes()
    (place / "Minuet/Shi05M.mid").write_bytes(other)
    assert "Bach/Minuet/Shi05M.mid" not in {take.id for take in takes(root, "train", context)}


def test_no_corpus_is_an_error_that_says_where_it_is_to_be_had(tmp_path, context):
    with pytest.raises(MissingCorpusError, match="asap-dataset"):
        dynamics.data(tmp_path, dynamics.Settings(), context)
    with pytest.raises(MissingCorpusError):
        evaluation.measure(tmp_path, "dev", [], context)


def test_a_split_that_is_not_there_is_named(root, context):
    with pytest.raises(CorpusError, match="no test split"):
        evaluation.measure(root, "test", [], context)


def test_blocks_hold_every_note_of_a_take():
    for count in (1, 31, 32, 33, 1000):
        rows = dynamics._spread(count)
        assert rows.shape[1] == dynamics.BLOCK
        assert set(rows.ravel()) == set(range(count))


@given(st.floats(1, 127))
def test_levels_share_a_loudness_between_its_neighbours(velocity):
    told = dynamics.shares(velocity)
    assert told.sum() == pytest.approx(1)
    assert (told > 0).sum() <= 2
    if velocity >= LEVELS[0]:
        assert told @ LEVELS == pytest.approx(velocity, abs=1e-3)


def test_what_is_hidden_reads_as_not_told():
    inputs = torch.randn(400, 32)
    told = dynamics.hidden(inputs, 0.5, 0.5)
    changed = (told != inputs).any(0)
    assert changed[[0, 3, 20, 24, 25, 26, 31]].all()
    assert not changed[[*range(4, 20), 21, 22, 23]].any()
    unfelt, unplaced = (told[:, 0] != inputs[:, 0]), (told[:, 24] != inputs[:, 24])
    assert (told[unfelt, :4] == torch.tensor([0.0, 0.0, 0.0, -1.0])).all()
    assert read(told[unplaced].numpy()).energy.tolist() == [0.5] * int(unplaced.sum())
    assert torch.equal(dynamics.hidden(inputs, 0.0, 0.0), inputs)


def test_the_loss_is_least_where_the_outputs_are_the_playing():
    right = {"velocity": 80.0, "deviation": 0.05, "articulation": 0.9, "pedal": 1.0, "tempo": 2**0.5}
    targets = {name: torch.tensor([value]) for name, value in right.items()}
    targets["levels"] = torch.from_numpy(dynamics.shares([80.0]))
    y = torch.full((1, 16), 0.02)
    y[0, [0, 2, 4, 6, 7, 8 + 4]] = torch.tensor([79 / 126, 0.6, 0.45, 0.98, 0.75, 0.98])
    best = float(dynamics.cost(torch.logit(y), targets))
    for slot in (0, 2, 4, 6, 7, 12):
        worse = y.clone()
        worse[0, slot] -= 0.1
        assert float(dynamics.cost(torch.logit(worse), targets)) > best


def test_outputs_are_what_use_decodes():
    logits = torch.randn(5, 16)
    told, used = dynamics.outputs(logits), decode(torch.sigmoid(logits).numpy())
    for name, tensor in told.items():
        assert tensor.numpy() == pytest.approx(getattr(used, name), rel=1e-5)


@pytest.mark.parametrize("text", ["dropout: 1.0", "hidden: -0.1", "drop: 0.1", "recipe: {epochs: 0}"])
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path, text):
    (tmp_path / "recipe.yaml").write_text(text)
    with pytest.raises(UsageError):
        settings(dynamics.Settings, tmp_path / "recipe.yaml")


def test_what_was_learnt_is_measured_beside_baselines(root, context, run):
    rows = {(row.task, row.name): row for row in evaluation.measure(root, "dev", [run], context)}
    velocity = rows["ASAP", "velocity MAE"]
    assert velocity.lower
    assert velocity.value < velocity.baselines["median"]
    assert velocity.bar == pytest.approx(0.9 * velocity.baselines["linear"])
    assert rows["ASAP", "onset MAE, ms"].value == pytest.approx(600 * rows["ASAP", "onset MAE, beats"].value, rel=0.2)
    assert 0 <= rows["ASAP", "velocity within one sd"].value <= 1


def test_without_takes_to_fit_on_there_are_no_baselines(root, context, run):
    table = root / "asap/metadata.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if not line.startswith("Bach")))
    told = []
    rows = evaluation.measure(root, "dev", [run], replace(context, note=told.append))
    assert not rows[0].baselines
    assert rows[0].bar is None
    assert any("no baselines" in line for line in told)
    for wrong, said in ((root, "has no train split"), (root / "nowhere", "no asap corpus")):
        with pytest.raises(CorpusError, match=said):
            evaluation.measure(root, "dev", [run], context, wrong)


def test_lines_are_found_again():
    inputs = np.random.default_rng(0).normal(size=(500, 3))
    targets = inputs @ [1.0, -2.0, 0.5] + 3
    for model in (ridge(inputs, targets, 1e-9), least_absolute(inputs, targets)):
        assert model(inputs) == pytest.approx(targets, abs=0.02)


def test_least_absolute_deviations_do_not_heed_one_wild_target():
    inputs = np.arange(20.0)[:, None]
    targets = 2 * inputs[:, 0]
    targets[19] = 1000
    assert least_absolute(inputs, targets)(inputs[:3]) == pytest.approx([0, 2, 4], abs=0.2)
    assert abs(ridge(inputs, targets)(inputs[:1])[0]) > 10


def test_the_spread_between_pianists_is_worked_out_note_by_note(root, context):
    one = next(iter(takes(root, "train", context)))
    some = np.array([0, 1, 2])
    few = {name: getattr(one, name)[some] for name in ("inputs", "deviation", "articulation", "pedal")}
    few |= {name: getattr(one, name)[some] for name in ("tempo", "bpm", "loudness")}
    base = replace(one, **few, note=some, velocity=np.array([60.0, 70.0, 80.0], np.float32))
    louder = replace(base, id="b", note=np.array([0, 1, 3]), velocity=np.array([64.0, 80.0, 1.0], np.float32))
    softer = replace(base, id="c", note=np.array([0, 5, 6]), velocity=np.array([50.0, 1.0, 1.0], np.float32))
    alone = replace(base, id="d", score=Path("other"))
    has, apart, mean = evaluation.others([base, louder, softer, alone], "velocity")
    assert has.tolist() == [True, True, False, True, True, False, True, False, False, False, False, False]
    assert apart == pytest.approx([7, 10, 9, 10, 12])
    assert mean == pytest.approx([57, 80, 55, 70, 62])
