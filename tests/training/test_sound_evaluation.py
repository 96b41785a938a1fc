"""What hears sound, measured: every record once, by who never learned from it, beside what the field does first."""

import dataclasses
import json
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.cli.main import main
from kelly.errors import CorpusError, FileError, UnknownNameError, UsageError
from kelly.sound import soundfont
from kelly.training.data import sounds
from kelly.training.data.sounds import TASKS
from kelly.training.evaluation import scales
from kelly.training.evaluation import sound as evaluation
from kelly.training.evaluation.listeners import listeners
from kelly.training.evaluation.results import lines
from kelly.training.tasks import sound
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit
from kelly.training.tasks.sound import Settings
from small import emotify as small_emotify
from small import mirex_mood as small_mirex
from small import ravdess as small_ravdess
from small import vgmidi as small_vgmidi
from small.sounds import tone

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]  # Lightning's, of torch's
SHORT = Recipe(epochs=1, batch=8, keep="last", chance_after=9)
ACTORS = range(1, 9)
TRACKS = [*range(1, 9), *range(101, 109)]
PIECES = {f"Series_PC_Game_Tune {row}": (round(-0.7 + 0.2 * row, 1), round(0.6 - 0.15 * row, 2)) for row in range(8)}
CLIPS = [f"{row:03},{1 + row % 5},Mood,Title {row},Band {row},LP,1990,0,{row}" for row in range(25)]
DEV = {
    "ravdess": {"Actor_07", "Actor_08"},
    "emotify": {str(track) for track in TRACKS if track % 2},
    "vgmidi": {*list(PIECES)[4:]},
    "mirex_mood": {clip[:3] for clip in CLIPS[15:]},
}


@pytest.fixture(scope="module", autouse=True)
def smaller():
    """Corpora with more records and splits of their own, short stretches, and few drawn sets."""
    raters = {
        track: [f"0{np.random.default_rng([track, rater]).integers(1, 256):08b}" for rater in range(4)]
        for track in TRACKS
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_emotify, "RATERS", raters)
        patch.setattr(small_vgmidi, "FILES", {"1": PIECES})
        patch.setattr(small_vgmidi, "PHRASES", ())
        patch.setattr(small_mirex, "CLIPS", CLIPS)
        patch.setattr(sounds, "STRETCH", 2.0)
        patch.setattr(evaluation, "About", partial(evaluation.About, draws=40))
        for corpus, dev in DEV.items():
            split = lambda _, name, dev=dev: "dev" if name in dev else "train"  # noqa: E731 - one line's worth
            patch.setattr(f"kelly.training.data.corpora.{corpus}.split_of", split)
        yield


@pytest.fixture(scope="module")
def root(smaller, tmp_path_factory):
    """Actors who say each emotion at a pitch of its own, tracks, pieces, and pictures that are told by their level."""
    del smaller
    place = tmp_path_factory.mktemp("corpora")
    voices(place, ACTORS)
    small_emotify.write(place, ".wav")
    small_vgmidi.write(place)
    moods = small_mirex.write(place)
    rng = np.random.default_rng(0)
    pictures = {clip[:3]: rng.integers(0, 40 * int(clip[4]) + 50, (128, 12), np.uint8) for clip in CLIPS}
    np.savez_compressed(moods / "features/logmel128_u8.npz", **pictures)
    return place


def voices(place, actors):
    for actor in actors:
        for row, name in enumerate(small_ravdess.names(actor, 1)):
            tone(place / f"ravdess_speech/Actor_{actor:02}/{name}.wav", frequency=200 * 1.3**row + 5 * actor)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def told():
    return []


@pytest.fixture
def noting(cache, told):
    return Context(cache, note=told.append)


@pytest.fixture(scope="module")
def context(cache):
    return Context(cache)


@pytest.fixture(scope="module")
def fitted(root, context, tmp_path_factory):
    """Train a run of a few steps, of which nobody asks whether it learned."""

    def train(name, task, **changes):
        settings = Settings(**{"tasks": dict.fromkeys(task, 1.0), "size": "mini", "recipe": SHORT} | changes)
        data = dataclasses.replace(sound.data(root, settings, context), chance=100.0)
        run = tmp_path_factory.mktemp("runs") / name
        fit(sound.task(settings), data, run, 0, "cpu")
        return run

    return train


@pytest.fixture(scope="module")
def folds(fitted):
    """Two runs that left out a half of the actors each."""
    return [fitted(f"fold-{fold}", ["speech"], folds=2, fold=fold) for fold in (0, 1)]


@pytest.fixture(scope="module")
def whole(fitted):
    """A run by the splits as they are."""
    return fitted("whole", ["speech"])


@pytest.fixture(scope="module")
def music(fitted):
    return fitted("music", ["gems", "vgmidi"], fonts=(str(soundfont.find()),))


@pytest.fixture(scope="module")
def by_folds(root, folds, context):
    """The report of runs of folds."""
    return evaluation.measure(root, "dev", folds, context)


def number(task, name):
    return next(one for one in task.numbers if one.name == name)


def between(one):
    return one.low <= one.value <= one.high


def test_runs_of_all_folds_judge_every_record_once(by_folds):
    (task,) = by_folds.tasks
    assert (task.title, task.split) == ("RAVDESS speech", "folds")
    assert (task.items, task.units, task.unit) == (64, 8, "actor")
    assert task.classes.names == TASKS["speech"].names
    assert task.classes.scores.confusion.sum() == 64
    assert task.classes.scores.confusion.sum(1).tolist() == [8] * 8


def test_a_record_is_judged_by_the_run_that_never_learned_from_it(by_folds, root, folds, context):
    found, right = sounds.sounds(root, context, ["speech"]), {}
    for one in listeners(folds):
        held = [sounded for sounded in found if sounded.key in one.held]
        told = one("speech", held).argmax(1)
        right |= {item.id: item.told[row] for item, row in zip(held, told, strict=True)}
    assert right.keys() == {one.id for one in found}
    accuracy = number(by_folds.tasks[0], "accuracy")
    assert accuracy.ours.value == pytest.approx(np.mean(list(right.values())))


def test_numbers_have_bars_intervals_and_baselines_beside_them(by_folds):
    (task,) = by_folds.tasks
    recall = number(task, "unweighted accuracy")
    assert recall.bar == 0.6
    assert recall.beside.keys() == recall.differences.keys() == {"constant", "SVM"}
    assert between(recall.ours)
    assert between(recall.beside["SVM"])
    assert recall.beside["constant"].value == pytest.approx(1 / 8)
    assert recall.beside["SVM"].value > 0.8  # pitch tells all
    assert recall.differences["SVM"].value == pytest.approx(recall.ours.value - recall.beside["SVM"].value)


def test_confidence_is_scaled_by_the_other_folds(by_folds):
    calibrated = by_folds.tasks[0].calibrated
    assert len(calibrated.temperatures) == 2
    assert calibrated.after is not None
    assert calibrated.beside.keys() == {"constant", "SVM"}


def test_women_and_men_are_told_apart(by_folds):
    (fairness,) = by_folds.tasks[0].fairness
    assert {one.name for one in fairness.subgroups} == {"female", "male"}


def test_lines_say_what_matters(by_folds):
    said = list(lines(by_folds))
    assert said[0] == "RAVDESS speech, folds: 64 records, 8 actors."
    assert "unweighted accuracy" in said[1]
    reached = "met" if number(by_folds.tasks[0], "unweighted accuracy").reached else "missed"
    assert f"(bar 0.60: {reached}), constant 0.125, SVM" in said[1]
    assert "scaled by temperature" in said[2]


def test_the_targets_of_the_design_are_judged_by_speech(by_folds):
    told = {one.target.key: one for one in by_folds.verdicts if one.ours is not None}
    assert told.keys() >= {"accuracy", "ece", "latency"}
    assert 0 < told["latency"].ours < 1000
    assert told["latency"].constant is None


def test_a_run_without_folds_judges_the_split(root, whole, context):
    (task,) = evaluation.measure(root, "dev", [whole], context).tasks
    assert (task.split, task.items, task.units) == ("dev", 16, 2)
    assert task.calibrated.after is None
    assert number(task, "accuracy").beside.keys() == {"constant", "SVM"}


def test_several_seeds_judge_by_their_mean(root, whole, context, fitted):
    other = fitted("other", ["speech"], dropout=0.1)
    (task,) = evaluation.measure(root, "dev", [whole, other], context).tasks
    found = [one for one in sounds.sounds(root, context, ["speech"]) if one.split == "dev"]
    rows = np.mean([one("speech", found) for one in listeners([whole, other])], axis=0)
    gold = np.array([one.told for one in found]).argmax(1)
    assert number(task, "accuracy").ours.value == pytest.approx((rows.argmax(1) == gold).mean())


def test_runs_that_left_out_the_same_are_heard_together(root, folds, context):
    (twice,) = evaluation.measure(root, "dev", [folds[0], folds[0]], context).tasks
    (once,) = evaluation.measure(root, "dev", folds[:1], context).tasks
    assert [one.ours.value for one in twice.numbers] == pytest.approx([one.ours.value for one in once.numbers])


def test_runs_of_folds_and_others_are_not_heard_together(root, folds, whole, context):
    with pytest.raises(UsageError, match="cannot be heard together"):
        evaluation.measure(root, "dev", [folds[0], whole], context)


def test_a_single_fold_judges_what_it_left_out(root, folds, context):
    (task,) = evaluation.measure(root, "dev", folds[:1], context).tasks
    assert (task.items, task.units) == (32, 4)


def test_tasks_that_nobody_knows_are_refused(root, whole, context):
    with pytest.raises(UnknownNameError, match="speach"):
        evaluation.measure(root, "dev", [whole], context, ["speach"])
    with pytest.raises(UnknownNameError, match="gems"):  # it is one, but not one of this run's
        evaluation.measure(root, "dev", [whole], context, ["gems"])


def test_a_root_without_the_split_is_refused(root, whole, context):
    with pytest.raises(CorpusError, match="3 records or more of the test split for speech"):
        evaluation.measure(root, "test", [whole], context)


def test_a_root_without_the_corpus_is_refused_and_told(tmp_path, whole, noting, told):
    with pytest.raises(CorpusError, match="3 records or more of the dev split for speech"):
        evaluation.measure(tmp_path, "dev", [whole], noting)
    assert any("no ravdess corpus" in line for line in told)


def test_a_run_that_is_not_finished_is_refused(root, tmp_path, context):
    with pytest.raises(FileError, match="is no run"):
        evaluation.measure(root, "dev", [tmp_path], context)


def test_a_root_of_the_split_alone_has_no_baselines_unless_it_is_told_where_to_fit_them(
    root, tmp_path, whole, noting, told
):
    voices(tmp_path, (7, 8))
    alone, fitted = (evaluation.measure(tmp_path, "dev", [whole], noting, train=train) for train in (None, root))
    bare, beside = (number(one.tasks[0], "accuracy") for one in (alone, fitted))
    assert bare.ours == beside.ours
    assert bare.beside == {}
    assert beside.beside.keys() == {"constant", "SVM"}
    assert any("no baselines" in line and "--train" in line for line in told)


@pytest.fixture(scope="module")
def other_font(tmp_path_factory):
    path = tmp_path_factory.mktemp("fonts") / "Other.sf2"
    path.write_bytes(soundfont.find().read_bytes())
    return path


@pytest.fixture(scope="module")
def of_music(root, music, context, other_font):
    """What was measured of feelings roused by music, and of ratings of played scores."""
    report = evaluation.measure(root, "dev", [music], context, ["gems", "vgmidi"], fonts=[soundfont.find(), other_font])
    return dict(zip(("gems", "vgmidi"), report.tasks, strict=True))


def test_feelings_of_music_have_the_mean_of_their_scales_in_front(of_music):
    task = of_music["gems"]
    first = task.numbers[0]
    assert (first.name, first.bar) == ("mean of scales: Pearson r", 0.57)
    assert between(first.ours)
    assert first.beside.keys() == {"constant", "ridge"}
    assert first.beside["constant"].value == 0
    each = [number(task, f"{name}: Pearson r") for name in TASKS["gems"].names]
    assert first.ours.value == pytest.approx(np.mean([one.ours.value for one in each]))
    assert first.ceiling == pytest.approx(np.mean([one.ceiling for one in each]))
    assert 0 <= first.ceiling <= 1
    assert number(task, "sadness: MAE").ceiling is None
    assert (task.items, task.unit) == (8, "track")


def test_the_ceiling_is_what_the_noise_of_few_listeners_leaves():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.2, 0.8, (4000, 1))
    for raters in (10, 40):
        shares = rng.binomial(raters, truth) / raters
        (ceiling,) = scales.ceilings(shares, np.full(len(shares), raters))
        assert ceiling == pytest.approx(np.corrcoef(truth[:, 0], shares[:, 0])[0, 1], abs=0.02)
    agreed = np.array([[0.0], [1.0]])
    assert scales.ceilings(agreed, np.full(2, 9)).tolist() == [1]


def test_ratings_say_by_which_fonts_they_were_played_and_which_were_not_heard_in_training(of_music, other_font):
    task, ours = of_music["vgmidi"], soundfont.find().stem
    fonts = ", ".join(sorted([ours, other_font.stem]))
    assert task.note == f"Played with {fonts}; not heard in training: {other_font.stem}. Trained with {ours}."
    assert task.items == 4 * 2  # an item is a piece with one font
    assert task.units == 4
    assert {one.by for one in task.fairness} == {"SoundFont"}
    assert {one.name for one in task.fairness[0].subgroups} == {ours, other_font.stem}


def test_ratings_are_of_valence_and_arousal(of_music):
    task = of_music["vgmidi"]
    valence = number(task, "valence: Pearson r")
    assert valence.bar == 0.6
    assert valence.beside.keys() == {"constant", "ridge"}
    assert number(task, "arousal: Pearson r").bar == 0.78
    golden = sorted(set(np.round(task.axes[0].gold, 3)))
    assert golden == pytest.approx([valence for valence, _ in list(PIECES.values())[4:]], abs=1e-3)


def test_pieces_have_timelines_and_are_steady_or_not(of_music):
    task = of_music["vgmidi"]
    assert len(task.timelines) == 3
    for line in task.timelines:
        assert line.told.keys() == line.gold.keys() == {"valence", "arousal"}
        assert len(line.seconds) == len(line.told["valence"]) == len(line.gold["arousal"]) > 1
        assert np.diff(line.seconds) == pytest.approx(2, abs=0.3)
    assert task.steadiness.axes == ("valence", "arousal")
    assert task.steadiness.consistency.tracks == 8
    assert task.steadiness.consistency.windows > 16
    assert of_music["gems"].timelines == ()


def test_a_timeline_stands_at_the_seconds_of_its_piece(of_music):
    # The first four bars of six, of 12.5 seconds, are not rated.
    for line in of_music["vgmidi"].timelines:
        assert 4 * 12.5 / 6 - 2 < line.seconds[0] < 4 * 12.5 / 6 + 2


def test_the_moods_are_measured_by_their_f1(root, fitted, context):
    run = fitted("moods", ["moods"], trunk="movement", size="tiny")
    (task,) = evaluation.measure(root, "dev", [run], context).tasks
    assert (task.title, task.items, task.unit) == ("MIREX-like moods", 10, "artist")
    f1 = number(task, "macro F1")
    assert f1.bar == 0.4
    assert f1.beside.keys() == {"constant", "linear"}
    assert f1.beside["linear"].value > f1.beside["constant"].value
    assert task.classes.names == tuple("12345")
    assert task.note == ""
    assert task.steadiness is None


def test_runs_of_folds_have_no_test_split(root, folds, context):
    with pytest.raises(UsageError, match="no test split"):
        evaluation.measure(root, "test", folds, context, ["speech"])


def test_where_the_train_split_has_one_class_there_are_no_baselines(root, whole, noting, told, monkeypatch):
    every = sounds.sounds

    def calm(*given, **named):
        for one in every(*given, **named):
            yield one if one.split == "dev" else dataclasses.replace(one, told=np.eye(8, dtype=np.float32)[1])

    monkeypatch.setattr(evaluation, "sounds", lambda *given, **named: list(calm(*given, **named)))
    (task,) = evaluation.measure(root, "dev", [whole], noting, ["speech"]).tasks
    assert not task.numbers[0].beside
    assert any("no baselines" in line for line in told)


def test_a_report_that_cannot_be_written_is_refused_before_the_work(root, whole, capsys, tmp_path):
    (tmp_path / "report").write_text("a file")
    given = ["evaluate", "sound", whole, "--data", root, "-o", tmp_path / "report"]
    assert main(list(map(str, given))) == 1
    assert "hears" not in capsys.readouterr().err


def test_the_command_writes_a_report_and_prints_it(root, whole, cache, tmp_path, capsys):
    given = ["evaluate", "sound", "--data", root, "--run", whole, "--task", "speech", "--cache", cache]
    assert main([*map(str, given), "-o", str(tmp_path / "report"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "report/metrics.json").read_text())
    (task,) = printed["tasks"]
    assert task["title"] == "RAVDESS speech"
    recall = next(one for one in task["numbers"] if one["name"] == "unweighted accuracy")
    assert (recall["bar"], recall["reached"]) == (0.6, recall["ours"]["value"] >= 0.6)
    page = (tmp_path / "report/index.html").read_text()
    assert "RAVDESS speech" in page
    assert "SVM" in page


def test_the_command_prints_lines_for_people(root, whole, cache, capsys):
    given = ["evaluate", "sound", whole, "--data", root, "--cache", cache]
    assert main(list(map(str, given))) == 0
    told = capsys.readouterr()
    assert told.out.startswith("RAVDESS speech, dev: 16 records, 2 actors.")
    assert "whole hears 16 sounds of speech" in told.err


@pytest.mark.parametrize("asked", [("--task", "speech"), ("--soundfont", "some.sf2"), ("-o", "report")])
@pytest.mark.parametrize("model", ["words", "melody", "symbolic"])
def test_what_is_of_sound_is_refused_for_other_models(root, capsys, model, asked):
    assert main(["evaluate", model, "--data", str(root), *asked]) == 2
    assert f"--task, --soundfont and --out are of sound; got {model}" in capsys.readouterr().err


def test_the_command_refuses_a_task_that_the_run_does_not_know(root, whole, cache, capsys, tmp_path):
    given = [
        "evaluate",
        "sound",
        "--data",
        root,
        "--run",
        whole,
        "--task",
        "gems",
        "--cache",
        cache,
        "-o",
        tmp_path / "out",
    ]
    assert main(list(map(str, given))) == 2
    assert "speech" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
