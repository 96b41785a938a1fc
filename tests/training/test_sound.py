"""Networks that hear sound: what their sounds are, what a step loses, and that a small one learns."""

import dataclasses

import lightning
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from kelly.errors import CorpusError, UnknownNameError, UsageError
from kelly.sound.features import SCALES, evened, levels, voiced
from kelly.training.data import sounds
from kelly.training.data.augmenting import Augmentation
from kelly.training.data.sounds import FULL, TASKS, Sound
from kelly.training.networks import transformer
from kelly.training.tasks import sound
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit
from small import emotify as small_emotify
from small import ravdess as small_ravdess

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's, of torch's

RATE = SCALES[0].rate
SMALL = transformer.Size(width=16, heads=2, layers=1, inner=16)


@pytest.fixture
def context(tmp_path):
    return Context(tmp_path / "cache")


@pytest.fixture(autouse=True)
def small_trunk(monkeypatch):
    monkeypatch.setattr(transformer, "SIZES", {"tiny": SMALL})


def test_speech_and_song_are_the_takes_of_one_corpus(tmp_path, context):
    small_ravdess.write(tmp_path)
    spoken, sung = (sounds.sounds(tmp_path, context, [task]) for task in ("speech", "song"))
    assert (len(spoken), len(sung)) == (16, 6)
    assert {one.group for one in sung} == {"Actor_02"}
    assert [len(one.told) for one in (spoken[0], sung[0])] == [8, 6]
    happy = next(one for one in spoken if one.id == "03-01-03-02-01-02-01")
    assert TASKS["speech"].names[happy.told.argmax()] == "happy"
    assert happy.told.sum() == 1


def test_the_feelings_of_music_are_shares_weighed_by_who_listened(tmp_path, context):
    small_emotify.write(tmp_path)
    found = {one.id: one for one in sounds.sounds(tmp_path, context, ["gems"])}
    names = TASKS["gems"].names
    assert "amazement" not in names
    assert len(names) == 8
    assert found["301"].told[names.index("joyful_activation")] == 1
    assert found["301"].told[names.index("tension")] == pytest.approx(1 / 3)
    assert (found["1"].weight, found["301"].weight) == (2, 3)


def test_long_music_is_cut_into_even_stretches():
    parts = sounds._stretches(np.zeros(30 * RATE + 1, np.int16))
    assert [round(len(part) / RATE, 1) for _, part in parts] == [10, 10, 10]
    assert len(sounds._stretches(np.zeros(RATE, np.int16))) == 1


def test_the_silence_around_words_is_left_out():
    word = 0.5 * np.sin(np.arange(RATE) / 3, dtype=np.float32)
    wave = np.concatenate([np.zeros(RATE, np.float32), word, np.zeros(2 * RATE, np.float32)])
    assert len(voiced(wave)) == pytest.approx(RATE, abs=2 * 2048)
    assert len(voiced(0.001 * wave)) == len(voiced(wave))
    assert len(voiced(np.zeros(RATE, np.float32))) == RATE
    assert len(voiced(word[:100])) == 100


def test_unknown_tasks_are_refused(tmp_path, context):
    with pytest.raises(UnknownNameError, match="speech"):
        sounds.sounds(tmp_path, context, ["speach"])


def tone(pitch, seconds=0.5, seed=0):
    noise = np.random.default_rng(seed).normal(0, 0.01, int(seconds * RATE))
    return np.rint(FULL * (0.3 * np.sin(np.arange(len(noise)) * 2 * np.pi * pitch / RATE) + noise)).astype(np.int16)


def heard(count=24, tasks=("speech", "song")):
    """Sounds whose pitch tells their class."""
    told = []
    for task in tasks:
        size = len(TASKS[task].names)
        for row in range(count):
            wave = tone(200 * 1.5 ** (row % size), 0.3 + 0.02 * (row % 5), seed=row)
            label = np.eye(size, dtype=np.float32)[row % size]
            told.append(Sound(task, f"{task}-{row}", "train", f"{task}-{row}", wave, label))
    return told


def split(found, share=5):
    train = [one for row, one in enumerate(found) if row % share]
    dev = [dataclasses.replace(one, group=f"dev-{one.group}") for row, one in enumerate(found) if not row % share]
    return train, dev


def settings(**changes):
    recipe = Recipe(epochs=10, batch=8, rate=1e-2, keep="last", chance_after=10)
    return sound.Settings(**{"tasks": {"speech": 1.0, "song": 1.0}, "dropout": 0.0, "recipe": recipe} | changes)


def test_a_small_network_learns_what_pitch_tells(tmp_path):
    asked = settings()
    data = sound.both(*split(heard(25)), asked)
    assert data.chance == pytest.approx(1, abs=0.1)
    assert fit(sound.task(asked), data, tmp_path / "run", 0, "cpu") < 0.7


def test_what_is_heard_is_the_levels_of_each_wave(tmp_path):
    del tmp_path
    asked = settings()
    found = heard(2)
    batch = sound.samples(found, asked).tensors
    told, real, loudness = sound.batched(batch, None, SCALES)
    for row, one in enumerate(found):
        count = int(real[row].sum())
        wave, decibels = evened(one.wave.astype(np.float32) / FULL)
        assert float(loudness[row]) == pytest.approx(decibels, abs=1e-4)
        assert count == SCALES[0].frames(len(one.wave))
        for scale, mel in enumerate(SCALES):
            assert np.allclose(told[scale][row, :count], levels(wave, mel), atol=1e-6)
        assert not told[0][row, count:].any()


def test_changes_follow_from_torchs_generator():
    asked = settings(augmentation=Augmentation(noise=1.0, speed=1.0, masks=2))
    batch = sound.samples(heard(2), asked).tensors

    def changed(seed, by=asked):
        torch.manual_seed(seed)
        return sound.batched(batch, by, SCALES[:1])[0][0]

    assert torch.equal(changed(1), changed(1))
    assert changed(1).shape != changed(2).shape or not torch.equal(changed(1), changed(2))
    assert torch.equal(changed(1, None), changed(2, None))


def test_a_task_counts_by_its_share_however_many_sounds_it_has():
    found = heard(24, ["speech"]) + heard(8, ["song"])
    asked = settings(tasks={"speech": 3.0, "song": 1.0})
    samples = sound.samples(found, asked)
    spoken = samples.tensors["task"] == 0
    assert float(samples.weights[spoken].sum() / samples.weights.sum()) == pytest.approx(0.75)
    dev = sound.both(found, found, asked).dev.tensors
    assert float(dev["weight"][spoken].sum() / dev["weight"].sum()) == pytest.approx(0.75)


def test_ratings_lose_in_their_unit_and_a_constant_loses_their_variance():
    rng = np.random.default_rng(0)
    rows = (0.5 + TASKS["gems"].unit * rng.choice([-1, 1], (40, 8))).astype(np.float32)
    found = [Sound("gems", f"{row}", "train", f"{row}", tone(300, seed=row), told) for row, told in enumerate(rows)]
    asked = settings(tasks={"gems": 1.0})
    assert sound.both(found, found, asked).chance == pytest.approx(rows.var(0).mean() / 0.04, abs=1e-3)


def test_trunk_and_heads_may_learn_at_rates_of_their_own(tmp_path):
    asked = settings(rates={"trunk": 0.0}, recipe=Recipe(epochs=1, batch=8, rate=1e-3, keep="last", chance_after=9))
    task = sound.task(asked)
    assert task.rates(task.network()) == {"trunk": 0.0}
    data = sound.both(*split(heard(16)), asked)
    fit(task, dataclasses.replace(data, chance=100.0), tmp_path / "run", 0, "cpu")
    lightning.seed_everything(0, verbose=False)
    new, learned = task.network().state_dict(), load_file(tmp_path / "run" / "weights.safetensors")
    still = {name for name in new if torch.equal(new[name], learned[name])}
    assert {name for name in new if name.startswith("trunk.")} <= still
    assert not any(name.startswith(("heads.", "shared.", "views.")) for name in still)


def test_a_split_without_sounds_of_a_task_is_told(tmp_path, context, monkeypatch):
    small_ravdess.write(tmp_path)
    monkeypatch.setattr("kelly.training.data.corpora.ravdess.split_of", lambda *_: "train")
    with pytest.raises(CorpusError, match=r"song, speech in .* must have sounds of the dev split"):
        sound.data(tmp_path, settings(), context)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tasks": {}}, "one or more"),
        ({"tasks": {"speech": 0.0}}, "shares above 0"),
        ({"tasks": {"speach": 1.0}}, "speech"),
        ({"trunk": "cnn"}, "transformer, multiscale"),
        ({"size": "huge"}, "tiny"),
        ({"dropout": 1.0}, "dropout must lie in 0..1"),
        ({"augmentation": Augmentation(mixup=0.2)}, "mixup must be 0"),
        ({"rates": {"trunk": -1.0}}, "rates must be 0 or more"),
        ({"tasks": {"speech": 1.0, "moods": 1.0}}, "same definitions"),
        ({"folds": 5, "fold": 5}, "fold must be one of"),
        ({"folds": 1}, "folds 0 or 2"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, told):
    with pytest.raises(UsageError, match=told):
        settings(**changes)
