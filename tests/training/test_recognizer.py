"""The recogniser's task: it learns to tell restless music from still, in every corpus, and is measured beside ridge."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from safetensors.torch import save_file

from kelly.emotion.code import SIZE, UNKNOWN, Gaussian, decode, encode
from kelly.emotion.space import Emotion
from kelly.errors import CorpusError, FileError, MissingCorpusError, UsageError
from kelly.models.recognizer.frames import WARM_UP, frames, scaled
from kelly.sound.audio import Audio
from kelly.sound.features import FRAMES
from kelly.training.data.clips import CORPORA, Clip, clips
from kelly.training.data.corpora import emotify, mirex_mood, vgmidi
from kelly.training.evaluation import recognizer as evaluation
from kelly.training.export.networks import encoded
from kelly.training.tasks import advice, recognizer
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit, measured
from kelly.training.tasks.runs import settings
from small import clips as small

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's
SHORT = recognizer.Settings(Recipe(epochs=6, batch=8, rate=3e-3, chance_after=6), window=64, dropout=0.0)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def context(cache):
    return Context(cache=cache)


@pytest.fixture
def corpora(tmp_path, monkeypatch):
    """Sixteen clips of each corpus, a quarter of which are heard only in the end."""
    split = lambda name: "dev" if int(name) % 8 in {1, 2} else "train"  # noqa: E731 - one line's worth
    monkeypatch.setattr(emotify, "split_of", lambda _, name: split(int(name) - 1))
    monkeypatch.setattr(mirex_mood, "split_of", lambda _, name: split(name))
    monkeypatch.setattr(vgmidi, "split_of", lambda _, name: split(name.removeprefix("p")))
    return small.write(tmp_path / "corpora", 16)


def clip(corpus="emotify", felt=(0.2, 0.6), count=60, name="a", split="train", level=128):
    return Clip(corpus, name, split, name, np.full((count, 128), level, np.uint8), np.tile(felt, (count, 1)))


def chord(hertz):
    """A second of a tone with overtones."""
    t = np.arange(FRAMES.rate) / FRAMES.rate
    wave = sum(0.1 / k * np.sin(2 * np.pi * hertz * k * t) for k in range(1, 6))
    return Audio(wave[None].astype(np.float32), FRAMES.rate)


def untrained(run):
    run.mkdir()
    torch.manual_seed(0)
    network = recognizer.task(SHORT).network()
    save_file(network.state_dict(), run / "weights.safetensors")
    return network


def test_a_short_run_tells_restless_from_still_in_every_corpus(corpora, context, tmp_path):
    data = recognizer.data(corpora, SHORT, context)
    assert fit(recognizer.task(SHORT), data, tmp_path / "run", 0, "cpu") < 0.8 * data.chance
    rows = evaluation.measure(corpora, "dev", [tmp_path / "run"], context)
    assert len(rows) == 2 * len(CORPORA)
    arousal = {row.task: row for row in rows if row.name == "r of arousal"}
    assert min(row.value for row in arousal.values()) > 0.6
    assert all(row.bar == row.baselines["ridge"] for row in rows)


def test_a_corpus_own_scale_is_brought_to_one_of_all():
    train = [clip(felt=(v, a), name=str(v)) for v, a in ((0.1, 0.5), (0.3, 0.7))]
    scale = recognizer.scales(train)["emotify"]
    assert (scale.mean.tolist(), scale.deviation.tolist()) == (pytest.approx([0.2, 0.6]), pytest.approx([0.1, 0.1]))
    assert scale.units(np.array([[0.2, 0.6], [0.3, 0.5], [9.0, -9.0]])).tolist() == [
        pytest.approx([0, 0], abs=1e-9),
        pytest.approx([0.4, -0.4]),
        [1, -1],
    ]


def test_targets_are_the_codes_of_readings_one_bin_wide():
    felt = torch.tensor([[0.24, -0.5]], dtype=torch.float64)
    emotion = Emotion(0.24, (-0.5 + 1) / 2, 0.5)
    width = 2.4 / 19
    code = encode(Gaussian(emotion, (width, width / 2, 0.1)))
    assert recognizer.targets(felt)[0].numpy() == pytest.approx(code[4:44], abs=1e-6)


def test_a_code_that_says_what_is_true_loses_nothing_and_is_read_back():
    felt, known = torch.tensor([[[0.24, -0.5]]]), torch.ones(1, 1, dtype=torch.bool)
    code = torch.tensor(UNKNOWN, dtype=torch.float32).reshape(1, 1, SIZE).clone()
    code[..., :2], code[..., 4:44], code[..., 3] = felt, recognizer.targets(felt), 1.0
    assert float(recognizer.loss(code, felt, known, 1.0)) == pytest.approx(0, abs=1e-9)
    told = decode(code[0, 0].numpy())
    assert told.emotion.vad == pytest.approx((0.24, 0.25, 0.5), abs=1e-6)
    assert told.spreads[0] == pytest.approx(2.4 / 19, rel=0.1)
    assert told.spreads[2] == np.inf


def test_only_known_frames_count_and_each_clip_alike():
    felt, known = torch.zeros(2, 4, 2), torch.tensor([[False, True, True, True], [False, False, False, True]])
    codes = torch.tensor(UNKNOWN, dtype=torch.float32).expand(2, 4, SIZE).clone()
    before = float(recognizer.loss(codes, felt, known, 1.0))
    codes[:, 0] = -1.0
    assert float(recognizer.loss(codes, felt, known, 1.0)) == before
    one, other = codes.clone(), codes.clone()
    one[0, 1:, 0], other[1, 3:, 0] = 0.5, 0.5
    assert float(recognizer.loss(one, felt, known, 1.0)) == pytest.approx(
        float(recognizer.loss(other, felt, known, 1.0))
    )


def test_a_stretch_holds_its_frames_and_asks_nothing_of_its_beginning_or_padding():
    long = replace(clip(count=recognizer.STRETCH + 50), levels=np.arange(374, dtype=np.uint16)[:, None].repeat(128, 1))
    long = replace(long, levels=(long.levels % 256).astype(np.uint8))
    made = recognizer.samples([long], recognizer.scales([long, clip(felt=(0, 0))]), {"emotify": 1.0})
    assert made.tensors["levels"].shape == (2, recognizer.STRETCH, 128)
    assert made.tensors["levels"][1, :50, 0].tolist() == [i % 256 for i in range(324, 374)]
    assert made.tensors["known"].sum(1).tolist() == [recognizer.STRETCH - WARM_UP, 50 - WARM_UP]
    assert not made.tensors["known"][:, :WARM_UP].any()


def test_in_training_the_means_are_drawn_from_what_was_told_towards_advice():
    code = torch.tensor(UNKNOWN, dtype=torch.float32).expand(1, 2, SIZE).clone()
    code[..., :2] = torch.tensor([0.2, 0.0])
    told, known = torch.tensor([[[0.4, 0.0]]]).expand(1, 2, 2), torch.ones(1, 2, dtype=torch.bool)
    near, far = (recognizer.loss(code, told, known, 1.0, told * share) for share in (0.5, 1.0))
    assert float(far - near) == pytest.approx((0.2 / recognizer.UNIT) ** 2 / 2)
    assert float(recognizer.loss(code, told, known, 1.0)) == float(far)


def test_advice_knows_nothing_of_the_clip_that_it_is_for(monkeypatch):
    known = [clip(felt=(level / 255, 0.5), name=str(level), level=level) for level in range(0, 250, 5)]
    told = advice.advice(known)
    assert np.corrcoef(told[:, 0], range(50))[0, 1] > 0.8
    assert not told[:, 1].any()  # all were told the same
    monkeypatch.setattr(advice, "share", lambda _, group: 0.9 if int(group) == 245 else 0.1)
    lying = [*known[:-1], clip(felt=(-9.0, 0.5), name="245", level=245)]
    scale = recognizer.scales(lying)["emotify"]
    own = scale.mean[0] + scale.deviation[0] * advice.advice(lying)[-1, 0]
    assert own > 0.5  # as the others of its loudness


def test_a_regression_is_given_means_changes_and_spreads():
    steps = clip(count=40)
    levels = np.zeros((40, 128), np.uint8)
    levels[20:, :64] = 255
    told = advice.statistics(replace(steps, levels=levels)).reshape(6, 128)
    assert told[:, 0] == pytest.approx([-40, 80 / 40, 80 / 40, 80 * 4 / 36, 40, 20])
    assert told[:, 127] == pytest.approx([-80, 0, 0, 0, 0, 20])


def test_corpora_are_drawn_as_their_shares_say():
    few, many = [clip(name="a")], [clip("emopia", name=str(i)) for i in range(9)]
    drawn = recognizer.samples(few + many, recognizer.scales(few + many), {"emotify": 1.0, "emopia": 3.0}).weights
    assert drawn.tolist() == pytest.approx([1.0, *[1 / 3] * 9])


def test_a_window_is_cut_alike_from_sound_and_feeling():
    task = recognizer.task(SHORT)
    x = torch.arange(324.0)[None, :, None].expand(3, 324, 128)
    torch.manual_seed(0)
    cut, felt, known = task._cut(x, x[..., :2], torch.ones(3, 324, dtype=torch.bool))
    assert cut.shape == (3, 64, 128)
    assert torch.equal(cut[..., 0], felt[..., 0])
    assert len({float(begin) for begin in cut[:, 0, 0]}) == 3
    assert known.sum(1).tolist() == [64 - WARM_UP] * 3


def test_changes_stay_within_what_can_be_heard():
    task = recognizer.task(replace(SHORT, coloured=20.0, hushed=40))
    torch.manual_seed(0)
    x = -80 * torch.rand(16, 64, 128)
    sound = task._changed(x)
    assert -80 <= sound.min() <= sound.max() <= 0
    assert not torch.equal(sound, x)


def test_without_changes_a_window_stays_as_it_is():
    task = recognizer.task(replace(SHORT, transposed=0.0, coloured=0.0, hushed=0))
    x = -80 * torch.rand(4, 64, 128)
    assert torch.allclose(task._changed(x), x, atol=1e-4)


def test_a_transposed_sound_is_the_sound_in_another_key():
    heard, wanted = (torch.from_numpy(frames(chord(440 * 2 ** (steps / 12))))[None] for steps in (0, 4))
    told = recognizer.transposed(heard, torch.tensor([4.0]))
    assert np.corrcoef(told[0, 5], wanted[0, 5])[0, 1] > 0.95
    assert np.corrcoef(heard[0, 5], wanted[0, 5])[0, 1] < 0.5
    low = recognizer.transposed(torch.zeros(1, 1, 128), torch.tensor([-12.0]))
    assert low[0, 0, 105] == -80  # nobody knows what was above
    assert (low[0, 0, :100] == 0).all()


def test_chance_is_what_the_best_constant_loses(corpora, context):
    data = recognizer.data(corpora, SHORT, context)
    dev, train = data.dev.tensors, data.train.tensors["felt"][data.train.tensors["known"]]
    losses = []
    for shift in (-0.2, 0.0, 0.2):
        code = torch.tensor(UNKNOWN, dtype=torch.float32)
        code[:2], code[4:44], code[3] = train.mean(0) + shift, recognizer.targets(train).mean(0), 0.2
        losses.append(float(recognizer.loss(code.expand(*dev["known"].shape, SIZE), dev["felt"], dev["known"], 1.0)))
    assert data.chance == pytest.approx(losses[1], rel=0.03)
    assert losses[1] < min(losses[0], losses[2])


def test_a_reading_carries_the_state_through_the_clip(corpora, context, tmp_path):
    network = untrained(tmp_path / "run").eval()
    asked = [one for one in clips(corpora, context, ["emotify"]) if one.split == "dev"]
    told = evaluation._heard(evaluation._of_run(tmp_path / "run"), asked)
    state, codes = network.start(1), []
    for row in scaled(asked[0].decibels):
        code, *state = network.step(torch.from_numpy(row)[None], *state)
        codes.append(code[0, :2].detach().numpy())
    assert told[0] == pytest.approx(np.mean(codes[WARM_UP:], 0), abs=1e-5)


def test_ridge_by_hand():
    # A feeling that is a straight line of the loudness of all bands.
    train = [clip(felt=(level / 255, 1 - level / 255), name=str(level), level=level) for level in range(0, 250, 10)]
    asked = [clip(level=level) for level in (35, 135)]
    assert evaluation.ridge(train, asked)[:, 0] == pytest.approx([35 / 255, 135 / 255], abs=0.01)
    assert evaluation.scores(train, np.array([one.summary for one in train]) * [2, -1]).tolist() == pytest.approx(
        [1, -1]
    )


def test_folds_know_nothing_of_what_they_hear(corpora, context, tmp_path):
    found = clips(corpora, context, ["emopia", "emotify"])
    longer = replace(SHORT.recipe, keep="last", epochs=8, chance_after=8)
    brief = replace(SHORT, recipe=longer, shares={"emopia": 1.0, "emotify": 1.0})
    rows = evaluation.crossed(found, brief, 0, tmp_path / "folds", context)
    assert [row.items for row in rows] == [16] * 4
    assert {row.task for row in rows} == {"EMOPIA played, folds", "Emotify, folds"}
    arousal = [row.value for row in rows if row.name == "r of arousal"]
    assert min(arousal) > 0.3
    assert len(list((tmp_path / "folds").iterdir())) == evaluation.FOLDS
    assert evaluation.crossed(found, brief, 0, tmp_path / "folds", context) == rows


def test_a_folder_of_one_withheld_corpus_is_measured_alone(corpora, context, tmp_path, monkeypatch):
    untrained(tmp_path / "run")
    (tmp_path / "withheld").mkdir()
    (corpora / "emotify").rename(tmp_path / "withheld/emotify")
    monkeypatch.setattr(emotify, "split_of", lambda *_: "test")
    notes = []
    told = replace(context, note=notes.append)
    rows = evaluation.measure(tmp_path / "withheld", "test", [tmp_path / "run"], told)
    assert [(row.task, row.items, row.bar, dict(row.baselines)) for row in rows] == [("Emotify", 16, None, {})] * 2
    assert any("no baseline" in note for note in notes)
    with pytest.raises(CorpusError, match="dev split"):
        evaluation.measure(tmp_path / "withheld", "dev", [tmp_path / "run"], told)


def test_missing_corpora_splits_and_models_are_one_clear_error(corpora, context, tmp_path, monkeypatch):
    with pytest.raises(MissingCorpusError, match="Emotify"):
        recognizer.data(tmp_path / "nowhere", SHORT, context)
    with pytest.raises(FileError, match="no finished run"):
        evaluation.measure(corpora, "dev", [corpora], context)
    monkeypatch.setattr(evaluation, "shipped", lambda _: None)
    with pytest.raises(FileError, match="name a run"):
        evaluation.measure(corpora, "dev", [], context)
    monkeypatch.setattr(emotify, "split_of", lambda *_: "train")
    with pytest.raises(CorpusError, match=r"emotify .* dev split"):
        recognizer.data(corpora, SHORT, context)


def test_a_shipped_model_is_measured_as_the_run_it_came_from(corpora, context, tmp_path, monkeypatch):
    network = untrained(tmp_path / "run")
    (tmp_path / "shipped/recognizer").mkdir(parents=True)
    (tmp_path / "shipped/recognizer/model.onnx").write_bytes(encoded(network)["model.onnx"])
    monkeypatch.setattr(evaluation, "shipped", lambda _: network)
    monkeypatch.setattr(evaluation, "resources", SimpleNamespace(files=lambda _: tmp_path / "shipped"))
    of_run, of_model = (evaluation.measure(corpora, "dev", runs, context) for runs in ([tmp_path / "run"], []))
    assert [one.value for one in of_model] == pytest.approx([one.value for one in of_run], abs=1e-3)


def test_the_dev_loss_is_over_whole_stretches(corpora, context):
    data, task = recognizer.data(corpora, SHORT, context), recognizer.task(SHORT)
    torch.manual_seed(0)
    network = task.network().eval()
    loss, told = measured(task, network, data.dev)
    again, _ = measured(task, network, data.dev, size=3)
    assert told["codes"].shape == (len(data.dev), recognizer.STRETCH, SIZE)
    assert again == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize(
    "text", ["window: 22", "window: 400", "dropout: 1", "advised: 2", "transposed: -1", "shares: {jazz: 1}", "loud: 1"]
)
def test_settings_that_make_no_sense_are_refused(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(UsageError):
        settings(recognizer.Settings, path)
