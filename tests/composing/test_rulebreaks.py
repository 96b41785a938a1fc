"""Rule-breaks: what there is, which of them act on a song, and what all of them keep to."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from kelly.composing import rulebreaks
from kelly.composing.composer import compose_score
from kelly.composing.plan import make_plan
from kelly.composing.rulebreaks import Broken, registry
from kelly.composing.rulebreaks.production import SOUND
from kelly.composing.settings import Settings
from kelly.composing.tables import parts
from kelly.composing.theory import chord_scale
from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import lookup
from kelly.errors import IntentError, UnknownNameError
from kelly.score import midi
from kelly.score.notes import Score
from kelly.sound.effects import Effects

GROUPS = {"harmony": 6, "rhythm": 5, "arrangement": 5, "production": 5}


def mean_velocity(notes):
    return np.mean([note.velocity for note in notes])


def test_there_are_twenty_one_rules_in_four_groups():
    assert len(rulebreaks.names()) == 21
    assert Counter(rulebreaks.describe(name).group for name in rulebreaks.names()) == GROUPS
    for name in rulebreaks.names():
        rule = rulebreaks.describe(name)
        assert 0 < rule.base <= 1
        assert rule.effect
        assert rule.reason


def test_every_rule_acts_at_the_stages_that_the_table_names():
    stages = {"plan": registry.PLAN, "chords": registry.CHORDS, "score": registry.SCORE, "sound": SOUND}
    for name in rulebreaks.names():
        assert [stage for stage, acting in stages.items() if name in acting] == list(rulebreaks.describe(name).stages)


def test_an_unknown_rule_is_told_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean parallel-motion"):
        rulebreaks.describe("paralel motion")
    with pytest.raises(UnknownNameError, match="modal-interchange"):
        rulebreaks.describe("x" * 500)
    assert rulebreaks.describe(" Modal_Interchange ").name == "modal-interchange"


def chosen(mood, to=None, arc=None, **wishes):
    journey = Journey(lookup(mood).emotion, lookup(to or mood).emotion, arc)
    settings = Settings(**wishes)
    return {broken.name: broken for broken in rulebreaks.choose(make_plan(journey, settings), settings)}


@pytest.mark.parametrize(
    ("mood", "names"),
    [
        ("grief", ["modal-interchange"]),
        ("contentment", []),
        ("rage", ["modal-interchange", "polyrhythmic-layers", "extreme-dynamic-range"]),
        ("ecstasy", ["polyrhythmic-layers", "extreme-dynamic-range"]),
        ("terror", ["modal-interchange", "constant-displacement", "extreme-dynamic-range"]),
    ],
)
def test_feelings_break_the_rules_of_the_domain_page(mood, names):
    assert list(chosen(mood)) == names
    for broken in chosen(mood).values():
        assert not broken.asked
        assert "the feeling is" in broken.reason
    assert chosen(mood, triggers=False) == {}


def test_a_low_and_lost_feeling_does_not_come_home():
    feeling = lookup("grief").emotion
    lost = replace(feeling, arousal=0.2)
    names = [broken.name for broken in rulebreaks.choose(make_plan(Journey(lost), Settings()), Settings())]
    assert names == ["modal-interchange", "avoid-tonic-resolution"]


def test_a_strong_turn_of_the_journey_borrows_chords():
    assert "turns to the light" in chosen("grief:low", to="ecstasy")["modal-interchange"].reason
    assert list(chosen("contentment", to="gratitude")) == []


def test_severity_follows_base_and_intensity():
    feeling = lookup("grief").emotion
    share = 0.5 + 0.5 * feeling.intensity
    severity = chosen("grief", breaks={"distortion": "it hurts"})["distortion"].severity
    assert severity == pytest.approx(share * rulebreaks.describe("distortion").base, abs=1e-3)
    gentle = chosen("grief")["modal-interchange"].severity
    assert gentle == pytest.approx(0.5 * share * rulebreaks.describe("modal-interchange").base, abs=1e-3)


def test_the_users_reason_wins_over_the_triggers():
    broken = chosen("grief", breaks={"Modal Interchange": "to hear the second feeling"})["modal-interchange"]
    assert broken.asked
    assert broken.reason == "to hear the second feeling"


def test_no_rule_is_broken_without_a_reason():
    with pytest.raises(IntentError, match="has none"):
        chosen("grief", breaks={"modal-interchange": " "})
    with pytest.raises(UnknownNameError, match="tritone-substitution"):
        chosen("grief", breaks={"tritone": "why not"})


def test_the_order_and_spelling_of_the_rules_do_not_matter():
    one = chosen("grief", breaks={"distortion": "x", "Room Noise": "y"})
    other = chosen("grief", breaks={"room-noise": "y", "DISTORTION": "x"})
    assert list(one.values()) == list(other.values())


@pytest.mark.parametrize("name", rulebreaks.names())
def test_every_break_stays_in_range_and_in_time(mood, name, both):
    plain, broken = both(mood, name)
    title = {row.title: part for part, row in parts().items()}
    for part in broken.score.parts:
        notes = part.notes
        assert list(notes) == sorted(notes)
        assert all(note.onset >= -0.1 and note.duration > 0 and 1 <= note.velocity <= 127 for note in notes)
        assert all(0 <= c.value <= 127 and c.onset >= 0 for c in part.controls)
        if part.name in title:
            instrument = plain.plan.instruments[title[part.name]]
            assert all(instrument.low <= note.pitch <= instrument.high for note in notes)
    assert broken.score.end <= plain.plan.beats + 0.1


@pytest.mark.parametrize("name", rulebreaks.names())
def test_every_break_is_the_same_when_it_is_made_again(name, composed):
    again = composed.__wrapped__("grief", name)
    assert midi.to_bytes(again.score) == midi.to_bytes(composed("grief", name).score)


@pytest.mark.parametrize("name", rulebreaks.names())
def test_every_break_can_be_asked_of_a_short_loop_and_of_an_empty_score(name, composed, brief):
    composed("grief", name, bars=1)
    composed("rage", name, bars=3)
    _, plan = brief()
    empty = rulebreaks.break_score(Score(()), plan, [Broken(name, 0.7, "because")])
    assert not [part for part in empty.parts if part.name != "Room"]


@pytest.mark.parametrize("mood", ["rage", "terror", "ecstasy", "grief"])
def test_a_triggered_break_stays_gentle(mood, composed):
    plain, broken = composed(mood), composed(mood, triggers=True)
    assert broken.broken
    assert broken.score.tempos == plain.score.tempos
    assert broken.score.end <= plain.plan.beats + 0.1
    assert mean_velocity(broken.score.notes()) == pytest.approx(mean_velocity(plain.score.notes()), abs=1.5)
    fits = [
        note.pitch % 12 in chord_scale(chord.symbol, written.section.key)
        for written in broken.sections
        for note in written.notes["melody"]
        if note.onset % 2 == 0
        for chord in written.chords
        if chord.onset <= note.onset < chord.end
    ]
    assert np.mean(fits) > 0.98


def test_a_triggered_break_acts_only_where_it_is_felt():
    journey = Journey(lookup("contentment").emotion, lookup("rage").emotion, "sudden-shift")
    plain, broken = (compose_score(journey, Settings(seed=5, triggers=triggers)) for triggers in (False, True))
    assert "polyrhythmic-layers" in [one.name for one in broken.broken]
    calm = sum(section.beats for section in plain.plan.sections[:2])
    for before, after in zip(plain.score.parts, broken.score.parts, strict=True):
        assert [n for n in before.notes if n.onset < calm - 1] == [n for n in after.notes if n.onset < calm - 1]


def test_effects_are_none_unless_a_production_break_asks():
    assert rulebreaks.effects(()) == Effects()
    assert rulebreaks.effects([Broken("parallel-motion", 1.0, "x")]) == Effects()
    worst = rulebreaks.effects([Broken(name, 1.0, "x") for name in rulebreaks.names()])
    mild = rulebreaks.effects([Broken(name, 0.2, "x") for name in rulebreaks.names()])
    assert worst.width == mild.width == 0
    assert worst.mud_db > mild.mud_db > 0
    assert worst.drive > mild.drive > 0
    assert worst.noise_floor_db > mild.noise_floor_db
