"""`kelly tune`: a search makes short runs, keeps what was best, goes on where it stopped, and says what it lacks."""

import csv
import json
import re
from dataclasses import dataclass, replace

import pytest
import yaml

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.cli.main import main
from kelly.errors import TrainingError
from kelly.training.data.corpora import billboard as billboard_corpus
from kelly.training.data.corpora import pop909 as pop909_corpus
from kelly.training.tasks import harmony
from kelly.training.tasks.fitting import Data, Recipe
from kelly.training.tasks.runs import settings
from kelly.training.tasks.samples import Samples
from kelly.training.tasks.tuning import search
from small import billboard, pop909

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's
DEV = {"003", "0010"}
BASE = {
    "recipe": {"epochs": 8, "batch": 8, "rate": 0.01, "chance_after": 4},
    "noise": 0.0,
    "shares": {"pop909": 1.0, "billboard": 0.5},
}
CORPORA = {
    "symbolic": "EMOPIA",
    "recognizer": "Emotify",
    "melody": "POP909",
    "harmony": "POP909",
    "dynamics": "ASAP",
    "groove": "Groove",
}


@pytest.fixture
def tune(tmp_path, monkeypatch, capsys):
    """Search for settings of the harmony network on a few songs; gives what the command prints and notes."""
    for official, small in ((pop909_corpus, pop909), (billboard_corpus, billboard)):
        monkeypatch.setattr(official, "split_of", lambda _, name: "dev" if name in DEV else "train")
        small.write(tmp_path / "corpora")
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(BASE))

    def run(trials, *more):
        places = ["--data", tmp_path / "corpora", "--cache", tmp_path / "cache", "--config", tmp_path / "base.yaml"]
        line = ["tune", "harmony", *places, "--out", tmp_path / "search", "--trials", trials, *more]
        assert main([str(one) for one in line]) == 0
        return capsys.readouterr()

    return run


def dev_losses(run):
    with (run / "metrics.csv").open() as rows:
        return [float(row["dev_loss"]) for row in csv.DictReader(rows)]


def test_a_search_tells_the_best_of_its_runs_and_goes_on_with_more(tune, tmp_path):
    told = json.loads(tune(2, "--json").out)
    out = tmp_path / "search"
    assert set(told) == {"best", "value", "trials"}
    assert set(told["best"]) == {"rate", "weight_decay", "batch", "dropout"}
    assert told["trials"] == 2
    runs = [out / "trial-0", out / "trial-1"]
    assert [len(dev_losses(run)) for run in runs] == [4, 4]  # half of the epochs
    assert told["value"] == pytest.approx(min(loss for run in runs for loss in dev_losses(run)), rel=1e-4)
    best = min(runs, key=lambda run: min(dev_losses(run)))
    made_from = json.loads((best / "run.json").read_text())
    assert {key: made_from[key] for key in ("rate", "weight_decay", "batch")} == {
        key: value for key, value in told["best"].items() if key != "dropout"
    }

    written = [path.stat().st_mtime_ns for run in runs for path in run.iterdir()]
    more = tune(3)
    assert re.findall(r"^kelly: (trial \d+):", more.err, re.MULTILINE) == ["trial 2"]
    assert [line.partition(":")[0] for line in more.out.splitlines()][:-1] == list(told["best"])
    assert more.out.splitlines()[-1].startswith("dev loss ")
    assert [path.stat().st_mtime_ns for run in runs for path in run.iterdir()] == written
    assert json.loads(tune(3, "--json").out)["value"] <= told["value"]


def test_what_is_best_is_a_recipe_with_all_that_was_asked(tune, tmp_path):
    best = json.loads(tune(1, "--json").out)["best"]
    asked = settings(harmony.Settings, tmp_path / "base.yaml")
    recipe = replace(asked.recipe, **{name: best[name] for name in ("rate", "weight_decay", "batch")})
    told = settings(harmony.Settings, tmp_path / "search/best.yaml")
    assert told == replace(asked, recipe=recipe, dropout=best["dropout"])


def test_the_folder_of_a_search_takes_no_other_search(tune, tmp_path, capsys):
    tune(1)
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(BASE | {"noise": 0.2}))
    line = ["tune", "harmony", "--data", tmp_path / "corpora", "--cache", tmp_path / "cache", "--trials", 1]
    for out, told in ((tmp_path / "search", "other settings"), (tmp_path / "base.yaml", "cannot be a run's folder")):
        assert main([str(one) for one in (*line, "--config", tmp_path / "base.yaml", "--out", out)]) == 1
        assert told in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("name", CORPORA)
def test_without_its_corpus_nothing_is_searched(name, tmp_path, capsys):
    (tmp_path / "corpora").mkdir()
    line = ["tune", name, "--data", str(tmp_path / "corpora"), "--out", str(tmp_path / "search"), "--trials", "2"]
    assert main([*line, "--cache", str(tmp_path / "cache")]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert CORPORA[name] in told.err.splitlines()[-1]
    assert "to be had from" in told.err.splitlines()[-1]
    assert not (tmp_path / "search").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["tune", "words", "--trials", "1"], "recipes/"),
        (["tune", "grove", "--trials", "1"], "groove"),
        (["tune", "groove", "--trials", "0"], "--trials"),
    ],
)
def test_what_cannot_be_searched_is_told_on_one_line(line, told, tmp_path, capsys):
    assert main([*line, "--data", str(tmp_path), "--out", str(tmp_path / "search")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "search").exists()


@dataclass(frozen=True)
class Hopeless:
    """Learns of the train samples what is wrong of the others."""

    recipe: Recipe
    name: str = "hopeless"

    @property
    def settings(self):
        return self

    def network(self):
        return torch.nn.Linear(4, 1)

    def loss(self, network, batch):
        told = network(batch["x"])[:, 0]
        return ((told - batch["y"]) ** 2).mean(), {"sum": told}


@dataclass(frozen=True)
class Settings:
    recipe: Recipe


def samples(count, sign, prefix):
    x = torch.randn(count, 4, generator=torch.Generator().manual_seed(count))
    return Samples({"x": x, "y": sign * x.sum(1)}, [f"{prefix}{i}" for i in range(count)])


def test_a_search_goes_on_as_if_it_had_not_been_stopped(tmp_path):
    def proposed(name, *counts):
        for count in counts:
            search(lambda one: Hopeless(one.recipe), asked, data, tmp_path / name, count, "cpu", lambda _: None)
        runs = [json.loads((tmp_path / name / f"trial-{i}/run.json").read_text()) for i in range(4)]
        return [(run["rate"], run["weight_decay"], run["batch"]) for run in runs]

    asked = Settings(replace(Recipe(), epochs=1, batch=1, rate=0.01, chance_after=1))
    data = Data(samples(4, 1, "a"), samples(5, 1, "b"), 1000.0)
    whole = proposed("whole", 4)
    assert proposed("stopped", 1, 2, 4) == whole
    assert len(set(whole)) == 4
    assert {batch for _, _, batch in whole} <= {1, 2}


def test_a_search_in_which_nothing_is_learned_says_so(tmp_path):
    dev, noted = samples(30, -1, "b"), []
    data = Data(samples(40, 1, "a"), dev, float(dev.tensors["y"].var()) * 0.5)
    asked = Settings(replace(Recipe(), epochs=2, batch=8, chance_after=1))
    with pytest.raises(TrainingError, match="none of 2 trials"):
        search(lambda one: Hopeless(one.recipe), asked, data, tmp_path / "search", 2, "cpu", noted.append)
    assert len(noted) == 2
    assert not (tmp_path / "search/best.yaml").exists()
