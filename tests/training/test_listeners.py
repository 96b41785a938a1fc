"""Listeners: which runs are heard together, and that each sound is heard as if it were alone."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.errors import UsageError
from kelly.sound.features import FRAMES
from kelly.training.data.sounds import TASKS, Sound
from kelly.training.evaluation import listeners
from kelly.training.evaluation.listeners import Listener, by_fold
from kelly.training.networks import multiscale
from kelly.training.tasks import sound
from kelly.training.tasks.sound import Settings

pytestmark = pytest.mark.usefixtures("one_thread")

NARROW = multiscale.Size(tall=16, long=8, deep=8, square=(4, 8, 16), width=32, heads=2)


def listener(name, *left_out, folds=5):
    return Listener(name, Settings(folds=folds), frozenset(left_out), lambda *_: None)


def names(heard, *others):
    return [[one.name for one in same] for same in by_fold(heard, "ravdess", *others)]


def test_who_left_out_the_same_is_heard_together_in_the_order_of_coming():
    heard = [listener("b0", "ravdess/1", "emotify/7"), listener("b1", "ravdess/2"), listener("a1", "ravdess/2")]
    assert names([*heard, listener("a0", "ravdess/1")]) == [["b0", "a0"], ["b1", "a1"]]


def test_who_judges_a_split_is_heard_with_all_others_who_do():
    assert names([listener("a", "ravdess/1", folds=0), listener("b", "ravdess/2", folds=0)]) == [["a", "b"]]
    assert names([]) == []


def test_runs_that_left_out_some_of_the_same_are_refused():
    heard = [listener("a", "ravdess/1", "ravdess/2"), listener("b", "ravdess/3"), listener("c", "ravdess/2")]
    with pytest.raises(UsageError, match="runs must leave out the same or all others; c judges some of what a has"):
        by_fold(heard, "ravdess")


def test_groups_of_which_there_is_nothing_to_judge_do_not_tell_runs_apart():
    heard = [listener("all", "ravdess/1", "ravdess/silent"), listener("singing", "ravdess/1")]
    assert names(heard, {"ravdess/1", "ravdess/2"}) == [["all", "singing"]]
    with pytest.raises(UsageError, match="singing judges some of what all has"):
        by_fold(heard, "ravdess")


def test_a_fold_that_fewer_hear_is_refused():
    heard = [listener("a0", "ravdess/1"), listener("a1", "ravdess/2"), listener("b1", "ravdess/2")]
    with pytest.raises(UsageError, match=r"by as many runs; got one by 1 \(a0\) and one by 2 \(a1, b1\)$"):
        by_fold(heard, "ravdess")


def heard_by(trunk, task, counts):
    """A network, its settings, and a sound of noise for each count of samples or frames."""
    rng = np.random.default_rng(0)
    settings = Settings({task: 1.0}, trunk=trunk)
    torch.manual_seed(0)
    network = sound.task(settings).network().eval()
    for head in network.heads.values():
        torch.nn.init.normal_(head.weight, 0, 0.1)
    if network.mels[0] == FRAMES:
        waves = [rng.integers(0, 256, (count, FRAMES.bands), np.uint8) for count in counts]
    else:
        waves = [rng.integers(-3000, 3000, count, np.int16) for count in counts]
    told = np.zeros(len(TASKS[task].names), np.float32)
    return network, settings, [Sound(task, str(row), "dev", str(row), wave, told) for row, wave in enumerate(waves)]


@pytest.mark.parametrize(
    ("trunk", "task", "counts"),
    [
        ("multiscale", "gems", [24_000, 9_000, 40_000, 24_100, 9_001, 300]),
        ("movement", "moods", [40, 9, 40, 21, 9, 1]),
    ],
)
def test_a_sound_is_heard_as_if_it_were_alone(trunk, task, counts, monkeypatch):
    monkeypatch.setattr(multiscale, "SIZES", {"tiny": NARROW})
    network, settings, found = heard_by(trunk, task, counts)
    together = listeners._said(network, settings, task, found)
    alone = np.concatenate([listeners._said(network, settings, task, [one]) for one in found])
    assert together == pytest.approx(alone, abs=1e-5)
    assert np.ptp(together, axis=0).min() > 0.01


def test_sounds_of_one_length_are_heard_at_once_and_none_is_padded(monkeypatch):
    network, settings, found = heard_by("movement", "moods", [9] * 40 + [12] * 3 + [9] * 10)
    batches, batched = [], listeners.batched

    def counted(batch, *others):
        batches.append(batch["length"].tolist())
        return batched(batch, *others)

    monkeypatch.setattr(listeners, "batched", counted)
    told = listeners._said(network, settings, "moods", found)
    assert [(len(one), *set(one)) for one in batches] == [(32, 9), (18, 9), (3, 12)]
    assert told.shape == (53, 5)
