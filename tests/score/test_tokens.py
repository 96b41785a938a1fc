"""Tokens: that a score is the same to a step of the grid once it has been words, and what is no word is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.score.notes import DRUM_CHANNEL, Meter, Note, Part, Score, Tempo
from kelly.score.tokens import (
    DURATIONS,
    FAMILIES,
    FIELDS,
    GRID,
    METERS,
    PERCUSSION,
    SEATS,
    SIZES,
    TEMPOS,
    decode,
    encode,
)

beats = st.floats(0, 60, allow_nan=False)
notes = st.builds(Note, beats, st.floats(0.001, 20), st.integers(0, 127), st.integers(1, 127))
parts = st.builds(
    Part, st.just("x"), st.sampled_from([0, 3, 9]), st.integers(0, 127), st.lists(notes, max_size=20).map(tuple)
)
meters = st.sampled_from(METERS)


@st.composite
def scores(draw: st.DrawFn) -> Score:
    changes = sorted({0.0, *draw(st.lists(st.integers(1, 50).map(float), max_size=3))})
    tempos = sorted({0.0, *draw(st.lists(beats, max_size=3))})
    return Score(
        tuple(draw(st.lists(parts, max_size=SEATS))),
        tempos=tuple(Tempo(onset, draw(st.floats(20, 400))) for onset in tempos),
        meters=tuple(Meter(onset, *draw(meters)) for onset in changes),
    )


chords = st.lists(st.tuples(beats, st.integers(1, 1023)), max_size=5).map(sorted)


def column(words: np.ndarray, name: str) -> list[int]:
    return words[:, FIELDS.index(name)].tolist()


@given(scores(), chords)
def test_what_has_been_words_gives_the_same_words(score: Score, told: list[tuple[float, int]]) -> None:
    words = encode(score, told)
    again, heard = decode(words)
    np.testing.assert_array_equal(encode(again, heard), words)
    assert (words >= 0).all()
    assert (words < list(SIZES.values())).all()


@given(scores())
def test_notes_come_back_to_a_step_of_the_grid(score: Score) -> None:
    before = [part for part in score.parts if part.notes]
    after = decode(encode(score))[0].parts
    assert [part.is_drums for part in after] == [part.is_drums for part in before]
    assert [part.program for part in after if not part.is_drums] == [p.program for p in before if not p.is_drums]
    for part, other in zip(before, after, strict=True):
        place = lambda note: (round(note.onset * GRID), note.pitch, note.velocity // 4, note.duration)  # noqa: E731
        one, two = sorted(part.notes, key=place), sorted(other.notes, key=place)
        assert [place(note)[:2] for note in one] == [place(note)[:2] for note in two]
        for note, found in zip(one, two, strict=True):
            assert abs(note.onset - found.onset) <= 0.5 / GRID + 1e-9
        assert sorted(max(1, note.velocity // 4 * 4) for note in one) == sorted(note.velocity for note in two)


def test_a_bar_of_a_song_reads_as_it_is_written() -> None:
    song = Score(
        (
            Part("Bass", 2, 33, (Note(4.5, 1.0, 40, 90),)),
            Part("Drums", DRUM_CHANNEL, 0, (Note(4.0, 0.25, 36, 127), Note(4.5, 0.25, 42, 1))),
        ),
        tempos=(Tempo(0.0, 120.0),),
        meters=(Meter(0.0, 4, 4),),
    )
    words = encode(song, [(4.0, 7)])
    names = [FAMILIES[number] for number in column(words, "family")]
    assert names == ["part", "part", "bar", "bar", "chord", "note", "note", "note", "end"]
    assert column(words, "position")[4:8] == [1, 1, 7, 7]
    assert column(words, "seat")[:2] == [1, 2]
    assert column(words, "seat")[5:8] == [2, 1, 2]
    assert column(words, "pitch")[:2] == [34, PERCUSSION]
    assert column(words, "pitch")[5:8] == [37, 41, 43]
    assert [DURATIONS[one - 1] for one in column(words, "duration")[5:8]] == [3, 12, 3]
    assert column(words, "chord")[4] == 7
    assert TEMPOS[column(words, "tempo")[2] - 1] == pytest.approx(120, rel=0.03)
    assert METERS[column(words, "meter")[2] - 1] == (4, 4)


def test_a_meter_that_changes_within_a_bar_waits_for_the_next() -> None:
    song = Score((Part("a", 0, 0, (Note(9.0, 1.0, 60, 90),)),), meters=(Meter(0.0, 4, 4), Meter(2.0, 3, 4)))
    again, _ = decode(encode(song))
    assert again.meters == (Meter(0.0, 4, 4), Meter(4.0, 3, 4))
    assert again.parts[0].notes[0].onset == 9.0


def test_an_empty_score_is_an_empty_bar() -> None:
    words = encode(Score(()))
    assert column(words, "family") == [FAMILIES.index("bar"), FAMILIES.index("end")]
    assert decode(words)[0].parts == ()


def test_what_comes_after_the_end_is_not_read() -> None:
    words = encode(Score((Part("a", 0, 0, (Note(0.0, 1.0, 60, 90),)),)))
    assert decode(np.concatenate([words, words]))[0] == decode(words)[0]


@pytest.mark.parametrize(
    ("score", "told"),
    [
        (Score(tuple(Part(f"{i}", 0, 0, (Note(0.0, 1.0, 60, 90),)) for i in range(17))), "up to 16 parts"),
        (Score((), meters=(Meter(0.0, 9, 4),)), "up to 8 beats"),
        (Score((), meters=(Meter(0.0, 3, 32),)), "got 3/32"),
    ],
)
def test_what_words_cannot_say_is_refused(score: Score, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        encode(score)


def test_chords_are_numbered_from_one() -> None:
    with pytest.raises(UsageError, match=r"1\.\.1023; got 0\.\.3"):
        encode(Score(()), [(0.0, 0), (1.0, 3)])


def changed(row: int, **fields: int) -> np.ndarray:
    """The words of one note (part, bar, note, end) with a row changed."""
    words = encode(Score((Part("a", 0, 0, (Note(0.0, 1.0, 60, 90),)),)))
    for name, value in fields.items():
        words[row, FIELDS.index(name)] = value
    return words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (np.zeros((3, 4), int), r"\(words, 9\); got int64 of shape \(3, 4\)"),
        (np.zeros((3, 9)), "whole numbers"),
        (changed(2, pitch=200), r"word 2: pitch must lie in 0\.\.129; got 200"),
        (changed(2, seat=-1), r"word 2: seat must lie in 0\.\.16; got -1"),
        (changed(2, velocity=0), "word 2: a note must have position, seat, pitch, duration, velocity and no more"),
        (changed(1, chord=3), "word 1: a bar must have tempo, meter and no more"),
        (changed(2, seat=2), r"seat of a note must be that of a part, \[1\]; got 2"),
        (changed(0)[[0, 2, 1, 3]], "word 1: a note must come after a bar"),
        (changed(0)[[0, 0, 1, 2, 3]], "a seat of its own"),
    ],
)
def test_what_is_no_word_is_refused(words: np.ndarray, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        decode(words)


@given(st.lists(st.tuples(*[st.integers(-1, size) for size in SIZES.values()]), max_size=8))
def test_whatever_is_handed_over_is_read_or_refused(rows: list[tuple[int, ...]]) -> None:
    words = np.array(rows, int).reshape(-1, len(FIELDS))
    try:
        score, chords = decode(words)
    except UsageError:
        return
    again = encode(score, chords)
    np.testing.assert_array_equal(encode(*decode(again)), again)
