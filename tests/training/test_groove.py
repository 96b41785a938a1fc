"""The groove network's task: it learns how feelings are played, and stands beside its baselines."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.emotion.code import UNKNOWN
from kelly.errors import CorpusError, FileError, MissingCorpusError, UsageError
from kelly.models import networks
from kelly.models.groove import slots
from kelly.models.groove.feeling import code
from kelly.score.notes import Note, Part, Score, Tempo
from kelly.training.data.grooves import load
from kelly.training.evaluation import groove as evaluation
from kelly.training.tasks import groove
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit, weights
from kelly.training.tasks.runs import settings
from small import groove as small

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's
SHORT = groove.Settings(Recipe(epochs=12, batch=16, rate=5e-3, chance_after=12))
TEMPI = (70, 80, 90, 100, 140, 150, 160, 170)


def swung(bpm):
    """Two bars of sixteenths: below 120 BPM the off-beat ones are late and soft, above it early and loud."""
    late, loud = (0.03, -20) if bpm < 120 else (-0.03, 20)
    notes = (Note(i / 4 + late * (i % 2), 0.1, 42, 80 + loud * (i % 2)) for i in range(32))
    return Score((Part("", 9, notes=tuple(notes)),), tempos=(Tempo(0.0, bpm),))


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Eight takes to learn from and two to be asked about."""
    takes = [(1, 1, n, "funk", bpm, "beat", "4-4", "train") for n, bpm in enumerate(TEMPI)]
    takes += [(2, 1, n, "funk", bpm, "beat", "4-4", "validation") for n, bpm in enumerate((85, 155))]
    monkeypatch.setattr(small, "TAKES", takes)
    monkeypatch.setattr(small, "score", swung)
    small.write(tmp_path)
    return tmp_path


@pytest.fixture
def context(tmp_path):
    return Context(cache=tmp_path / "cache")


def test_a_short_run_learns_to_play_as_the_feeling_asks(corpus, context, tmp_path):
    found = groove.data(corpus, SHORT, context)
    lowest = fit(groove.task(SHORT), found, tmp_path / "run", 0, "cpu")
    assert lowest < 0.5 * found.chance
    timing, velocity, *ways = evaluation.measure(corpus, "dev", [tmp_path / "run"], context)
    assert timing.items == velocity.items == 2
    assert timing.value < 0.5 * timing.baselines["median"]
    assert velocity.value < 0.5 * velocity.baselines["median"]
    assert (timing.value / groove.TIMING + velocity.value / groove.LOUDNESS) / 2 == pytest.approx(lowest, rel=0.05)
    assert [way.name for way in ways] == ["share of the way, timing", "share of the way, velocity"]
    assert all(0.5 < way.value <= 1 for way in ways)

    network = weights(groove.task(SHORT).network(), tmp_path / "run")
    slow = load(corpus, context)[0].emotion
    told = slots.decode(network(torch.tensor(code(slow)[None]).float())[0].detach().numpy())
    assert told.offsets[1::2].mean() > 0.01 > told.offsets[::2].mean()
    assert told.accents[1::2].mean() < -5 < 5 < told.accents[::2].mean()


def test_baselines_are_what_is_worked_out_by_hand(corpus, context):
    takes = load(corpus, context)
    found = evaluation.baselines(takes[:8], takes[8:])
    # Half of the hits are .03 beats off in either direction: 21.2 and 11.6 ms at 85 and 155 BPM; all 10 from the mean.
    still = np.mean([0.03 * 60_000 / bpm / 2 for bpm in (85, 155)])
    assert found["median"] == pytest.approx([still, 10], abs=0.5)
    assert found["style median"] == pytest.approx(found["median"])
    assert found["nearest"] == pytest.approx([0, 0], abs=0.5)
    assert found["jitter"][0] > still


def test_jitter_is_what_many_draws_come_to(corpus, context):
    takes, rng = load(corpus, context), np.random.default_rng(0)
    off = np.concatenate([one.offsets * one.sixteenth for one in takes])
    asked = takes[8].offsets * takes[8].sixteenth
    drawn = np.abs(asked - rng.normal(0, off.std(), (20_000, len(asked)))).mean()
    assert evaluation.jitter(takes, takes[8:9])[0] == pytest.approx(drawn, rel=0.01)


def test_the_nearest_take_is_of_the_same_style_where_there_is_one(corpus, context):
    takes = load(corpus, context)
    other = replace(takes[1], take=replace(takes[1].take, style="jazz"))
    assert evaluation.nearest([takes[0], other, takes[7]], takes[8]) is takes[0]
    assert evaluation.nearest([other], takes[8]) is other


def test_a_take_is_learned_from_at_feelings_around_its_own_and_without(corpus, context):
    take = load(corpus, context)[0]
    several, alone = groove.samples([take], SHORT), groove.samples([take])
    assert (len(several), len(alone)) == (25 + SHORT.unknown, 1)
    assert several.tensors["inputs"][12].tolist() == alone.tensors["inputs"][0].tolist()
    assert several.tensors["inputs"][-1].tolist() == UNKNOWN.tolist()
    arousal = several.tensors["inputs"][:25, 1]
    assert arousal.min() < arousal[12] < arousal.max()


def test_targets_are_the_means_of_a_bars_hits_and_empty_steps_weigh_nothing(corpus, context):
    take = load(corpus, context)[0]
    odd = take.steps % 2 == 1
    half = replace(take, **{name: getattr(take, name)[odd] for name in ("bars", "steps", "offsets", "accents")})
    half = replace(half, onsets=take.onsets[odd], velocities=take.velocities[odd])
    found = groove.samples([half]).tensors
    assert found["targets"][0, 1].numpy() == pytest.approx(0.03 / 0.125, abs=0.02)
    assert (found["weights"][0, ::2] == 0).all()
    # All in ms and velocity steps, as the weights turn them: 1/8 of the hits at each odd step.
    assert float(found["weights"][0, 1]) == pytest.approx(0.125 * 0.125 * 60_000 / 70 / groove.TIMING / 2)
    assert float(found["weights"][0, 17]) == pytest.approx(0.125 * 64 / groove.LOUDNESS / 2)


def test_a_loss_of_one_is_what_the_units_say(corpus, context):
    samples = groove.samples(load(corpus, context)[:1])
    wrong = samples.tensors["targets"].clone()
    batch = dict(samples.tensors)
    shift = torch.zeros(32)
    shift[:16] = groove.TIMING / (0.125 * 60_000 / 70)
    shift[16:] = groove.LOUDNESS / 64
    batch["targets"] = torch.zeros_like(wrong) + shift[:, None]
    loss, told = groove.task(SHORT).loss(lambda x: torch.zeros(len(x), 32), batch)
    assert float(loss) == pytest.approx(1.0, rel=1e-5)
    assert told["groove"].shape == (1, 32)


def test_a_missing_corpus_is_one_clear_error(tmp_path, context):
    with pytest.raises(MissingCorpusError, match="no groove corpus"):
        groove.data(tmp_path, SHORT, context)


def test_both_splits_are_needed_to_train(tmp_path, context):
    small.write(tmp_path, splits=("train",))
    with pytest.raises(CorpusError, match="of the train and of the dev split"):
        groove.data(tmp_path, SHORT, context)


def test_a_folder_that_holds_only_what_was_withheld_is_measured_with_the_baselines_of_another(tmp_path, context):
    small.write(tmp_path / "withheld", splits=("test",))
    small.write(tmp_path / "known", splits=("train", "validation"))
    told = []
    run = tmp_path / "run"
    known = groove.data(tmp_path / "known", SHORT, context)
    fit(groove.task(SHORT), replace(known, chance=10.0), run, 0, "cpu")
    quiet = replace(context, note=told.append)
    alone = evaluation.measure(tmp_path / "withheld", "test", [run, run], quiet)[0]
    assert set(alone.baselines) == {"quantised"}
    assert alone.bar is None
    assert len(alone.values) == 2
    assert "no train split" in told[-1]
    beside = evaluation.measure(tmp_path / "withheld", "test", [run], context, tmp_path / "known")[0]
    assert set(beside.baselines) == {"quantised", "jitter", "nearest", "median", "style median"}
    assert beside.bar == min(beside.baselines.values())
    for wrong, said in (("nowhere", "no groove corpus"), ("withheld", "has no train split")):
        with pytest.raises(CorpusError, match=said):
            evaluation.measure(tmp_path / "withheld", "test", [run], context, tmp_path / wrong)
    with pytest.raises(CorpusError, match="of the dev split"):
        evaluation.measure(tmp_path / "withheld", "dev", [run], context)


def test_without_a_run_the_shipped_model_is_asked(corpus, context, monkeypatch):
    class Still:
        def predict(self, asked):
            assert asked.shape == (64,)
            return slots.Groove(np.zeros(16), np.zeros(16))

    monkeypatch.setattr(evaluation, "shipped", lambda kind: Still() if kind is networks.GroovePredictor else None)
    timing = evaluation.measure(corpus, "dev", [], context)[0]
    assert timing.value == timing.baselines["quantised"]
    monkeypatch.setattr(evaluation, "shipped", lambda _: None)
    with pytest.raises(FileError, match="no groove network is shipped"):
        evaluation.measure(corpus, "dev", [], context)


@pytest.mark.parametrize("text", ["dropout: 1", "faster: -1", "unknown: -1", "louder: .nan", "epochs: 3"])
def test_settings_that_make_no_sense_are_refused(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(UsageError):
        settings(groove.Settings, path)
