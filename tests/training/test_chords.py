"""Chords: every symbol of every corpus is heard as a musician hears it, and nothing written crashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.models.harmony import classes
from kelly.training.data.chords import NO_CHORD, NOTATIONS, OTHER, Chord, chord, parted, relative
from kelly.training.data.leadsheet import pitch_class

NOTES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
HARTE = (
    "maj",
    "min",
    "7",
    "min7/b3",
    "maj/5",
    "maj(9)/3",
    "sus4(b7,9)",
    "hdim7",
    "maj/9",
    "min/11",
    "aug(b7)",
    "5",
    "1",
)
JAZZ = ("", "m7", "M7#11", "7b9", "m7b5", "o7", "7sus4", "6", "+", "mM7", "69", "13b9")


@pytest.mark.parametrize(
    ("symbol", "root", "quality"),
    [
        ("C", 0, "maj"),
        ("Bb:maj7", 10, "maj"),
        ("C:maj(9)/5", 0, "maj"),
        ("F#:min/b3", 6, "min"),
        ("E:minmaj7", 4, "min"),
        ("D:min(11)/b7", 2, "min"),
        ("B:dim7", 11, "dim"),
        ("B:hdim7/b7", 11, "dim"),
        ("G:7(#9)", 7, "dom7"),
        ("G:13", 7, "dom7"),
        ("G:aug(b7)", 7, "dom7"),
        ("C:maj/b7", 0, "dom7"),
        ("A:maj6(b7)", 9, "dom7"),
        ("C:sus2", 0, "sus"),
        ("C:sus4(b7)", 0, "sus"),
        ("F:1(b3,b7,11,9)", 5, "min"),
        ("F:1(b5,b7,3)", 5, "dom7"),
        ("F:5/3", 5, "maj"),
        ("C:maj(b9)", 0, "maj"),
        ("Cb:maj", 11, "maj"),
    ],
)
def test_hartes_symbols(symbol, root, quality):
    assert chord(symbol, "harte") == Chord(root, quality)


@pytest.mark.parametrize(
    ("symbol", "root", "quality"),
    [
        ("C", 0, "maj"),
        ("CM7", 0, "maj"),
        ("Cmaj7", 0, "maj"),
        ("C69", 0, "maj"),
        ("CM7#5", 0, "maj"),
        ("Cm", 0, "min"),
        ("CmMaj7", 0, "min"),
        ("Cm6/A", 0, "min"),
        ("Em7b5", 4, "dim"),
        ("F#o7", 6, "dim"),
        ("Bdim", 11, "dim"),
        ("G7alt", 7, "dom7"),
        ("G7+", 7, "dom7"),
        ("G13b9", 7, "dom7"),
        ("C/Bb", 0, "dom7"),
        ("G7sus4", 7, "sus"),
        ("G9sus", 7, "sus"),
        ("G11", 7, "sus"),
        ("C/E", 0, "maj"),
    ],
)
def test_jazz_symbols(symbol, root, quality):
    assert chord(symbol, "jazz") == Chord(root, quality)


@pytest.mark.parametrize(
    ("pitches", "root", "quality"),
    [
        ("60 64 67", 0, "maj"),
        ("64 67 72", 0, "maj"),
        ("57 60 64", 9, "min"),
        ("60 64 69", 9, "min"),
        ("59 62 65", 11, "dim"),
        ("55 59 62 65", 7, "dom7"),
        ("60 62 66 69", 2, "dom7"),
        ("60 63 67 70", 0, "min"),
        ("60 64 67 69", 0, "maj"),
        ("55 60 62", 7, "sus"),
        ("43 57 60 65", 7, "sus"),
        ("36 55 59 62 65 68", 7, "dom7"),
        ("60 64", 0, "maj"),
        ("60 69", 9, "min"),
    ],
)
def test_pitches(pitches, root, quality):
    assert chord(pitches, "pitches") == Chord(root, quality)


@pytest.mark.parametrize(
    ("symbol", "notation"), [("F:maj/9", "harte"), ("F/G", "jazz"), ("Dm7/G", "jazz"), ("D:min/4", "harte")]
)
def test_a_chord_over_the_bass_of_the_dominant_is_that_dominant_suspended(symbol, notation):
    assert chord(symbol, notation) == Chord(7, "sus")


@pytest.mark.parametrize(("symbol", "notation"), [("N", "harte"), ("NC", "jazz"), ("", "pitches")])
def test_silence_is_no_chord(symbol, notation):
    assert chord(symbol, notation) == NO_CHORD


@pytest.mark.parametrize(
    ("symbol", "notation"),
    [
        *(
            ("X", "harte"),
            ("*", "harte"),
            ("C:5", "harte"),
            ("C:1", "harte"),
            ("H:maj", "harte"),
            ("C:maj/99", "harte"),
        ),
        *(
            ("C5", "jazz"),
            ("?", "jazz"),
            ("60", "pitches"),
            ("60 67", "pitches"),
            ("60 61 62", "pitches"),
            ("x", "pitches"),
        ),
    ],
)
def test_what_has_no_third_or_no_meaning_is_other(symbol, notation):
    assert chord(symbol, notation) == OTHER


@given(st.text(max_size=30), st.sampled_from(NOTATIONS))
def test_no_text_crashes(text, notation):
    meant = chord(text, notation)
    assert (meant.root is None) == (meant in {NO_CHORD, OTHER})
    assert 0 <= relative(meant, 5) < classes.CLASSES


@given(st.sampled_from(NOTES), st.text("mM7#b5o+139ajdhinsu4/()E:* ,", max_size=12), st.sampled_from(("harte", "jazz")))
def test_no_ending_of_a_symbol_crashes(note, ending, notation):
    assert 0 <= relative(chord(note + ending, notation), 0) < classes.CLASSES


@given(st.integers(0, 11), st.integers(0, 11), st.sampled_from(HARTE), st.sampled_from(JAZZ), st.integers(0, 11))
def test_a_symbol_moved_with_its_key_is_the_same_class(here, there, harte, jazz, tonic):
    for symbol, notation in ((f"{{}}:{harte}", "harte"), (f"{{}}{jazz}", "jazz")):
        before = relative(chord(symbol.format(NOTES[here]), notation), tonic)
        after = relative(chord(symbol.format(NOTES[there]), notation), tonic + there - here)
        assert before == after


@given(st.sets(st.integers(36, 84), min_size=1, max_size=6), st.integers(1, 11))
def test_pitches_moved_move_their_root_alone(pitches, by):
    before, after = (chord(" ".join(str(pitch + by_) for pitch in sorted(pitches)), "pitches") for by_ in (0, by))
    assert before.quality == after.quality
    assert before.root is None or after.root == (before.root + by) % 12


@given(st.sampled_from(NOTES), st.sampled_from(NOTES), st.sampled_from(JAZZ))
def test_a_bass_never_turns_minor_into_major(note, bass, ending):
    plain, over = chord(note + ending, "jazz"), chord(f"{note}{ending}/{bass}", "jazz")
    assert (plain.quality, over.quality) not in {("min", "maj"), ("maj", "min")}


def test_a_suffix_tells_the_bass_as_a_degree():
    assert parted("Bbm7/Eb", "jazz") == (10, "m7/11")
    assert parted("C:maj/2", "harte") == (0, "maj/9")
    assert parted("64 67 72", "pitches") == (4, "0 3 8")


def test_an_unknown_notation_is_refused():
    with pytest.raises(UsageError, match="harte, jazz, pitches"):
        chord("C", "roman")


def test_names_of_notes():
    assert [pitch_class(name) for name in ("C", "F#", "Bbb", "Cb", "H", "", "c")] == [0, 6, 9, 11, None, None, None]
