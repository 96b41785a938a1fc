"""Statistics: numbers that can be worked by hand, and copies that are found in every key."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.models.transformer.layout import BAR, FIELDS, NOTE, PART, SEATS
from kelly.score import tokens
from kelly.score.notes import DRUM_CHANNEL, Meter, Note, Part, Score
from kelly.training.evaluation import statistics
from kelly.training.evaluation.statistics import Corpus, longest_shared

DRUM = Note(0.0, 0.25, 38, 100)
scores = st.lists(
    st.builds(
        Note,
        onset=st.integers(0, 200).map(lambda steps: steps / 6),
        duration=st.integers(1, 30).map(lambda steps: steps / 6),
        pitch=st.integers(0, 127),
        velocity=st.integers(1, 127),
    ),
    max_size=40,
).map(lambda notes: made(sorted(notes)))


def made(notes, drums=(), meters=None):
    parts = (Part("piano", 0, notes=tuple(notes)), Part("drums", DRUM_CHANNEL, notes=tuple(drums)))
    return Score(parts, meters=meters or (Meter(0.0),))


def line(pitches, length=1.0, start=0.0):
    """Notes of some pitches, one after another."""
    return [Note(start + length * at, length, pitch, 90) for at, pitch in enumerate(pitches)]


def bars(*figures):
    """A score of bars of four beats, each with some notes at its beats."""
    return made([note for bar, pitches in enumerate(figures) for note in line(pitches, start=4.0 * bar)])


# --- tones ----------------------------------------------------------------------------------------------------------


def test_one_pitch_class_has_no_entropy_and_twelve_alike_have_all():
    assert statistics.pitch_class_entropy(made(line([48, 60, 72]))) == 0
    assert statistics.pitch_class_entropy(made(line(range(60, 72)))) == pytest.approx(math.log2(12))
    assert statistics.pitch_class_entropy(made(line([60, 60, 67, 67]))) == pytest.approx(1)


def test_the_entropy_of_spans_is_a_mean_over_all_of_them():
    # Four times C, an empty bar, then C, E, G, B: 0 and 2 bits. Of two bars 0, 2 bits; of all three what the whole has.
    score = bars([60] * 4, [], [60, 64, 67, 71])
    assert statistics.pitch_class_entropy(score, 1) == pytest.approx(1)
    assert statistics.pitch_class_entropy(score, 2) == pytest.approx(1)
    whole = -(5 / 8 * math.log2(5 / 8) + 3 / 8 * math.log2(1 / 8))
    assert statistics.pitch_class_entropy(score) == pytest.approx(whole)
    assert statistics.pitch_class_entropy(score, 9) == pytest.approx(whole)
    with pytest.raises(UsageError, match="1 bar or more"):
        statistics.pitch_class_entropy(score, 0)


def test_a_scale_is_consistent_and_all_keys_of_a_piano_are_not():
    major = [60, 62, 64, 65, 67, 69, 71]
    assert statistics.scale_consistency(made(line([pitch + 3 for pitch in major]))) == 1
    assert statistics.scale_consistency(made(line([57, 59, 60, 62, 64, 65, 67]))) == 1
    assert statistics.scale_consistency(made(line(range(60, 72)))) == pytest.approx(7 / 12)
    assert statistics.scale_consistency(made(line([*major, 61]))) == pytest.approx(7 / 8)


def test_drums_have_no_pitch():
    score = made(line([60, 60]), [replace(DRUM, onset=float(at), pitch=35 + at) for at in range(8)])
    assert statistics.pitch_class_entropy(score) == 0
    assert statistics.scale_consistency(score) == 1
    assert statistics.histograms(score)["pitch"].sum() == 2


# --- rhythm and form ------------------------------------------------------------------------------------------------


def test_a_bar_that_is_repeated_has_one_groove():
    score = bars(*[[60, 62, 64, 65]] * 4)
    assert statistics.groove_consistency(score) == 1
    assert statistics.groove_similarity(score) == 1
    assert statistics.structureness(score) == 1
    assert statistics.repetition(score, 4) == pytest.approx([1, 1, 1, math.nan], nan_ok=True)


def test_grooves_differ_by_the_steps_in_which_just_one_of_them_strikes():
    # 48 steps a bar. The first two bars differ at the fourth beat, the second and the third at beats two, three, four.
    score = bars([60, 60, 60], [60, 60, 60, 60], [60])
    assert statistics.groove_consistency(score) == pytest.approx(1 - (1 + 3) / 2 / 48)
    assert statistics.groove_similarity(score) == pytest.approx(1 - (1 + 3 + 2) / 3 / 48)


def test_drums_are_part_of_the_groove():
    figure = line([60, 62, 64, 65])
    alike = [*figure, *(replace(note, onset=note.onset + 4) for note in figure)]
    assert statistics.groove_consistency(made(alike, [replace(DRUM, onset=0.5)])) == pytest.approx(1 - 1 / 48)


def test_bars_follow_the_meter():
    waltz = made(line([60, 64, 67] * 4), meters=(Meter(0.0, 3),))
    assert len(statistics.self_similarity(waltz)) == 4
    assert statistics.structureness(waltz) == 1
    changed = made([*line([60] * 4), *line([60] * 3, start=4.0)], meters=(Meter(0.0, 4), Meter(4.0, 3)))
    assert statistics.groove_consistency(changed) == pytest.approx(1 - 1 / 48)
    with pytest.raises(UsageError, match="a bar must last"):
        statistics.groove_consistency(made(line([60]), meters=(Meter(0.0, 9),)))


def test_bars_are_as_alike_as_they_have_notes_in_common():
    # C D E F and C D E G: three of five notes are of both. The third bar has no notes, the fourth is the first again.
    score = bars([60, 62, 64, 65], [60, 62, 64, 67], [], [60, 62, 64, 65])
    alike = statistics.self_similarity(score)
    assert alike[0] == pytest.approx([1, 0.6, 0, 1])
    assert math.isnan(alike[2, 2])
    assert statistics.repetition(score, 3) == pytest.approx([(0.6 + 0 + 0) / 3, (0 + 0.6) / 2, 1])
    assert statistics.structureness(score) == pytest.approx((0.6 + 1) / 2)
    assert statistics.structureness(score, 2, 2) == pytest.approx(0.6)
    assert statistics.structureness(score, 3) == 1
    assert math.isnan(statistics.structureness(score, 4))


def test_a_note_is_another_with_another_length_or_on_a_drum():
    short = made([*line([60]), *line([60], 0.5, 4.0)])
    assert statistics.structureness(short) == 0
    drummed = made([Note(0.0, 1.0, 38, 90)], [Note(4.0, 1.0, 38, 90)])
    assert statistics.structureness(drummed) == 0


@pytest.mark.parametrize("bounds", [(0, None), (3, 2), (1, 0)])
def test_bars_before_must_make_sense(bounds):
    with pytest.raises(UsageError, match="bars before"):
        statistics.structureness(bars([60]), *bounds)


def test_what_cannot_be_told_is_not_a_number():
    empty = made([])
    for told in (statistics.pitch_class_entropy(empty), statistics.scale_consistency(empty)):
        assert math.isnan(told)
    for told in (statistics.groove_consistency, statistics.groove_similarity, statistics.structureness):
        assert math.isnan(told(bars([60])))


@settings(max_examples=60)
@given(scores)
def test_all_numbers_lie_in_their_ranges(score):
    assert not statistics.pitch_class_entropy(score, 1) > math.log2(12) + 1e-9
    assert not statistics.scale_consistency(score) < 7 / 12 - 1e-9
    for told in (
        statistics.scale_consistency(score),
        statistics.groove_consistency(score),
        statistics.groove_similarity(score),
        statistics.structureness(score),
        *statistics.repetition(score, 3),
        *statistics.self_similarity(score).flat,
    ):
        assert math.isnan(told) or 0 <= told <= 1 + 1e-9
    counts = statistics.histograms(score)
    for name in ("pitch", "duration", "velocity"):
        assert counts[name].sum() == len(score.parts[0].notes)


# --- histograms -----------------------------------------------------------------------------------------------------


def test_histograms_count_what_a_score_has():
    score = made([Note(0.0, 1.0, 60, 64), Note(0.0, 1.0, 64, 67), Note(2.0, 0.5, 60, 127), Note(4.0, 100.0, 60, 1)])
    counts = statistics.histograms(score)
    assert (counts["pitch"][60], counts["pitch"][64], counts["pitch"].sum()) == (3, 1, 4)
    lengths = tokens.DURATIONS.tolist()
    assert (counts["duration"][lengths.index(12)], counts["duration"][lengths.index(6)], counts["duration"][-1]) == (
        *(2, 1),
        1,
    )
    assert counts["interval"][lengths.index(24)] == counts["interval"].sum() == 2
    assert (counts["velocity"][16], counts["velocity"][31], counts["velocity"][0]) == (2, 1, 1)
    assert (counts["notes"][3], counts["notes"][1], counts["notes"].sum()) == (1, 1, 2)


def test_drums_count_for_intervals_and_for_the_notes_of_a_bar():
    counts = statistics.histograms(made([Note(0.0, 1.0, 60, 64)], [replace(DRUM, onset=1.0)]))
    assert counts["interval"][tokens.DURATIONS.tolist().index(12)] == 1
    assert counts["notes"][2] == 1
    assert counts["velocity"].sum() == 1


def test_crowded_bars_come_in_wider_classes():
    def crowd(count):
        notes = statistics.histograms(made([Note(0.0, 1.0, pitch, 90) for pitch in range(count)]))["notes"]
        return int(notes.argmax())

    assert (crowd(15), crowd(16), crowd(19), crowd(20), crowd(64), crowd(128)) == (15, 16, 16, 17, 28, 28)


def test_overlap_is_all_of_the_same_and_none_of_others():
    assert statistics.overlap([1, 2, 1], [10, 20, 10]) == pytest.approx(1)
    assert statistics.overlap([1, 0], [0, 5]) == 0
    assert statistics.overlap([1, 1, 0], [0, 1, 3]) == pytest.approx(0.25)
    assert math.isnan(statistics.overlap([0, 0], [1, 1]))
    with pytest.raises(UsageError, match="same classes"):
        statistics.overlap([1], [1, 1])


@given(*[st.lists(st.integers(0, 9), min_size=5, max_size=5).filter(any)] * 2)
def test_overlap_is_the_same_both_ways(one, other):
    assert 0 <= statistics.overlap(one, other) <= 1 + 1e-9
    assert statistics.overlap(one, other) == pytest.approx(statistics.overlap(other, one))


# --- copies ---------------------------------------------------------------------------------------------------------


def word(family, **values):
    row = np.zeros(len(FIELDS), np.int64)
    row[0] = family
    for name, value in values.items():
        row[FIELDS.index(name)] = value
    return row


def words(pitches, seat=1, lengths=None, meter=(4, 4)):
    """A piece of quarter notes, by default of a beat."""
    beats = 4 * meter[0] // meter[1]
    rows = []
    for at, pitch in enumerate(pitches):
        if at % beats == 0:
            rows.append(word(BAR, tempo=20, meter=1 + tokens.METERS.index(meter)))
        position, length = 1 + at % beats * tokens.GRID, 12 if lengths is None else lengths[at]
        rows.append(word(NOTE, seat=seat, position=position, pitch=1 + pitch, duration=length, velocity=20))
    return np.array(rows)


def random_pitches(count, seed=0):
    return np.random.default_rng(seed).integers(40, 80, count).tolist()


def test_a_whole_piece_is_found_in_every_key():
    known = [random_pitches(60, seed) for seed in range(20)]
    corpus = Corpus(words(one) for one in known)
    assert longest_shared(words(known[7]), corpus) == 59
    assert longest_shared(words([pitch + 5 for pitch in known[7]]), corpus) == 59


def test_a_passage_is_found_at_its_length_wherever_it_stands():
    known = random_pitches(100)
    own = random_pitches(80, 1)
    corpus = Corpus([words(random_pitches(50, 2)), words(known)])
    alone = longest_shared(words(own), corpus)
    assert alone < 5
    mixed = own[:33] + [pitch - 12 for pitch in known[50:71]] + own[54:]
    assert 20 <= longest_shared(words(mixed), corpus) < 20 + 5


def test_another_rhythm_is_no_copy():
    known = random_pitches(40)
    corpus = Corpus([words(known)])
    assert longest_shared(words(known, lengths=[6] * 40), corpus) == 0
    one_longer = [12] * 20 + [6] + [12] * 19
    assert longest_shared(words(known, lengths=one_longer), corpus) == 19


def test_a_wait_counts_across_bars_of_any_meter():
    known = random_pitches(48)
    assert longest_shared(words(known, meter=(3, 4)), Corpus([words(known)])) == 47


def test_lines_of_two_pieces_or_parts_do_not_run_into_each_other():
    known = random_pitches(40)
    corpus = Corpus([words(known[:20]), words(known[20:])])
    assert longest_shared(words(known), corpus) == 19
    other = words(known[20:], seat=SEATS["bass"])
    assert longest_shared(words(known), Corpus([np.concatenate([words(known[:20]), other])])) == 19


def test_a_melody_is_found_whatever_plays_with_it():
    known = words(random_pitches(30))
    chords = words(random_pitches(30, 1), seat=SEATS["chords"])
    both = np.concatenate(
        [bar for pair in zip(_split(known), _split(chords), strict=True) for bar in (pair[0], pair[1][1:])]
    )
    assert longest_shared(known, Corpus([both])) == 29


def _split(rows):
    starts = np.flatnonzero(rows[:, 0] == BAR)
    return np.split(rows, starts[1:])


def test_a_melody_is_found_in_the_role_of_a_piano_too():
    tune, bass = random_pitches(30), [pitch - 30 for pitch in random_pitches(30, 1)]
    rows = []
    for upper, lower in zip(_split(words(tune, SEATS["keys"])), _split(words(bass, SEATS["keys"])), strict=True):
        told = [(row, SEATS["melody"]) for row in upper[1:]] + [(row, SEATS["bass"]) for row in lower[1:]]
        rows += [[*upper[0], 0], *([*row, role] for row, role in told)]
    piano = np.array(rows, np.uint8)
    assert longest_shared(words(tune), Corpus([piano[:, :-1]])) < 5
    assert longest_shared(words(tune), Corpus([piano])) == 29
    assert longest_shared(piano[:, :-1], Corpus([piano])) == 59


def test_notes_that_are_struck_together_count_from_below():
    chords = words(random_pitches(30))
    chords[:, FIELDS.index("position")] = np.where(chords[:, 0] == NOTE, 1, 0)
    upside_down = np.concatenate([np.concatenate([bar[:1], bar[:0:-1]]) for bar in _split(chords)])
    assert longest_shared(upside_down, Corpus([chords])) == 29


def test_drums_are_nobodys():
    beat = words([36, 38] * 20, seat=SEATS["drums"])
    assert longest_shared(beat, Corpus([beat])) == 0


def test_parts_may_be_named_before_the_bars():
    known = words(random_pitches(20))
    named = np.concatenate([word(PART, seat=1, pitch=1)[None], known])
    assert longest_shared(named, Corpus([known])) == 19


def test_nothing_is_shared_with_nothing():
    assert longest_shared(words(random_pitches(9)), Corpus([])) == 0
    assert longest_shared(words([60]), Corpus([words(random_pitches(9))])) == 0


@settings(max_examples=50)
@given(*[st.lists(st.integers(60, 63), max_size=25)] * 2)
def test_the_longest_is_the_longest(one, other):
    def steps(pitches):
        return [b - a for a, b in pairwise(pitches)]

    mine, theirs = steps(one), steps(other)
    theirs_all = {tuple(theirs[a:b]) for a in range(len(theirs)) for b in range(a + 1, len(theirs) + 1)}
    best = max(
        (b - a for a in range(len(mine)) for b in range(a + 1, len(mine) + 1) if tuple(mine[a:b]) in theirs_all),
        default=0,
    )
    written = [words(pitches) if pitches else np.zeros((0, len(FIELDS)), np.int64) for pitches in (one, other)]
    assert longest_shared(written[0], Corpus([written[1]])) == best
