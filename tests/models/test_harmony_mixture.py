"""What stands beside the harmony network: a memory of the song, a table of n-grams, and how the three are heard."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.emotion.code import UNKNOWN
from kelly.errors import FileError, UsageError
from kelly.models.harmony.classes import BEGIN, CLASSES, class_named
from kelly.models.harmony.following import Following, Mixture, product
from kelly.models.harmony.ngrams import Ngrams, key_of
from kelly.models.harmony.ppm import PPM, blend

songs = st.lists(st.integers(0, CLASSES - 1), max_size=30)
UNIFORM = np.full(CLASSES, 1 / CLASSES)


def small():
    """After nothing: half to class 1, half left over; after class 1: a quarter to 2 and to 3, half left over."""
    return Ngrams(
        np.array([key_of([]), key_of([1])], np.uint64),
        np.array([0.5, 0.5], np.float16),
        np.array([0, 1, 3], np.uint32),
        np.array([1, 2, 3], np.uint8),
        np.array([0.5, 0.25, 0.25], np.float16),
    )


class Deaf:
    """A network that always says the same."""

    def __init__(self, told):
        self.told = told

    def predict(self, code, trace):
        assert np.shape(code) == np.shape(trace) == (64,)
        return self.told


@given(songs, st.integers(0, 6))
def test_a_ppm_always_gives_a_distribution(song, order):
    model = PPM(order)
    for place, index in enumerate(song):
        model.learn(song[:place], index)
    told = model.predict(song)
    assert told.sum() == pytest.approx(1, abs=1e-12)
    assert (told > 0).all()


def test_a_ppm_shares_out_as_worked_by_hand():
    model = PPM(1)
    for index in (1, 1, 2):
        model.learn([0], index)
    told = model.predict([9, 0])
    assert told[[1, 2, 3]] == pytest.approx([2 / 5, 1 / 5, 2 / 5 / 62])
    model.learn([5], 3)  # now the empty context knows one class that the longer one does not
    told = model.predict([0])
    assert told[[1, 2, 3, 4]] == pytest.approx([2 / 5, 1 / 5, 1 / 5, 1 / 5 / 61])


def test_a_ppm_follows_a_loop_once_it_was_heard():
    model, song = PPM(3), [BEGIN, 0, 21, 25, 35, 0, 21, 25, 35, 0]
    for place in range(1, len(song)):
        model.learn(song[:place], song[place])
    assert model.predict(song).argmax() == 21
    assert model.predict(song)[21] == pytest.approx(0.5)  # one time in one, half left over


def test_an_order_below_0_is_refused():
    with pytest.raises(UsageError, match="0 or more; got -1"):
        PPM(-1)


def test_the_more_certain_side_prevails_the_more_the_more_it_is_trusted():
    certain = np.where(np.arange(CLASSES) == 7, 0.937, 0.001)
    shares = [blend(certain, UNIFORM, trust)[7] for trust in (0, 1, 3)]
    assert shares[0] == pytest.approx((0.937 + 1 / 64) / 2)
    assert shares == sorted(shares)
    assert blend(np.eye(CLASSES)[7], UNIFORM, 3)[7] == pytest.approx(1)


def test_a_table_hands_down_to_shorter_contexts():
    table = small()
    half = 0.5 / 64
    assert table.predict([])[[0, 1]] == pytest.approx([half, 0.5 + half])
    assert table.predict([5, 1])[[0, 1, 2]] == pytest.approx([half / 2, 0.25 + half / 2, 0.25 + half / 2])
    assert table.predict([1, 5]) == pytest.approx(table.predict([]))  # nobody has heard 5
    assert table.predict([*range(40), 1]).sum() == pytest.approx(1)


def test_keys_tell_contexts_of_any_length_apart():
    assert len({int(key_of(context)) for context in ([], [0], [0, 0], [1], [0, 1], [63] * 9)}) == 6


def test_a_table_is_written_and_read_back_the_same():
    data = small().write()
    assert data == small().write()
    assert Ngrams.read(data).predict([1]) == pytest.approx(small().predict([1]))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("keys", np.array([66, 1], np.uint64)),
        ("keys", np.array([1, 65], np.int64)),
        ("left", np.array([0.5], np.float16)),
        ("left", np.array([0.5, 0], np.float16)),
        ("left", np.array([0.5, np.nan], np.float16)),
        ("starts", np.array([0, 4, 3], np.uint32)),
        ("starts", np.array([0, 1, 9], np.uint32)),
        ("classes", np.array([1, 2, 64], np.uint8)),
        ("shares", np.array([0.5, 2, 0.25], np.float16)),
        ("shares", np.array([[0.5, 0.25, 0.25]], np.float16)),
        ("keys", np.array([], np.uint64)),
    ],
)
def test_a_table_that_is_spoilt_is_refused(name, array):
    table = small()
    arrays = {key: getattr(table, key) for key in ("keys", "left", "starts", "classes", "shares")} | {name: array}
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    with pytest.raises(FileError, match="a table of n-grams must have"):
        Ngrams.read(packed.getvalue())


@given(st.binary(max_size=60))
def test_bytes_that_are_no_table_are_one_clear_error(data):
    with pytest.raises(FileError, match="n-grams"):
        Ngrams.read(data)


def test_a_table_that_unpacks_to_far_too_much_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("keys.npy", bytes(2**25))
    with pytest.raises(FileError, match="unpack"):
        Ngrams.read(packed.getvalue())


def test_a_product_of_two_is_a_distribution_even_where_the_network_rules_out():
    told = product(np.eye(CLASSES)[3], UNIFORM, Mixture())
    assert told.sum() == pytest.approx(1)
    assert told.min() > 0
    assert told.argmax() == 3
    assert product(np.eye(CLASSES)[3], UNIFORM, Mixture(network=0)) == pytest.approx(UNIFORM)


def test_a_song_is_followed_from_its_begin():
    follower = Following(Deaf(UNIFORM), small(), Mixture())
    assert follower.predict(UNKNOWN).sum() == pytest.approx(1)
    loop = [class_named(name) for name in ("I:maj", "VI:min", "IV:maj", "V:maj")]
    for index in loop * 2:
        follower.hear(index)
    assert follower.predict(UNKNOWN).argmax() == loop[0]


def test_a_song_is_followed_without_a_table_too():
    told = np.where(np.arange(CLASSES) == 5, 0.5, 0.0)  # rounded numbers do not quite sum to 1
    follower = Following(Deaf(told), None, Mixture(trust=8))
    assert follower.predict(UNKNOWN)[5] > 0.9
    with pytest.raises(UsageError, match=r"0\.\.63"):
        follower.hear(64)


def test_the_numbers_of_a_mixture_stand_in_the_config():
    assert Mixture.of({"mixture": {"network": 1, "ngrams": 0, "order": 2, "trust": 1}}) == Mixture(1.0, 0.0, 2, 1.0)
    assert Mixture.of({}) == Mixture()


@pytest.mark.parametrize("told", [{"network": -1}, {"trust": "high"}, {"orders": 3}, 7, {"order": float("nan")}])
def test_a_mixture_that_makes_no_sense_is_refused(told):
    with pytest.raises(FileError, match="mixture"):
        Mixture.of({"mixture": told})
