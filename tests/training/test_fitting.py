"""Fitting: a run that learns is kept, goes on exactly after a kill, and one that learns nothing is stopped."""

import csv
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from safetensors.torch import load_file

from kelly.errors import FileError, TrainingError, UsageError
from kelly.training.tasks.fitting import Data, Recipe, fit, measured, weights
from kelly.training.tasks.runs import settings
from kelly.training.tasks.samples import Batches, Samples

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's
RECIPE = Recipe(epochs=6, batch=16, rate=0.02, chance_after=3)


@dataclass(frozen=True)
class Sums:
    """Learns the sum of four numbers; with dropout, so that chance takes part."""

    name: str = "sums"
    recipe: Recipe = RECIPE
    dropout: float = 0.1

    @property
    def settings(self):
        return self

    def network(self):
        return torch.nn.Sequential(
            torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Dropout(self.dropout), torch.nn.Linear(16, 1)
        )

    def loss(self, network, batch):
        told = network(batch["x"])[:, 0]
        return ((told - batch["y"]) ** 2).mean(), {"sum": told}


def samples(count, seed, prefix):
    x = torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))
    return Samples({"x": x, "y": x.sum(1)}, [f"{prefix}{i}" for i in range(count)])


def data():
    dev = samples(40, 1, "b")
    return Data(samples(100, 0, "a"), dev, float(dev.tensors["y"].var()))


def table(run):
    with (run / "metrics.csv").open() as lines:
        return list(csv.DictReader(lines))


def test_what_was_learned_is_kept(tmp_path):
    told = []
    lowest = fit(Sums(), data(), tmp_path / "run", 0, "cpu", note=told.append)
    network = weights(Sums().network(), tmp_path / "run")
    loss, outputs = measured(Sums(), network, data().dev)
    assert loss == pytest.approx(lowest, abs=1e-5)
    assert loss < data().chance / 2
    assert outputs["sum"].shape == (40,)
    assert [row["epoch"] for row in table(tmp_path / "run")] == [str(n) for n in range(1, 7)]
    assert len(told) == 6


def test_a_run_that_was_stopped_ends_in_the_same_weights(tmp_path):
    class KilledError(Exception):
        pass

    def die(line):
        if line.startswith("epoch 3"):
            raise KilledError

    fit(Sums(), data(), tmp_path / "whole", 0, "cpu")
    with pytest.raises(KilledError):
        fit(Sums(), data(), tmp_path / "stopped", 0, "cpu", note=die)
    assert not (tmp_path / "stopped/weights.safetensors").exists()
    fit(Sums(), data(), tmp_path / "stopped", 0, "cpu")
    whole, stopped = (load_file(tmp_path / run / "weights.safetensors") for run in ("whole", "stopped"))
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)


def test_another_seed_or_setting_needs_another_folder(tmp_path):
    fit(Sums(), data(), tmp_path / "run", 0, "cpu")
    with pytest.raises(FileError, match="other settings"):
        fit(Sums(), data(), tmp_path / "run", 1, "cpu")
    with pytest.raises(FileError, match="other settings"):
        fit(Sums(dropout=0.2), data(), tmp_path / "run", 0, "cpu")


def test_a_run_ends_when_nothing_more_is_gained(tmp_path):
    task = Sums(recipe=replace(RECIPE, epochs=200, patience=2, batch=4, rate=0.05))
    fit(task, data(), tmp_path / "run", 0, "cpu")
    assert len(table(tmp_path / "run")) < 200


def spoilt(change):
    whole = data()
    tensors = dict(whole.train.tensors)
    change(tensors)
    return replace(whole, train=replace(whole.train, tensors=tensors))


def test_what_does_not_carry_over_is_not_passed_off_as_a_model(tmp_path):
    turned = spoilt(lambda tensors: tensors.update(y=-tensors["y"]))
    with pytest.raises(TrainingError, match="no better than"):
        fit(Sums(), turned, tmp_path / "run", 0, "cpu")
    assert not (tmp_path / "run/weights.safetensors").exists()


def test_labels_that_are_all_zero_are_refused(tmp_path):
    class Nothing(Sums):
        def loss(self, network, batch):
            told = network(batch["x"])[:, 0]
            return (told * 0).mean(), {"sum": told}

    with pytest.raises(TrainingError, match="exactly 0"):
        fit(Nothing(), data(), tmp_path / "run", 0, "cpu")


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    with pytest.raises(TrainingError, match=r"finite|loss is"):
        fit(Sums(), spoilt(lambda t: t.update(y=t["y"] * float("inf"))), tmp_path / "run", 0, "cpu")


def test_outputs_that_do_not_depend_on_the_input_end_the_run(tmp_path):
    class Deaf(Sums):
        def loss(self, network, batch):
            return super().loss(network, batch | {"x": torch.ones_like(batch["x"])})

    with pytest.raises(TrainingError, match="same sum for each of 40 inputs"):
        fit(Deaf(), data(), tmp_path / "run", 0, "cpu")


def test_a_song_on_both_sides_is_refused(tmp_path):
    whole = data()
    leaking = replace(whole, dev=replace(whole.dev, groups=["a3", *whole.dev.groups[1:]]))
    with pytest.raises(TrainingError, match=r"share no group; they share 1 \(a3\)"):
        fit(Sums(), leaking, tmp_path / "run", 0, "cpu")


def test_no_samples_are_no_training(tmp_path):
    empty = Samples({"x": torch.zeros(0, 4), "y": torch.zeros(0)}, [])
    with pytest.raises(TrainingError, match="no samples in the train split"):
        fit(Sums(), replace(data(), train=empty), tmp_path / "run", 0, "cpu")


def test_labels_of_one_class_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="all 100 are of class 3"):
        fit(Sums(), replace(data(), labels=torch.full((100,), 3)), tmp_path / "run", 0, "cpu")


def test_a_card_that_is_not_there_is_a_usage_error(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("this machine has a card")
    with pytest.raises(UsageError, match="no cuda"):
        fit(Sums(), data(), tmp_path / "run", 0, "cuda")


@pytest.mark.parametrize("text", ["epochs: 0", "rate: -1", "warmup: 1", "epoch: 3", "- 1", "batch: many", "a: b: c"])
def test_a_recipe_that_makes_no_sense_is_refused(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(UsageError):
        settings(Recipe, path)


@pytest.mark.parametrize("world", [1, 2, 3])
def test_processes_share_each_batch_out(world):
    whole = Samples({"i": torch.arange(50)}, [str(i) for i in range(50)])
    alone = [batch["i"].tolist() for batch in Batches(whole, 12, 0)]
    shared = [
        sorted(i for batch in together for i in batch["i"].tolist())
        for together in zip(*(Batches(whole, 12, 0, rank, world) for rank in range(world)), strict=True)
    ]
    assert shared == [sorted(batch) for batch in alone]
    assert {i for batch in alone for i in batch} == set(range(50))


def test_two_processes_train_one_network(tmp_path):
    script = tmp_path / "both.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(sys.path[0])!r})\n"
        "import importlib.util as u, pathlib\n"
        f"spec = u.spec_from_file_location('fitting_tests', {__file__!r})\n"
        "tests = u.module_from_spec(spec); sys.modules['fitting_tests'] = tests; spec.loader.exec_module(tests)\n"
        f"tests.fit(tests.Sums(), tests.data(), pathlib.Path({str(tmp_path / 'run')!r}), 0, 'cpu')\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    loss, _ = measured(Sums(), weights(Sums().network(), tmp_path / "run"), data().dev)
    assert loss < data().chance / 2
    assert len(table(tmp_path / "run")) == 6


def test_curves_go_to_a_local_database(tmp_path):
    fit(Sums(recipe=replace(RECIPE, epochs=3)), data(), tmp_path / "run", 0, "cpu", tracking="mlflow")
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    run = client.get_run((tmp_path / "run/mlflow.txt").read_text())
    assert run.info.run_name == "run"
    assert run.data.params["network"] == "sums"
    assert len(client.get_metric_history(run.info.run_id, "dev_loss")) == 3


def test_curves_go_to_tensorboard_when_asked(tmp_path):
    fit(Sums(recipe=replace(RECIPE, epochs=3)), data(), tmp_path / "run", 0, "cpu", tracking="tensorboard")
    assert list((tmp_path / "run/tensorboard").rglob("events*"))


def test_an_unknown_tracker_is_named(tmp_path):
    with pytest.raises(UsageError, match="mlflow, tensorboard, wandb, none"):
        fit(Sums(), data(), tmp_path / "run", 0, "cpu", tracking="mlfow")
