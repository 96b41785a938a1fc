"""Fitting: a run that learns is kept, goes on exactly after a kill, and one that learns nothing is stopped."""

import csv
import hashlib
import math
import subprocess
import sys
import tracemalloc
import warnings
from dataclasses import dataclass, replace

import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from safetensors.torch import load_file

from kelly.errors import FileError, TrainingError, UsageError
from kelly.training.tasks.fitting import Data, Recipe, fit, made_from, measured, weights
from kelly.training.tasks.guards import check_outputs
from kelly.training.tasks.runs import claimed, settings
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


def test_a_large_dev_split_is_heard_in_parts_and_told_of_as_a_whole():
    seen, network, dev = [], Sums().network(), samples(1000, 1, "b")
    network.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    loss, outputs = measured(Sums(), network, dev)
    assert max(seen) <= 128
    assert loss == pytest.approx(float((outputs["sum"] - dev.tensors["y"]).square().mean()), rel=1e-5)


def test_samples_are_known_by_the_digest_of_their_bytes():
    told, found = hashlib.sha256(), data()
    for split in (found.train, found.dev):
        for name, tensor in sorted(split.tensors.items()):
            told.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            told.update(tensor.numpy().tobytes())
    assert made_from(Sums(), found)["data"] == told.hexdigest()


@pytest.mark.parametrize("wave", [torch.zeros(0), torch.tensor(3), torch.ones(4, 6, dtype=torch.int16).T])
def test_a_digest_is_of_tensors_of_any_shape(wave):
    found = replace(data(), train=Samples({"wave": wave}, ["a"]))
    turned = replace(found, train=Samples({"wave": wave.contiguous()}, ["a"]))
    assert made_from(Sums(), found) == made_from(Sums(), turned)
    assert made_from(Sums(), found) != made_from(Sums(), data())


def test_no_wave_is_copied_to_tell_its_digest():
    found = replace(data(), train=Samples({"wave": torch.zeros(50, 200_000, dtype=torch.int16)}, ["a"] * 50))
    tracemalloc.start()
    try:
        made_from(Sums(), found)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


class KilledError(Exception):
    """What ends a run from outside."""


def stopped(run):
    """A run that was killed when it had told of its third epoch, before the checkpoint of that."""

    def die(line):
        if line.startswith("epoch 3"):
            raise KilledError

    with pytest.raises(KilledError):
        fit(Sums(), data(), run, 0, "cpu", note=die)
    return run


def test_a_run_that_was_stopped_ends_in_the_same_weights_and_table(tmp_path):
    fit(Sums(), data(), tmp_path / "whole", 0, "cpu")
    assert len(table(stopped(tmp_path / "stopped"))) == 3
    assert not (tmp_path / "stopped/weights.safetensors").exists()
    fit(Sums(), data(), tmp_path / "stopped", 0, "cpu")
    whole, again = (load_file(tmp_path / run / "weights.safetensors") for run in ("whole", "stopped"))
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert table(tmp_path / "stopped") == table(tmp_path / "whole")


def test_a_damaged_checkpoint_is_told_of_on_one_line(tmp_path):
    last = stopped(tmp_path / "run") / "last.ckpt"
    last.write_bytes(last.read_bytes()[:1000])
    with pytest.raises(FileError, match=r"last\.ckpt cannot be read; remove .* to train it anew$"):
        fit(Sums(), data(), tmp_path / "run", 0, "cpu")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]"])
def test_a_folder_whose_settings_are_damaged_is_no_run(tmp_path, content):
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(FileError, match=r"run\.json must"):
        claimed(tmp_path)
    with pytest.raises(FileError, match="other settings"):
        fit(Sums(), data(), tmp_path, 0, "cpu")


ENDING = Sums(recipe=replace(RECIPE, epochs=200, patience=2, batch=4, rate=0.05))


def test_a_finished_run_is_left_as_it_is(tmp_path):
    loss, told = fit(ENDING, data(), tmp_path / "run", 0, "cpu"), []
    written = {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    assert fit(ENDING, data(), tmp_path / "run", 0, "cpu", note=told.append) == pytest.approx(loss, abs=1e-5)
    assert {path: path.read_bytes() for path in (tmp_path / "run").iterdir()} == written
    assert told == [f"{tmp_path / 'run'} is done: dev loss {loss:.4f}"]


def test_a_run_that_had_ended_when_it_was_killed_trains_no_further(tmp_path):
    loss = fit(ENDING, data(), tmp_path / "run", 0, "cpu")
    rows, kept = table(tmp_path / "run"), (tmp_path / "run/weights.safetensors").read_bytes()
    (tmp_path / "run/weights.safetensors").unlink()
    assert fit(ENDING, data(), tmp_path / "run", 0, "cpu") == loss
    assert table(tmp_path / "run") == rows
    assert (tmp_path / "run/weights.safetensors").read_bytes() == kept


class Worsening(Sums):
    """Loses ever more of the dev split."""

    def loss(self, network, batch):
        loss, outputs = super().loss(network, batch)
        network.asked = getattr(network, "asked", 0) + (not network.training)
        return loss + (0 if network.training else 2 * network.asked), outputs


def test_the_last_weights_are_judged_by_their_own_loss(tmp_path):
    hard = replace(data(), chance=data().chance + 2)
    assert fit(Worsening(), hard, tmp_path / "best", 0, "cpu") < hard.chance
    with pytest.raises(TrainingError, match=r"after 6 epochs .* no better than"):
        fit(Worsening(recipe=replace(RECIPE, keep="last")), hard, tmp_path / "last", 0, "cpu")
    assert not (tmp_path / "last/weights.safetensors").exists()
    task = Sums(recipe=replace(RECIPE, keep="last"))
    told = fit(task, data(), tmp_path / "good", 0, "cpu")
    assert told == pytest.approx(float(table(tmp_path / "good")[-1]["dev_loss"]), rel=1e-4)


def test_weights_that_are_damaged_or_of_another_network_are_refused(tmp_path):
    fit(Sums(), data(), tmp_path / "run", 0, "cpu")
    with pytest.raises(FileError, match=r"does not fit the network: .* Missing key\(s\)[^\n]*$"):
        weights(torch.nn.Linear(4, 1), tmp_path / "run")
    (tmp_path / "run/weights.safetensors").write_bytes(b"PK")
    with pytest.raises(FileError, match="is damaged"):
        weights(Sums().network(), tmp_path / "run")


def test_another_seed_or_setting_needs_another_folder(tmp_path):
    fit(Sums(), data(), tmp_path / "run", 0, "cpu")
    with pytest.raises(FileError, match="other settings"):
        fit(Sums(), data(), tmp_path / "run", 1, "cpu")
    with pytest.raises(FileError, match="other settings"):
        fit(Sums(dropout=0.2), data(), tmp_path / "run", 0, "cpu")


def test_a_run_ends_when_nothing_more_is_gained(tmp_path):
    fit(ENDING, data(), tmp_path / "run", 0, "cpu")
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


def test_a_dev_loss_that_is_no_number_ends_the_run_and_is_called_so(tmp_path):
    class Lost(Sums):
        def loss(self, network, batch):
            loss, outputs = super().loss(network, batch)
            return loss if network.training else loss * math.nan, outputs

    with pytest.raises(TrainingError, match="the dev loss is nan at step 7"):
        fit(Lost(), data(), tmp_path / "run", 0, "cpu")


def test_a_network_most_of_whose_outputs_are_dead_is_refused():
    alive = torch.rand(20, 10)
    check_outputs({"rare": torch.cat([alive, *[alive * 1e-9] * 10], 1)})  # small, and yet it says something
    check_outputs({"half": torch.cat([alive, torch.full((20, 10), 0.3)], 1)})
    with pytest.raises(TrainingError, match=r"the same most for each of 20 inputs \(11 of 20 numbers\)"):
        check_outputs({"most": torch.cat([alive[:, :9], torch.full((20, 11), 0.3)], 1)})


def test_a_single_dev_sample_is_no_reason_to_warn(tmp_path):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fit(Sums(), replace(data(), dev=samples(1, 1, "b"), chance=100.0), tmp_path / "run", 0, "cpu")
    assert not [one for one in told if "freedom" in str(one.message)]


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


def test_numbers_that_do_not_vary_are_refused(tmp_path):
    targets = {"arousal": torch.rand(100), "valence": torch.full((100,), 0.5), "unrated": torch.zeros(0)}
    with pytest.raises(TrainingError, match=r"valence is 0\.5 in all 100 samples"):
        fit(Sums(), replace(data(), targets=targets), tmp_path / "run", 0, "cpu")
    assert not (tmp_path / "run").exists()


def test_a_card_that_is_not_there_is_a_usage_error(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("this machine has a card")
    with pytest.raises(UsageError, match="no cuda"):
        fit(Sums(), data(), tmp_path / "run", 0, "cuda")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epochs: 0", "epochs must be 1 or more; got 0"),
        ("rate: -1", "rate must be above 0 and finite; got -1.0"),
        ("rate: .inf", "rate must be above 0 and finite; got inf"),
        ("clip: .nan", "clip must be above 0 and finite; got nan"),
        ("weight_decay: -1", "weight_decay must be 0 or more and finite; got -1.0"),
        ("weight_decay: .inf", "weight_decay must be 0 or more and finite; got inf"),
        ("warmup: 1", "warmup must lie in 0..1; got 1.0"),
        ("epoch: 3", "epoch: unexpected keyword argument; got 3"),
        ("batch: many", 'batch: input should be a valid integer, unable to parse string as an integer; got "many"'),
        ("- 1", "the file: input should be a dictionary or an instance of Recipe; got [1]"),
        ("a: b: c", "mapping values are not allowed here at line 1, column 5"),
        ("{", "expected the node content"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_on_one_line(tmp_path, text, told):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        settings(Recipe, path)
    assert told in str(error.value)
    assert len(str(error.value).splitlines()) == 1


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
    assert not (tmp_path / "run").exists()
