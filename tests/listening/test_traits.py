"""Traits: what is counted in hand-made music, and that any music can be counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.listening.traits.all import FEWEST, names, traits
from kelly.listening.traits.key import key_of
from kelly.listening.traits.sounded import Sounded, sounded
from kelly.score.notes import DRUM_CHANNEL, Note, Part, Score, Tempo


def piece(*chords, seconds=1.0, velocity=80):
    rows = [(i * seconds, seconds, pitch) for i, chord in enumerate(chords) for pitch in sorted(chord)]
    onsets, durations, pitches = (np.array(column) for column in zip(*rows, strict=True))
    return Sounded(onsets, durations, pitches, np.full(len(rows), float(velocity)))


def told(music):
    return dict(zip(names(), traits(music).tolist(), strict=True))


MAJOR = piece({60, 64, 67}, {65, 69, 72}, {67, 71, 74}, {60, 64, 67})
MINOR = piece({60, 63, 67}, {65, 68, 72}, {67, 70, 74}, {60, 63, 67})


def test_each_trait_has_a_name_of_its_own():
    assert len(set(names())) == len(names()) == len(traits(MAJOR))


def test_major_and_minor_are_told_apart():
    major, minor = told(MAJOR), told(MINOR)
    assert major["majorness"] > 0 > minor["majorness"]
    assert (major["bright chords"], major["dark chords"]) == (1, 0)
    assert (minor["bright chords"], minor["dark chords"]) == (0, 1)
    assert key_of(MAJOR.classes).tonic == key_of(MINOR.classes).tonic == 0


def test_what_is_relative_to_the_tonic_does_not_hear_the_key():
    higher = Sounded(MAJOR.onsets, MAJOR.durations, MAJOR.pitches + 5, MAJOR.velocities)
    here, there = told(MAJOR), told(higher)
    same = [name for name in names() if name.startswith(("degree", "chord", "root", "interval class", "leap"))]
    assert all(there[name] == pytest.approx(here[name], abs=1e-5) for name in same)
    assert there["pitch mean"] == here["pitch mean"] + 5


def test_faster_is_denser_and_louder_is_louder():
    quick, loud = told(piece(*[{60, 64}] * 8, seconds=0.25)), told(piece(*[{60, 64}] * 8, velocity=110))
    slow = told(piece(*[{60, 64}] * 8))
    assert quick["notes a second"] > 3 * slow["notes a second"]
    assert quick["wait mean"] == pytest.approx(0.25)
    assert loud["velocity mean"] - slow["velocity mean"] == 30


def test_time_is_told_in_seconds_and_drums_are_left_out():
    notes = tuple(Note(beat, 1, 60 + beat, 90) for beat in range(4))
    score = Score(
        (Part("piano", 0, notes=notes), Part("drums", DRUM_CHANNEL, notes=(Note(0, 1, 36, 100),))),
        tempos=(Tempo(0, 60), Tempo(2, 120)),
    )
    music = sounded(score)
    assert music.onsets.tolist() == [0, 1, 2, 2.5]
    assert music.durations.tolist() == [1, 1, 0.5, 0.5]
    assert music.pitches.tolist() == [60, 61, 62, 63]


def test_a_score_without_notes_is_no_music():
    assert len(sounded(Score((Part("piano", 0),)))) == 0


note = st.tuples(st.floats(0, 60), st.floats(0.01, 8), st.integers(0, 127), st.integers(1, 127))


@settings(max_examples=150, deadline=None)
@given(st.lists(note, min_size=FEWEST, max_size=40))
def test_any_music_has_finite_traits(notes):
    rows = sorted(notes, key=lambda one: (one[0], one[2]))
    onsets, durations, pitches, velocities = (np.array(column) for column in zip(*rows, strict=True))
    music = Sounded(onsets - onsets.min(), durations, pitches, velocities.astype(float))
    assert np.isfinite(traits(music)).all()
