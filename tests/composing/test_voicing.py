"""Voicing: parts that sound together leave each other room, and no neighbours are held against each other."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.composing import voicing
from kelly.composing.composer import compose_score
from kelly.composing.context import Chord
from kelly.composing.settings import Settings
from kelly.composing.theory import parse_symbol
from kelly.emotion import thesaurus
from kelly.emotion.journey import Journey
from kelly.score.notes import Note

ACCOMPANIMENT = ("chords", "pad", "strings", "bass")
SYMBOLS = st.sampled_from(["C", "Am", "Fmaj7", "G7", "Dm9", "Bm7b5", "Ebmaj9", "Caug", "Gsus4"])


@pytest.fixture(scope="module")
def songs():
    names = ("serenity", "happiness", "hope", "nostalgia", "contempt", "melancholy")
    return {name: compose_score(Journey(thesaurus.lookup(name).emotion), Settings(seed=1, bars=48)) for name in names}


def rubs(one, other):
    return abs(one - other) in (1, 13)


def test_a_tone_rubs_against_semitones_and_minor_ninths_for_as_long_as_they_sound():
    spans = {61: [(0.0, 1.0)], 73: [(3.0, 4.0)], 66: [(0.0, 4.0)]}
    assert voicing.rub(60, 0.0, 4.0, spans) == pytest.approx(0.5)
    assert voicing.rub(60, 1.0, 3.0, spans) == 0
    assert voicing.rub(66, 0.0, 4.0, spans) == 0


@settings(deadline=None, max_examples=80)
@given(SYMBOLS, st.sets(st.integers(50, 75), min_size=3, max_size=5), st.lists(st.integers(48, 80), max_size=4))
def test_an_eased_voicing_is_on_the_chord_in_its_bounds_and_free_of_neighbours(text, wanted, others):
    symbol = parse_symbol(text)
    written = [p for p in sorted(wanted) if p % 12 in symbol.pitch_classes] or [60 + symbol.root]
    spans = {pitch: [(0.0, 4.0)] for pitch in others}
    eased = voicing.eased(Chord(0.0, 4.0, symbol), written, spans, (48, 79), 0.1)
    assert eased == tuple(sorted(set(eased)))
    assert len(eased) <= len(written)
    assert all(48 <= p <= 79 and p % 12 in symbol.pitch_classes for p in eased)
    if len(eased) > 2:
        assert not any(rubs(a, b) for a, b in combinations(eased, 2))


def test_of_a_major_seventh_and_its_root_the_seventh_is_held():
    eased = voicing.eased(Chord(0.0, 4.0, parse_symbol("Cmaj7")), (59, 60, 64, 67), {}, (48, 79), 0.1)
    assert 59 in eased
    assert 60 not in eased


def test_what_does_not_rub_stays():
    notes = [Note(0.0, 4.0, pitch, 80) for pitch in (55, 60, 64)] + [Note(0.0, 4.0, 65, 80)]
    assert [n.pitch for n in voicing.clear(notes, {}, 0.1)] == [55, 60, 64]
    assert voicing.clear(notes[:3], {}, 0.1) == notes[:3]
    assert [n.pitch for n in voicing.clear(notes[:3], {61: [(0.0, 4.0)]}, 0.1)] == [55, 64]


def test_accompaniments_seldom_hold_neighbours_against_each_other(songs):
    for name, song in songs.items():
        rough = steps = 0
        for written in song.sections:
            rows = [n for part in ACCOMPANIMENT for n in written.notes[part]]
            for sixteenth in range(0, int(4 * written.section.beats), 2):
                beat = (sixteenth + 0.5) / 4
                tones = sorted({n.pitch for n in rows if n.onset <= beat < n.end})
                rough += any(rubs(a, b) for a, b in combinations(tones, 2))
                steps += 1
        assert rough / steps < 0.1, name


def test_under_a_low_voice_the_pad_makes_room_above_it(contexts_of):
    for name in ("grief", "despair"):
        for context in contexts_of(name, "pad", seed=1):
            notes, sung = context.parts["pad"], voicing.height(context)
            if notes and sung is not None and sung < 56 and context.section.figures["pad"] in ("held", "swelling"):
                weight = sum(n.duration for n in notes)
                assert sum(n.pitch * n.duration for n in notes) / weight > sung + 6


def test_a_silent_melody_has_no_height(contexts_of):
    intro = contexts_of("grief", seed=1)[0]
    assert voicing.height(intro) is None
