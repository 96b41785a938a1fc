"""Rules of rhythm broken: onsets, tempo and meter do what the name says, compared with the same song unbroken."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from kelly.score.notes import Control, Marker, Meter, Note, Part, Tempo

CHORDS, MELODY, DRUMS = "Chords", "Melody", "Drums"


def shifted(plain, broken):
    """How much later each note of a part came to lie: of the ways to notes of its pitch, the one nearest an eighth."""
    onsets = {}
    for note in broken.notes:
        onsets.setdefault(note.pitch, []).append(note.onset)
    ways = ([b - a.onset for b in onsets.get(a.pitch, [])] for a in plain.notes)
    return [min(row, key=lambda way: abs(way - 0.5)) for row in ways if row]


def test_constant_displacement_keeps_a_part_off_the_beat(mood, both, changed):
    titles = changed(mood, "constant-displacement")
    plain, broken = both(mood, "constant-displacement")
    assert titles
    assert not {DRUMS, "Bass"} & set(titles)
    late = np.array(shifted(plain.score.part(titles[0]), broken.score.part(titles[0]))[:200])
    assert np.median(late) == pytest.approx(0.5)


@pytest.mark.parametrize(("severity", "late"), [(0.2, [0.25]), (0.5, [0.5]), (0.8, [0.5, 0.5])])
def test_displacement_is_as_wide_as_it_is_severe(severity, late, brief, broken_by):
    score, plan = brief()
    after = broken_by("constant-displacement", severity, score, plan)
    moves = [shifted(score.part(title), after.part(title)) for title in (CHORDS, MELODY)]
    assert [move[0] for move in moves if any(move)] == late
    assert after.end <= score.end + 0.1


def test_tempo_fluctuation_wanders_within_five_bpm(both):
    plain, broken = both("grief", "tempo-fluctuation")
    bpm = plain.score.tempos[0].bpm
    away = np.array([tempo.bpm - bpm for tempo in broken.score.tempos])
    assert len(away) == 48
    assert np.abs(away).max() <= 5
    assert np.std(away) > 0.5
    assert abs(away.mean()) < 2.5
    assert broken.score.parts == plain.score.parts


def test_metric_modulation_makes_another_value_the_beat(both, changed):
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
def test_polyrhythmic_layers_put_equal_notes_against_four_beats(severity, equal, brief, broken_by):
    score, plan = brief()
    after = broken_by("polyrhythmic-layers", severity, score, plan)
    assert after.part(MELODY) == score.part(MELODY)
    onsets = sorted({note.onset for note in after.part(CHORDS).notes})
    assert onsets == pytest.approx([i * 4 / equal for i in range(8 * equal)])


def test_a_polyrhythm_lies_in_one_part_of_a_song(mood, composed, both, changed):
    (title,) = changed(mood, "polyrhythmic-layers")
    equal = 5 if both(mood, "polyrhythmic-layers")[1].broken[0].severity > 0.6 else 3
    on_grid = [note.onset * equal / 4 % 1 for note in composed(mood, "polyrhythmic-layers").score.part(title).notes]
    assert np.mean([min(x, 1 - x) < 1e-6 for x in on_grid]) > 0.95


def test_dropped_beats_leave_bars_of_three(brief, broken_by):
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


def test_an_early_note_belongs_to_the_beat_it_leads_to(brief, broken_by):
    early = Part(DRUMS, 9, 0, (Note(14.95, 0.2, 36, 70), Note(15.92, 0.2, 38, 80)))
    sustain = (Control(15.5, 64, 0), Control(3.0, 64, 127))
    score, plan = brief(replace(early, controls=tuple(sorted(sustain))))
    drums = broken_by("dropped-beats", 0.9, score, plan).part(DRUMS)
    assert [(note.onset, note.velocity) for note in drums.notes] == [(pytest.approx(14.92), 80)]
    assert drums.controls == (Control(3.0, 64, 127), Control(15.0, 64, 0))


def test_a_song_with_dropped_beats_is_shorter_by_them(both):
    plain, broken = both("grief", "dropped-beats")
    cuts = sum(meter.numerator == 3 for meter in broken.score.meters)
    assert cuts >= 3
    assert broken.score.end == pytest.approx(plain.score.end - cuts, abs=0.2)
    assert [marker.text for marker in broken.score.markers] == [marker.text for marker in plain.score.markers]
    bars = []
    for meter, following in pairwise(broken.score.meters):
        bars.append((following.onset - meter.onset) / meter.bar_length)
    assert bars == pytest.approx(np.round(bars))
