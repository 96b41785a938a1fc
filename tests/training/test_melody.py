"""The melody network's task: it learns more than a profile, hears whole songs, and stands beside its baselines."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from safetensors.torch import save_file

from kelly.emotion.code import UNKNOWN
from kelly.errors import CorpusError, FileError, MissingCorpusError, UsageError
from kelly.models.melody.slots import PITCHES, SIZE
from kelly.training.data.corpora import pop909
from kelly.training.data.melodies import Melody
from kelly.training.evaluation import melody as evaluation
from kelly.training.export.networks import encoded
from kelly.training.tasks import melody
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit, measured
from kelly.training.tasks.runs import settings
from small import pop909 as small

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's
SHORT = melody.Settings(Recipe(epochs=20, batch=4, rate=5e-3, chance_after=20), window=16, dropout=0.0)


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Two songs to train on, and a waltz to be heard."""
    monkeypatch.setattr(pop909, "split_of", lambda _, name: "dev" if name == "003" else "train")
    small.write(tmp_path)
    return tmp_path


@pytest.fixture
def context(tmp_path):
    return Context(cache=tmp_path / "cache")


def made(beats, group="a", split="train", chord=()):
    """A melody of beats, each with the pitches that sound in it, over one chord."""
    inputs, targets = np.zeros((len(beats), SIZE), np.float32), np.zeros((len(beats), PITCHES), bool)
    inputs[:, [4 + one for one in chord]] = 1
    for row, pitches in zip(targets, beats, strict=True):
        row[list(pitches)] = True
    return Melody(group, split, group, inputs, targets)


def untrained(run):
    """A run whose weights never learned anything."""
    run.mkdir()
    torch.manual_seed(0)
    network = melody.task(SHORT).network()
    save_file(network.state_dict(), run / "weights.safetensors")
    return network


def test_a_short_run_learns_more_than_a_profile_and_is_measured_beside_tables(corpus, context, tmp_path):
    found = melody.data(corpus, SHORT, context)
    lowest = fit(melody.task(SHORT), found, tmp_path / "run", 0, "cpu")
    assert lowest < 0.9 * found.chance
    bits, likeliest = evaluation.measure(corpus, "dev", [tmp_path / "run"], context)
    assert bits.value == pytest.approx(lowest, rel=1e-4)
    assert bits.baselines["static profile"] == pytest.approx(found.chance, rel=1e-6)
    assert bits.bar == min(bits.baselines["bigram with chord"], 0.75 * bits.baselines["static profile"])
    assert set(bits.baselines) == {"static profile", "bigram", "bigram with chord"}
    assert 0 < likeliest.value <= 1


def test_a_folder_of_withheld_songs_is_measured_with_tables_of_another_or_without(
    corpus, context, tmp_path, monkeypatch
):
    untrained(tmp_path / "run")
    monkeypatch.setattr(pop909, "split_of", lambda _, name: "test" if name == "009" else "train")
    small.write(tmp_path / "withheld", ["003"])
    folder = tmp_path / "withheld/pop909"
    (folder / "POP909/003").rename(folder / "POP909/009")
    (folder / "POP909/009/003.mid").rename(folder / "POP909/009/009.mid")
    notes = []
    told = replace(context, note=notes.append)
    alone = evaluation.measure(tmp_path / "withheld", "test", [tmp_path / "run"], told)
    assert not alone[0].baselines
    assert alone[0].bar is None
    assert any("no baselines" in note for note in notes)
    beside = evaluation.measure(tmp_path / "withheld", "test", [tmp_path / "run"], context, train=corpus)
    assert beside[0].values == alone[0].values
    assert len(beside[0].baselines) == 3
    for wrong, said in (("nowhere", "no pop909 corpus"), ("withheld", "has no train split")):
        with pytest.raises(CorpusError, match=said):
            evaluation.measure(tmp_path / "withheld", "test", [tmp_path / "run"], context, train=tmp_path / wrong)


def test_bits_count_every_pitch_of_every_beat():
    # Two beats, one pitch in the first: p(right) is 1/2 for it and 3/4 for the 255 others.
    told = np.full((2, PITCHES), 0.25)
    told[0, 60] = 0.5
    assert melody.bits([made([{60}, ()])], [told]) == pytest.approx(1 + 255 * np.log2(4 / 3))


def test_the_profile_is_how_often_a_pitch_sounds():
    static = melody.profile([made([{60}, {60, 62}, ()])])
    assert (static[60], static[62], static[64]) == pytest.approx((2.5 / 4.5, 1.5 / 4.5, 0.5 / 4.5))


def test_a_table_of_pitches_and_chords_by_hand():
    train = [made([{60}, {62}] * 50, chord=(0, 4, 7)), made([{60}, {64}] * 50, "b", chord=(5, 9, 0))]
    asked = made([{60}, {62}, {90}], "c", "dev", chord=(0, 4, 7))
    tables = evaluation.baselines(train)
    static, bigram, chorded = (tables[name]([asked])[0] for name in ("static profile", "bigram", "bigram with chord"))
    assert static[0, 60] == pytest.approx(100.5 / 201.5)
    # 100 beats follow a 60, half of them on 62; over this chord 50 do, and all are.
    prior = evaluation.PRIOR
    once = (50 + prior * static[0, 62]) / (100 + prior)
    assert bigram[1, 62] == pytest.approx(once)
    assert chorded[1, 62] == pytest.approx((50 + prior * once) / (50 + prior))
    assert chorded[0, 60] == pytest.approx((1 + prior * (2 + prior * static[0, 60]) / (2 + prior)) / (1 + prior))
    assert ((chorded > 0) & (chorded < 1)).all()


def test_a_pitch_never_seen_before_falls_back_to_the_profile():
    tables = evaluation.baselines([made([{60}, {62}] * 5)])
    asked = made([{90}, {60}], "c", "dev")
    assert tables["bigram with chord"]([asked])[0][1] == pytest.approx(tables["static profile"]([asked])[0][1])


def test_the_likeliest_pitch_counts_where_something_sounds():
    told = np.zeros((3, PITCHES))
    told[:, 60] = 0.5
    assert evaluation.top([made([{60, 62}, {62}, ()])], [told]) == 0.5


def test_the_dev_loss_carries_the_state_through_the_song(corpus, context):
    found, task = melody.data(corpus, SHORT, context), melody.task(SHORT)
    torch.manual_seed(0)
    network = task.network().eval()
    loss, outputs = measured(task, network, found.dev)
    x, y = found.dev.tensors["inputs"], found.dev.tensors["targets"]
    state, told = network.start(1), []
    for beat in range(x.shape[1]):
        p, *state = network.step(x[:, beat], *state)
        told.append(p[0].detach().double().numpy())
    assert outputs["pitches"][0].numpy() == pytest.approx(np.array(told), abs=1e-5)
    song = Melody("003", "dev", "003", x[0].numpy(), y[0].numpy())
    assert loss == pytest.approx(melody.bits([song], [np.array(told)]), rel=1e-4)


def test_a_window_sees_inputs_and_targets_of_the_same_beats():
    seen = []

    class Spy(melody.Recurrent):
        def logits(self, x, state=None):
            seen.append(x)
            return super().logits(x, state)

    task = melody.task(replace(SHORT, unknown=0.0))
    network = Spy(task.network().network)
    x = torch.arange(32.0)[None, :, None].expand(1, 32, SIZE) / 32
    y = torch.zeros(1, 32, PITCHES, dtype=torch.bool)
    y[0, torch.arange(32), torch.arange(32)] = True
    for seed in range(5):
        torch.manual_seed(seed)
        with torch.no_grad():
            loss, outputs = task.loss(network, {"inputs": x, "targets": y, "real": torch.ones(1, 32, dtype=torch.bool)})
        beats = (seen[-1][0, :, 0] * 32).round().long()
        assert len(beats) == 16
        p = outputs["pitches"][0].double().numpy()
        window = Melody("a", "train", "a", seen[-1][0].numpy(), y[0, beats].numpy())
        assert float(loss) == pytest.approx(melody.bits([window], [p]), rel=1e-4)
    assert len({float(x[0, 0, 0]) for x in seen}) > 1


def test_some_windows_are_heard_without_their_feeling():
    task, seen = melody.task(replace(SHORT, unknown=0.5)), []

    class Spy(melody.Recurrent):
        def logits(self, x, state=None):
            seen.append(x)
            return super().logits(x, state)

    network = Spy(task.network().network)
    x = torch.full((64, 16, SIZE), 0.25)
    batch = {"inputs": x, "targets": torch.ones(64, 16, PITCHES) > 0, "real": torch.ones(64, 16) > 0}
    torch.manual_seed(0)
    task.loss(network, batch)
    hidden = (seen[0][:, :, :4] == torch.tensor(UNKNOWN[:4]).float()).all(-1).all(-1)
    assert 16 <= int(hidden.sum()) <= 48
    assert (seen[0][:, :, 4:] == 0.25).all()
    task.loss(network.eval(), batch)
    assert (seen[1] == 0.25).all()


def test_stretches_hold_every_beat_of_a_song_twice_but_for_its_ends():
    song = made([{60 + i % 12} for i in range(70)])
    cut = melody.stretches([song], 32)
    assert cut.tensors["real"].sum(1).tolist() == [32, 32, 32, 22]
    assert cut.tensors["targets"][1, 0].nonzero()[:, 0].tolist() == [60 + 16 % 12]
    assert melody.stretches([made([{60}])], 32).tensors["real"].sum() == 1


def test_a_missing_corpus_or_split_is_one_clear_error(corpus, context, tmp_path, monkeypatch):
    with pytest.raises(MissingCorpusError, match="POP909"):
        melody.data(tmp_path / "nowhere", SHORT, context)
    with pytest.raises(CorpusError, match="no songs of the test split"):
        evaluation.measure(corpus, "test", [], context)
    monkeypatch.setattr(pop909, "split_of", lambda *_: "train")
    with pytest.raises(CorpusError, match="dev split"):
        melody.data(corpus, SHORT, context)


def test_a_shipped_model_is_measured_as_the_run_it_came_from(corpus, context, tmp_path, monkeypatch):
    network = untrained(tmp_path / "run")
    (tmp_path / "shipped/melody").mkdir(parents=True)
    (tmp_path / "shipped/melody/model.onnx").write_bytes(encoded(network)["model.onnx"])
    monkeypatch.setattr(evaluation, "shipped", lambda _: network)
    monkeypatch.setattr(evaluation.resources, "files", lambda _: tmp_path / "shipped")
    of_run, of_model = (evaluation.measure(corpus, "dev", runs, context) for runs in ([tmp_path / "run"], []))
    assert [one.value for one in of_model] == pytest.approx([one.value for one in of_run], rel=1e-4)


def test_without_a_shipped_model_a_run_must_be_named(corpus, context, monkeypatch):
    monkeypatch.setattr(evaluation, "shipped", lambda _: None)
    with pytest.raises(FileError, match="name a run"):
        evaluation.measure(corpus, "dev", [], context)
    with pytest.raises(FileError, match="no finished run"):
        evaluation.measure(corpus, "dev", [corpus], context)


@pytest.mark.parametrize("text", ["window: 0", "dropout: 1", "unknown: -1", "windows: 64"])
def test_settings_that_make_no_sense_are_refused(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(UsageError):
        settings(melody.Settings, path)


def test_at_first_every_pitch_is_rare():
    torch.manual_seed(0)
    network = melody.task(SHORT).network().eval()
    assert float(network(torch.zeros(1, 1, SIZE))[0].sum()) == pytest.approx(1.4, abs=0.4)
