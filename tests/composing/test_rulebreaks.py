"""Rule-breaks in the notes: each does what its name says, compared with the same song unbroken, and nothing else."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from kelly.composing import rulebreaks
from kelly.composing.composer import compose_score
from kelly.composing.intent import reference
from kelly.composing.plan import Settings, make_plan
from kelly.composing.rulebreaks import Broken, registry
from kelly.composing.rulebreaks.production import SOUND
from kelly.composing.tables import parts
from kelly.composing.theory import chord_scale
from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import lookup
from kelly.errors import IntentError, UnknownNameError
from kelly.score import midi
from kelly.score.notes import Control, KeySignature, Marker, Meter, Note, Part, Score, Tempo
from kelly.sound.effects import Effects

MOODS = ("grief", "gratitude", "rage")
CHORDS, MELODY, DRUMS = "Chords", "Melody", "Drums"
GROUPS = {"harmony": 6, "rhythm": 5, "arrangement": 5, "production": 5}


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


def mean_velocity(notes):
    return np.mean([note.velocity for note in notes])


def shifted(plain, broken):
    """How much later each note of a part came to lie, for those that are the same otherwise."""
    return [b.onset - a.onset for a, b in zip(plain.notes, broken.notes, strict=False) if a.pitch == b.pitch]


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


# The registry


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


# Which rules are broken


def chosen(mood, to=None, arc=None, **wishes):
    journey = Journey(lookup(mood).emotion, lookup(to or mood).emotion, arc)
    return {broken.name: broken for broken in rulebreaks.choose(journey, Settings(**wishes))}


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
    names = [broken.name for broken in rulebreaks.choose(Journey(lost), Settings())]
    assert names == ["modal-interchange", "avoid-tonic-resolution"]


def test_a_strong_turn_of_the_journey_borrows_chords():
    assert "turns to the light" in chosen("grief:low", to="ecstasy")["modal-interchange"].reason
    assert list(chosen("contentment", to="gratitude")) == []


def test_severity_follows_base_and_intensity():
    feeling = lookup("grief").emotion
    severity = chosen("grief", breaks={"distortion": "it hurts"})["distortion"].severity
    expected = rulebreaks.describe("distortion").base * (0.5 + 0.5 * feeling.intensity)
    assert severity == pytest.approx(expected, abs=1e-3)


def test_the_users_reason_wins_over_the_triggers():
    broken = chosen("grief", breaks={"Modal Interchange": "to hear the second feeling"})["modal-interchange"]
    assert broken.asked
    assert broken.reason == "to hear the second feeling"


def test_no_rule_is_broken_without_a_reason():
    with pytest.raises(IntentError, match="modal-interchange has none"):
        chosen("grief", breaks={"modal-interchange": " "})
    with pytest.raises(UnknownNameError, match="tritone-substitution"):
        chosen("grief", breaks={"tritone": "why not"})


def test_a_plan_and_its_journey_choose_alike():
    journey = Journey(lookup("grief:low").emotion, lookup("rage").emotion, "slow-reveal")
    settings = Settings(breaks={"distortion": "x"})
    assert rulebreaks.choose(make_plan(journey, settings), settings) == rulebreaks.choose(journey, settings)


# What all breaks keep to


@pytest.mark.parametrize("name", rulebreaks.names())
@pytest.mark.parametrize("mood", MOODS)
def test_every_break_stays_in_range_and_in_time(mood, name):
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
def test_every_break_is_the_same_when_it_is_made_again(name):
    again = composed.__wrapped__("grief", name)
    assert midi.to_bytes(again.score) == midi.to_bytes(composed("grief", name).score)


@pytest.mark.parametrize("name", rulebreaks.names())
def test_every_break_can_be_asked_of_a_short_loop_and_of_an_empty_score(name):
    composed("grief", name, bars=1)
    composed("rage", name, bars=3)
    _, plan = brief()
    empty = rulebreaks.break_score(Score(()), plan, [Broken(name, 0.7, "because")])
    assert not [part for part in empty.parts if part.name != "Room"]


@pytest.mark.parametrize("mood", ["rage", "terror", "ecstasy", "grief"])
def test_a_triggered_break_stays_gentle(mood):
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


# Harmony


def numerals(composition):
    return [[chord.numeral for chord in written.chords] for written in composition.sections]


@pytest.mark.parametrize("mood", MOODS)
def test_avoid_tonic_resolution_ends_no_phrase_on_the_tonic(mood):
    plain, broken = both(mood, "avoid-tonic-resolution")

    def homes(composition):
        return sum(
            chord.cadence and chord.symbol.root == written.section.key.tonic
            for written in composition.sections
            for chord in written.chords
        )

    assert homes(plain) > 0
    assert homes(broken) == 0
    for written in broken.sections:
        tonic = written.section.key.tonic
        pairs = pairwise(written.chords)
        assert not any((a.symbol.root - tonic) % 12 == 7 and b.symbol.root == tonic for a, b in pairs)


def planed(part):
    """Share of the moves from chord to chord in which the three lowest voices move by the same interval."""
    rows = {}
    for note in part.notes:
        rows.setdefault(round(note.onset), set()).add(note.pitch)
    blocks = [sorted(row)[:3] for row in rows.values() if len(row) > 2]
    moves = [{b - a for a, b in zip(one, two, strict=True)} for one, two in pairwise(blocks) if one != two]
    return np.mean([len(steps) == 1 for steps in moves])


@pytest.mark.parametrize("mood", ["grief", "gratitude"])
def test_parallel_motion_moves_all_voices_alike(mood):
    plain, broken = both(mood, "parallel-motion")
    assert planed(plain.score.part(CHORDS)) < 0.3
    assert planed(broken.score.part(CHORDS)) > 0.8
    assert set(changed(mood, "parallel-motion")) <= {CHORDS, "Pad", "Strings"}


def test_parallel_motion_keeps_root_rhythm_and_fifths():
    score, plan = brief()
    rows = [(48, 52, 55), (53, 57, 60), (50, 55, 59), (52, 57, 60)] * 2  # C, F, G and Am, well led
    chords = tuple(Note(4.0 * bar, 4.0, pitch, 80) for bar, row in enumerate(rows) for pitch in row)
    score = replace(score, parts=(score.part(MELODY), replace(score.part(CHORDS), notes=chords)))
    after = broken_by("parallel-motion", 0.6, score, plan).part(CHORDS).notes
    assert [note.onset for note in after] == [note.onset for note in chords]
    blocks = [[note.pitch for note in after if note.onset == 4.0 * bar] for bar in range(4)]
    assert [block[0] % 12 for block in blocks] == [0, 5, 7, 9]
    assert [[p - block[0] for p in block] for block in blocks] == [[0, 7, 12]] * 4


def foreign(composition):
    """The chords with a tone from outside the key, by section."""
    return [
        [c.symbol for c in w.chords if not set(c.symbol.pitch_classes) <= set(w.section.key.scale)]
        for w in composition.sections
    ]


@pytest.mark.parametrize("mood", MOODS)
def test_modal_interchange_borrows_from_the_parallel_mode(mood):
    plain, broken = both(mood, "modal-interchange")
    assert sum(map(len, foreign(broken))) > sum(map(len, foreign(plain)))
    for before, after in zip(plain.sections, broken.sections, strict=True):
        assert after.chords[0].symbol == before.chords[0].symbol
        same = [a.symbol == b.symbol for a, b in zip(before.chords, after.chords, strict=True)]
        assert np.mean(same) >= 0.5


def test_in_the_reference_song_the_subdominant_alone_is_borrowed():
    intent = reference()
    made = compose_score(intent.journey(), intent.settings())
    rows = dict(zip([written.section.role for written in made.sections], numerals(made), strict=True))
    assert rows["verse"] == ["I", "V", "iii", "vi"] * 2
    assert rows["chorus"] == ["I", "V", "iii", "IV"] * 3 + ["I", "V", "iii", "iv"]
    assert rows["bridge"] == ["I", "V", "iv", "I"] * 3


@pytest.mark.parametrize("mood", MOODS)
def test_tritone_substitution_slides_into_its_target(mood):
    plain, broken = both(mood, "tritone-substitution")

    def slides(composition):
        rows = [written.chords for written in composition.sections]
        pairs = [(a.symbol, b.symbol) for row in rows for a, b in pairwise(row)]
        return sum(a.quality == "7" and (a.root - b.root) % 12 == 1 for a, b in pairs)

    assert slides(broken) >= slides(plain) + 2
    for written in broken.sections:
        ends = [chord.end for chord in written.chords]
        assert [chord.onset for chord in written.chords] == [0.0, *ends[:-1]]
        assert ends[-1] == written.section.beats


@pytest.mark.parametrize("mood", MOODS)
def test_polytonality_puts_one_part_into_a_second_key(mood):
    (title,) = changed(mood, "polytonality")
    plain, broken = both(mood, "polytonality")
    steps = {
        (b.pitch - a.pitch) % 12
        for a, b in zip(plain.score.part(title).notes, broken.score.part(title).notes, strict=True)
    }
    assert len(steps) == 1
    assert steps != {0}


def test_the_stronger_polytonality_is_the_further_key():
    score, plan = brief(bars=16)
    outside = []
    for severity in (0.2, 0.9):
        part = broken_by("polytonality", severity, score, plan).part(CHORDS)
        outside.append(len({note.pitch % 12 for note in part.notes} - {0, 2, 4, 5, 7, 9, 11}))
    assert outside[0] < outside[1]


@pytest.mark.parametrize("mood", MOODS)
def test_unresolved_dissonance_ends_phrases_on_a_rub(mood):
    plain, broken = both(mood, "unresolved-dissonance")
    assert changed(mood, "unresolved-dissonance") == [MELODY]
    before, after = plain.score.part(MELODY).notes, broken.score.part(MELODY).notes
    moved = [(a, b) for a, b in zip(before, after, strict=True) if a.pitch != b.pitch]
    assert len(moved) >= 2
    for old, new in moved:
        assert roughness(plain.score, new) > roughness(plain.score, old)
        assert new.duration >= old.duration
        followers = [note for note in after if new.onset < note.onset < new.end - 0.1]
        assert followers == []


def roughness(score, note):
    """How many chord and bass tones lie a semitone or a tritone (by pitch class) from a note while it sounds."""
    backing = [n for title in (CHORDS, "Pad", "Bass", "Strings") for n in score.part(title).notes]
    sounding = {n.pitch % 12 for n in backing if n.onset < note.onset + 0.5 and n.end > note.onset + 0.05}
    return sum((note.pitch - pc) % 12 in (1, 6, 11) for pc in sounding) - 3 * (note.pitch % 12 in sounding)


# Rhythm


@pytest.mark.parametrize("mood", MOODS)
def test_constant_displacement_keeps_a_part_off_the_beat(mood):
    titles = changed(mood, "constant-displacement")
    plain, broken = both(mood, "constant-displacement")
    assert titles
    assert not {DRUMS, "Bass"} & set(titles)
    late = np.array(shifted(plain.score.part(titles[0]), broken.score.part(titles[0]))[:200])
    assert np.median(late) == pytest.approx(0.5)


@pytest.mark.parametrize(("severity", "late"), [(0.2, [0.25]), (0.5, [0.5]), (0.8, [0.5, 0.5])])
def test_displacement_is_as_wide_as_it_is_severe(severity, late):
    score, plan = brief()
    after = broken_by("constant-displacement", severity, score, plan)
    moves = [shifted(score.part(title), after.part(title)) for title in (CHORDS, MELODY)]
    assert [move[0] for move in moves if any(move)] == late
    assert after.end <= score.end + 0.1


def test_tempo_fluctuation_wanders_within_five_bpm():
    plain, broken = both("grief", "tempo-fluctuation")
    bpm = plain.score.tempos[0].bpm
    away = np.array([tempo.bpm - bpm for tempo in broken.score.tempos])
    assert len(away) == 48
    assert np.abs(away).max() <= 5
    assert np.std(away) > 0.5
    assert abs(away.mean()) < 2.5
    assert broken.score.parts == plain.score.parts


def test_metric_modulation_makes_another_value_the_beat():
    plain, broken = both("grief", "metric-modulation")
    old = plain.score.tempos[0].bpm
    start, end = broken.score.tempos[1:]
    beat = old / start.bpm
    assert any(beat == pytest.approx(value) for value in (3 / 4, 4 / 3, 2 / 3, 3 / 2))
    assert end.bpm == pytest.approx(old)
    assert start.onset in [section.start for section in plain.plan.sections]
    before = {note.onset for note in plain.score.part(DRUMS).notes}
    pulse = [n.onset for n in broken.score.part(DRUMS).notes if n.onset not in before]
    assert np.diff(pulse) == pytest.approx(beat, abs=1e-9)
    assert pulse[-1] + beat == pytest.approx(start.onset)
    assert changed("grief", "metric-modulation") == [DRUMS]


@pytest.mark.parametrize(("severity", "equal"), [(0.5, 3), (0.9, 5)])
def test_polyrhythmic_layers_put_equal_notes_against_four_beats(severity, equal):
    score, plan = brief()
    after = broken_by("polyrhythmic-layers", severity, score, plan)
    assert after.part(MELODY) == score.part(MELODY)
    onsets = sorted({note.onset for note in after.part(CHORDS).notes})
    assert onsets == pytest.approx([i * 4 / equal for i in range(8 * equal)])


@pytest.mark.parametrize("mood", MOODS)
def test_a_polyrhythm_lies_in_one_part_of_a_song(mood):
    (title,) = changed(mood, "polyrhythmic-layers")
    equal = 5 if both(mood, "polyrhythmic-layers")[1].broken[0].severity > 0.6 else 3
    on_grid = [note.onset * equal / 4 % 1 for note in composed(mood, "polyrhythmic-layers").score.part(title).notes]
    assert np.mean([min(x, 1 - x) < 1e-6 for x in on_grid]) > 0.95


def test_dropped_beats_leave_bars_of_three():
    drums = Part(DRUMS, 9, 0, tuple(Note(float(beat), 0.1, 38, 60 + beat) for beat in range(32)))
    score, plan = brief(drums)
    score = replace(score, tempos=(Tempo(0.0, 100.0), Tempo(16.0, 80.0)), markers=(Marker(0.0, "a"), Marker(16.0, "b")))
    after = broken_by("dropped-beats", 0.9, score, plan)
    assert after.meters == (Meter(0.0), Meter(12.0, 3, 4), Meter(15.0))
    assert after.tempos[1].onset == after.markers[1].onset == 15.0
    kept = [beat for beat in range(32) if beat != 15]
    assert [note.velocity - 60 for note in after.part(DRUMS).notes] == kept
    assert [note.onset for note in after.part(DRUMS).notes] == pytest.approx(range(31))
    fourth = [note for note in after.part(CHORDS).notes if note.onset == 12.0]
    assert [note.duration for note in fourth] == pytest.approx([3.0] * 3)


def test_an_early_note_belongs_to_the_beat_it_leads_to():
    early = Part(DRUMS, 9, 0, (Note(14.95, 0.2, 36, 70), Note(15.92, 0.2, 38, 80)))
    sustain = (Control(15.5, 64, 0), Control(3.0, 64, 127))
    score, plan = brief(replace(early, controls=tuple(sorted(sustain))))
    drums = broken_by("dropped-beats", 0.9, score, plan).part(DRUMS)
    assert [(note.onset, note.velocity) for note in drums.notes] == [(pytest.approx(14.92), 80)]
    assert drums.controls == (Control(3.0, 64, 127), Control(15.0, 64, 0))


def test_a_song_with_dropped_beats_is_shorter_by_them():
    plain, broken = both("grief", "dropped-beats")
    cuts = sum(meter.numerator == 3 for meter in broken.score.meters)
    assert cuts >= 3
    assert broken.score.end == pytest.approx(plain.score.end - cuts, abs=0.2)
    assert [marker.text for marker in broken.score.markers] == [marker.text for marker in plain.score.markers]
    bars = []
    for meter, following in pairwise(broken.score.meters):
        bars.append((following.onset - meter.onset) / meter.bar_length)
    assert bars == pytest.approx(np.round(bars))


# Arrangement


@pytest.mark.parametrize("mood", MOODS)
def test_unbalanced_dynamics_push_one_part_and_hold_another_back(mood):
    plain, broken = both(mood, "unbalanced-dynamics")
    louder = {
        t: loudness(broken.score.part(t)) / loudness(plain.score.part(t)) for t in changed(mood, "unbalanced-dynamics")
    }
    assert len(louder) == 2
    assert min(louder.values()) < 0.6
    assert max(louder.values()) > 1.25
    assert MELODY not in louder


def loudness(part):
    """Mean velocity times volume."""
    volume = [control.value for control in part.controls if control.controller == 7]
    return mean_velocity(part.notes) * volume[0] / 127


@pytest.mark.parametrize("mood", MOODS)
def test_structural_mismatch_makes_the_chorus_weaker_than_the_verse(mood):
    plain, broken = both(mood, "structural-mismatch")

    def energy(composition, role):
        return max(s.energy for s in composition.plan.sections if s.role == role)

    assert energy(plain, "chorus") > energy(plain, "verse")
    assert energy(broken, "chorus") < energy(broken, "verse")

    def density(composition, role):
        written = [w for w in composition.sections if w.section.role == role]
        return sum(len(n) for w in written for n in w.played.values()) / sum(w.section.bars for w in written)

    assert density(broken, "chorus") / density(broken, "verse") < density(plain, "chorus") / density(plain, "verse")


@pytest.mark.parametrize("mood", MOODS)
def test_buried_vocals_lie_far_below_their_accompaniment(mood):
    plain, broken = both(mood, "buried-vocals")

    def balance(composition):
        others = [p for p in composition.score.parts if p.notes and p.name != MELODY]
        return loudness(composition.score.part(MELODY)) / np.mean([loudness(part) for part in others])

    assert balance(broken) < 0.5 * balance(plain)


@pytest.mark.parametrize("mood", MOODS)
def test_extreme_dynamic_range_widens_the_range_around_the_same_mean(mood):
    plain, broken = both(mood, "extreme-dynamic-range")
    before = [n.velocity for n in plain.score.notes()]
    after = [n.velocity for n in broken.score.notes()]
    assert np.std(after) > 1.3 * np.std(before)
    assert np.mean(after) == pytest.approx(np.mean(before), abs=1)
    assert [n.onset for n in plain.score.notes()] == [n.onset for n in broken.score.notes()]


@pytest.mark.parametrize("mood", MOODS)
def test_premature_climax_peaks_in_the_first_third(mood):
    plain, broken = both(mood, "premature-climax")
    peak = max(broken.plan.sections, key=lambda section: section.energy)
    assert peak.progress < 1 / 3
    assert max(plain.plan.sections, key=lambda section: section.energy).progress > 1 / 3
    after = [section.energy for section in broken.plan.sections if section.index > peak.index]
    assert max(after) <= 0.8 * peak.energy


# Production, in the score (what the render makes of it is measured in test_rulebreaks_sound.py)


@pytest.mark.parametrize("mood", MOODS)
def test_excessive_mud_doubles_low_and_closes_the_highs(mood):
    plain, broken = both(mood, "excessive-mud")

    def low(composition):
        return sum(note.pitch < 52 for note in composition.score.notes(drums=False))

    assert low(broken) > 1.2 * low(plain)
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
    slide = midi.Bend(2.5, 120.0)
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


def test_effects_are_none_unless_a_production_break_asks():
    assert rulebreaks.effects(()) == Effects()
    assert rulebreaks.effects([Broken("parallel-motion", 1.0, "x")]) == Effects()
    worst = rulebreaks.effects([Broken(name, 1.0, "x") for name in rulebreaks.names()])
    mild = rulebreaks.effects([Broken(name, 0.2, "x") for name in rulebreaks.names()])
    assert worst.width == mild.width == 0
    assert worst.mud_db > mild.mud_db > 0
    assert worst.drive > mild.drive > 0
    assert worst.noise_floor_db > mild.noise_floor_db
