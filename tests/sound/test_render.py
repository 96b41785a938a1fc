"""Rendering: the audio that a listener gets, controller by controller."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from kelly.errors import FileError, SoundError, UsageError
from kelly.score.notes import Bend, Control, Note, Part, Score, Tempo
from kelly.sound.audio import Audio
from kelly.sound.effects import Effects
from kelly.sound.loudness import integrated, true_peak
from kelly.sound.render import each_stem, mix, render, stems

RATE = 22050
DRY = (Control(0, 91, 0),)


def tone(*controls, bends=(), program=80, pitch=69, beats=8.0):
    """A held square-wave lead without reverb, with controllers."""
    notes = (Note(0, beats, pitch, 100),)
    return Score((Part("lead", 0, program, notes, (*DRY, *controls), tuple(bends)),), (Tempo(0, 120),))


def sound(score):
    return mix(score, rate=RATE).samples


def level(samples, start, stop):
    """Root mean square in dB between two times in seconds."""
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples[..., int(start * RATE) : int(stop * RATE)]))) + 1e-12)


def hertz_of(samples, start, stop, near):
    """The strongest frequency within a semitone and a half of `near`, times in seconds."""
    wave = samples[0, int(start * RATE) : int(stop * RATE)]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 2**19))
    bins = np.fft.rfftfreq(2**19, 1 / RATE)
    inside = np.flatnonzero(np.abs(np.log2(bins[1:] / near)) < 0.125) + 1
    return bins[inside][spectrum[inside].argmax()]


def share_below(wave, hertz):
    power = np.abs(np.fft.rfft(wave)) ** 2
    return power[np.fft.rfftfreq(len(wave), 1 / RATE) < hertz].sum() / power.sum()


@pytest.fixture(scope="module")
def band() -> Score:
    chords = Part("chords", 0, 4, tuple(Note(b, 1.8, p, 80) for b in range(0, 16, 2) for p in (53, 57, 60)))
    bass = Part("bass", 2, 33, tuple(Note(b, 0.9, 41, 90) for b in range(16)), (Control(0, 10, 30),))
    drums = Part("drums", 9, 0, tuple(Note(b / 2, 0.2, 42 if b % 2 else 36, 100) for b in range(32)))
    pad = Part("pad", 4, 89, (Note(0, 16, 65, 70),), (Control(0, 74, 20), Control(0, 91, 90)), (Bend(4, 30),))
    silent = Part("melody", 1, 73)
    return Score((chords, bass, drums, pad, silent), (Tempo(0, 90),))


def test_a_mix_has_its_loudness_and_does_not_clip(band, tmp_path):
    audio = render(band)
    audio.save(tmp_path / "x.wav")
    read, rate = soundfile.read(tmp_path / "x.wav", dtype="float32")
    stored = Audio(np.ascontiguousarray(read.T), rate)
    assert integrated(stored) == pytest.approx(-16, abs=0.5)
    assert true_peak(stored) < -1
    assert band.duration + 1 < audio.duration < band.duration + 5
    assert np.abs(audio.samples[:, -20:]).max() < 1e-4


@pytest.mark.parametrize("effects", [None, Effects(width=0.4, mud_db=9)])
def test_stems_add_up_to_the_mix(band, effects):
    parts = stems(band, rate=RATE, effects=effects)
    assert list(parts) == ["chords", "bass", "drums", "pad"]
    total = sum(stem.samples for stem in parts.values())
    whole = mix(band, rate=RATE, effects=effects).samples
    assert np.abs(total - whole).max() < 1e-4 * np.abs(whole).max()
    assert [name for name, _ in each_stem(band.only(["pad", "bass"]), rate=RATE)] == ["bass", "pad"]
    assert max(np.abs(stem.samples).max() for stem in parts.values()) < 1


def test_rendering_twice_gives_the_same_sound(band):
    assert np.array_equal(render(band, rate=RATE).samples, render(band, rate=RATE).samples)


def test_notes_lie_where_the_tempo_map_puts_them():
    part = Part("p", 9, 0, (Note(0, 0.1, 36, 127), Note(4, 0.1, 36, 127), Note(8, 0.1, 36, 127)), DRY)
    samples = np.abs(sound(Score((part,), (Tempo(0, 60), Tempo(4, 120))))[0])
    loud = samples > 0.1 * samples.max()
    for second in (0, 4, 6):
        assert second == 0 or not loud[int((second - 0.5) * RATE) : int((second - 0.001) * RATE)].any()
        assert loud[int(second * RATE) : int((second + 0.02) * RATE)].any()


@pytest.mark.parametrize("controller", [7, 11])
def test_volume_and_expression_follow_the_square_law(controller):
    loud, soft = (sound(tone(Control(0, controller, value))) for value in (127, 64))
    assert level(loud, 1, 3) - level(soft, 1, 3) == pytest.approx(40 * np.log10(127 / 64), abs=0.1)


def test_a_change_of_volume_is_heard_from_its_beat_on_and_does_not_click():
    samples = sound(tone(Control(0, 11, 127), Control(4, 11, 32), program=73))
    assert level(samples, 1, 1.9) - level(samples, 2.1, 3) > 15
    jumps = np.abs(np.diff(samples[0]))
    assert jumps[int(1.95 * RATE) : int(2.05 * RATE)].max() < 1.3 * jumps[int(1.5 * RATE) : int(1.9 * RATE)].max()


def test_pan_moves_the_part_with_equal_power():
    powers = []
    for value in (0, 32, 64, 96, 127):
        left, right = (level(side, 1, 3) for side in sound(tone(Control(0, 10, value))))
        powers.append(10 ** (left / 10) + 10 ** (right / 10))
        assert (left > right) == (value < 64)
    assert np.ptp(10 * np.log10(powers)) < 0.1
    left, right = sound(tone(Control(0, 10, 0)))
    assert np.abs(right).max() < 1e-6 < np.abs(left).max()


def test_the_pedal_holds_notes_until_it_rises():
    short = Part("p", 0, 19, (Note(0, 0.5, 60, 100),), DRY)
    pedal = Part("p", 0, 19, short.notes, (*DRY, Control(0.2, 64, 127), Control(6, 64, 0)))
    without, under = sound(Score((short,))), sound(Score((pedal, Part("q", 1, 0, (Note(7, 0.1, 60, 1),), DRY))))
    assert level(without, 1, 2) < -60
    assert level(under, 2, 2.9) > -40
    assert level(under, 4, 4.5) < level(under, 2, 2.9) - 30


def test_a_pedal_that_never_rises_lets_go_when_the_key_strikes_anew_or_at_last():
    def part(*pedal):
        notes = (Note(0, 0.5, 60, 100), Note(2, 0.5, 60, 100))
        return Score((Part("organ", 0, 16, notes, (*DRY, *pedal)),), (Tempo(0, 120),))

    dry, held = sound(part()), sound(part(Control(0, 64, 127)))
    assert level(dry, 0.6, 0.9) < -60
    assert level(held, 0.6, 0.9) > -40
    assert level(held, 1.9, 2.4) > -40


def test_brightness_darkens_below_the_middle_and_leaves_it_alone_above():
    def highs(value):
        power = np.abs(np.fft.rfft(sound(tone(Control(0, 74, value)))[0])) ** 2
        return power[len(power) // 8 :].sum() / power.sum()

    assert highs(10) < 0.1 * highs(40) < 0.1 * highs(64)
    assert highs(64) == highs(127)


def test_more_reverb_leaves_a_longer_tail_and_a_larger_room_longer_still():
    def tail(value, room=0.5):
        part = Part("p", 0, 0, (Note(0, 0.2, 60, 110),), (Control(0, 91, value),))
        return level(mix(Score((part,)), rate=RATE, room=room).samples, 0.9, 1.2)

    assert tail(0) < tail(40) - 6 < tail(127) - 12
    assert tail(127, room=0.1) < tail(127, room=0.9) - 6


@pytest.mark.parametrize("cents", [-100.0, -25.0, 40.0, 200.0])
def test_a_bend_is_heard_in_cents_and_ends_where_it_ends(cents):
    samples = sound(tone(bends=(Bend(2, cents), Bend(6, 0))))
    plain = hertz_of(samples, 0.1, 0.9, 440)
    bent = hertz_of(samples, 1.1, 2.9, 440 * 2 ** (cents / 1200))
    assert 1200 * np.log2(bent / plain) == pytest.approx(cents, abs=3)
    assert 1200 * np.log2(hertz_of(samples, 3.1, 3.9, 440) / plain) == pytest.approx(0, abs=3)


@pytest.mark.parametrize("cents", [12_700, -12_700])
def test_a_bend_beyond_all_music_stops_at_two_octaves(cents):
    samples = sound(tone(bends=[Bend(0, cents)]))
    wanted = 440 * 4 ** (1 if cents > 0 else -1)
    assert hertz_of(samples, 1, 3, wanted) == pytest.approx(wanted, rel=0.005)


def test_a_bent_part_stays_in_time():
    hits = tuple(Note(b, 0.2, 60, 100) for b in range(40))
    part = Part("p", 0, 13, hits, DRY, (Bend(0, 150.0),))
    samples = np.abs(sound(Score((part,)))[0])
    loud = samples > 0.2 * samples.max()
    for beat in (10, 39):
        assert not loud[int((beat / 2 - 0.1) * RATE) : int((beat / 2 - 0.002) * RATE)].any()
        assert loud[int(beat / 2 * RATE) : int((beat / 2 + 0.03) * RATE)].any()


def test_modulation_makes_the_pitch_waver():
    def spread(samples):
        found = [hertz_of(samples, at, at + 0.09, 440) for at in np.arange(1, 3, 0.045)]
        return 1200 * np.log2(max(found) / min(found))

    assert spread(sound(tone())) < 20
    assert spread(sound(tone(Control(0, 1, 127)))) > 45


def test_instruments_of_one_font_stand_at_like_levels():
    """The samples of the glockenspiel and the violin of the default font lie 19 dB apart."""

    def loudness(program):
        notes = tuple(Note(beat, 1, 84, 90) for beat in range(8))
        return integrated(mix(Score((Part("p", 0, program, notes, DRY),)), rate=RATE))

    levels = [loudness(program) for program in (0, 9, 27, 40, 46, 73)]
    assert max(levels) - min(levels) < 11


def test_the_softest_song_is_heard():
    notes = tuple(Note(beat, 1, 60, 1) for beat in range(8))
    assert integrated(render(Score((Part("p", 0, 0, notes),)), rate=RATE)) == pytest.approx(-16, abs=0.5)


def test_production_rule_breaks_are_heard_in_the_finished_mix(band):
    clean = render(band, rate=RATE)
    mono = render(band, rate=RATE, effects=Effects(width=0.0)).samples
    assert np.array_equal(mono[0], mono[1])
    gap = Score((Part("p", 9, 0, (Note(0, 0.1, 37, 120), Note(12, 0.1, 37, 120)), DRY),))
    noisy = render(gap, rate=RATE, effects=Effects(noise_floor_db=-48.0), room=0.0).samples
    assert level(noisy, 3, 5.5) == pytest.approx(-48, abs=1)
    muddy = render(band, rate=RATE, effects=Effects(mud_db=12.0))
    assert share_below(muddy.samples[0], 250) > 1.15 * share_below(clean.samples[0], 250)
    all_at_once = render(band, rate=RATE, effects=Effects(drive=0.8, mud_db=6, noise_floor_db=-50, width=0.3))
    assert integrated(all_at_once) == pytest.approx(-16, abs=1.5)
    assert true_peak(all_at_once) < -1


def test_nothing_to_sound_and_odd_requests_are_refused(band, tmp_path):
    with pytest.raises(SoundError, match="no notes"):
        render(Score(()))
    with pytest.raises(SoundError, match="no notes"):
        render(Score((Part("p", 0),)))
    with pytest.raises(SoundError, match="at most"):
        render(Score((Part("p", 0, notes=(Note(0, 1e7, 60, 90),)),)))
    with pytest.raises(UsageError, match="rate"):
        render(band, rate=10)
    with pytest.raises(UsageError, match="room"):
        render(band, room=2)
    with pytest.raises(FileError):
        render(band, soundfont=tmp_path / "none.sf2")
    (tmp_path / "x.sf2").write_bytes(b"RIFF\0\0\0\0sfbk")
    with pytest.raises(SoundError):
        render(band, soundfont=tmp_path / "x.sf2")


def test_importing_is_cheap():
    code = (
        "import kelly.sound.render, sys;"
        "print([m for m in ('symusic', 'soundfile', 'soxr', 'pretty_midi', 'mido', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
