"""Movement: that its statistics are what they are called, and that neither padding nor company changes them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

import scipy.fft

from kelly.sound.features import FRAMES
from kelly.training.networks.movement import LAGS, Movement

pytestmark = pytest.mark.usefixtures("one_thread")

BANDS, CEPSTRA = FRAMES.bands, 40
WIDTH = BANDS + CEPSTRA


@pytest.fixture(scope="module")
def network():
    """A network that has something to say."""
    torch.manual_seed(0)
    made = Movement({"moods": 5, "emopia": 4}, [FRAMES])
    for head in made.heads.values():
        torch.nn.init.normal_(head.weight)
    return made.eval()


def levels(batch=2, frames=40):
    return torch.from_numpy(np.random.default_rng(1).random((batch, frames, BANDS), np.float32) * 8)


def everywhere(x):
    return torch.ones(x.shape[:2], dtype=torch.bool)


def heard(network, x, real=None, loudness=0.0):
    with torch.inference_mode():
        return network([x], everywhere(x) if real is None else real, torch.full((len(x),), loudness))


def kept(network, x, real=None):
    """The statistics (batch, which, band or cepstrum)."""
    with torch.inference_mode():
        alive = everywhere(x) if real is None else real
        return network.kept([x], alive, torch.zeros(len(x))).unflatten(1, (-1, WIDTH)).numpy()


def test_each_head_says_as_many_numbers_as_it_was_asked_for(network):
    told = heard(network, levels(3))
    assert {name: tuple(rows.shape) for name, rows in told.items()} == {"moods": (3, 5), "emopia": (3, 4)}


@pytest.mark.parametrize("filled", [0.0, 5.0])
def test_what_lies_in_the_padding_changes_nothing(network, filled):
    x = levels(2, 64)
    real = torch.arange(64)[None] < torch.tensor([[25], [64]])
    padded = heard(network, torch.where(real[..., None], x, filled), real)["moods"]
    assert torch.allclose(padded[0], heard(network, x[:1, :25])["moods"][0], atol=1e-4)
    assert torch.allclose(padded[1], heard(network, x[1:])["moods"][0], atol=1e-4)


def test_a_batch_is_heard_as_its_members_one_by_one(network):
    x = levels(3)
    together = heard(network, x)["moods"]
    for row in range(3):
        assert torch.allclose(together[row], heard(network, x[row : row + 1])["moods"][0], atol=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 3, max(LAGS) - 1, max(LAGS), max(LAGS) + 1])
def test_what_is_shorter_than_the_longest_lag_is_finite(network, frames):
    x = levels(2, frames)
    assert np.isfinite(kept(network, x)).all()
    told = network([x], everywhere(x), torch.zeros(2))["moods"]
    told.sum().backward()
    assert bool(told.isfinite().all())
    assert bool(network.heads["moods"].weight.grad.isfinite().all())
    network.zero_grad()


def test_a_lag_that_a_sound_is_too_short_for_says_that_nothing_moved(network):
    moved = kept(network, levels(1, 5))[0, 3:]  # the first of it is the spread over one frame
    assert [bool(row.any()) for row in moved[1:]] == [lag < 5 for lag in LAGS[1:]]


def test_the_statistics_are_means_and_spreads_over_time(network):
    x = levels(1, 50)
    frames = x[0].numpy().astype(np.float64)
    rows = np.concatenate([frames, scipy.fft.dct(frames, norm="ortho", axis=1)[:, :CEPSTRA]], axis=1)
    steps = [np.abs(rows[lag:] - rows[:-lag]) for lag in LAGS]
    found = kept(network, x)[0]
    assert len(found) == 3 + len(LAGS)
    for row, expected in zip(found, (rows.mean(0), rows.std(0), steps[0].mean(0), steps[0].std(0)), strict=False):
        assert row == pytest.approx(expected, abs=1e-4)
    for row, step in zip(found[4:], steps[1:], strict=True):
        assert row == pytest.approx(step.mean(0), abs=1e-4)


def test_a_sound_that_stands_still_moves_by_nothing(network):
    found = kept(network, levels(1, 1).expand(1, 30, BANDS))[0]
    assert found[1] == pytest.approx(0.0, abs=0.01)  # the least spread that there is
    assert np.abs(found[[2, *range(4, len(found))]]).max() == 0


def test_the_cosines_are_scipys_and_orthonormal(network):
    cosines = network.cosines.numpy()
    assert cosines == pytest.approx(scipy.fft.dct(np.eye(BANDS), norm="ortho", axis=0)[:CEPSTRA], abs=1e-6)
    assert cosines @ cosines.T == pytest.approx(np.eye(CEPSTRA), abs=1e-5)


def test_cosines_are_no_weights(network):
    assert "cosines" not in network.state_dict()
    assert {name.partition(".")[0] for name, _ in network.named_parameters()} == {"heads"}


def test_how_loud_it_was_says_nothing(network):
    x = levels()
    assert torch.equal(heard(network, x, loudness=-60.0)["moods"], heard(network, x)["moods"])


def test_a_new_network_says_the_same_of_everything():
    told = heard(Movement({"moods": 5}, [FRAMES]).eval(), levels(3))["moods"]
    assert torch.equal(told[0], told[1])
    assert torch.equal(told[0], told[2])


def test_heads_learn_what_moves():
    """Sounds that stand still from such that move, with the same mean."""
    rng = np.random.default_rng(0)
    swing = np.where(np.arange(32) % 2, 1.0, -1.0)[None, :, None] * (np.arange(16) % 2)[:, None, None]
    x = torch.from_numpy((4 + swing + 0.1 * rng.random((16, 32, BANDS))).astype(np.float32))
    labels = torch.arange(16) % 2
    torch.manual_seed(0)
    network = Movement({"moods": 2}, [FRAMES]).train()
    for _ in range(20):
        network.zero_grad()
        torch.nn.functional.cross_entropy(network([x], everywhere(x), torch.zeros(16))["moods"], labels).backward()
        with torch.no_grad():
            for weight in network.parameters():
                weight.sub_(0.01 * weight.grad)
    assert (heard(network.eval(), x)["moods"].argmax(1) == labels).all()
