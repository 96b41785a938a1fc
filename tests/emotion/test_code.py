"""The emotion code: what goes in comes out, and what is uncertain stays visible."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kelly.emotion.code import AXES, CENTRES, SIZE, UNKNOWN, Gaussian, decode, encode, peaks
from kelly.emotion.space import Emotion
from kelly.errors import UsageError

WIDTHS = tuple(float(CENTRES[axis][1] - CENTRES[axis][0]) for axis in AXES)
LOWS = {"valence": -1.0, "arousal": 0.0, "dominance": 0.0}

unit = st.floats(0, 1)
emotions = st.builds(Emotion, st.floats(-1, 1), unit, unit, unit)
bins = st.floats(0.5, 4)
spreads = st.tuples(bins, bins, bins).map(lambda s: tuple(x * width for x, width in zip(s, WIDTHS, strict=True)))
readings = st.builds(Gaussian, emotions, spreads, st.floats(1e-3, 1e3))
modest = settings(deadline=None, max_examples=150)


def at(axis, value):
    point = {"valence": 0.0, "arousal": 0.5, "dominance": 0.5}
    return Emotion(**{**point, axis: value})


@modest
@given(emotions, spreads)
def test_means_come_back_within_a_millionth_and_spreads_within_a_tenth(emotion, wide):
    heard = decode(encode(Gaussian(emotion, wide)))
    assert heard.emotion.vad == pytest.approx(emotion.vad, abs=1e-6)
    assert heard.emotion.confidence == pytest.approx(emotion.confidence, abs=1e-6)
    assert heard.spreads == pytest.approx(wide, rel=0.1)


@modest
@given(emotions, spreads, st.integers(0, 2**32 - 1))
def test_a_network_with_an_error_of_a_thousandth_still_says_its_spread(emotion, wide, seed):
    noise = 1e-3 * (2 * np.random.default_rng(seed).random(SIZE) - 1)
    heard = decode(np.clip(encode(Gaussian(emotion, wide)) + noise, -1, 1).astype(np.float32))
    assert heard.emotion.vad == pytest.approx(emotion.vad, abs=2e-3)
    assert heard.spreads == pytest.approx(wide, rel=0.1)


@modest
@given(st.lists(readings, min_size=1, max_size=4))
def test_every_slot_of_every_mixture_fits_a_tanh(mixture):
    code = encode(*mixture)
    assert code.shape == (SIZE,)
    assert np.abs(code).max() <= 1
    assert [code[start : start + 20].max() for start in (4, 24, 44)] == [1, 1, 1]


@modest
@given(st.sampled_from(AXES), unit, st.floats(0, 1), bins)
def test_two_equal_peaks_stay_two(axis, start, gap, spread):
    width = WIDTHS[AXES.index(axis)]
    span = 2.0 if axis == "valence" else 1.0
    nearest = max(4, 2.5 * spread) * width * 1.001
    assume(nearest < span)
    apart = nearest + gap * (span - nearest)
    low = LOWS[axis] + start * (span - apart)
    wide = tuple(spread * w for w in WIDTHS)
    code = encode(Gaussian(at(axis, low), wide), Gaussian(at(axis, min(low + apart, 1.0)), wide))
    found = peaks(code, axis)
    assert len(found) == 2
    # Hills that overlap lean on each other, never by more than a bin and a half.
    assert [peak.position for peak in found] == pytest.approx([low, low + apart], abs=1.5 * width)


@modest
@given(emotions, spreads, st.sampled_from(AXES))
def test_one_reading_is_one_peak_where_it_was_put(emotion, wide, axis):
    (peak,) = peaks(encode(Gaussian(emotion, wide)), axis)
    i = AXES.index(axis)
    assert peak.position == pytest.approx(emotion.vad[i], abs=1e-3)
    assert peak.spread == pytest.approx(wide[i], rel=0.01)


def test_calm_or_tense_is_heard_as_both_with_the_mean_between_them():
    calm, tense = Emotion(0.4, 0.2, 0.6, 0.5), Emotion(-0.4, 0.8, 0.4, 0.7)
    narrow = (0.1, 0.06, 0.06)
    code = encode(Gaussian(calm, narrow, 3), Gaussian(tense, narrow, 1))
    heard = decode(code)
    assert heard.emotion.vad == pytest.approx((0.2, 0.35, 0.55))
    assert heard.emotion.confidence == pytest.approx(0.55)
    low, high = peaks(code, "arousal")
    assert (low.position, high.position) == pytest.approx((0.2, 0.8), abs=0.01)
    assert high.height / low.height == pytest.approx(1 / 3, abs=0.05)
    assert heard.spreads[1] == pytest.approx(0.27, abs=0.04)


def test_each_slot_means_what_the_layout_says():
    code = encode(Gaussian(Emotion(-0.5, 0.25, 1.0, 0.75), (0.2, 0.1, 0.1)))
    assert code[:4].tolist() == [-0.5, -0.5, 1.0, 0.5]
    weights = np.exp(-((np.linspace(-0.1, 1.1, 20) - 0.25) ** 2) / (2 * 0.1**2))
    assert code[24:44] == pytest.approx(2 * weights / weights.max() - 1, abs=1e-12)


def test_knowing_nothing_is_a_code_too():
    assert UNKNOWN.tolist() == [0, 0, 0, -1] + [1] * 60
    heard = decode(UNKNOWN)
    assert heard.emotion.vad == (0, 0.5, 0.5)
    assert heard.emotion.confidence == 0
    assert heard.spreads == (math.inf, math.inf, math.inf)
    assert peaks(UNKNOWN, "valence") == ()


def test_a_reading_narrower_than_the_bins_is_still_one_peak_with_a_spread():
    code = encode(Gaussian(Emotion(0.05, 0.41, 0.5), (0.001, 0.001, 0.001)))
    assert all(len(peaks(code, axis)) == 1 for axis in AXES)
    assert decode(code).spreads == pytest.approx([width / 3 for width in WIDTHS])


@modest
@given(st.lists(st.floats(-1, 1), min_size=SIZE, max_size=SIZE))
def test_whatever_a_network_says_can_be_decoded(slots):
    heard = decode(slots)
    assert all(spread > 0 for spread in heard.spreads)
    assert all(0 < peak.height <= 1 for axis in AXES for peak in peaks(slots, axis))


@pytest.mark.parametrize(
    "code",
    [[], [0.0] * 63, np.zeros((1, 64)), [math.nan] * 64, [1.5] + [0.0] * 63, [math.inf] * 64, "x", None, ["a"] * 64],
)
def test_what_is_no_code_is_refused_in_one_line(code):
    with pytest.raises(UsageError, match="emotion code") as error:
        decode(code)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("wide", [(0, 0.1, 0.1), (-1, 0.1, 0.1), (math.nan, 0.1, 0.1), (0.1, 0.1)])
def test_impossible_spreads_are_refused(wide):
    with pytest.raises(UsageError, match="spreads"):
        Gaussian(Emotion(0, 0.5, 0.5), wide)


@pytest.mark.parametrize("weight", [0, -1, math.nan, math.inf])
def test_impossible_weights_are_refused(weight):
    with pytest.raises(UsageError, match="weight"):
        Gaussian(Emotion(0, 0.5, 0.5), (0.1, 0.1, 0.1), weight)


def test_nothing_cannot_be_encoded_and_no_fourth_axis_read():
    with pytest.raises(UsageError, match="at least one"):
        encode()
    with pytest.raises(UsageError, match="valence, arousal, dominance"):
        peaks(UNKNOWN, "tension")
