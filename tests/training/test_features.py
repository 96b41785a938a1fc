"""Log-mel features are the numbers of torch.stft and librosa, and those that the mood set was made with."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")
librosa = pytest.importorskip("librosa", reason="the workbench needs the extra `train`")

from kelly.sound.features import FRAMES, LOOPS, below_maximum, decibels, filters

BOTH = pytest.mark.parametrize("mel", [FRAMES, LOOPS], ids=["frames", "loops"])


def bank(mel):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return librosa.filters.mel(sr=mel.rate, n_fft=mel.window, n_mels=mel.bands)


def music(mel):
    """Three seconds of chords that fade, and noise."""
    time = np.arange(3 * mel.rate) / mel.rate
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (110, 277.2, 659.3, 1318.5))
    return 0.1 * chord * np.exp(-time) + np.random.default_rng(3).normal(0, 0.01, len(time))


@BOTH
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
