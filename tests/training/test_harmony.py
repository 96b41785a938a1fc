"""The harmony network: what its samples hold, that it learns from small corpora, and what stands beside its numbers."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from safetensors.torch import load_file

from kelly.emotion.code import UNKNOWN
from kelly.errors import CorpusError, FileError, UsageError
from kelly.models.harmony.classes import BEGIN, CLASSES, END, class_named, traces
from kelly.models.harmony.ngrams import Ngrams
from kelly.training.data.corpora import billboard as billboard_corpus
from kelly.training.data.corpora import pop909 as pop909_corpus
from kelly.training.data.feelings import Feelings
from kelly.training.evaluation.harmony import measure
from kelly.training.export import harmony as export
from kelly.training.networks.build import build
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit, measured, weights
from kelly.training.tasks.harmony import Settings, data, task
from kelly.training.tasks.runs import settings
from small import billboard, pop909

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's
DEV = {"003", "0010"}
HAPPY = np.where(np.arange(64) < 32, 0.5, -0.5).astype(np.float32)
SMALL = Settings(
    recipe=Recipe(epochs=8, batch=8, rate=0.01, chance_after=4), shares={"pop909": 1.0, "billboard": 0.5}, noise=0.0
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    place = tmp_path_factory.mktemp("corpora")
    pop909.write(place)
    billboard.write(place)
    return place


@pytest.fixture(autouse=True)
def _splits(monkeypatch):
    for corpus in (pop909_corpus, billboard_corpus):
        monkeypatch.setattr(corpus, "split_of", lambda _, name: "dev" if name in DEV else "train")


@pytest.fixture
def context(tmp_path):
    return Context(cache=tmp_path / "cache", feelings=Feelings({"pop909": {"001": HAPPY}}))


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    """A finished run on the small corpora."""
    place = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        for corpus in (pop909_corpus, billboard_corpus):
            patch.setattr(corpus, "split_of", lambda _, name: "dev" if name in DEV else "train")
        fit(task(SMALL), data(root, SMALL, Context(cache=place)), place / "run", 0, "cpu")
    return place / "run"


def test_a_sample_holds_the_feeling_the_chords_so_far_and_the_next(root, context):
    train = data(root, SMALL, context).train
    names = ("I:maj", "VI:min", "IV:maj", "V:maj", "bIII:maj", "I:min", "bVI:maj", "bVII:maj")
    song = [BEGIN, *map(class_named, names), END]
    assert train.tensors["next"][:9].tolist() == song[1:]
    assert np.array_equal(train.tensors["trace"][:9].numpy(), traces(song[:-1]))
    assert (train.tensors["code"][:9].numpy() == HAPPY).all()
    assert np.allclose(train.tensors["code"][9:].numpy(), UNKNOWN)  # nobody labelled the others
    assert len(set(train.groups[:9])) == 1
    assert train.groups[0].startswith("pop909/")


def test_a_corpus_is_drawn_as_often_as_the_settings_say(root, context):
    train = data(root, SMALL, context).train
    shares = {group.split("/")[0]: float(weight) for group, weight in zip(train.groups, train.weights, strict=True)}
    assert shares == {"pop909": 1.0, "billboard": 0.5}
    alone = data(root, replace(SMALL, shares={"billboard": 1.0}), context)
    assert {group.split("/")[0] for group in alone.train.groups + alone.dev.groups} == {"billboard"}
    assert alone.train.weights is None


def test_chance_is_what_the_frequencies_of_classes_tell(root, context):
    made = data(root, SMALL, context)
    counts = np.bincount(made.train.tensors["next"], minlength=CLASSES) + 1
    told = -np.log(counts / counts.sum())[made.dev.tensors["next"].numpy()].mean()
    assert made.chance == pytest.approx(told, rel=1e-5)


def test_a_label_is_left_out_as_often_as_the_settings_say(root, context):
    """With all labels left out in training, the network cannot tell a labelled song from the others."""

    class Ear(torch.nn.Module):
        def logits(self, x):
            self.heard = x[:, :64]
            return x[:, 64:]

    ear, batch = Ear(), data(root, SMALL, context).train.take(torch.zeros(4000, dtype=torch.long))
    task(SMALL).loss(ear, batch)
    share = float((ear.heard == torch.tensor(UNKNOWN).float()).all(1).float().mean())
    assert share == pytest.approx(0.2, abs=0.03)
    task(SMALL).loss(ear.eval(), batch)
    assert torch.equal(ear.heard, batch["code"])


def test_what_is_saved_takes_the_trace_as_it_is(run, root, context):
    network, plain = weights(task(SMALL).network(), run), weights(build("harmony"), run)
    dev = data(root, SMALL, context).dev
    x = torch.cat([dev.tensors["code"], dev.tensors["trace"]], 1)
    with torch.no_grad():
        assert torch.allclose(network(x), plain(x), atol=1e-6)
    state = load_file(run / "weights.safetensors")
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())


def test_a_short_run_learns_more_than_how_frequent_chords_are(run, root, context):
    made = data(root, SMALL, context)
    loss, outputs = measured(task(SMALL), weights(task(SMALL).network(), run), made.dev)
    assert loss < 0.95 * made.chance
    assert outputs["next"].sum(1).numpy() == pytest.approx(1, abs=1e-5)


def test_the_table_has_the_network_its_mixture_and_the_n_grams(run, root, context):
    rows = {(row.task, row.name): row for row in measure(root, "dev", [run, run], context)}
    ways = ("", ", with n-grams", ", with n-grams and memory")
    for title in ("POP909-CL + Billboard", "POP909-CL", "Billboard"):
        assert [name for one, name in rows if one == title] == [
            f"{measure}{way}" for way in ways for measure in ("bits", "top-1", "top-3")
        ]
    both = rows["POP909-CL + Billboard", "bits"]
    assert both.items == rows["POP909-CL", "bits"].items + rows["Billboard", "bits"].items
    assert set(both.baselines) == {"unigram", "Kneser-Ney 3", "Kneser-Ney 10", "PPM", "table"}
    assert both.bar == pytest.approx(0.97 * min(both.baselines.values()))
    assert rows["Billboard", "bits"].bar is None  # what must be reached is reached on both together
    assert both.deviation == 0
    memory = rows["POP909-CL + Billboard", "bits, with n-grams and memory"]
    assert set(memory.baselines) == {f"{name} + memory" for name in both.baselines}


def test_bits_are_those_of_the_loss(run, root, context):
    loss, _ = measured(task(SMALL), weights(task(SMALL).network(), run), data(root, SMALL, context).dev)
    assert measure(root, "dev", [run], context)[0].value == pytest.approx(loss / np.log(2), rel=1e-4)


def test_top_1_is_the_share_of_steps_that_a_unigram_gets_right_by_its_favourite(run, root, context):
    top = next(row for row in measure(root, "dev", [run], context) if row.name == "top-1")
    made = data(root, SMALL, context)
    favourite = np.bincount(made.train.tensors["next"], minlength=CLASSES).argmax()
    assert top.baselines["unigram"] == pytest.approx(float((made.dev.tensors["next"] == favourite).float().mean()))


def test_a_folder_without_train_songs_is_measured_without_baselines(run, root, monkeypatch, tmp_path):
    monkeypatch.setattr(pop909_corpus, "split_of", lambda *_: "test")
    pop909.write(tmp_path, ("002",))
    told = []
    rows = measure(tmp_path, "test", [run], Context(cache=tmp_path, note=told.append))
    assert rows[0].items == 9
    assert rows[0].bar is None
    assert not rows[0].baselines
    assert "left out" in told[0]
    beside = measure(tmp_path, "test", [run], Context(cache=tmp_path), train=root)
    assert "Kneser-Ney 3" in beside[0].baselines


@pytest.mark.parametrize("wrong", ["nowhere", "half", "test"])
def test_a_wrong_folder_for_the_baselines_is_one_clear_error(run, root, monkeypatch, tmp_path, wrong):
    if wrong == "half":
        pop909.write(tmp_path / "half")
    if wrong == "test":
        monkeypatch.setattr(pop909_corpus, "split_of", lambda *_: "dev")
        monkeypatch.setattr(billboard_corpus, "split_of", lambda *_: "dev")
    told = {"nowhere": "no pop909 corpus", "half": "no billboard corpus", "test": "no train songs"}[wrong]
    with pytest.raises(CorpusError, match=told):
        measure(root, "dev", [run], Context(cache=tmp_path), train=root if wrong == "test" else tmp_path / wrong)


def test_a_damaged_song_is_left_out_of_training_and_measuring_and_told(run, tmp_path):
    place = pop909.write(tmp_path)
    billboard.write(tmp_path)
    whole = Context(cache=tmp_path)
    items = measure(tmp_path, "dev", [run], whole)[0].items
    for name in ("001", "003"):
        path = place / f"POP909-CL/POP909_processed/{name}.mid"
        path.write_bytes(path.read_bytes()[:100])
    told = []
    context = Context(cache=tmp_path, note=told.append)
    assert len(data(tmp_path, SMALL, context).train) > 0
    assert [note[:22] for note in told if "left out" in note] == ["pop909 001 is left out", "pop909 003 is left out"]
    told.clear()
    assert 0 < measure(tmp_path, "dev", [run], context)[0].items < items
    assert sorted(note[:22] for note in told) == ["pop909 001 is left out", "pop909 003 is left out"]
    export.beside(tmp_path, print)


def test_no_songs_of_a_split_are_one_clear_error(run, root, context):
    with pytest.raises(CorpusError, match="no test songs of pop909 or billboard"):
        measure(root, "test", [run], context)


def test_a_missing_corpus_is_one_clear_error(tmp_path, context):
    with pytest.raises(CorpusError, match="no pop909 corpus"):
        data(tmp_path, SMALL, context)


def test_the_table_of_n_grams_goes_beside_the_network(root):
    files, facts = export.beside(root, print)
    assert set(facts["mixture"]) == {"network", "ngrams", "order", "trust"}
    table = Ngrams.read(files["ngrams.npz"])
    assert table.predict([BEGIN]).argmax() == class_named("I:maj")


@pytest.mark.parametrize(
    "text",
    ["scale: 3", "scale: 0", "shares: {lakh: 1}", "shares: {jazz: -1}", "unknown: 1", "dropout: -0.1", "scal: 2"],
)
def test_settings_that_make_no_sense_are_refused(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises((UsageError, FileError)):
        settings(Settings, path)
