"""The networks that hear sound: what padding, silence, time and stride may and may not change."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from kelly.errors import UsageError
from kelly.sound.features import SCALES
from kelly.training.networks import multiscale, transformer
from kelly.training.networks.hearing import Hearing
from kelly.training.networks.movement import Movement

FIVE_SECONDS = SCALES[0].frames(5 * SCALES[0].rate)
BANDS = SCALES[0].bands
SMALL = transformer.Size(width=24, heads=3, layers=2, inner=32, tokens=64)
NARROW = multiscale.Size(tall=6, long=3, deep=5, square=(2, 3, 4), width=12, heads=2)


def levels(batch=2, frames=40):
    return torch.from_numpy(np.random.default_rng(1).random((batch, frames, BANDS), np.float32) * 3)


def transformer_of(**changes):
    torch.manual_seed(0)
    return transformer.MusicEmotionTransformer(dataclasses.replace(SMALL, **changes)).eval()


def multiscale_of(**changes):
    torch.manual_seed(0)
    return multiscale.MultiScaleEmotionNet(dataclasses.replace(NARROW, **changes)).eval()


def heard(network, x, real=None, loudness=-20.0):
    real = torch.ones(x.shape[:2], dtype=torch.bool) if real is None else real
    with torch.inference_mode():
        if isinstance(network, Hearing):
            return network([x] * network.trunk.scales, real, torch.full((len(x),), loudness))
        return network([x] * network.scales, real)


NETWORKS = pytest.mark.parametrize("make", [transformer_of, multiscale_of])


@NETWORKS
def test_what_lies_in_the_padding_changes_nothing(make):
    network = make()
    real = torch.arange(64)[None] < torch.tensor([[40], [64]])
    x = levels(2, 64)
    states, alive = heard(network, x, real)
    again, _ = heard(network, torch.where(real[..., None], x, 5.0), real)
    assert torch.allclose(states[alive], again[alive], atol=1e-5)
    assert alive.sum(1).tolist() == [40 * alive.shape[1] // 64, alive.shape[1]]


@NETWORKS
def test_a_batch_is_heard_as_its_members_one_by_one(make):
    network, x = make(), levels(3)
    together = heard(network, x)[0]
    for row in range(3):
        assert torch.allclose(together[row], heard(network, x[row : row + 1])[0][0], atol=1e-5)


@NETWORKS
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 7, 8, 101])
def test_every_length_has_a_state_for_each_token(make, frames):
    states, alive = heard(make(), levels(1, frames))
    assert states.shape[:2] == alive.shape
    assert bool(alive.all())
    assert bool(states.isfinite().all())


@NETWORKS
def test_everything_learns(make):
    network = make().train()
    x = levels()
    extra = {"bar": torch.ones(2, 20, dtype=torch.long), "beat": torch.ones(2, 20, dtype=torch.long)}
    states, _ = network(
        [x] * network.scales, torch.ones(2, 40, dtype=torch.bool), **(extra if make is transformer_of else {})
    )
    states.square().sum().backward()
    assert [name for name, one in network.named_parameters() if one.grad is None or not one.grad.any()] == []


def test_a_stream_is_heard_as_the_whole_where_nothing_looks_ahead():
    network, x = transformer_of(causal=True), levels(1, 40)
    whole = heard(network, x)[0]
    for frames in (1, 8, 21, 39):
        assert torch.allclose(heard(network, x[:, :frames])[0], whole[:, : (frames + 1) // 2], atol=1e-5)


def test_one_that_may_look_ahead_does():
    network, x = transformer_of(), levels(1, 40)
    assert not torch.allclose(heard(network, x[:, :20])[0][:, :5], heard(network, x)[0][:, :5], atol=1e-4)


def test_the_place_in_bar_and_beat_is_heard_where_it_is_known():
    network, x = transformer_of(), levels(1, 8)
    torch.nn.init.normal_(network.bar.weight)
    real = torch.ones(1, 8, dtype=torch.bool)
    places = torch.tensor([[1, 2, 3, 4]])
    with torch.inference_mode():
        unknown = network([x], real, bar=torch.zeros_like(places))[0]
        known = network([x], real, bar=places)[0]
    assert not torch.allclose(known, unknown)


@pytest.mark.parametrize(
    "make",
    [
        lambda: transformer.MusicEmotionTransformer(transformer.SIZES["tiny"]),
        lambda: multiscale.MultiScaleEmotionNet(multiscale.SIZES["tiny"]),
    ],
)
def test_tiny_ones_multiply_at_most_600_million_times_in_five_seconds(make):
    network = make().eval()
    with FlopCounterMode(display=False) as counter:
        heard(network, levels(1, FIVE_SECONDS))
    assert counter.get_total_flops() / 2 <= 0.6e9


def test_the_base_transformer_is_as_large_as_designed():
    with torch.device("meta"):
        network = transformer.MusicEmotionTransformer(transformer.SIZES["base"])
    assert (network.width, len(network.layers), network.layers[0].heads) == (768, 12, 12)
    assert 85e6 < sum(one.numel() for one in network.layers.parameters()) < 86e6


def test_heads_must_share_the_width():
    with pytest.raises(UsageError, match="multiple of the heads; got 10 and 3"):
        transformer.Size(width=10, heads=3, layers=1, inner=4)


def test_pretrained_weights_of_another_shape_are_refused():
    with pytest.raises(UsageError, match="not the shape of the pretrained encoder"):
        transformer_of().begin_from({"positions": np.zeros((400, 25), np.float32)})
    with pytest.raises(UsageError, match="not the shape of the pretrained encoder"):
        multiscale_of().begin_from(musicnn(tall=7))


def musicnn(tall=6, long=3, deep=5):
    """Tensors with musicnn's names, of other sizes."""
    rng = np.random.default_rng(2)
    shapes = [(7, 38, 1, tall), (7, 67, 1, tall), *[(frames, 1, 1, long) for frames in (128, 64, 32)]]
    shapes += [(7, width, 1, deep) for width in (2 * tall + 3 * long, deep, deep)]
    told = {}
    for row, shape in enumerate(shapes):
        there = f"conv2d_{row}" if row else "conv2d"
        told[f"{there}/kernel"] = rng.normal(size=shape).astype(np.float32)
        told[f"{there}/bias"] = rng.normal(size=shape[-1]).astype(np.float32)
    for row, width in enumerate([1, tall, tall, long, long, long, deep, deep, deep]):
        there = f"batch_normalization_{row}" if row else "batch_normalization"
        told |= {f"{there}/{part}": rng.random(width).astype(np.float32) for part in ("gamma", "beta", "moving_mean")}
        told[f"{there}/moving_variance"] = 1 + rng.random(width).astype(np.float32)
    return told


def test_the_kernels_of_the_music_encoder_are_taken_over():
    network, told = multiscale_of(), musicnn()
    network.begin_from(told)
    kernel = network.tall.kernels[0].weight
    assert np.array_equal(kernel[2, 0].detach().numpy(), told["conv2d/kernel"][:, :, 0, 2])
    assert np.array_equal(network.tall.deep[1].weight[3, 2].detach().numpy(), told["conv2d_6/kernel"][:, 2, 0, 3])


def test_the_speech_encoder_is_taken_over_whole():
    network, other = transformer_of(), transformer_of()
    told = {
        name: tensor.numpy() + 1
        for name, tensor in other.state_dict().items()
        if not name.startswith(("bands", "bar", "beat"))
    }
    network.begin_from(told)
    assert all(np.array_equal(network.state_dict()[name].numpy(), array) for name, array in told.items())


def hearing(make):
    torch.manual_seed(0)
    trunk = make()
    return Hearing(trunk, {"speech": 8, "felt": 2}, SCALES[: trunk.scales], hidden=16).eval()


@NETWORKS
def test_every_head_tells_of_every_sound_whatever_is_beside_it(make):
    network, x = hearing(make), levels(2, 64)
    real = torch.arange(64)[None] < torch.tensor([[40], [64]])
    told = heard(network, x, real)
    assert {name: tuple(one.shape) for name, one in told.items()} == {"speech": (2, 8), "felt": (2, 2)}
    again = heard(network, torch.where(real[..., None], x, 5.0), real)
    assert all(torch.allclose(told[name], again[name], atol=1e-5) for name in told)
    assert not torch.allclose(told["speech"][0], told["speech"][1])


@NETWORKS
def test_how_loud_a_sound_is_is_heard(make):
    network, x = hearing(make), levels(1, 64)
    assert not torch.allclose(heard(network, x)["felt"], heard(network, x, loudness=-50.0)["felt"], atol=1e-4)


@NETWORKS
@pytest.mark.parametrize("frames", [1, 3, 70])
def test_silence_and_the_shortest_sounds_are_heard_as_numbers(make, frames):
    assert all(bool(one.isfinite().all()) for one in heard(hearing(make), torch.zeros(2, frames, BANDS)).values())


@NETWORKS
def test_all_of_the_whole_network_learns(make):
    network = hearing(make).train()
    told = network([levels(4)] * network.trunk.scales, torch.ones(4, 40, dtype=torch.bool), torch.zeros(4))
    sum(one.square().sum() for one in told.values()).backward()
    still = [name for name, one in network.named_parameters() if one.grad is None]
    assert [name for name in still if "bar" not in name and "beat" not in name] == []


@pytest.mark.parametrize("voices", [True, False])
def test_cepstra_of_decibels_know_the_level_of_voices_and_not_of_music(voices):
    network = Movement({"told": 3}, SCALES[:1], voices=voices, decibels=True).eval()
    x, real = levels(), torch.ones(2, 40, dtype=torch.bool)
    loud, soft = (network.kept([x], real, torch.full((2,), level)) for level in (-10.0, -50.0))
    assert torch.equal(loud, soft) is not voices
