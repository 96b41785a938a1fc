"""Log-mel features are the numbers of torch.stft and librosa, and those that the mood set was made with."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")
librosa = pytest.importorskip("librosa", reason="the workbench needs the extra `train`")

from kelly.sound.features import FRAMES, LOOPS, SCALES, below_maximum, decibels, descriptors, filters, levels, scales

BOTH = pytest.mark.parametrize("mel", [FRAMES, LOOPS], ids=["frames", "loops"])
EIGHT = pytest.mark.parametrize("mel", SCALES + scales(44_100), ids=lambda mel: f"{mel.rate}-{mel.window}")


def bank(mel):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return librosa.filters.mel(sr=mel.rate, n_fft=mel.fft, n_mels=mel.bands)


def music(mel):
    """Three seconds of chords that fade, and noise."""
    time = np.arange(3 * mel.rate) / mel.rate
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (110, 277.2, 659.3, 1318.5))
    return 0.1 * chord * np.exp(-time) + np.random.default_rng(3).normal(0, 0.01, len(time))


@pytest.mark.parametrize("mel", [FRAMES, LOOPS, *SCALES, *scales(44_100)])
def test_filters_are_librosas(mel):
    theirs = bank(mel)
    assert filters(mel) == pytest.approx(theirs, abs=1e-6 * float(theirs.max()))


@BOTH
def test_decibels_are_those_of_torch_and_librosas_filters(mel):
    window = torch.hann_window(mel.window, dtype=torch.float64)
    given = torch.from_numpy(music(mel))
    spectrum = torch.stft(given, mel.window, mel.hop, window=window, pad_mode="constant", return_complex=True)
    powers = torch.from_numpy(bank(mel)).double() @ spectrum.abs().square()
    theirs = 10 * powers.clamp_min(1e-10).log10().T
    assert decibels(given.numpy(), mel) == pytest.approx(theirs.numpy(), abs=1e-5)


def test_the_mood_sets_spectrograms_are_librosas_melspectrogram():
    wave = music(FRAMES)
    powers = librosa.feature.melspectrogram(y=wave, sr=22_050, n_fft=2048, hop_length=2048, n_mels=128, power=2.0)
    theirs = librosa.power_to_db(powers, ref=1.0, amin=1e-10, top_db=None).T
    found, level = below_maximum(decibels(wave, FRAMES))
    assert level == pytest.approx(theirs.max(), abs=1e-5)
    assert found == pytest.approx(np.clip(theirs - theirs.max(), -80, 0), abs=1e-4)


@EIGHT
@pytest.mark.parametrize("samples", [1, 255, 256, 100_000])
def test_levels_are_those_of_torch_and_librosas_filters(mel, samples):
    given = torch.from_numpy(music(mel)[:samples])
    window = torch.hann_window(mel.window, dtype=torch.float64)
    # torch puts a window that is shorter than the transform in the middle of it.
    spectrum = torch.stft(given, mel.fft, mel.hop, mel.window, window=window, pad_mode="constant", return_complex=True)
    powers = torch.from_numpy(bank(mel)).double() @ spectrum.abs().square()
    assert levels(given.numpy(), mel) == pytest.approx(torch.log10(1 + 10_000 * powers).T.numpy(), abs=1e-4)


@EIGHT
def test_descriptors_are_librosas(mel):
    wave = music(mel)
    crossings, level, centroid = descriptors(wave, mel).T
    frame = {"frame_length": mel.window, "hop_length": mel.hop}
    theirs = librosa.feature.zero_crossing_rate(wave, **frame)[0]
    assert crossings == pytest.approx(theirs, abs=1e-6)
    assert level == pytest.approx(librosa.feature.rms(y=wave, **frame)[0], rel=1e-5)
    theirs = librosa.feature.spectral_centroid(
        y=wave, sr=mel.rate, n_fft=mel.fft, hop_length=mel.hop, win_length=mel.window
    )[0]
    assert centroid == pytest.approx(theirs, rel=1e-4)
