"""The front hears what `levels` hears: in torch, in an exported graph, and at any length."""

import io
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")
pytest.importorskip("onnx", reason="the workbench needs the extra `train`")

import onnxruntime

from kelly.errors import UsageError
from kelly.sound.features import LOOPS, SCALES, Mel, levels, scales
from kelly.training.export.graph import OPSET
from kelly.training.networks.front import Front, Scale

pytestmark = pytest.mark.usefixtures("one_thread")

RATE = SCALES[0].rate
LENGTHS = [1, 2, 255, 256, 257, 511, 4096, 5000, 80_000, 20 * RATE]


def noise(samples):
    return np.random.default_rng(samples).uniform(-1, 1, samples)


def tones(samples):
    at = np.arange(samples) / RATE
    return 0.5 * np.sin(2 * np.pi * 55 * at) + 0.5 * np.sin(2 * np.pi * 7000 * at)


def music(samples):
    """Chords that fade, a click a second, and little noise."""
    at = np.arange(samples) / RATE
    chord = sum(np.sin(2 * np.pi * hertz * at) for hertz in (110, 277.2, 659.3, 1318.5))
    clicks = np.arange(samples) % RATE == RATE // 2
    return 0.2 * chord * np.exp(-3 * (at % 2)) + 0.5 * clicks + 0.001 * noise(samples)


SOUNDS = pytest.mark.parametrize("sound", [noise, tones, music, np.zeros], ids=["noise", "tones", "music", "silence"])


@pytest.fixture(scope="module")
def front():
    return Front().eval()


@pytest.fixture(scope="module")
def session(front):
    """The exported graph, its batch and time dynamic, in one thread."""
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            front,
            (torch.zeros(2, 30_000),),
            written,
            input_names=["waves"],
            dynamic_axes={"waves": {0: "batch", 1: "samples"}},
            opset_version=OPSET,
            dynamo=False,  # the other exporter takes 15 s for a graph of the same speed
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(written.getvalue(), options)


def alike(found, expected, tolerance=1e-4):
    """Whether two arrays are of one shape and alike (pytest.approx takes seconds for as many numbers)."""
    return found.shape == expected.shape and np.abs(found - expected).max() <= tolerance


def heard(front, waves):
    with torch.no_grad():
        return [scale.numpy() for scale in front(torch.from_numpy(waves))]


@SOUNDS
@pytest.mark.parametrize("samples", LENGTHS)
def test_torch_and_the_exported_graph_hear_what_levels_hear(front, session, sound, samples):
    waves = sound(samples).astype(np.float32)[None]
    graph = session.run(None, {"waves": waves})
    for mel, ours, exported in zip(SCALES, heard(front, waves), graph, strict=True):
        expected = levels(waves[0], mel)[None]
        assert alike(ours, expected)
        assert alike(exported, expected)


def test_a_batch_is_heard_as_its_waves_are(front, session):
    waves = np.stack([noise(3000), tones(3000), music(3000)]).astype(np.float32)
    for way in (lambda batch: heard(front, batch), lambda batch: session.run(None, {"waves": batch})):
        alone = [np.concatenate(found) for found in zip(*(way(wave[None]) for wave in waves), strict=True)]
        for together, one_by_one in zip(way(waves), alone, strict=True):
            assert alike(together, one_by_one, tolerance=1e-5)


def test_the_graph_takes_waves_and_gives_the_bands_of_four_scales(session):
    assert [node.name for node in session.get_inputs()] == ["waves"]
    assert [node.shape[-1] for node in session.get_outputs()] == [96] * 4


@pytest.mark.parametrize(
    "mel",
    [*scales(44_100), Mel(22_050, 2048, 2048, 128), Mel(16_000, 768, 256, 40), Mel(8000, 64, 32, 1)],
    ids=lambda mel: f"{mel.rate}-{mel.window}-{mel.hop}",
)
def test_other_definitions_are_heard_too(mel):
    waves = music(20_000).astype(np.float32)
    assert alike(Scale(mel)(torch.from_numpy(waves[None]))[0].numpy(), levels(waves, mel))


def test_within_a_network_in_half_precision_the_front_keeps_its_own(front):
    waves = torch.from_numpy(music(5000).astype(np.float32)[None])
    with torch.autocast("cpu", torch.bfloat16):
        inside = front(waves)
    assert all(torch.equal(*pair) for pair in zip(inside, front(waves), strict=True))


def test_nothing_of_a_front_is_learned(front):
    assert not list(front.parameters())


def test_an_export_of_a_front_holds_no_whole_transform(front):
    kept = sum(tensor.numel() * tensor.element_size() for tensor in front.state_dict().values())
    assert kept < 700_000  # the transforms' matrices would be 1.8 MB, beside the filters


@pytest.mark.parametrize("mel", [LOOPS, Mel(16_000, 512, 200, 96), Mel(16_000, 4096, 32, 96)])
def test_a_hop_that_frames_cannot_be_put_together_from_is_refused(mel):
    with pytest.raises(UsageError, match="the hop must divide the window and be a multiple of"):
        Front([mel])


@pytest.mark.parametrize("mels", [(), (SCALES[0], scales(44_100)[1])])
def test_definitions_of_several_rates_are_refused(mels):
    with pytest.raises(UsageError, match="waves of one rate"):
        Front(mels)
