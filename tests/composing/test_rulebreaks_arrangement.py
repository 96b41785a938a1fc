"""Rules of arrangement broken: energies and loudness do what the name says, compared with the same song unbroken."""

import numpy as np
import pytest

MELODY = "Melody"


def loudness(part):
    """Mean velocity times volume."""
    volume = [control.value for control in part.controls if control.controller == 7]
    return np.mean([note.velocity for note in part.notes]) * volume[0] / 127


def test_unbalanced_dynamics_push_one_part_and_hold_another_back(mood, both, changed):
    plain, broken = both(mood, "unbalanced-dynamics")
    louder = {
        t: loudness(broken.score.part(t)) / loudness(plain.score.part(t)) for t in changed(mood, "unbalanced-dynamics")
    }
    assert len(louder) == 2
    assert min(louder.values()) < 0.6
    assert max(louder.values()) > 1.25
    assert MELODY not in louder


def test_structural_mismatch_makes_the_chorus_weaker_than_the_verse(mood, both):
    plain, broken = both(mood, "structural-mismatch")

    def energy(composition, role):
        return max(s.energy for s in composition.plan.sections if s.role == role)

    assert energy(plain, "chorus") > energy(plain, "verse")
    assert energy(broken, "chorus") < energy(broken, "verse")

    def density(composition, role):
        written = [w for w in composition.sections if w.section.role == role]
        return sum(len(n) for w in written for n in w.played.values()) / sum(w.section.bars for w in written)

    assert density(broken, "chorus") / density(broken, "verse") < density(plain, "chorus") / density(plain, "verse")


def test_buried_vocals_lie_far_below_their_accompaniment(mood, both):
    plain, broken = both(mood, "buried-vocals")

    def balance(composition):
        others = [p for p in composition.score.parts if p.notes and p.name != MELODY]
        return loudness(composition.score.part(MELODY)) / np.mean([loudness(part) for part in others])

    assert balance(broken) < 0.5 * balance(plain)


def test_extreme_dynamic_range_widens_the_range_around_the_same_mean(mood, both):
    plain, broken = both(mood, "extreme-dynamic-range")
    before = [n.velocity for n in plain.score.notes()]
    after = [n.velocity for n in broken.score.notes()]
    assert np.std(after) > 1.3 * np.std(before)
    assert np.mean(after) == pytest.approx(np.mean(before), abs=1)
    assert [n.onset for n in plain.score.notes()] == [n.onset for n in broken.score.notes()]


def test_premature_climax_peaks_in_the_first_third(mood, both):
    plain, broken = both(mood, "premature-climax")
    peak = max(broken.plan.sections, key=lambda section: section.energy)
    assert peak.progress < 1 / 3
    assert max(plain.plan.sections, key=lambda section: section.energy).progress > 1 / 3
    after = [section.energy for section in broken.plan.sections if section.index > peak.index]
    assert max(after) <= 0.8 * peak.energy
