import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from kelly.errors import UsageError
from kelly.training.data import augmenting
from kelly.training.data.augmenting import Augmentation, augment, mixup, spec_augment
from kelly.training.tasks.runs import settings

RATE = 16_000
CHANCES = ("speed", "pitch", "reverb", "delay", "noise", "highpass", "lowpass", "gain", "polarity")
EVERYTHING = Augmentation(**dict.fromkeys(CHANCES, 1.0))


def rng(seed=0):
    return np.random.default_rng(seed)


def tone(hertz=440.0, seconds=1.0, level=0.5):
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    return wave.astype(np.float32)


def hiss(seconds=4.0, level=0.1):
    return (level * rng(9).standard_normal(round(seconds * RATE))).astype(np.float32)


def power(wave, low, high):
    """Power between two frequencies, in dB."""
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE)
    spectrum = np.square(np.abs(np.fft.rfft(wave)))
    return 10 * np.log10(spectrum[(hertz >= low) & (hertz < high)].sum())


def loudest(wave):
    """The frequency of a tone, from its middle."""
    middle = wave[len(wave) // 4 : -len(wave) // 4]
    return np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax() * RATE / len(middle)


CHANGES = {
    "polarity": lambda wave, _: augmenting.polarity(wave),
    "gain": lambda wave, _: augmenting.gain(wave, -6),
    "white": lambda wave, rng: augmenting.noise(wave, 20, rng),
    "pink": lambda wave, rng: augmenting.noise(wave, 20, rng, pink=True),
    "highpass": lambda wave, _: augmenting.highpass(wave, RATE, 100),
    "lowpass": lambda wave, _: augmenting.lowpass(wave, RATE, 4000),
    "delay": lambda wave, _: augmenting.delay(wave, RATE, 0.1, 0.5),
    "speed": lambda wave, _: augmenting.speed(wave, 1.1),
    "slow": lambda wave, _: augmenting.speed(wave, 0.9),
    "pitch": lambda wave, _: augmenting.pitch(wave, RATE, 2),
    "low": lambda wave, _: augmenting.pitch(wave, RATE, -3),
    "reverb": lambda wave, rng: augmenting.reverb(wave, RATE, 0.3, 0.3, rng),
}
FACTORS = {"speed": 1.1, "slow": 0.9}  # what is faster is shorter


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_pure_repeatable_and_keeps_its_kind(name):
    change = CHANGES[name]
    for wave in (hiss(0.5), tone(seconds=0.1), np.zeros(1000, np.float32), np.ones(1, np.float32)):
        before = wave.copy()
        wave.flags.writeable = False
        changed = change(wave, rng())
        assert len(changed) == math.ceil(len(wave) / FACTORS.get(name, 1.0))
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        np.testing.assert_array_equal(changed, change(wave, rng()))
        np.testing.assert_array_equal(wave, before)


def test_a_crop_is_a_stretch_that_begins_anywhere():
    wave = np.arange(100, dtype=np.float32)
    starts = {int(augmenting.crop(wave, 90, rng(seed))[0]) for seed in range(200)}
    assert starts == set(range(11))
    np.testing.assert_array_equal(augmenting.crop(wave, 90, rng()), wave[(first := int(rng().integers(11))) :][:90])
    assert first in starts
    np.testing.assert_array_equal(augmenting.crop(wave, 100, rng()), wave)


def test_a_crop_of_a_short_wave_is_filled_with_zeros():
    cropped = augmenting.crop(np.ones(3, np.float32), 9, rng())
    assert len(cropped) == 9
    assert "111" in "".join(str(int(value)) for value in cropped)
    with pytest.raises(UsageError, match="got 0"):
        augmenting.crop(cropped, 0, rng())


@pytest.mark.parametrize("decibels", [-5, 0, 20])
@pytest.mark.parametrize("pink", [False, True])
def test_noise_has_the_ratio_that_was_asked_for(decibels, pink):
    wave = tone(seconds=2)
    added = augmenting.noise(wave, decibels, rng(), pink=pink) - wave
    assert 10 * np.log10(np.square(wave).mean() / np.square(added).mean()) == pytest.approx(decibels, abs=0.01)


def test_pink_noise_is_as_loud_in_every_octave_and_white_noise_is_not():
    wave = np.full(8 * RATE, 1e-3, np.float32)
    white, pink = (augmenting.noise(wave, -60, rng(), pink=pink) for pink in (False, True))
    assert power(white, 2000, 4000) - power(white, 500, 1000) == pytest.approx(6, abs=0.5)
    assert power(pink, 2000, 4000) - power(pink, 500, 1000) == pytest.approx(0, abs=0.5)


def test_filters_take_half_the_power_at_their_cutoff_and_12_db_an_octave():
    wave = hiss(8)
    before = {hertz: power(wave, hertz - 9, hertz + 9) for hertz in (100, 400, 1600)}
    for change, (passed, stopped) in ((augmenting.lowpass, (100, 1600)), (augmenting.highpass, (1600, 100))):
        filtered = change(wave, RATE, 400)
        loss = {hertz: before[hertz] - power(filtered, hertz - 9, hertz + 9) for hertz in before}
        assert loss[400] == pytest.approx(3, abs=0.5)
        assert loss[stopped] == pytest.approx(24, abs=2)
        assert loss[passed] == pytest.approx(0, abs=0.2)


def test_a_cutoff_beyond_the_rate_is_kept_below_it():
    np.testing.assert_array_equal(
        augmenting.lowpass(hiss(), RATE, 90_000), augmenting.lowpass(hiss(), RATE, augmenting.HIGHEST * RATE)
    )


def test_echoes_come_at_their_time_and_fade():
    click = np.zeros(RATE, np.float32)
    click[0] = 1
    echoes = augmenting.delay(click, RATE, 0.1, 0.5)
    assert np.flatnonzero(echoes).tolist() == [0, 1600, 3200, 4800, 6400, 8000, 9600]
    assert echoes[[1600, 3200]].tolist() == [0.5, 0.25]
    assert augmenting.delay(click, RATE, 0.1, 0.0).tolist() == click.tolist()


def test_a_room_dies_away_by_60_db_in_its_time():
    click = np.zeros(RATE, np.float32)
    click[0] = 1
    room = augmenting.reverb(click, RATE, 0.5, 1.0, rng())
    early, late = (np.sqrt(np.square(room[at : at + 400]).mean()) for at in (0, 6000))
    assert 20 * np.log10(early / late) == pytest.approx(45, abs=2)
    assert not np.abs(room[RATE // 2 + 1 :]).max() > 1e-6
    np.testing.assert_allclose(augmenting.reverb(click, RATE, 0.5, 0.0, rng()), click)


@pytest.mark.parametrize("semitones", [-5, -2, 1, 4])
def test_pitch_moves_the_pitch_and_leaves_the_tempo(semitones):
    shifted = augmenting.pitch(tone(), RATE, semitones)
    assert 12 * np.log2(loudest(shifted) / 440) == pytest.approx(semitones, abs=0.1)
    assert np.sqrt(np.square(shifted[4000:12000]).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    late = np.concatenate([np.zeros(RATE // 2, np.float32), tone(seconds=0.5)])
    first = np.flatnonzero(np.abs(augmenting.pitch(late, RATE, semitones)) > 0.1)[0]
    assert first / RATE == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("rate", [1_000, 8_000, 44_100])
def test_pitch_is_moved_at_any_rate(rate):
    wave = (0.5 * np.sin(2 * np.pi * 0.02 * np.arange(30_000))).astype(np.float32)
    shifted = augmenting.pitch(wave, rate, 2)
    assert len(shifted) == len(wave)
    assert 12 * np.log2(loudest(shifted) / (0.02 * RATE)) == pytest.approx(2, abs=0.2)


def test_a_stretch_by_nothing_changes_nothing_but_the_edges():
    wave = hiss(1)
    np.testing.assert_allclose(augmenting.stretched(wave, RATE, 1.0)[1024:-1024], wave[1024:-1024], atol=1e-4)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_speed_moves_pitch_and_tempo(factor):
    assert loudest(augmenting.speed(tone(), factor)[: round(0.75 * RATE)]) == pytest.approx(440 * factor, abs=3)
    late = np.concatenate([np.zeros(RATE // 2, np.float32), tone(seconds=0.5)])
    first = np.flatnonzero(np.abs(augmenting.speed(late, factor)) > 0.1)[0]
    assert first / RATE == pytest.approx(0.5 / factor, abs=0.01)


def test_by_default_nothing_changes():
    np.testing.assert_array_equal(augment(tone(), RATE, Augmentation(), rng()), tone())
    assert augment(np.zeros(0, np.float32), RATE, Augmentation(), rng()).shape == (0,)


@given(seed=st.integers(0, 99), seconds=st.sampled_from([0.0, 0.01, 0.5, 2.0]), level=st.sampled_from([0, 1e-6, 1, 50]))
def test_whatever_is_changed_stays_within_full_scale_at_its_length(seed, seconds, level):
    wave = hiss(0.7, level)
    changed = augment(wave, RATE, replace(EVERYTHING, seconds=seconds), rng(seed))
    slow, fast = EVERYTHING.speed_factor
    assert len(changed) == round(seconds * RATE) or len(wave) / fast <= len(changed) <= len(wave) / slow + 1
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()
    assert np.abs(changed).max() <= 1


def test_the_same_seed_gives_the_same_sound():
    first, again, other = (augment(hiss(), RATE, EVERYTHING, rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", CHANCES)
def test_each_change_comes_as_often_as_it_should(name):
    wave = hiss(0.5)
    changed = [augment(wave, RATE, Augmentation(**{name: 0.3}), rng(seed)) for seed in range(200)]
    assert np.mean([not np.array_equal(one, wave) for one in changed]) == pytest.approx(0.3, abs=0.1)


def test_a_fast_crop_is_full_of_sound():
    settings_ = Augmentation(seconds=1.0, speed=1.0, speed_factor=(1.5, 1.5))
    assert np.abs(augment(tone(seconds=4), RATE, settings_, rng())[-100:]).max() > 0.3


def test_settings_come_from_a_file(tmp_path):
    config = tmp_path / "augmentation.yaml"
    config.write_text("noise: .5\nnoise_db: [5, 20]\nmixup: 0.2\n")
    assert settings(Augmentation, config) == Augmentation(noise=0.5, noise_db=(5, 20), mixup=0.2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("noise: 2", r"noise must be a chance in 0\.\.1; got 2"),
        ("pink: -.1", "pink must be a chance"),
        ("speed: .nan", "speed must be a chance"),
        ("gain_db: [3, 1]", r"gain_db must be a range within -60\.\.60; got 3\.\.1"),
        ("pitch_semitones: [0, 40]", r"within -12\.\.12; got 0\.\.40"),
        ("reverb_seconds: [0, 1]", "reverb_seconds must be a range"),
        ("delay_gain: [.1, 1]", "delay_gain must be a range"),
        ("masks: -1", "masks must be 0 or more"),
        ("seconds: .inf", "seconds must be 0 or more"),
        ("flanger: 1", "flanger"),
        ("noise_db: 3", "noise_db"),
    ],
)
def test_wrong_settings_are_told(tmp_path, text, told):
    config = tmp_path / "augmentation.yaml"
    config.write_text(text)
    with pytest.raises(UsageError, match=told) as caught:
        settings(Augmentation, config)
    assert "\n" not in str(caught.value)


def test_every_setting_is_off_or_a_range_by_default():
    off = Augmentation()
    assert all(getattr(off, name) == 0 for name in (*CHANCES, "seconds", "masks", "mixup"))
    assert {field.name for field in fields(off)} >= set(CHANCES)


def test_masks_hide_whole_bands_and_frames_of_each_item():
    spectra = torch.from_numpy(rng(3).standard_normal((8, 2, 60, 40)).astype(np.float32))
    before = spectra.clone()
    masked = spec_augment(spectra, rng(), masks=2, bands=6, frames=9)
    assert torch.equal(spectra, before)
    changed = masked != spectra
    assert torch.equal(changed[:, 0], changed[:, 1])  # scales share their masks
    bands, frames = changed[:, 0].all(1), changed[:, 0].all(2)
    assert torch.equal(changed[:, 0], bands[:, None] | frames[:, :, None])
    assert bands.sum(1).max() <= 12
    assert frames.sum(1).max() <= 18
    assert len({tuple(row.tolist()) for row in bands}) > 4  # each item has its own
    where = changed[0, 0].nonzero()[0]
    torch.testing.assert_close(masked[0, 0, where[0], where[1]], spectra[0, 0].mean())


def test_masks_are_repeatable_and_may_be_none():
    spectra = torch.rand(3, 50, 20)
    assert torch.equal(spec_augment(spectra, rng(5)), spec_augment(spectra, rng(5)))
    assert torch.equal(spec_augment(spectra, rng(), masks=0), spectra)
    assert spec_augment(torch.rand(2, 1, 1), rng(), bands=99, frames=99).shape == (2, 1, 1)


def test_mixing_mixes_inputs_and_targets_alike():
    inputs = torch.arange(6.0)[:, None, None].expand(6, 4, 3)
    targets = torch.cat([torch.eye(6), torch.arange(6.0)[:, None]], dim=1)  # classes, and a number beside them
    mixed, told = mixup([inputs, targets], 0.4, rng())
    assert mixed.shape == inputs.shape
    torch.testing.assert_close(mixed[:, 0, 0], told[:, 6])
    torch.testing.assert_close(told[:, :6].sum(1), torch.ones(6))
    assert (told[:, :6].diagonal() >= 0.5).all()
    assert not torch.equal(told, targets)
    again, _ = mixup([inputs, targets], 0.4, rng())
    assert torch.equal(mixed, again)


def test_mixing_keeps_to_its_kind():
    kinds = torch.tensor([0, 1, 0, 1, 0, 2])
    (told,) = mixup([torch.eye(6)], 0.4, rng(), kinds)
    assert told[5, 5] == 1  # the only one of its kind
    assert not told[kinds == 0][:, kinds != 0].any()
    assert not torch.equal(told, torch.eye(6))


def test_mixing_leaves_what_it_cannot_mix():
    inputs, targets = torch.rand(3, 5), torch.tensor([0.1, float("nan"), 0.3])
    assert mixup([inputs, targets], 0.0, rng())[0] is inputs
    _, told = mixup([inputs, targets], 1.0, rng())
    assert told.isnan()[1]
    with pytest.raises(UsageError, match="int64"):
        mixup([inputs, torch.arange(3)], 0.2, rng())
