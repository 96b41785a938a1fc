"""The export of what hears sound: the file tells what torch tells, of any batch and length, and says what it is."""

import dataclasses
import hashlib
import json
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

import onnx
from safetensors.torch import save_file

from kelly.errors import FileError, UsageError
from kelly.models.ears import RATE, Ear
from kelly.models.sessions import opened
from kelly.sound import soundfont
from kelly.sound.features import FRAMES
from kelly.training.data.clips import SPAN, STEP
from kelly.training.data.levelled import batched
from kelly.training.data.sounds import FULL, TASKS, Sound, sounds
from kelly.training.evaluation.calibration import softmax, temperature
from kelly.training.export import quantising
from kelly.training.export import sound as export
from kelly.training.networks import multiscale
from kelly.training.tasks import notes, runs, sound
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import Recipe, fit
from kelly.training.tasks.sound import Settings
from small import emopia as small_emopia
from small import emotify as small_emotify
from small import ravdess as small_ravdess
from small import vgmidi as small_vgmidi
from small.sounds import tone

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore"),
]  # Lightning's, and of torch's exporter
NARROW = multiscale.Size(tall=16, long=8, deep=8, square=(4, 8, 16), width=32, heads=2)
SHORT = Recipe(epochs=1, batch=8, keep="last", chance_after=9)
TRUNKS = {
    "transformer": Settings({"speech": 1.0, "song": 1.0}, size="mini"),
    "multiscale": Settings({"gems": 1.0, "emopia": 1.0}, trunk="multiscale"),
    "movement": Settings({"moods": 1.0}, trunk="movement"),
    "cepstra": Settings({"speech": 1.0}, trunk="cepstra", hidden=16),
    "at 44.1 kHz": Settings({"speech": 1.0}, sample_rate=44_100, size="mini"),
    "kernels": Settings({"gems": 1.0}, trunk="kernels", hidden=16),
    "notes": Settings({"vgmidi": 1.0, "emopia": 1.0}, trunk="notes", hidden=16),
    "layers": Settings({"speech": 1.0, "song": 1.0}, trunk="layers", size="mini", hidden=16),
}
HEAT = {"speech": 2.0, "moods": 0.5}
ACTORS = range(1, 7)


def made(settings):
    """A network that has something to say."""
    torch.manual_seed(0)
    network = sound.task(settings).network().eval()
    for head in network.heads.values():
        torch.nn.init.normal_(head.weight, 0, 0.1)
    return network


@pytest.fixture(scope="module", params=TRUNKS)
def exported(request):
    """Settings, the module that was exported, and its file."""
    settings = TRUNKS[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiscale, "SIZES", {"tiny": NARROW})
        network = made(settings)
    quantising.round_matrices(network)
    module = export.Listening([network], HEAT).eval()
    return settings, module, export.encoded(module)


@pytest.fixture(scope="module")
def ear(exported):
    """The ear of the file."""
    settings, _, data = exported
    return Ear(
        data, {"rate": settings.sample_rate, "heads": {name: list(TASKS[name].names) for name in settings.tasks}}
    )


def heard(settings, *seconds):
    """Sounds of a task by the settings, as an ear takes them, and as networks learn from them."""
    rng, task = np.random.default_rng(0), next(iter(settings.tasks))
    told = np.zeros(len(TASKS[task].names), np.float32)
    if TASKS[task].mels == (FRAMES,):
        counts = [round(one * FRAMES.frames_a_second) for one in seconds]
        rows = [rng.integers(0, 256, (count, FRAMES.bands), np.uint8) for count in counts]
        given = [row * np.float32(STEP) - np.float32(SPAN) for row in rows]
    else:
        rows = [
            np.rint(rng.normal(0, 0.05, round(one * settings.sample_rate)) * FULL).astype(np.int16) for one in seconds
        ]
        given = [row / np.float32(FULL) for row in rows]
    return given, [Sound(task, str(i), "train", str(i), row, told) for i, row in enumerate(rows)]


@pytest.mark.parametrize("seconds", [(0.4,), (2.2, 1.0, 2.6, 0.7), (11.9, 6.0)])
def test_the_file_tells_what_torch_tells_of_any_batch_and_length(exported, seconds):
    settings, module, data = exported
    given, _ = heard(settings, *seconds)
    lengths = torch.tensor([len(one) for one in given])
    held = torch.nn.utils.rnn.pad_sequence([*map(torch.from_numpy, given)], batch_first=True)
    session = opened(data)
    names = [one.name for one in session.get_inputs()]
    assert names == ["waves" if module.sounding else "levels", "lengths"]
    told = session.run(None, dict(zip(names, (held.numpy(), lengths.numpy()), strict=True)))
    with torch.inference_mode():
        wanted = module(held, lengths)
    for rows, other in zip(told, wanted, strict=True):
        assert rows == pytest.approx(other.numpy(), abs=1e-4)


@pytest.mark.parametrize("seconds", [0.4, 2.5, 11.9])
def test_an_ear_tells_what_the_network_tells_of_what_numpy_heard(exported, ear, seconds):
    settings, module, _ = exported
    given, found = heard(settings, seconds)
    batch = sound.samples(found, settings).tensors
    with torch.inference_mode():
        said = module.hearings[0](*batched(batch, None, module.mels))
    told = ear.hear(given)
    assert told.keys() == settings.tasks.keys()
    for name, rows in told.items():
        logits = said[name].double().numpy()
        wanted = softmax(logits / HEAT.get(name, 1.0)) if TASKS[name].classes else logits * TASKS[name].unit
        assert rows == pytest.approx(wanted, abs=2e-4)
        assert np.ptp(rows) > 0.01


def test_a_sound_among_others_is_told_as_by_itself(exported, ear):
    settings, _, _ = exported
    given, _ = heard(settings, 0.5, 3.0, 1.7)
    together = ear.hear(given)
    for row, one in enumerate(given):
        for name, rows in ear.hear([one]).items():
            assert together[name][row] == pytest.approx(rows[0], abs=1e-5)


def test_classes_are_probabilities_and_all_is_finite_of_silence_too(exported, ear):
    settings, module, _ = exported
    given, _ = heard(settings, 1.0, 0.1)
    silence = given[0] * 0 if module.sounding else given[0] * 0 - np.float32(SPAN)
    for name, rows in ear.hear([*given, silence]).items():
        assert np.isfinite(rows).all()
        if TASKS[name].classes:
            assert rows.sum(1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("exported", ["multiscale"], indirect=True)
def test_music_is_told_alike_however_loud_it_was_mastered(exported, ear):
    settings, _, _ = exported
    given, _ = heard(settings, 1.5)
    loud, soft = ear.hear(given), ear.hear([0.03 * given[0]])
    for name, rows in loud.items():
        assert soft[name] == pytest.approx(rows, abs=1e-4)


@pytest.fixture(scope="module")
def plain():
    """A network as it was trained, and rounded, with its file."""
    settings = TRUNKS["transformer"]
    network, rounded = made(settings), made(settings)
    quantising.round_matrices(rounded)
    return network, rounded, export.encoded(export.Listening([rounded], {}).eval())


def test_a_file_is_about_a_quarter_of_its_weights(plain):
    network, _, data = plain
    assert len(data) < 0.35 * sum(4 * one.numel() for one in network.parameters())


def test_what_is_large_is_kept_in_eight_bits(plain):
    _, rounded, data = plain
    graph = onnx.load_from_string(data).graph
    whole = [one for one in graph.initializer if one.data_type == onnx.TensorProto.INT8 and len(one.dims) > 1]
    used = [
        one for name, one in rounded.named_parameters() if ".bar." not in name and ".beat." not in name
    ]  # places in bars are not known here, and left out
    large = [one for one in used if one.ndim >= 2 and one.numel() >= 4096]
    assert sorted(math.prod(one.dims) for one in whole) == sorted(one.numel() for one in large)
    assert {one.name for one in graph.input} == {"waves", "lengths"}


def test_rounding_is_by_less_than_a_step_and_only_once(plain):
    network, rounded, _ = plain
    before, after = dict(network.named_parameters()), dict(rounded.named_parameters())
    for name, one in before.items():
        rows = one.detach().flatten(1) if one.ndim > 1 else one.detach()[None]
        step = rows.abs().amax(1) / 127
        off = (after[name].detach().reshape(rows.shape) - rows).abs().amax(1)
        assert bool((off <= 0.501 * step).all())
        assert torch.equal(one, after[name]) == (one.ndim < 2 or one.numel() < 4096 or not one.any())
    again = made(TRUNKS["transformer"])
    again.load_state_dict(rounded.state_dict())
    quantising.round_matrices(again)
    assert all(torch.allclose(one, after[name], atol=1e-7) for name, one in again.named_parameters())


def test_weights_that_were_not_rounded_are_refused(plain):
    network, _, _ = plain
    with pytest.raises(FileError, match=r"must tell what torch tells within 0\.0001"):
        export.encoded(export.Listening([network], {}).eval())


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Six actors who say each emotion at a pitch of its own, and music in small."""
    place = tmp_path_factory.mktemp("corpora")
    for actor in ACTORS:
        for row, name in enumerate(small_ravdess.names(actor, 1)):
            tone(place / f"ravdess_speech/Actor_{actor:02}/{name}.wav", frequency=200 * 1.3**row + 5 * actor)
    for small in (small_emotify, small_emopia, small_vgmidi):
        small.write(place)
    return place


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return Context(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module", autouse=True)
def splits():
    with pytest.MonkeyPatch.context() as patch:
        for corpus, dev in (
            ("ravdess", {"Actor_05", "Actor_06"}),
            ("emotify", {"2"}),
            ("vgmidi", {small_vgmidi.SLEEP}),
        ):
            split = lambda _, name, dev=dev: "dev" if name in dev else "train"  # noqa: E731 - one line's worth
            patch.setattr(f"kelly.training.data.corpora.{corpus}.split_of", split)
        patch.setattr("kelly.training.data.sounds.STRETCH", 5.0)  # of a quarter of a minute three
        yield


@pytest.fixture(scope="module")
def fitted(root, context, tmp_path_factory):
    """Train a run of a few steps, of which nobody asks whether it learned."""

    def train(name, **changes):
        settings = Settings(**{"tasks": {"speech": 1.0}, "size": "mini", "recipe": SHORT} | changes)
        data = dataclasses.replace(sound.data(root, settings, context), chance=100.0)
        run = tmp_path_factory.mktemp("runs") / name
        fit(sound.task(settings), data, run, 0, "cpu")
        return run

    return train


@pytest.fixture(scope="module")
def voice(fitted):
    """A run on all that is for training, and one for each of two folds."""
    return [fitted("whole"), *(fitted(f"fold-{fold}", folds=2, fold=fold) for fold in (0, 1))]


@pytest.fixture(scope="module")
def written(voice, root, context, tmp_path_factory):
    """The files of the voice."""
    return export.write(voice, root, tmp_path_factory.mktemp("ear") / "voice", context)


def test_a_finished_run_is_written_with_all_that_is_to_be_known_of_it(written):
    assert [path.name for path in written] == ["model.onnx", "config.json"]
    config = json.loads(written[1].read_text())
    assert (config["runs"], config["rate"], config["fonts"]) == (["whole"], RATE, [])
    assert config["licence"] == "CC BY-NC-SA 4.0"
    assert config["corpora"] == ["RAVDESS"]
    assert config["heads"] == {"speech": list(TASKS["speech"].names)}
    assert config["sha256"] == {"model.onnx": hashlib.sha256(written[0].read_bytes()).hexdigest()}
    assert "scale" not in config


def test_the_temperature_is_that_of_what_fold_runs_say_of_what_they_left_out(written, voice, root, context):
    found, gold, said = sounds(root, context, ["speech"]), [], []
    for run in voice[1:]:
        settings, network = sound.trained(run)
        held = [one for one in found if one.key in runs.held(run)]
        with torch.inference_mode():
            rows = network(*batched(sound.samples(held, settings).tensors, None, network.mels))["speech"]
        gold += [int(one.told.argmax()) for one in held]
        said.append(rows.double().numpy())
    assert len(gold) == len(found)
    wanted = temperature(np.array(gold), np.concatenate(said))
    assert json.loads(written[1].read_text())["temperatures"] == {"speech": pytest.approx(wanted, rel=0.01)}


def test_the_ear_that_was_written_tells_what_the_run_tells(written, voice, root, context):
    config = json.loads(written[1].read_text())
    found = sounds(root, context, ["speech"])[:6]
    told = Ear(written[0].read_bytes(), config).hear([one.wave / np.float32(FULL) for one in found])["speech"]
    settings, network = sound.trained(voice[0])
    with torch.inference_mode():
        said = network(*batched(sound.samples(found, settings).tensors, None, network.mels))["speech"]
    wanted = softmax(said.double().numpy() / config["temperatures"]["speech"])
    assert told == pytest.approx(wanted, abs=0.02)  # its weights are rounded
    assert told.argmax(1).tolist() == wanted.argmax(1).tolist()


@pytest.fixture(scope="module")
def music(fitted, root, context, tmp_path_factory):
    font = str(soundfont.find())
    run = fitted("music", tasks={"gems": 1.0, "vgmidi": 1.0, "emopia": 1.0}, fonts=(font,))
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"begin": "encoder"}))
    return export.write([run], root, tmp_path_factory.mktemp("ear") / "music", context)


def test_music_says_which_fonts_it_knows_and_what_it_began_from(music):
    config = json.loads(music[1].read_text())
    assert config["fonts"] == [soundfont.find().stem]
    assert config["corpora"] == ["EMOPIA", "Emotify", "VGMIDI", "Whisper tiny's encoder as Smart Turn v3 has it"]
    assert config["licence"] == "CC BY-NC-SA 4.0; begun from weights under MIT and BSD-2-Clause; none stated"
    assert config["temperatures"] == {"emopia": 1.0}
    outputs = onnx.load(music[0]).graph.output
    assert list(config["heads"]) == [one.name for one in outputs]
    assert set(config["heads"]) == {"gems", "vgmidi", "emopia"}


def test_music_knows_the_unit_of_each_of_its_heads(music):
    scale = json.loads(music[1].read_text())["scale"]
    assert scale.keys() == {"gems", "vgmidi", "emopia", "together"}
    assert len(scale["together"]) == 2
    for name in ("gems", "vgmidi", "emopia"):
        assert len(scale[name]["mean"]) == 2
        assert min(scale[name]["deviation"]) > 0
        assert np.abs(scale[name]["mean"]).max() <= 1.5


def finished(run, settings, left_out=()):
    """A run that is as if it were finished."""
    told = dataclasses.asdict(settings)
    runs.claim(run, told.pop("recipe") | told)
    runs.hold(run, left_out)
    save_file(
        {name: one.contiguous() for name, one in made(settings).state_dict().items()}, run / "weights.safetensors"
    )
    return run


BEGUN = {
    "transformer": ("speech", "Whisper tiny's encoder as Smart Turn v3 has it", "MIT and BSD-2-Clause"),
    "layers": ("speech", "Whisper tiny's encoder as Smart Turn v3 has it", "MIT and BSD-2-Clause"),
    "multiscale": ("gems", "musicnn (MagnaTagATune)", "trained on CC BY-NC-SA 3.0"),
    "kernels": ("gems", "musicnn (MagnaTagATune)", "trained on CC BY-NC-SA 3.0"),
}


def test_every_trunk_that_can_begin_from_others_weights_is_looked_at():
    assert set(BEGUN) == set(sound.TRUNKS) - {"movement", "cepstra", "notes"}  # notes learned from corpora


def test_an_ear_that_reads_notes_names_what_these_were_learned_from(root, context, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "encoded", lambda _: b"")
    run = finished(tmp_path / "run", TRUNKS["notes"])
    begin = str(tmp_path / "notes")
    (run / "run.json").write_text(json.dumps(json.loads((run / "run.json").read_text()) | {"begin": begin}))
    with pytest.raises(FileError):  # nobody knows any more what they learned from
        export.write([run], root, tmp_path / "out", context)
    told = dataclasses.asdict(notes.Settings(corpora=("asap",), fonts=("fonts/Grand.sf2",)))
    runs.claim(tmp_path / "notes", told.pop("recipe") | told | {"network": "notes"})
    export.write([run], root, tmp_path / "out", context)
    config = json.loads((tmp_path / "out/config.json").read_text())
    assert [one.split()[0] for one in config["corpora"]] == ["ASAP", "EMOPIA", "VGMIDI"]
    assert "CC BY-NC-SA 4.0" in config["licence"]
    assert config["fonts"] == ["Grand"]


@pytest.mark.parametrize(("trunk", "told"), BEGUN.items(), ids=BEGUN)
def test_what_it_began_from_is_told_of_every_trunk(trunk, told, root, context, tmp_path, monkeypatch):
    task, title, licence = told
    monkeypatch.setattr(multiscale, "SIZES", {"mini": NARROW})
    monkeypatch.setattr(export, "encoded", lambda _: b"")
    settings = Settings({task: 1.0}, trunk=trunk, size="mini")
    run = finished(tmp_path / "run", settings)
    (run / "run.json").write_text(json.dumps(json.loads((run / "run.json").read_text()) | {"begin": "wheels"}))
    export.write([run], root, tmp_path / "out", context)
    config = json.loads((tmp_path / "out/config.json").read_text())
    assert config["corpora"][1:] == [title]
    assert licence in config["licence"]


def test_runs_of_folds_alone_are_not_written(voice, root, context, tmp_path):
    with pytest.raises(UsageError, match=r"one run must be of all data, without --fold; got .*fold-0, .*fold-1$"):
        export.write(voice[1:], root, tmp_path / "out", context)
    assert not (tmp_path / "out").exists()


def test_runs_that_hear_by_other_definitions_are_not_heard_together(voice, root, context, tmp_path):
    for name in ("movement", "at 44.1 kHz"):
        other = finished(tmp_path / name, TRUNKS[name])
        with pytest.raises(UsageError, match=rf"must hear by the same definitions; .*{name} and .*whole differ"):
            export.write([voice[0], other], root, tmp_path / "out", context)
    assert not (tmp_path / "out").exists()


def test_runs_that_left_out_some_of_the_same_tell_no_temperature(voice, root, context, tmp_path):
    settings = Settings({"speech": 1.0}, size="mini", folds=3)
    other = finished(tmp_path / "third", settings, [f"ravdess/Actor_{actor:02}" for actor in (1, 2)])
    with pytest.raises(UsageError, match="third judges some of what fold-"):
        export.write([*voice, other], root, tmp_path / "out", context)
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_not_finished_is_not_written(tmp_path, root, context):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_text("{}")
    with pytest.raises(FileError, match="no finished run"):
        export.write([tmp_path / "run"], root, tmp_path / "out", context)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_one_is_told(voice, root, context, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(FileError, match=r"cannot make the folder .*out"):
        export.write(voice[:1], root, tmp_path / "out", context)


def test_decibels_come_to_the_network_as_tenths_above_silence():
    made, kind = onnx.helper, onnx.TensorProto
    nodes = [
        made.make_node("ReduceMax", ["levels"], ["most"], axes=[1, 2], keepdims=0),
        made.make_node("Cast", ["lengths"], ["count"], to=kind.FLOAT),
    ]
    graph = made.make_graph(
        nodes,
        "levels",
        [
            made.make_tensor_value_info("levels", kind.FLOAT, [None, None, 128]),
            made.make_tensor_value_info("lengths", kind.INT64, [None]),
        ],
        [made.make_tensor_value_info(name, kind.FLOAT, [None]) for name in ("most", "count")],
    )
    model = made.make_model(graph, opset_imports=[made.make_opsetid("", 17)], ir_version=8)
    ear = Ear(model.SerializeToString(), {"heads": {"most": ["tenths"], "count": ["frames"]}})
    told = ear.hear([np.full((3, 128), -80.0), np.full((400, 128), -15.0)])
    assert told["most"].ravel().tolist() == [0, 6.5]
    assert told["count"].ravel().tolist() == [3, 400]
    with pytest.raises(UsageError, match="another shape"):
        ear.hear([np.zeros(128)])
