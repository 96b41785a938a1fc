"""Networks that hear sound: what they are trained on and left out, what a step loses, and that a small one learns."""

import dataclasses
import io
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

import lightning
from safetensors.torch import load_file

from kelly.errors import CorpusError, FileError, UsageError
from kelly.models.ears import LONGEST
from kelly.sound.features import FRAMES, SCALES, evened, levels
from kelly.training.data.augmenting import Augmentation
from kelly.training.data.clips import STEP
from kelly.training.data.corpora import ravdess
from kelly.training.data.folds import dealt, parted
from kelly.training.data.levelled import batched
from kelly.training.data.sounds import FULL, TASKS, Sound
from kelly.training.networks import transformer
from kelly.training.networks.movement import Movement, Notes
from kelly.training.networks.notes import SIZES as NOTE_SIZES
from kelly.training.networks.notes import NoteNet
from kelly.training.tasks import keeping, sound
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit
from small import ravdess as small_ravdess
from small.sounds import tone as write_tone

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]  # Lightning's, of torch's

RATE = SCALES[0].rate
SHORT = Recipe(epochs=1, batch=8, rate=1e-3, keep="last", chance_after=9)
SMALL = transformer.Size(width=16, heads=2, layers=1, inner=16)


@pytest.fixture(autouse=True)
def small_trunk(monkeypatch):
    monkeypatch.setattr(transformer, "SIZES", {"tiny": SMALL})


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
    told, real, loudness = batched(batch, None, SCALES)
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
        return batched(batch, by and by.augmentation, SCALES[:1])[0][0]

    assert torch.equal(changed(1), changed(1))
    assert changed(1).shape != changed(2).shape or not torch.equal(changed(1), changed(2))
    assert torch.equal(changed(1, None), changed(2, None))


@pytest.mark.parametrize("trunk", ["transformer", "movement"])
def test_sounds_may_be_mixed_within_their_task_and_only_in_training(trunk, tmp_path):
    plain, mixing = (settings(trunk=trunk, augmentation=Augmentation(mixup=mix)) for mix in (0.0, 0.5))
    data = sound.both(*split(heard(25)), mixing)
    network = sound.task(mixing).network()
    batch = data.train.take(torch.arange(16))

    def lost(by):
        torch.manual_seed(1)
        return float(sound.task(by).loss(network, batch)[0].detach())

    assert lost(mixing) != lost(plain)
    network.eval()
    assert lost(mixing) == lost(plain)
    assert fit(sound.task(mixing), data, tmp_path / "run", 0, "cpu") < 0.9


def test_a_task_counts_by_its_share_however_many_sounds_it_has():
    found = heard(24, ["speech"]) + heard(8, ["song"])
    asked = settings(tasks={"speech": 3.0, "song": 1.0})
    samples = sound.samples(found, asked)
    spoken = samples.tensors["task"] == 0
    assert float(samples.weights[spoken].sum() / samples.weights.sum()) == pytest.approx(0.75)
    dev = sound.both(found, found, asked).dev.tensors
    assert float(dev["weight"][spoken].sum() / dev["weight"].sum()) == pytest.approx(0.75)


@pytest.mark.parametrize("task", ["speech", "emopia", "moods"])
def test_classes_are_drawn_alike_whatever_their_size(task):
    size, counts = len(TASKS[task].names), (9, 3, 1)
    mels = TASKS[task].mels
    wave = np.zeros((3, mels[0].bands), np.uint8) if task == "moods" else tone(300)
    rows = np.repeat(np.eye(size, dtype=np.float32)[:3], counts, axis=0)
    found = [Sound(task, str(row), "train", str(row), wave, told) for row, told in enumerate(rows)]
    weights = sound.samples(found, settings(tasks={task: 2.0})).weights.numpy()
    assert np.add.reduceat(weights, [0, 9, 12]) == pytest.approx([2 / 3] * 3)
    assert np.ptp(weights[:9]) == pytest.approx(0, abs=1e-7)


def test_ratings_are_drawn_alike():
    rows = np.random.default_rng(0).random((6, 8), np.float32)
    found = [Sound("gems", str(row), "train", str(row), tone(300), told) for row, told in enumerate(rows)]
    assert sound.samples(found, settings(tasks={"gems": 1.0})).weights.numpy() == pytest.approx(1 / 6)


def test_ratings_lose_in_their_unit_and_a_constant_loses_their_variance():
    rng = np.random.default_rng(0)
    rows = (0.5 + TASKS["gems"].unit * rng.choice([-1, 1], (40, 8))).astype(np.float32)
    found = [Sound("gems", f"{row}", "train", f"{row}", tone(300, seed=row), told) for row, told in enumerate(rows)]
    asked = settings(tasks={"gems": 1.0})
    assert sound.both(found, found, asked).chance == pytest.approx(rows.var(0).mean() / 0.04, abs=1e-3)


def fitted(asked, run, found):
    """The network that a run has just trained, as it was made and as it came to be."""
    made = []

    class Remembering(sound.SoundTask):
        def network(self):
            made.append(super().network())
            return made[-1]

    fit(Remembering(asked), dataclasses.replace(sound.both(*split(found), asked), chance=100.0), run, 0, "cpu")
    return made[0]


def new_network(asked):
    lightning.seed_everything(0, verbose=False)
    return sound.task(asked).network().state_dict()


def test_trunk_and_heads_may_learn_at_rates_of_their_own(tmp_path):
    asked = settings(rates={"trunk.layers": 0.5, "trunk": 0.0}, recipe=SHORT)
    network = fitted(asked, tmp_path / "run", heard(16))
    frozen = {name for name, one in network.named_parameters() if not one.requires_grad}
    assert frozen == {name for name in new_network(asked) if name.startswith("trunk.") and "layers" not in name}
    new, learned = new_network(asked), load_file(tmp_path / "run" / "weights.safetensors")
    still = {name for name in new if torch.equal(new[name], learned[name])}
    assert frozen <= still
    assert not any(name.startswith(("heads.", "shared.", "views.", "trunk.layers")) for name in still)


def test_all_of_a_network_learns_where_no_rates_are_given():
    task = sound.task(settings())
    assert task.rates(task.network()) == {}


@pytest.mark.parametrize("part", ["trnk", "tru", "heads.songs", "trunk.layers.7"])
def test_rates_of_what_the_network_does_not_have_are_refused(part):
    task = sound.task(settings(rates={part: 0.5}))
    with pytest.raises(UsageError, match=f"it has no '{part}'"):
        task.rates(task.network())


def test_a_run_may_multiply_in_bfloat16(tmp_path):
    asked = settings(recipe=dataclasses.replace(SHORT, mixed=True))
    kinds = set()
    watch = lambda *told: kinds.add(told[-1].dtype)  # noqa: E731 - one line's worth

    class Watched(sound.SoundTask):
        def network(self):
            network = super().network()
            network.shared.register_forward_hook(watch)
            return network

    data = dataclasses.replace(sound.both(*split(heard(16)), asked), chance=100.0)
    assert np.isfinite(fit(Watched(asked), data, tmp_path / "run", 0, "cpu"))
    assert kinds == {torch.bfloat16}
    assert json.loads((tmp_path / "run" / "run.json").read_text())["mixed"] is True
    learned = load_file(tmp_path / "run" / "weights.safetensors")
    assert all(bool(one.isfinite().all()) for one in learned.values())
    assert learned["shared.weight"].dtype == torch.float32


def test_a_finished_run_gives_its_settings_and_its_network_back(tmp_path):
    asked = settings(
        augmentation=Augmentation(speed=0.5, speed_factor=(0.8, 1.2)),
        rates={"trunk": 0.5},
        folds=3,
        fold=1,
        fonts=("some.sf2",),
        recipe=SHORT,
    )
    found = heard(8)
    fitted(asked, tmp_path / "run", found)
    told, network = sound.trained(tmp_path / "run")
    assert told == asked
    assert not network.training
    learned = load_file(tmp_path / "run" / "weights.safetensors")
    assert all(torch.equal(one, learned[name]) for name, one in network.state_dict().items())
    assert network.heads.keys() == {"speech", "song"}
    _, again = sound.trained(tmp_path / "run")
    batch = sound.samples(found[:3], asked).tensors
    with torch.inference_mode():
        rows = [one(*batched(batch, None, one.mels))["song"] for one in (network, again)]
    assert torch.equal(*rows)


def test_a_run_that_began_from_pretrained_weights_needs_them_no_more(tmp_path):
    fitted(settings(recipe=SHORT), tmp_path / "run", heard(8))
    path = tmp_path / "run" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"begin": str(tmp_path / "gone")}))
    assert sound.trained(tmp_path / "run")[0].begin == str(tmp_path / "gone")


def test_a_run_that_is_not_finished_has_no_network(tmp_path):
    with pytest.raises(FileError, match="is no run"):
        sound.trained(tmp_path)
    fitted(settings(recipe=SHORT), tmp_path / "run", heard(8))
    (tmp_path / "run" / "weights.safetensors").unlink()
    with pytest.raises(FileError, match="no finished run"):
        sound.trained(tmp_path / "run")


def test_a_split_without_sounds_of_a_task_is_told(tmp_path, monkeypatch):
    small_ravdess.write(tmp_path)
    monkeypatch.setattr("kelly.training.data.corpora.ravdess.split_of", lambda *_: "train")
    with pytest.raises(CorpusError, match=r"song, speech in .* must have sounds of the dev split"):
        sound.data(tmp_path, settings(), Context(tmp_path / "cache"))


def pictures():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(1, 256, (frames, FRAMES.bands), np.uint8) for frames in (30, 41)]
    labels = np.eye(5, dtype=np.float32)
    return [Sound("moods", str(row), "train", str(row), one, labels[row]) for row, one in enumerate(pictures)]


def test_of_the_moods_pictures_are_heard_as_they_are():
    asked = settings(trunk="movement", tasks={"moods": 1.0})
    found = pictures()
    heard, real, loudness = batched(sound.samples(found, asked).tensors, None, sound.task(asked).mels)
    assert len(heard) == 1
    assert real.sum(1).tolist() == [30, 41]
    assert loudness.tolist() == [0, 0]
    for row, one in enumerate(found):
        assert heard[0][row, : len(one.wave)].numpy() == pytest.approx(one.wave * STEP / 10, abs=1e-5)
        assert not heard[0][row, len(one.wave) :].any()


def test_pictures_are_cropped_by_chance():
    asked = settings(trunk="movement", tasks={"moods": 1.0}, augmentation=Augmentation(seconds=2.0))
    frames = round(2 * FRAMES.frames_a_second)
    found = pictures()
    starts = set()
    for seed in range(8):
        torch.manual_seed(seed)
        heard, real, _ = batched(sound.samples(found, asked).tensors, asked.augmentation, sound.task(asked).mels)
        assert real.sum(1).tolist() == [frames, frames]
        for one, told in zip(found, heard[0].numpy(), strict=True):
            whole = one.wave * (STEP / 10)
            places = [at for at in range(len(whole) - frames + 1) if np.allclose(whole[at : at + frames], told)]
            assert len(places) == 1
            starts.add((one.id, places[0]))
    assert len(starts) > 8


def test_movement_learns_how_fast_pictures_change(tmp_path):
    recipe = Recipe(epochs=10, batch=10, rate=5e-3, keep="last", chance_after=10)
    asked = settings(trunk="movement", tasks={"moods": 1.0}, recipe=recipe)
    rng = np.random.default_rng(0)
    found = []
    for row in range(40):
        picture = np.repeat(rng.integers(0, 64, (20, FRAMES.bands), np.uint8), 1 + row % 5, axis=0)
        label = np.eye(5, dtype=np.float32)[row % 5]
        found.append(Sound("moods", str(row), "train", str(row), picture, label))
    assert fit(sound.task(asked), sound.both(*split(found, 4), asked), tmp_path / "run", 0, "cpu") < 0.7


STILL = pytest.mark.parametrize("trunk", ["movement", "cepstra", "layers"])


@pytest.fixture
def pretrained(monkeypatch):
    """An encoder that is always the same stands for one that was trained."""

    def begin_from(network, _):
        rng = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=rng))

    monkeypatch.setattr(sound.pretrained, "speech", lambda *_: {})
    monkeypatch.setattr(transformer.MusicEmotionTransformer, "begin_from", begin_from)


def reading(trunk, **changes):
    return settings(trunk=trunk, hidden=16, begin="wheels" if trunk == "layers" else "", **changes)


@STILL
@pytest.mark.usefixtures("pretrained")
def test_statistics_are_heard_once_and_learned_as_they_would_be_from_waves(trunk, tmp_path):
    asked = reading(trunk)
    train, dev = split(heard(25))
    data = sound.both(train, dev, asked)
    assert "wave" not in data.train.tensors
    run = tmp_path / "run"
    assert fit(sound.task(asked), data, run, 0, "cpu") < 0.75
    network = sound.trained(run)[1]
    lost, _ = sound.task(asked).loss(network, data.dev.tensors)
    from_waves, _ = sound.task(asked).loss(network, {**data.dev.tensors, **sound.samples(dev, asked).tensors})
    assert float(lost.detach()) == pytest.approx(float(from_waves.detach()), abs=1e-3)


@STILL
@pytest.mark.usefixtures("pretrained")
def test_versions_are_heard_beside_the_sound_itself_and_judged_by_none(trunk):
    asked = reading(trunk, versions=2, augmentation=Augmentation(speed=1.0))
    plain, changed = (sound.both(*split(heard(10)), one) for one in (reading(trunk), asked))
    kept = changed.train.tensors["kept"]
    assert kept.shape[1] == 3
    assert changed.dev.tensors["kept"].shape[1] == 1
    assert torch.allclose(kept[:, :1], plain.train.tensors["kept"])
    assert not torch.allclose(kept[:, 0], kept[:, 1])
    assert not torch.allclose(kept[:, 1], kept[:, 2])
    assert torch.equal(kept, sound.both(*split(heard(10)), asked).train.tensors["kept"])


@STILL
@pytest.mark.usefixtures("pretrained")
def test_without_versions_changes_are_drawn_anew(trunk):
    asked = reading(trunk, augmentation=Augmentation(speed=1.0))
    assert "wave" in sound.both(*split(heard(10)), asked).train.tensors


@pytest.mark.usefixtures("pretrained")
def test_what_is_frozen_stays_as_it_began(tmp_path):
    asked = reading("layers", recipe=SHORT)
    data = sound.both(*split(heard(25)), asked)
    fit(sound.task(asked), data, tmp_path / "run", 0, "cpu")
    new = new_network(asked)
    told = load_file(tmp_path / "run" / "weights.safetensors")
    assert all(torch.equal(told[name], new[name]) for name in new if name.startswith("finder."))
    assert not torch.equal(told["heads.speech.weight"], new["heads.speech.weight"])


@pytest.mark.parametrize("trunk", sound.FINDERS)
def test_what_only_reads_needs_something_to_read(trunk, tmp_path):
    with pytest.raises(UsageError, match=f"{trunk} are not learned: begin must name"):
        sound.data(tmp_path, settings(trunk=trunk, hidden=8), Context())


def test_what_each_trunk_hears():
    gems = settings(tasks={"gems": 1.0})
    assert sound.task(gems).mels == SCALES[:1]
    assert sound.task(dataclasses.replace(gems, trunk="multiscale")).mels == SCALES
    assert sound.task(dataclasses.replace(gems, tasks={"moods": 1.0}, trunk="movement")).mels == (FRAMES,)


def of(task, group, name="", split="train"):
    size = len(TASKS[task].names)
    return Sound(task, name or f"{task}-{group}", split, group, tone(300, 0.1), np.eye(size, dtype=np.float32)[0])


ACTORS = [f"Actor_{number:02}" for number in range(1, 25)]


@pytest.mark.parametrize("folds", [2, 5, 6])
def test_of_actors_each_fold_has_as_many_women_as_men(folds):
    told = dealt({("ravdess", one) for one in ACTORS}, folds)
    assert set(told.values()) == set(range(folds))
    for sex in ("female", "male"):
        sizes = Counter(fold for (_, actor), fold in told.items() if ravdess.sex(actor) == sex)
        assert max(sizes.values()) - min(sizes[fold] for fold in range(folds)) <= 1


GROUPS = st.sets(
    st.tuples(st.just("ravdess"), st.sampled_from(ACTORS))
    | st.tuples(st.sampled_from(["emotify", "vgmidi"]), st.text(max_size=3)),
    max_size=40,
)


def stratum(key):
    """What is dealt out by itself: a corpus, of RAVDESS the women and the men."""
    corpus, group = key
    return corpus, ravdess.sex(group) if corpus == "ravdess" else ""


@given(GROUPS, st.integers(2, 7), st.randoms(use_true_random=False))
def test_groups_are_dealt_out_evenly_in_whatever_order_they_come(groups, folds, order):
    told = dealt(groups, folds)
    assert told.keys() == groups
    shuffled = sorted(groups)
    order.shuffle(shuffled)
    assert dealt(shuffled, folds) == told
    parts = Counter((*stratum(key), fold) for key, fold in told.items())
    for one in set(map(stratum, groups)):
        sizes = [parts[*one, fold] for fold in range(folds)]
        assert max(sizes) - min(sizes) <= 1


def test_each_fold_leaves_out_its_groups_and_all_of_them_once():
    found = [
        *(
            of(task, actor, f"{task}-{actor}-{take}")
            for task in ("speech", "song")
            for actor in ACTORS
            for take in "ab"
        ),
        of("speech", "Actor_99", "unseen", "test"),
        of("speech", "Actor_03", "chosen by", "dev"),
    ]
    left_out = []
    folds = dealt({("ravdess", actor) for actor in ACTORS}, 4)
    for fold in range(4):
        train, dev = parted(found, folds, fold)
        assert not {one.key for one in train} & {one.key for one in dev}
        assert len(train) + len(dev) == len(found) - 1
        assert {one.task for one in dev} == {"speech", "song"}
        left_out += [one.id for one in dev]
    assert sorted(left_out) == sorted(one.id for one in found if one.split != "test")


@pytest.mark.usefixtures("pretrained")
def test_what_is_found_of_a_sound_is_found_once_whatever_is_left_out(tmp_path, monkeypatch):
    asked = reading("cepstra", versions=1, augmentation=Augmentation(speed=1.0))
    found = heard(12)
    first = sound.both(found[:8], found[8:], asked, tmp_path).train.tensors["kept"]
    monkeypatch.setattr(keeping, "_found", lambda *_, **__: pytest.fail("it was found before"))
    again = sound.both(found[4:], found[:4], asked, tmp_path)
    assert torch.equal(again.train.tensors["kept"][:4], first[4:])
    assert torch.equal(again.dev.tensors["kept"][:, 0], first[:4, 0])
    with pytest.raises(pytest.fail.Exception):  # of other changes
        sound.both(found[:8], found[8:], reading("cepstra", versions=2, augmentation=Augmentation(speed=1.0)), tmp_path)
    for damage in (b"damaged", b"", npy()):
        for place in (tmp_path / "kelly.training.tasks.keeping").iterdir():
            place.write_bytes(damage)
        with pytest.raises(pytest.fail.Exception):
            sound.both(found[:8], found[8:], asked, tmp_path)


def npy():
    """An array by itself, where several are looked for."""
    packed = io.BytesIO()
    np.save(packed, np.zeros(3))
    return packed.getvalue()


def test_what_networks_of_other_weights_or_definitions_find_is_kept_apart(tmp_path):
    found = sound.samples(heard(3), reading("movement"))
    torch.manual_seed(0)
    finders = [Notes(NoteNet(NOTE_SIZES["tiny"], 4, SCALES[0].bands)) for _ in range(2)]
    made = [
        *(Movement({"speech": 8}, SCALES, finder=finder) for finder in finders),
        Movement({"speech": 8}, SCALES),
        Movement({"speech": 8}, SCALES[1:]),
        Movement({"speech": 8}, SCALES, voices=True),
        Movement({"speech": 8}, SCALES, decibels=True),
    ]
    rows = [keeping.kept(one.eval(), found, Augmentation(), 0, tmp_path).tensors["kept"] for one in made]
    again = [keeping.kept(one.eval(), found, Augmentation(), 0, None).tensors["kept"] for one in made]
    assert all(torch.equal(one, other) for one, other in zip(rows, again, strict=True))
    assert not torch.equal(rows[0], rows[1])
    assert len(list((tmp_path / "kelly.training.tasks.keeping").iterdir())) == len(made)


def test_two_runs_that_find_at_once_lose_nothing(tmp_path, monkeypatch):
    network, found = Movement({"speech": 8}, SCALES).eval(), heard(6)
    first, second = (sound.samples(some, reading("movement")) for some in (found[:3], found[3:]))
    find = keeping._found

    def meanwhile(*given, **named):
        monkeypatch.setattr(keeping, "_found", find)
        keeping.kept(network, second, Augmentation(), 0, tmp_path)  # another run, while this one looks
        return find(*given, **named)

    monkeypatch.setattr(keeping, "_found", meanwhile)
    keeping.kept(network, first, Augmentation(), 0, tmp_path)
    monkeypatch.setattr(keeping, "_found", lambda *_, **__: pytest.fail("it was found before"))
    keeping.kept(network, sound.samples(found, reading("movement")), Augmentation(), 0, tmp_path)


@pytest.mark.parametrize("trunk", ["transformer", "layers"])
@pytest.mark.usefixtures("pretrained")
def test_what_is_played_slower_is_no_longer_than_what_can_be_heard(trunk):
    slow = Augmentation(speed=1.0, speed_factor=(0.5, 0.5))
    asked = settings(tasks={"speech": 1.0}, trunk=trunk, augmentation=slow)
    wave = np.zeros(round(LONGEST * RATE), np.int16) + np.arange(round(LONGEST * RATE), dtype=np.int16) % 99
    found = sound.samples([dataclasses.replace(of("speech", "Actor_01"), wave=wave)], asked)
    network = sound.task(asked).network().eval()
    told, real, loudness = batched(found.tensors, asked.augmentation, network.mels)
    with torch.inference_mode():
        assert torch.isfinite(network(told, real, loudness)["speech"]).all()


@pytest.mark.filterwarnings("ignore")
def test_tasks_of_which_one_lacks_actors_leave_out_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(ravdess, "split_of", lambda *_: "train")
    for actor in range(1, 9):
        for channel in (1, 2) if actor != 5 else (1,):
            for take in small_ravdess.names(actor, channel)[:6]:
                write_tone(tmp_path / f"ravdess/Actor_{actor:02}/{take}.wav")
    for fold in range(2):
        both, song = (
            sound.data(
                tmp_path, settings(tasks=dict.fromkeys(tasks, 1.0), folds=2, fold=fold), Context(tmp_path / "cache")
            )
            for tasks in (("speech", "song"), ("song",))
        )
        assert set(both.held) == set(song.held) == set(both.dev.groups)
        assert set(song.dev.groups) == set(song.held) - {"ravdess/Actor_05"}


def test_without_folds_the_splits_are_as_they_are():
    found = [of("speech", actor, split=split) for actor, split in zip(ACTORS, ("train", "dev", "test"), strict=False)]
    train, dev = parted(found, {}, 0)
    assert [one.group for one in train] == ACTORS[:1]
    assert [one.group for one in dev] == ACTORS[1:2]


@pytest.mark.filterwarnings("ignore")
def test_a_run_of_the_whole_learns_from_the_dev_split_too_and_leaves_nothing_out(tmp_path, monkeypatch):
    monkeypatch.setattr(ravdess, "split_of", lambda _, who: {"Actor_03": "dev", "Actor_04": "test"}.get(who, "train"))
    for actor in range(1, 5):
        for row, take in enumerate(small_ravdess.names(actor, 1)[:6]):
            write_tone(tmp_path / f"ravdess/Actor_{actor:02}/{take}.wav", frequency=100.0 * actor + 300 * row)
    whole, usual, folded = (
        sound.data(tmp_path, settings(tasks={"speech": 1.0}, **changes), Context(tmp_path / "cache"))
        for changes in ({"whole": True}, {}, {"whole": True, "folds": 3})
    )
    assert set(whole.train.groups) == {"ravdess/Actor_01", "ravdess/Actor_02", "ravdess/Actor_03"}
    assert set(usual.train.groups) == {"ravdess/Actor_01", "ravdess/Actor_02"}
    assert whole.held == ()
    asked = settings(tasks={"speech": 1.0}, whole=True, recipe=SHORT)
    fit(sound.task(asked), dataclasses.replace(whole, chance=100.0), tmp_path / "run", 0, "cpu")
    assert json.loads((tmp_path / "run/held.json").read_text()) == []
    assert usual.held is None
    assert not set(folded.train.groups) & set(folded.dev.groups)


def test_a_run_writes_down_which_groups_it_left_out(tmp_path):
    asked = settings(recipe=SHORT)
    train, dev = split(heard(8))
    fit(sound.task(asked), dataclasses.replace(sound.both(train, dev, asked), chance=100.0), tmp_path, 0, "cpu")
    assert set(json.loads((tmp_path / "held.json").read_text())) == {one.key for one in dev}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tasks": {}}, "one or more"),
        ({"tasks": {"speech": 0.0}}, "shares above 0"),
        ({"tasks": {"speach": 1.0}}, "speech"),
        ({"trunk": "cnn"}, "transformer, multiscale"),
        ({"size": "huge"}, "tiny"),
        ({"dropout": 1.0}, "dropout must lie in 0..1"),
        ({"versions": 2}, "versions must be 0 but for"),
        ({"versions": 2, "trunk": "movement"}, "versions must be 0 but for"),
        ({"hidden": 8}, "hidden must be 0 but for"),
        ({"whole": True, "recipe": dataclasses.replace(SHORT, keep="best")}, "keep must be last"),
        ({"trunk": "movement", "begin": "wheels"}, "movement has nothing that could begin from wheels"),
        ({"trunk": "cepstra", "tasks": {"moods": 1.0}}, "moods come as spectrograms"),
        ({"recipe": Recipe(batch=1)}, "batch must be 2 or more"),
        ({"sample_rate": 22_050}, "sample_rate must be one of 16000, 44100"),
        ({"sample_rate": 44_100, "begin": "wheels"}, "pretrained encoders hear at 16000"),
        ({"rates": {"trunk": -1.0}}, "rates must be 0 or more"),
        ({"tasks": {"speech": 1.0, "moods": 1.0}}, "same definitions"),
        ({"folds": 5, "fold": 5}, "fold must be one of"),
        ({"folds": 1}, "folds 0 or 2"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, told):
    with pytest.raises(UsageError, match=told):
        settings(**changes)
