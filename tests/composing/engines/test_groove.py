"""Groove: time is bent as the genre bends it, and everything else stays as written."""

from dataclasses import replace
from itertools import pairwise
from statistics import pstdev

import pytest

from kelly.composing.chance import stream
from kelly.composing.engines import groove
from kelly.composing.tables import genres, instruments, parts
from kelly.score.notes import Note

PIANO, GUITAR = (next(i for i in instruments() if i.name == name) for name in ("grand piano", "steel guitar"))
EIGHTHS = tuple(Note(i / 2, 0.5, 60 + i % 5, 80) for i in range(32))
SIXTEENTHS = tuple(Note(i / 4, 0.25, 60 + i % 5, 80) for i in range(64))
TRIPLETS = tuple(Note(i / 3, 1 / 3, 60 + i % 5, 80) for i in range(48))
CHORDS = tuple(Note(float(i), 1.0, pitch, 80) for i in range(16) for pitch in (52, 57, 60, 64))


@pytest.fixture(scope="module")
def contexts(contexts_of):
    return contexts_of("hope", "melody", seed=1)


@pytest.fixture(scope="module")
def play(contexts):
    """A function from notes to how they are played; straight, unmoved and inhuman unless told otherwise."""

    def played(notes, part="melody", genre="pop", feel=0.0, humanise=0.0, pulse=1.0, index=1, instrument=PIANO):
        context = contexts[index]
        palette = {**context.plan.instruments, "chords": instrument}
        plan = replace(context.plan, genre=genres()[genre], feel=feel, humanise=humanise, instruments=palette)
        section = replace(context.section, pulse=pulse)
        context = replace(context, plan=plan, section=section, part=part, row=parts()[part], parts={part: tuple(notes)})
        return groove.play(context, stream(1, "groove", part))

    return played


@pytest.mark.parametrize("notes", [EIGHTHS, SIXTEENTHS, TRIPLETS, CHORDS])
def test_straight_unmoved_and_inhuman_is_as_written(notes, play):
    assert play(notes) == sorted(notes)


@pytest.mark.parametrize("part", tuple(parts()))
def test_a_whole_song_keeps_its_notes_and_their_order(part, contexts):
    for context in contexts:
        plan = replace(context.plan, genre=genres()["lo-fi"], humanise=1.0, feel=-1.0)
        at = replace(context, plan=plan, part=part, row=parts()[part])
        written, played = sorted(at.parts[part]), groove.play(at, stream(1, "groove", part))
        assert len(played) == len(written)
        for pitch in {n.pitch for n in written}:
            before = [n for n in written if n.pitch == pitch]
            after = [n for n in played if n.pitch == pitch]
            assert all(a.onset < b.onset for a, b in pairwise(after))
            for a, b, first, second in zip(before, before[1:], after, after[1:], strict=False):
                assert a.end > b.onset + 1e-6 or first.end <= second.onset + 0.011
        assert all(n.duration > 0 and 1 <= n.velocity <= 127 for n in played)
        assert all(n.onset >= (0.0 if context.section.index == 0 else -0.05) for n in played)
        assert all(n.onset < context.section.beats for n in played)


@pytest.mark.parametrize(("genre", "place"), [("lo-fi", 0.62), ("jazz", 0.67), ("hip-hop", 0.56), ("rock", 0.5)])
def test_the_off_beat_falls_where_the_genre_has_it(genre, place, play):
    played = play(EIGHTHS, genre=genre)
    assert [n.onset % 1 for n in played[1::2]] == pytest.approx([place] * 16)
    assert [n.onset % 1 for n in played[::2]] == pytest.approx([0.0] * 16)
    assert all(a.end == pytest.approx(b.onset) for a, b in pairwise(played))


def test_sixteenths_swing_within_their_eighths(play):
    beat = [n.onset for n in play(SIXTEENTHS, genre="jazz")[:4]]
    assert beat == pytest.approx([0.0, 0.335, 0.67, 0.835])


def test_triplets_are_left_alone(play):
    assert [n.onset for n in play(TRIPLETS, genre="jazz")] == pytest.approx([n.onset for n in TRIPLETS])


def test_half_time_swings_over_two_beats(play):
    quarters = tuple(Note(float(i), 1.0, 60, 80) for i in range(16))
    assert [n.onset % 2 for n in play(quarters, genre="jazz", pulse=0.5)[1::2]] == pytest.approx([1.34] * 8)


def test_positive_feel_is_earlier(play):
    early, late = play(EIGHTHS, feel=1.0), play(EIGHTHS, feel=-1.0)
    assert early[8].onset == pytest.approx(4 - 20 / 480)
    assert late[8].onset == pytest.approx(4 + 20 / 480)
    assert early[0].onset >= -0.05
    assert play(EIGHTHS, feel=1.0, index=0)[0].onset == 0


def test_the_lo_fi_snare_drags_behind_the_hat(play):
    hits = (Note(1.0, 0.2, 38, 80), Note(1.0, 0.2, 42, 60))
    snare, hat = (next(n for n in play(hits, "drums", "lo-fi") if n.pitch == pitch) for pitch in (38, 42))
    assert snare.onset - hat.onset == pytest.approx(20 / 480)


def test_a_hand_strays_a_little_and_chords_stay_together(play):
    played = play(CHORDS, "chords", humanise=1.0)
    strays = [a.onset - b.onset for a, b in zip(played, sorted(CHORDS), strict=True)]
    assert 0.001 < max(strays) <= 0.12
    assert len({round(n.onset, 9) for n in played}) == 16
    assert len({n.velocity for n in played}) > 5
    assert all(abs(n.velocity - 80) <= 24 for n in played)


def test_a_hand_misses_by_milliseconds_and_drummers_by_fewer(play, contexts):
    beat = 60 / contexts[1].parameters.tempo

    def spread(part):
        played = play(EIGHTHS, part, humanise=0.5)
        return 1000 * beat * pstdev(a.onset - b.onset for a, b in zip(played, EIGHTHS, strict=True))

    assert 4 <= spread("melody") <= 12
    assert spread("drums") < 0.8 * spread("melody")


def test_the_loudest_strokes_differ_still(play):
    hard = [Note(i / 2, 0.5, 60, velocity) for i, velocity in enumerate((110, 118, 127) * 10)]
    played = play(hard, humanise=0.5)
    assert max(n.velocity for n in played) < 126
    assert max(n.velocity for n in played[2::3]) > max(n.velocity for n in played[::3])


def test_more_humanise_strays_further(play):
    def stray(humanise):
        return sum(abs(a.onset - b.onset) for a, b in zip(play(EIGHTHS, humanise=humanise), EIGHTHS, strict=True))

    assert 0 == stray(0.0) < stray(0.4) < stray(1.0)


def test_a_guitar_strums_down_on_the_beat_and_up_off_it(play):
    chord = (52, 57, 60, 64)
    notes = [Note(onset, 0.5, pitch, 80) for onset in (4.0, 4.5) for pitch in chord]
    played = play(notes, "chords", humanise=0.5, instrument=GUITAR)
    down, up = played[:4], played[4:]
    assert [n.pitch for n in down] == list(chord)
    assert [n.pitch for n in up] == list(reversed(chord))
    assert 0.01 < down[-1].onset - down[0].onset < 0.1


def test_chance_depends_on_the_part_alone(play):
    assert play(EIGHTHS, humanise=1.0) == play(EIGHTHS, humanise=1.0)
    assert play(EIGHTHS, humanise=1.0) != play(EIGHTHS, "counter", humanise=1.0)
