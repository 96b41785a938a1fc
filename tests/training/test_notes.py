"""Notes: that stretches are heard where they are written, and that a network learns to hear them."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.errors import CorpusError, FileError, KellyError, UsageError
from kelly.score import midi
from kelly.score.notes import Control, Note, Part, Score, Tempo
from kelly.sound import soundfont
from kelly.sound.features import SCALES
from kelly.training.data import rolls as rolls_module
from kelly.training.data.corpora import pop909
from kelly.training.data.preparing import Item
from kelly.training.data.rolls import FRAMES, KEYS, LOWEST, SECONDS, STEP, Roll, excerpt, keys, played, rolls
from kelly.training.evaluation import notes as evaluation
from kelly.training.networks.movement import Movement, Notes
from kelly.training.networks.notes import SIZES, WINDOWS, NoteNet
from kelly.training.tasks import notes, sound
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit
from small import pop909 as small_pop909

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("one_thread")]

SHORT = Recipe(epochs=2, batch=4, rate=3e-3, keep="last", chance_after=2)


def asked(**changes):
    return notes.Settings(**({"corpora": ("pop909",), "stretches": 2, "recipe": SHORT} | changes))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    place = tmp_path_factory.mktemp("data")
    small_pop909.write(place)
    return place


@pytest.fixture
def context(tmp_path_factory):
    return Context(tmp_path_factory.getbasetemp() / "cache of notes")


@pytest.fixture
def _splits(monkeypatch):
    """One song is of the dev split."""
    monkeypatch.setattr(pop909, "split_of", lambda _, name: "dev" if name == "003" else "train")


def score(notes_, tempo=60.0, **changes):
    return Score((Part("piano", 0, notes=tuple(notes_), **changes),), tempos=(Tempo(0.0, tempo),))


# --- what is played -------------------------------------------------------------------------------------------------


def test_a_key_is_struck_when_its_note_begins_and_held_until_it_ends():
    bits = keys(score([Note(1.0, 2.0, 60, 90), Note(1.5, 0.1, 61, 90)]), 0.0)
    struck, held = (np.flatnonzero(bits[:, kind, 60 - LOWEST]) / SCALES[0].frames_a_second for kind in range(2))
    assert struck == pytest.approx([1.0, 1.016], abs=0.02)
    assert (held[0], held[-1]) == pytest.approx((1.0, 3.0), abs=0.02)
    assert bits[:, :, 61 - LOWEST].any()
    assert bits.sum() == bits[:, :, [60 - LOWEST, 61 - LOWEST]].sum()


def test_what_lies_outside_of_a_piano_strikes_no_key():
    drums = Score((Part("drums", 9, notes=(Note(0.0, 1.0, 38, 90),)),))
    assert not keys(drums, 0.0).any()
    assert not keys(score([Note(0.0, 1.0, 20, 90), Note(0.0, 1.0, 109, 90)]), 0.0).any()


def test_an_excerpt_is_in_seconds_and_begins_a_little_earlier():
    song = score([Note(float(beat), 0.5, 60, 90) for beat in range(100)], tempo=120.0, controls=(Control(0.0, 64, 90),))
    part, lead = excerpt(song, 20.0)
    onsets = [note.onset for note in part.parts[0].notes]
    assert lead == 4.0
    assert part.seconds(np.array(onsets)) == pytest.approx(np.arange(0, lead + SECONDS, 0.5))
    assert part.parts[0].notes[0].duration == pytest.approx(0.25)
    assert part.parts[0].controls == (Control(0.0, 64, 90),)
    assert excerpt(song, 1.0)[1] == 1.0


def test_levels_rise_where_keys_are_struck(root):
    song = next(iter(pop909.load(root)))
    font = {"soundfont": str(soundfont.find())}
    made = played(Item(song.path, {"fonts": [font], "stretches": 2, "name": song.id}))
    assert made["levels"].shape[1:] == (len(SCALES), FRAMES, SCALES[0].bands)
    bits = np.unpackbits(made["keys"], axis=2).reshape(-1, FRAMES, 2, KEYS)
    rise = np.maximum(0, np.diff(made["levels"][:, 0].astype(float) * STEP, axis=1)).sum(2)
    struck = bits[:, 1:, 0].any(2)
    near = struck[:, 2:] | struck[:, 1:-1] | struck[:, :-2]
    assert rise[:, 1:-1][near].mean() > 3 * rise[:, 1:-1][~near].mean()


def test_the_same_name_is_played_in_the_same_way_and_another_in_another(root):
    song = next(iter(pop909.load(root)))
    make = lambda name: played(Item(song.path, {"fonts": [font], "stretches": 1, "name": name}))["levels"]  # noqa: E731
    font = {"soundfont": str(soundfont.find())}
    np.testing.assert_array_equal(make("a"), make("a"))
    assert not np.array_equal(make("a"), make("b"))


def test_scores_that_are_too_short_are_left_out(root, tmp_path, monkeypatch):
    monkeypatch.setattr("kelly.training.data.rolls.SECONDS", 10_000.0)
    with pytest.raises(CorpusError, match="must have a score of 10000 seconds or more and the split train or dev"):
        rolls(root, Context(tmp_path), ["pop909"], [soundfont.find()], 1)


# --- the network ----------------------------------------------------------------------------------------------------


def levels(batch=2, frames=60):
    rng = np.random.default_rng(0)
    return [torch.from_numpy(rng.random((batch, frames, SCALES[0].bands), np.float32) * 6) for _ in SCALES]


def everywhere(told):
    return torch.ones(told[0].shape[:2], dtype=torch.bool)


@pytest.mark.parametrize("size", SIZES)
def test_every_key_of_every_frame_has_two_odds(size):
    network = NoteNet(SIZES[size], len(SCALES), SCALES[0].bands)
    told = levels(1, 20)
    assert network(told, everywhere(told)).shape == (1, 20, 2, KEYS)


def test_what_lies_in_the_padding_changes_nothing():
    torch.manual_seed(0)
    network = NoteNet(SIZES["tiny"], len(SCALES), SCALES[0].bands).eval()
    told = levels(2, 60)
    real = torch.arange(60)[None] < torch.tensor([[25], [60]])
    with torch.inference_mode():
        padded = network([torch.where(real[..., None], one, 3.0) for one in told], real)
        alone = network([one[:1, :25] for one in told], real[:1, :25])
    assert torch.allclose(padded[0, :25], alone[0], atol=1e-4)


@pytest.mark.usefixtures("_splits")
def test_it_learns_to_hear_keys_and_an_ear_reads_what_it_found(root, context, tmp_path):
    settings = asked(recipe=dataclasses.replace(SHORT, epochs=12, chance_after=12))
    data = notes.data(root, settings, context)
    assert not set(data.train.groups) & set(data.dev.groups)
    run = tmp_path / "notes"
    assert fit(notes.task(settings), data, run, 0, "cpu") < data.chance
    measures = evaluation.measure(root, "dev", [run], context)
    assert [one.name for one in measures] == ["struck keys: F1", "held keys: F1"]
    assert {one.items for one in measures} == {len(data.dev)}
    assert all(0 < one.baselines["constant"] < 1 for one in measures)
    ear = sound.Settings(tasks={"vgmidi": 1.0}, trunk="notes", begin=str(run))
    network = sound.task(ear).network()
    assert isinstance(network, Movement)
    assert isinstance(network.finder, Notes)
    known = notes.trained(run)[1].state_dict()
    assert all(torch.equal(tensor, known[name]) for name, tensor in network.finder.network.state_dict().items())
    assert not any(parameter.requires_grad for parameter in network.finder.parameters())
    with pytest.raises(UsageError, match=f"is tiny and hears {WINDOWS}"):
        sound.task(dataclasses.replace(ear, size="base")).network()


def rolled(*struck):
    """A roll of which some keys are struck all the time and no other is held."""
    bits = np.zeros((FRAMES, 2, KEYS), np.uint8)
    bits[:, 0, list(struck)] = 1
    bits[:, 1, 0] = 1
    levels_ = np.zeros((len(SCALES), FRAMES, SCALES[0].bands), np.uint8)
    return Roll("pop909", "a", "train", "a", levels_, np.packbits(bits.reshape(FRAMES, -1), axis=1))


def test_the_constant_says_the_keys_that_fit_best():
    struck, held = evaluation._constant([rolled(1, 2), rolled(1), rolled(1)])
    # Key 1 alone: 3 of 4 found, none said in vain, 2 * 3 / (3 + 4); keys 1 and 2: 2 * 4 / (6 + 4).
    assert struck == pytest.approx(6 / 7)
    assert held == 1


def test_what_is_heard_is_counted_where_it_is_likely_enough():
    class Sure(torch.nn.Module):
        def forward(self, told, _):
            odds = torch.full((len(told[0]), told[0].shape[1], 2, KEYS), -9.0)
            odds[:, :, 0, :2] = torch.logit(torch.tensor([0.41, 0.39]))
            odds[:, :, 1, 0] = torch.logit(torch.tensor(0.49))
            return odds

    found, said, there = evaluation._counts([rolled(0, 5)], Sure())
    assert (found / FRAMES).tolist() == [1, 0]
    assert (said / FRAMES).tolist() == [1, 0]
    assert (there / FRAMES).tolist() == [2, 1]


def test_chance_is_what_a_constant_loses():
    settings = asked(struck=3.0)
    train, dev = notes.samples([rolled(1, 2), rolled(1)]), notes.samples([rolled(2)])
    chance = notes._chance(train, dev, settings)

    class Constant(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.odds = torch.nn.Parameter(torch.zeros(2, KEYS))

        def forward(self, told, _):
            return self.odds.expand(len(told[0]), told[0].shape[1], 2, KEYS)

    constant = Constant().eval()
    # Where the weighed loss on train is least: at odds of 3 p / (1 - p) of struck keys.
    shares, weight = notes._shares(train), torch.tensor([3.0, 1.0])[:, None]
    constant.odds.data = torch.logit(weight * shares / (weight * shares + 1 - shares), 1e-6)
    assert chance == pytest.approx(float(notes.task(settings).loss(constant, dev.tensors)[0].detach()), rel=1e-3)


def test_a_stretch_is_heard_in_another_colour_in_training():
    network = notes.task(asked()).network()
    batch = notes.samples([rolled(1)] * 2).tensors | {
        "levels": torch.full((2, len(SCALES), FRAMES, 96), 100, dtype=torch.uint8)
    }
    seen = []
    network.register_forward_pre_hook(lambda _, given: seen.append(given[0][0]))
    for colour in (0.0, 0.5):
        notes.task(asked(colour=colour)).loss(network.train(), batch)
    assert [len(one.unique()) == 1 for one in seen] == [True, False]
    assert {one.shape[1] for one in seen} == {asked().frames}


def test_each_stretch_is_played_with_the_next_font(root, monkeypatch):
    song, told = next(iter(pop909.load(root))), []
    play = rolls_module.mix
    monkeypatch.setattr(
        rolls_module, "mix", lambda score, rate, soundfont: (told.append(soundfont), play(score, rate=rate))[1]
    )
    fonts = [{"soundfont": "one"}, {"soundfont": "other"}]
    played(Item(song.path, {"fonts": fonts, "stretches": 4, "name": song.id}))
    assert sorted(told[:2]) == ["one", "other"]
    assert told[:2] == told[2:]


def test_a_note_that_never_ends_is_cut_and_two_notes_are_too_few(tmp_path):
    part, _ = excerpt(score([Note(0.0, 4000.0, 60, 90)]), 0.0)
    assert part.end == pytest.approx(SECONDS + 1)
    path = tmp_path / "two.mid"
    midi.write(score([Note(0.0, 1.0, 60, 90), Note(1.0, 14.0, 62, 90)]), path)
    made = played(Item(path, {"fonts": [{"soundfont": str(soundfont.find())}], "stretches": 2, "name": "two"}))
    assert len(made["levels"]) == len(made["keys"]) == 0


def test_a_folder_without_the_split_is_refused(root, context, monkeypatch):
    monkeypatch.setattr(pop909, "split_of", lambda *_: "train")
    with pytest.raises(CorpusError, match="scores of the dev split"):
        notes.data(root, asked(), context)


def test_notes_are_measured_by_a_run(root, context):
    with pytest.raises(UsageError, match="give a run"):
        evaluation.measure(root, "dev", [], context)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"corpora": ()}, "one or more"),
        ({"corpora": ("pop910",)}, "pop909"),
        ({"corpora": ("pop909", "pop909")}, "each once"),
        ({"stretches": 0}, "one or more"),
        ({"size": "large"}, "size"),
        ({"frames": FRAMES + 1}, "frames must lie in"),
        ({"dropout": 1.0}, "dropout"),
        ({"colour": float("nan")}, "colour"),
        ({"struck": 0.0}, "struck"),
    ],
)
def test_settings_are_checked(changes, told):
    with pytest.raises(KellyError, match=told):
        asked(**changes)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    (tmp_path / "run.json").write_text('{"network": "sound"}')
    with pytest.raises(FileError, match="must be a run of notes; it is one of sound"):
        notes.trained(tmp_path)
