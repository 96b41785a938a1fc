"""Rules of production broken, in the score; what the render makes of it is measured in test_rulebreaks_sound."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from kelly.composing import rulebreaks
from kelly.composing.composer import compose_score
from kelly.composing.plan import make_plan
from kelly.composing.rulebreaks import Broken
from kelly.composing.settings import Settings
from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import lookup
from kelly.score.notes import Bend, KeySignature, Marker, Note, Part, Score, Tempo

MOODS = ("grief", "gratitude", "rage")
CHORDS, MELODY, DRUMS = "Chords", "Melody", "Drums"


@cache
def composed(mood, *names, bars=48, seed=3, triggers=False):
    breaks = dict.fromkeys(names, "because it hurts")
    settings = Settings(seed=seed, bars=bars, triggers=triggers, breaks=breaks)
    return compose_score(Journey(lookup(mood).emotion), settings)


def both(mood, name):
    """A song unbroken and broken."""
    return composed(mood), composed(mood, name)


def changed(mood, name):
    """The titles of the parts that a break changes."""
    plain, broken = both(mood, name)
    return [part.name for part in plain.score.parts if part not in broken.score.parts]


def brief(*extra, bars=8):
    """A small score of a hand-written melody over held chords, and the plan it belongs to."""
    plan = make_plan(Journey(lookup("grief").emotion), Settings(key="C", mode="ionian", bars=bars, seed=1))
    melody = tuple(Note(float(beat), 0.9, 72 + beat % 3, 90) for beat in range(4 * bars))
    chords = tuple(Note(4.0 * bar, 4.0, pitch, 80) for bar in range(bars) for pitch in (48, 52, 55))
    score = Score(
        (Part(MELODY, 1, 73, melody), Part(CHORDS, 0, 0, chords), *extra),
        tempos=(Tempo(0.0, 100.0),),
        keys=(KeySignature(0.0, "C", minor=False),),
        markers=(Marker(0.0, "verse"),),
    )
    return score, plan


def broken_by(name, severity, score, plan):
    return rulebreaks.break_score(score, plan, [Broken(name, severity, "because")])


@pytest.mark.parametrize("mood", MOODS)
def test_excessive_mud_doubles_low_and_closes_the_highs(mood):
    plain, broken = both(mood, "excessive-mud")

    def low(composition):
        return sum(note.pitch < 52 for note in composition.score.notes(drums=False))

    assert low(broken) > 1.05 * low(plain)
    assert set(changed(mood, "excessive-mud")) <= {CHORDS, "Pad", "Strings"}
    for title in changed(mood, "excessive-mud"):
        closed = [c for c in broken.score.part(title).controls if c.controller == 74]
        assert [c.value < 50 for c in closed] == [True]


def test_pitch_imperfection_bends_every_pitched_part_in_its_own_way():
    plain, broken = both("grief", "pitch-imperfection")
    drifts = [[bend.cents for bend in part.bends] for part in broken.score.parts if part.notes and not part.is_drums]
    assert all(5 < max(map(abs, cents)) <= 45 for cents in drifts)
    assert all(np.std(cents) > 2 for cents in drifts)
    assert len({tuple(cents) for cents in drifts}) == len(drifts)
    assert list(plain.score.notes()) == list(broken.score.notes())
    assert not broken.score.part(DRUMS).bends


def test_pitch_imperfection_keeps_the_bends_there_were():
    score, plan = brief()
    slide = Bend(2.5, 120.0)
    bent = replace(score, parts=tuple(replace(part, bends=(slide,)) for part in score.parts))
    broken = broken_by("pitch-imperfection", 0.5, bent, plan).part(MELODY).bends
    assert np.mean([b.cents for b in broken if b.onset >= 2.5]) - np.mean(
        [b.cents for b in broken if b.onset < 2.5]
    ) == pytest.approx(120, abs=30)


def test_room_noise_adds_a_bed_from_beginning_to_end():
    plain, broken = both("grief", "room-noise")
    score = rulebreaks.break_score(plain.score, plain.plan, broken.broken)
    (room,) = [part for part in score.parts if part.name == "Room"]
    assert room.program == 122
    assert room.channel not in {part.channel for part in plain.score.parts}
    assert room.notes[0].onset == 0
    assert room.notes[-1].end == plain.plan.beats
    assert score.parts[:-1] == plain.score.parts


def test_distortion_turns_to_distorted_programs():
    plain, broken = both("gratitude", "distortion")
    assert broken.score.part(CHORDS).program in (29, 30)
    assert plain.score.part(CHORDS).program not in (29, 30)
    assert len(broken.score.part(CHORDS).notes) == len(plain.score.part(CHORDS).notes)


def test_mono_collapse_pans_everything_to_the_middle():
    plain, broken = both("gratitude", "mono-collapse")
    pans = {c.value for part in broken.score.parts for c in part.controls if c.controller == 10}
    assert pans == {64}
    assert len({c.value for part in plain.score.parts for c in part.controls if c.controller == 10}) > 1
