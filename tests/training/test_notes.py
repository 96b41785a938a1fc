"""Notes: that stretches are heard where they are written, and that a network learns to hear them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.errors import CorpusError, KellyError, UsageError
from kelly.score.notes import Control, Note, Part, Score, Tempo
from kelly.sound import soundfont
from kelly.sound.features import SCALES
from kelly.training.data.corpora import pop909
from kelly.training.data.preparing import Item
from kelly.training.data.rolls import FRAMES, KEYS, LOWEST, SECONDS, STEP, excerpt, keys, played, rolls
from kelly.training.evaluation import notes as evaluation
from kelly.training.networks.movement import Movement, Notes
from kelly.training.networks.notes import SIZES, NoteNet
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
    assert all(0 < one.baselines["constant"] < 1 for one in measures)
    ear = sound.Settings(tasks={"vgmidi": 1.0}, trunk="notes", begin=str(run))
    network = sound.task(ear).network()
    assert isinstance(network, Movement)
    assert isinstance(network.finder, Notes)
    known = notes.trained(run)[1].state_dict()
    assert all(torch.equal(tensor, known[name]) for name, tensor in network.finder.network.state_dict().items())
    assert not any(parameter.requires_grad for parameter in network.finder.parameters())
    with pytest.raises(UsageError, match="is tiny and hears 4"):
        sound.task(dataclasses.replace(ear, size="base")).network()


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
    with pytest.raises(KellyError):
        notes.trained(Path(tmp_path))
