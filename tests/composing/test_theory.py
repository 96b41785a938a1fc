"""Keys, chords and voice-leading are those of the books."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.composing import theory
from kelly.composing.progressions import progression, progressions
from kelly.composing.theory import MODES, QUALITIES, ChordSymbol, Key, chord_scale, parse_numeral, parse_symbol, voice
from kelly.errors import UnknownNameError

CHORDS = st.builds(ChordSymbol, st.integers(0, 11), st.sampled_from(list(QUALITIES)))


@pytest.mark.parametrize(
    ("numeral", "name"),
    [("I", "F"), ("vi", "Dm"), ("bVI", "Db"), ("iv", "Bbm"), ("V7", "C7"), ("ii°", "Gdim"), ("Imaj7", "Fmaj7")],
)
def test_roman_numerals_over_f(numeral, name):
    assert parse_numeral(numeral, 5).name() == name


@given(CHORDS, st.integers(0, 11))
def test_a_chord_can_be_named_and_read_back(chord, tonic):
    assert parse_symbol(chord.name()) == chord
    if chord.quality in ("", "m", "7", "m7", "maj7", "9", "m9", "sus4"):
        back = parse_numeral(theory.numeral(chord, tonic), tonic)
        assert back.pitch_classes == chord.pitch_classes


@pytest.mark.parametrize("text", ["", "H", "VIII", "I am", "bbb", "IIII", "Xm7", "C/H"])
def test_what_is_no_chord_is_refused(text):
    with pytest.raises(UnknownNameError, match="chord"):
        progression((text,), 0)


@pytest.mark.parametrize(
    ("tonic", "mode", "name"),
    [(5, "ionian", "F ionian"), (3, "aeolian", "Eb aeolian"), (6, "ionian", "F# ionian"), (10, "aeolian", "Bb aeolian"),
     (4, "aeolian", "E aeolian"), (2, "dorian", "D dorian"), (8, "ionian", "Ab ionian")],
)  # fmt: skip
def test_keys_are_spelled_as_their_signature_wants(tonic, mode, name):
    assert Key(tonic, mode).name == name


@pytest.mark.parametrize(
    ("tonic", "mode", "numerals", "names"),
    [
        (3, "aeolian", "i bVI iv bVII", "Ebm Cb Abm Db"),
        (5, "ionian", "I V vi iv", "F C Dm Bbm"),
        (6, "ionian", "I iii V", "F# A#m C#"),
        (4, "aeolian", "i bVI V", "Em C B"),
    ],
)
def test_chords_are_spelled_in_their_key(tonic, mode, numerals, names):
    key = Key(tonic, mode)
    assert " ".join(key.chord_name(parse_numeral(n, tonic)) for n in numerals.split()) == names


@given(CHORDS, st.integers(0, 11), st.sampled_from(list(MODES)), st.sampled_from([True, False, None]))
def test_a_chord_spelled_in_any_key_is_read_back(chord, tonic, mode, flat):
    assert parse_symbol(Key(tonic, mode, flat).chord_name(chord)) == chord


@given(st.integers(0, 11), st.sampled_from(list(MODES)), st.integers(-20, 40))
def test_degree_and_pitch_are_inverse(tonic, mode, degree):
    key = Key(tonic, mode)
    assert key.degree(key.pitch(degree, -1)) == degree
    assert key.pitch(degree, -1) % 12 in key.scale


@given(CHORDS, st.integers(0, 11), st.sampled_from(list(MODES)))
def test_a_chord_scale_holds_the_chord_and_at_most_the_key_beside_it(chord, tonic, mode):
    scale = chord_scale(chord, Key(tonic, mode))
    assert set(chord.pitch_classes) <= set(scale) <= set(chord.pitch_classes) | set(Key(tonic, mode).scale)


@pytest.mark.parametrize("name", list(progressions()))
def test_voices_of_every_progression_move_by_at_most_four_semitones(name):
    before: tuple[int, ...] = ()
    for chord in progression(name, 2) * 3:
        after = voice(chord, before, 45, 79)
        assert all(45 <= pitch <= 79 and pitch % 12 in chord.pitch_classes for pitch in after)
        assert list(after) == sorted(set(after))
        if before:
            assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 4
        before = after


@given(CHORDS, CHORDS)
def test_a_voicing_holds_the_third_and_the_seventh(first, second):
    before = voice(first, (), 45, 79)
    after = {pitch % 12 for pitch in voice(second, before, 45, 79)}
    assert {second.pitch_classes[1], *second.pitch_classes[3:4]} <= after


def test_all_progressions_live_in_a_mode_and_every_mode_has_several():
    for mode in MODES:
        assert sum(mode in row.modes for row in progressions().values()) >= 3


def test_nearest_pitch_and_fold():
    assert theory.nearest_pitch(61.4, [0, 4]) == 60
    assert theory.nearest_pitch(200, [0], 40, 70) == 60
    assert theory.fold(100, 60, 72) == 64
    assert theory.fold(40, 60, 72) == 64


def test_names_of_modes_and_tonics():
    assert theory.mode_name("Minor") == "aeolian"
    assert theory.parse_tonic("Bb") == 10
    with pytest.raises(UnknownNameError, match="mode must be one of"):
        theory.mode_name("locrianish")
    with pytest.raises(UnknownNameError, match="note name"):
        theory.parse_tonic("H")
