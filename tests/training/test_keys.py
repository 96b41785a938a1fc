"""Keys: tonic and mode are found from the chords where a corpus leaves them open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.training.data import keys
from kelly.training.data.chords import chord
from kelly.training.data.leadsheet import Change, Key, LeadSheet

NOTES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def sheet(symbols, tonics=()):
    changes = tuple(Change(4.0 * i, 4.0, symbol) for i, symbol in enumerate(symbols.split()))
    return LeadSheet(changes, tuple(Key(onset, tonic, None) for onset, tonic in tonics))


@pytest.mark.parametrize(
    ("symbols", "tonic", "minor"),
    [
        ("C Am F G", 0, False),
        ("Am F C G", 9, True),
        ("Am Dm E7 Am", 9, True),
        ("C7 F7 C7 G7", 0, False),
        ("Cm Ab Eb Bb", 0, True),
    ],
)
def test_the_thirds_above_the_tonic_tell_the_mode(symbols, tonic, minor):
    assert keys.is_minor(keys.weighted(sheet(symbols), "jazz"), tonic) is minor


@pytest.mark.parametrize(
    ("symbols", "key"),
    [
        ("Dm7 G7 CM7 CM7", (0, False)),
        ("Bm7b5 E7 Am Am", (9, True)),
        ("F7 Bb7 F7 F7 Bb7 Bb7 F7 F7 C7 Bb7 F7 F7", (5, False)),
        ("Cm Cm Fm G7 Cm Cm", (0, True)),
    ],
)
def test_a_key_is_found_from_its_tonic_and_its_dominant(symbols, key):
    assert keys.likeliest(keys.weighted(sheet(symbols), "jazz")) == key


@given(
    st.lists(st.tuples(st.integers(0, 11), st.sampled_from(("", "m", "7", "sus4", "o"))), min_size=1),
    st.integers(0, 11),
)
def test_chords_moved_move_their_mode(row, by):
    here, there = ([(chord(NOTES[(root + up) % 12] + end, "jazz"), 1.0) for root, end in row] for up in (0, by))
    assert keys.is_minor(here, 0) == keys.is_minor(there, by)


def test_tonics_get_the_mode_of_the_chords_under_them():
    changing = sheet("C:maj F:maj G:maj C:maj A:min D:min E:min A:min", tonics=((0.0, 0), (16.0, 9)))
    assert keys.settled(changing, "harte") == (Key(0.0, 0, minor=False), Key(16.0, 9, minor=True))


def test_a_mode_that_is_stated_stays():
    stated = LeadSheet(sheet("C:maj C:maj").changes, (Key(0.0, 0, minor=True),))
    assert keys.settled(stated, "harte") == stated.keys


@pytest.mark.parametrize(
    ("symbols", "tonics", "key"),
    [
        ("Cm7 F7 BbM7 EbM7 Am7b5 D7 Gm6 Gm6", ((0.0, 10),), Key(0.0, 7, minor=True)),
        ("Cm7 F7 BbM7 BbM7", ((0.0, 10),), Key(0.0, 10, minor=False)),
        ("Dm Em7b5 A7 Dm", (), Key(0.0, 2, minor=True)),
    ],
)
def test_a_signature_is_a_major_key_or_its_relative_minor(symbols, tonics, key):
    assert keys.signed(sheet(symbols, tonics), "jazz") == (key,)


def test_no_chords_are_in_the_first_key():
    assert keys.likeliest([]) == (0, False)
