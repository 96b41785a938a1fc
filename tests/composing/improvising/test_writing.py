"""Bars that the transformer writes, under rules that hold whatever it expects."""

from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.composing.chance import stream
from kelly.composing.improvising.sampling import Sampling
from kelly.composing.improvising.writing import Bar, Page, Rules, write
from kelly.emotion.space import Emotion
from kelly.models.transformer.layout import AFTER, AFTER_BARS, BAR, BEGIN, NOTE, PART, SEATS, TURN
from kelly.score.tokens import METERS
from small.scribe import Scribe

FOUR, THREE = METERS.index((4, 4)) + 1, METERS.index((3, 4)) + 1
JOY, GRIEF = Emotion(0.7, 0.7, 0.6), Emotion(-0.6, 0.2, 0.3)
C_MAJOR, F_MAJOR = 1, 26  # chord classes and 1
MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})


def note(seat, position, pitch):
    return [NOTE, seat, position, pitch + 1, 12, 20, 0, 0]


def page(bars=4, meter=FOUR, rules=None, words=(), **more):
    rules = rules or {1: Rules(60, 84, MAJOR, alone=True), 2: Rules(48, 72, chordal=True), 3: Rules(36, 55)}
    given = np.array(words, np.int64).reshape(-1, 8)
    plan = [Bar(meter, 30, JOY, (C_MAJOR, C_MAJOR, F_MAJOR, F_MAJOR), given) for _ in range(bars)]
    return Page(dict.fromkeys((*rules, *(word[1] for word in words)), 1), rules, plan, **more)


def written(sheet, network=None, sampling=Sampling(), seed=0):  # noqa: B008 - a value
    return list(write(network or Scribe(), sheet, sampling, stream(seed, "test")))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    steep=st.floats(0, 20),
    meter=st.sampled_from([FOUR, THREE, METERS.index((7, 8)) + 1]),
    sampling=st.builds(Sampling, temperature=st.floats(0, 5), top_p=st.floats(0.1, 1), repetition=st.floats(0, 5)),
)
def test_rules_hold_whatever_is_expected(seed, steep, meter, sampling):
    sheet = page(meter=meter)
    rows = written(sheet, Scribe(seed=seed, steep=steep), sampling, seed)
    last = (0, 0, 0, 0)
    for bar, word in rows:
        family, seat, position, key, duration, velocity, tempo, of_meter = word.tolist()
        rule, pitch = sheet.rules[seat], key - 1
        assert (family, tempo, of_meter) == (NOTE, 0, 0)
        assert rule.low <= pitch <= rule.high
        assert 1 <= position <= sheet.bars[bar].steps
        assert duration >= 1
        assert velocity >= 1
        assert (bar, position, seat, key) > last, "notes stand in order of position, seat and pitch, none twice"
        last = (bar, position, seat, key)
        tones = {0, 4, 7} if position <= sheet.bars[bar].steps // 2 else {0, 5, 9}
        if seat == 2:
            assert pitch % 12 in tones
        if seat == 1:
            assert pitch % 12 in MAJOR
    alone = [(bar, int(word[2])) for bar, word in rows if word[1] == 1]
    assert len(alone) == len(set(alone))


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), least=st.integers(0, 12), more=st.integers(0, 8))
def test_a_bar_has_as_many_notes_as_are_asked_for(seed, least, more):
    sheet = page(bars=3, rules={3: Rules(36, 55)})
    asked = [replace(bar, least=least, most=least + more) for bar in sheet.bars]
    rows = written(replace(sheet, bars=asked), Scribe(seed=seed), seed=seed)
    for number in range(3):
        count = sum(bar == number for bar, _ in rows)
        last = max((int(word[2]) for bar, word in rows if bar == number), default=0)
        assert count <= least + more
        assert count >= least or last == 48, "where there is no room left, fewer will do"


def test_a_bar_is_written_again_as_it_was():
    sheet, network = page(bars=6), Scribe(places=128)
    plan = [replace(bar, least=4, again=None if at < 2 else at % 2) for at, bar in enumerate(sheet.bars)]
    rows = written(replace(sheet, bars=plan), network)
    bars = [[word.tolist() for bar, word in rows if bar == number] for number in range(6)]
    assert bars[0] == bars[2] == bars[4] != bars[1]
    assert bars[1] == bars[3] == bars[5]
    assert len(bars[0]) >= 4
    assert network.longest <= network.places
    whole = Scribe(places=512)
    written(replace(sheet, bars=plan), whole)
    read = [word for word, _, _ in whole.read if word[0] == NOTE]
    assert len(read) == len(written(replace(sheet, bars=plan), whole)), "it reads what was repeated, too"


def test_a_seed_writes_the_same_again_and_another_something_else():
    rows = [[word.tolist() for _, word in written(page(), seed=seed)] for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]


def test_every_bar_that_is_asked_for_is_written_and_no_more():
    network = Scribe()
    numbers = [bar for bar, _ in written(page(bars=6), network)]
    assert set(numbers) <= set(range(6))
    assert numbers == sorted(numbers)
    assert sum(word[0] == BAR for word, _, _ in network.read) == 6


def test_notes_come_as_they_are_written():
    """The first note is there before the second bar is begun."""
    network = Scribe()
    next(write(network, page(bars=500), Sampling(), stream(0, "test")))
    assert sum(word[0] == BAR for word, _, _ in network.read) < 5


def test_a_piece_of_any_length_needs_no_longer_memory():
    network = Scribe(places=96)
    rows = list(islice(write(network, page(bars=4000), Sampling(), stream(0, "test")), 3000))
    assert len(rows) == 3000
    assert network.longest <= 96
    begins = [row for row, (word, _, _) in enumerate(network.read) if word[0] == BEGIN]
    assert len(begins) > 5
    for begin, following in pairwise(begins):
        parts = [word for word, _, _ in network.read[begin:following] if word[0] == PART]
        assert parts == [] or len(parts) == 3, "the parts are told anew"


def test_what_others_play_is_read_before_what_is_free():
    drum = note(7, 1, 36)
    network = Scribe()
    rows = written(page(bars=2, words=[drum]), network)
    families = [word[0] for word, _, _ in network.read]
    first = families.index(BAR)
    assert network.read[first + 1][0] == tuple(drum)
    assert families[first + 2] == TURN
    assert 7 not in {int(word[1]) for _, word in rows}


def test_what_stands_around_is_read_and_bars_left_are_told():
    around = Bar(FOUR, 30, GRIEF, words=np.array([note(1, 1, 60)]))
    network = Scribe()
    written(page(bars=3, before=[around] * 2, after=[around] * 9), network)
    families = [word[0] for word, _, _ in network.read]
    assert families.index(AFTER) < families.index(BEGIN)
    bars = [(word, int(told.left[row])) for word, told, row in network.read if word[0] == BAR]
    # Of what comes after, none is to be written, and no more is told than the network learned with.
    assert [left for _, left in bars] == [*[0] * AFTER_BARS, 5, 4, 3, 2, 1]


def test_the_feeling_and_the_chords_of_the_bar_and_the_next_are_told():
    network = Scribe()
    sheet = page(bars=1)
    plan = [sheet.bars[0], Bar(FOUR, 30, GRIEF, (F_MAJOR,) * 4)]
    written(Page(sheet.programs, sheet.rules, plan), network)
    bars = [(told, row) for word, told, row in network.read if word[0] == BAR]
    first, last = ((told.feelings[row], told.changes[row], told.chords[row]) for told, row in bars)
    assert first[0][0] == pytest.approx(JOY.valence)
    assert first[1] == pytest.approx(np.subtract(GRIEF.vad, JOY.vad))
    assert first[2].tolist() == [C_MAJOR, C_MAJOR, F_MAJOR, F_MAJOR, *[F_MAJOR] * 4]
    assert last[1].tolist() == [0, 0, 0]
    assert last[2].tolist() == [*[F_MAJOR] * 4, 0, 0, 0, 0]


def test_a_crowded_bar_is_read_in_part():
    crowd = [note(7, 1 + n % 48, 35 + n % 40) for n in range(600)]
    network = Scribe(places=128)
    written(page(bars=3, words=crowd), network)
    assert network.longest <= 128


def test_nobody_plays_where_a_range_holds_no_tone_of_the_chord():
    rows = written(page(rules={1: Rules(61, 61, chordal=True)}))
    assert rows == []


def repeated(penalty, seat=1):
    """How often a scribe that expects one key above all strikes it again."""

    class Same(Scribe):
        def memory(self, guidance=1.0):
            memory = super().memory(guidance)
            expect = memory.expect
            memory.expect = lambda word, field: -np.abs(np.arange(130.0) - 61) if field == 3 else expect(word, field)
            return memory

    rules = {seat: Rules(60, 72, MAJOR, alone=True)}
    rows = written(page(bars=12, rules=rules), Same(), Sampling(repetition=penalty, temperature=0.3))
    keys = [int(word[3]) for _, word in rows]
    return np.mean([one == other for one, other in pairwise(keys)])


def test_a_penalty_on_repetition_makes_pitches_vary():
    assert repeated(0.0) > 0.9
    assert repeated(1.0) < 0.5


def test_drums_may_repeat():
    assert repeated(1.0, SEATS["drums"]) > 0.9
