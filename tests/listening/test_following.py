"""Following a sound as it comes: what is told does not hang on how it is cut, and is what the whole would say."""

import json
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.emotion.code import decode
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UsageError
from kelly.listening import following
from kelly.listening.following import ALPHA, RATES, WINDOW, Follower
from kelly.models.networks import EmotionRecognizer, shipped
from kelly.models.recognizer.frames import WARM_UP, frames, gathered, scaled
from kelly.sound import recording
from kelly.sound.audio import Audio
from kelly.sound.features import FRAMES

RATE, HOP = FRAMES.rate, FRAMES.hop


def noise(seconds, rate=RATE, level=0.1, seed=0):
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


def softer(seconds, rate=RATE):
    """A sound whose loudest frame is the first."""
    wave = noise(seconds, rate)
    wave[: rate // 20] *= 8
    return wave


def silence(seconds, rate=RATE):
    return np.zeros(round(seconds * rate), np.float32)


def followed(wave, rate=RATE, sizes=None):
    """All moments of a wave that comes in blocks of these sizes, over and over, and the follower."""
    follower, told, start, turn = Follower(rate), [], 0, 0
    while start < len(wave):
        size = sizes[turn % len(sizes)] if sizes else len(wave)
        told += follower.hear(wave[start : start + size])
        start, turn = start + size, turn + 1
    return told + follower.end(), follower


def codes(wave, rate=RATE):
    """What the recogniser says of each frame of a whole sound."""
    network = shipped(EmotionRecognizer)
    return np.array([network.predict(row) for row in scaled(frames(Audio(wave[None], rate)))])


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
@given(data=st.data())
@settings(max_examples=15)
def test_how_a_sound_is_cut_changes_nothing(rate, data):
    sizes = data.draw(st.lists(st.integers(1, rate), min_size=1, max_size=8).filter(lambda sizes: sum(sizes) > 40))
    wave = np.concatenate([noise(0.4, rate), silence(0.9, rate), noise(0.6, rate, 0.3, seed=1)])
    whole, one = followed(wave, rate)
    parts, other = followed(wave, rate, sizes)
    assert parts == whole
    assert other.reading() == one.reading()


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 192_000])
def test_where_the_loudest_comes_first_the_whole_is_heard_as_it_is_in_one_piece(rate):
    wave = softer(4, rate)
    moments, follower = followed(wave, rate, [rate // 50])
    told = decode(gathered(codes(wave, rate)))
    assert follower.reading().emotion == told.emotion
    assert follower.reading().spreads == (*told.spreads[:2], math.inf)
    assert len(moments) == len(codes(wave, rate))


def test_what_is_told_follows_the_recogniser_a_tenth_of_the_way_at_each_frame():
    wave, smoothed = softer(4), None
    moments, _ = followed(wave)
    for frame, (moment, code) in enumerate(zip(moments, codes(wave), strict=True), 1):
        smoothed = code if frame == 1 else smoothed + max(ALPHA, 1 / frame) * (code - smoothed)
        assert moment.emotion.vad == pytest.approx(decode(smoothed).emotion.vad, abs=1e-9)


@pytest.mark.parametrize("samples", [1, 2, 1023, 1024, 1025, 2047, 2048, 2049, 3071, 3072, 3073, 22_050])
@pytest.mark.parametrize("rate", [22_050, 192_000])
def test_there_is_a_moment_for_each_frame_of_the_whole(samples, rate):
    wave = noise(1, rate)[:samples]
    moments, follower = followed(wave, rate)
    expected = FRAMES.frames(round(samples * RATE / rate)) if samples > 4 or rate == RATE else 0
    assert [moment.time for moment in moments] == [(HOP * frame + 1024) / RATE for frame in range(expected)]
    assert follower.seconds == samples / rate


def test_a_moment_is_told_when_the_last_sample_of_its_frame_is_there():
    follower, wave = Follower(RATE), noise(1)
    assert follower.hear(wave[:1023]) == []
    assert [moment.time for moment in follower.hear(wave[1023:1024])] == [1024 / RATE]
    assert follower.hear(wave[1024 : HOP + 1023]) == []
    assert len(follower.hear(wave[HOP + 1023 : HOP + 1024])) == 1


@pytest.mark.parametrize("rate", RATES)
def test_resampling_delays_a_moment_by_little_more_than_a_frame(rate):
    follower, late = Follower(rate), 0.0
    for block in np.split(noise(2, rate), 200):
        for moment in follower.hear(block):
            late = max(late, follower.seconds - moment.time)
    assert late < 0.125


@pytest.mark.parametrize(
    "wave",
    [silence(3), noise(3, level=1e-5), np.full(3 * RATE, 0.3, np.float32), silence(3)[:1]],
    ids=["zeros", "soft", "constant", "one sample"],
)
def test_nothing_is_felt_in_silence(wave):
    moments, follower = followed(wave)
    assert moments
    assert {moment.emotion for moment in moments} == {None}
    assert not follower.reading().heard
    assert follower.reading().emotion == Emotion(0, 0.3, 0.5, confidence=0)
    plain = json.loads(json.dumps([moment.as_dict() for moment in moments], allow_nan=False))
    assert {(row["valence"], row["name"], row["confidence"]) for row in plain} == {(None, None, 0.0)}


def test_nothing_at_all_has_no_moments():
    follower = Follower(RATE)
    assert follower.hear(np.zeros(0, np.float32)) == []
    assert follower.end() == []
    assert not follower.reading().heard


def test_a_rest_is_a_part_of_the_sound_and_a_pause_is_none():
    wave = np.concatenate([noise(1), silence(0.4), noise(1), silence(4), noise(1)])
    moments, _ = followed(wave)
    silent = [moment.time for moment in moments if moment.emotion is None]
    assert min(silent) == pytest.approx(3.0, abs=0.1)
    assert max(silent) == pytest.approx(6.4, abs=0.1)


def test_what_is_faint_beside_what_was_loud_is_silence_until_that_is_forgotten():
    moments, _ = followed(np.concatenate([noise(1, level=0.9), noise(WINDOW + 2, level=3e-4, seed=1)]))
    felt = {round(moment.time): moment.emotion is not None for moment in moments}
    assert felt[1]
    assert not felt[10]
    assert felt[22]


@pytest.mark.parametrize("seconds", [0.5, 30])
def test_silence_before_a_sound_changes_nothing(seconds):
    before = silence(round(seconds * FRAMES.frames_a_second) * HOP / RATE)
    alone, one = followed(noise(3))
    moments, other = followed(np.concatenate([before, noise(3)]))
    assert [moment.emotion for moment in moments if moment.emotion] == [moment.emotion for moment in alone]
    assert other.reading() == one.reading()


def test_how_loud_a_sound_is_changes_nothing():
    loud, soft = (followed(gain * noise(4))[1].reading().emotion for gain in (1, 0.1))
    assert soft.vad == pytest.approx(loud.vad, abs=2e-3)


def test_a_clap_is_forgotten():
    wave = noise(WINDOW + 12, level=0.02)
    clapped = wave.copy()
    clapped[3000:4000] *= 45
    calm, moved = followed(wave)[0], followed(clapped)[0]
    off = [abs(one.emotion.arousal - other.emotion.arousal) for one, other in zip(calm, moved, strict=True)]
    assert off[round(10 * FRAMES.frames_a_second)] > 0.03
    assert off[-1] < 0.01


def test_confidence_grows_as_the_recogniser_warms_up():
    moments, _ = followed(noise(4))
    sure = [moment.emotion.confidence for moment in moments]
    assert all(one <= (frame + 1) / WARM_UP for frame, one in enumerate(sure[:WARM_UP]))
    assert sure[0] < 0.05
    assert min(sure[WARM_UP:]) > max(sure[: WARM_UP // 2])
    assert followed(noise(0.3))[1].reading().emotion.confidence < 0.2


@pytest.mark.parametrize("name", ["lively", "mournful"])
def test_a_recording_is_heard_about_as_it_is_in_one_piece(root, name):
    audio = recording.read(root / "tests" / "small" / "recordings" / f"{name}.ogg")
    whole = decode(gathered(codes(audio.samples[0], audio.rate))).emotion
    live = followed(audio.samples[0], audio.rate, [1024])[1].reading().emotion
    assert live.valence == pytest.approx(whole.valence, abs=0.1)
    assert live.arousal == pytest.approx(whole.arousal, abs=0.1)


def test_what_is_held_does_not_grow():
    follower, wave, held = Follower(48_000), noise(WINDOW + 1, 48_000), []
    for _ in range(3):
        for block in np.array_split(wave, 100):
            follower.hear(block)
        held.append({name: np.size(value) for name, value in vars(follower).items()})
        assert held[-1].pop("_pending") <= HOP + 1024
    assert held[2] == held[1] == held[0]


def test_a_sound_is_followed_far_faster_than_it_sounds():
    began = time.process_time()
    followed(noise(20, 48_000), 48_000, [1024])
    assert time.process_time() - began < 2


@pytest.mark.parametrize("rate", [0, 7_999, 192_001, 44_100.0, True, "48000", None])
def test_a_rate_beyond_what_is_followed_is_refused(rate):
    with pytest.raises(UsageError, match=r"the rate must be an integer in 8000\.\.192000"):
        Follower(rate)


@pytest.mark.parametrize(
    "block",
    [np.array([0, np.nan]), np.array([0, -np.inf]), np.array([100.5]), np.zeros((2, 2)), np.float32(0), [0.1], None],
    ids=["nan", "inf", "loud", "two channels", "one number", "list", "none"],
)
def test_a_block_that_is_no_sound_is_refused_as_if_it_had_not_come(block):
    follower, wave = Follower(RATE), noise(1)
    told = follower.hear(wave[:9_000])
    with pytest.raises(UsageError, match=r"(a block|samples) must be"):
        follower.hear(block.astype(np.float32) if isinstance(block, np.ndarray) else block)
    with pytest.raises(UsageError, match="a block must be"):
        follower.hear(wave.astype(np.float64))
    told += follower.hear(wave[9_000:]) + follower.end()
    assert told == followed(wave)[0]


def test_nothing_comes_after_the_end():
    _, follower = followed(noise(1))
    assert follower.end() == []
    with pytest.raises(UsageError, match="the sound has ended"):
        follower.hear(noise(1))


def test_without_its_recogniser_nothing_can_be_followed(monkeypatch):
    monkeypatch.setattr(following, "shipped", lambda _: None)
    with pytest.raises(FileError, match="built without its recogniser"):
        Follower(RATE)
