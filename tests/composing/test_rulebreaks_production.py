"""Rules of production broken, in the score; what the render makes of it is measured in test_rulebreaks_sound."""

from dataclasses import replace

import numpy as np
import pytest

from kelly.composing import rulebreaks
from kelly.score.notes import Bend

CHORDS, MELODY, DRUMS = "Chords", "Melody", "Drums"


def test_excessive_mud_doubles_low_and_closes_the_highs(mood, both, changed):
    plain, broken = both(mood, "excessive-mud")

    def low(composition):
        return sum(note.pitch < 52 for note in composition.score.notes(drums=False))

    assert low(broken) > 1.05 * low(plain)
    assert set(changed(mood, "excessive-mud")) <= {CHORDS, "Pad", "Strings"}
    for title in changed(mood, "excessive-mud"):
        closed = [c for c in broken.score.part(title).controls if c.controller == 74]
        assert [c.value < 50 for c in closed] == [True]


def test_pitch_imperfection_bends_every_pitched_part_in_its_own_way(both):
    plain, broken = both("grief", "pitch-imperfection")
    drifts = [[bend.cents for bend in part.bends] for part in broken.score.parts if part.notes and not part.is_drums]
    assert all(5 < max(map(abs, cents)) <= 45 for cents in drifts)
    assert all(np.std(cents) > 2 for cents in drifts)
    assert len({tuple(cents) for cents in drifts}) == len(drifts)
    assert list(plain.score.notes()) == list(broken.score.notes())
    assert not broken.score.part(DRUMS).bends


def test_pitch_imperfection_keeps_the_bends_there_were(brief, broken_by):
    score, plan = brief()
    slide = Bend(2.5, 120.0)
    bent = replace(score, parts=tuple(replace(part, bends=(slide,)) for part in score.parts))
    broken = broken_by("pitch-imperfection", 0.5, bent, plan).part(MELODY).bends
    assert np.mean([b.cents for b in broken if b.onset >= 2.5]) - np.mean(
        [b.cents for b in broken if b.onset < 2.5]
    ) == pytest.approx(120, abs=30)


def test_room_noise_adds_a_bed_from_beginning_to_end(both):
    plain, broken = both("grief", "room-noise")
    score = rulebreaks.break_score(plain.score, plain.plan, broken.broken)
    (room,) = [part for part in score.parts if part.name == "Room"]
    assert room.program == 122
    assert room.channel not in {part.channel for part in plain.score.parts}
    assert room.notes[0].onset == 0
    assert room.notes[-1].end == plain.plan.beats
    assert score.parts[:-1] == plain.score.parts


def test_distortion_turns_to_distorted_programs(both):
    plain, broken = both("gratitude", "distortion")
    assert broken.score.part(CHORDS).program in (29, 30)
    assert plain.score.part(CHORDS).program not in (29, 30)
    assert len(broken.score.part(CHORDS).notes) == len(plain.score.part(CHORDS).notes)


def test_mono_collapse_pans_everything_to_the_middle(both):
    plain, broken = both("gratitude", "mono-collapse")
    pans = {c.value for part in broken.score.parts for c in part.controls if c.controller == 10}
    assert pans == {64}
    assert len({c.value for part in plain.score.parts for c in part.controls if c.controller == 10}) > 1
