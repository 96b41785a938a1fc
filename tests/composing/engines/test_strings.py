"""Strings bow, pluck and bounce: every stroke is told from the others by what it does."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.engines import strings
from kelly.composing.plan import figures

STROKES = tuple(figures()["strings"])
NAMES = ("grief", "serenity", "hope", "rage")


@pytest.fixture(scope="module")
def play(player):
    """A function from (name of a feeling, stroke) to the verse's context and its strings."""
    played = player(strings, "strings")
    return lambda name, stroke, on="string ensemble", **asked: played(name, stroke, on=on, **asked)


def mean_length(notes):
    return sum(n.duration for n in notes) / len(notes)


def onsets(notes):
    return len({n.onset for n in notes})


@pytest.mark.parametrize("stroke", STROKES)
@pytest.mark.parametrize("name", NAMES)
def test_every_note_is_in_range_in_the_section_and_apart_from_its_like(name, stroke, play, assert_playable):
    context, notes = play(name, stroke)
    assert_playable(context, notes)


@pytest.mark.parametrize("stroke", STROKES)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_struck_belongs_to_the_chord_and_passing_tones_to_the_scale(name, stroke, play):
    context, notes = play(name, stroke)
    for note in notes:
        allowed = context.scale_at(note.onset)
        if stroke != "legato" or note.onset == context.chord_at(note.onset).onset:
            allowed = context.chord_at(note.onset).symbol.pitch_classes
        assert note.pitch % 12 in allowed


@pytest.mark.parametrize("stroke", STROKES)
def test_few_voices_sound_at_once(stroke, play):
    for name in NAMES:
        context, notes = play(name, stroke)
        most = max(sum(n.onset <= c.onset < n.end for n in notes) for c in context.chords)
        assert (1 if stroke == "spiccato" else 2) <= most <= (4 if stroke == "marcato" else 3)


def test_strings_that_are_silent_play_nothing_and_late_ones_wait(play):
    context, _ = play("hope", "sustain")
    assert strings.play(replace(context, layers=()), stream(1, "strings")) == []
    for stroke in STROKES:
        _, notes = play("hope", stroke, span=(16.0, 40.0))
        assert notes
        assert all(n.onset >= 16 and n.end <= 40 for n in notes)


def test_strokes_differ_in_length_and_rate(play):
    for name in NAMES:
        rows = {stroke: play(name, stroke)[1] for stroke in STROKES}
        rates = {stroke: onsets(notes) for stroke, notes in rows.items()}
        lengths = {stroke: mean_length(notes) for stroke, notes in rows.items()}
        assert rates["tremolo"] > 0.9 * rates["spiccato"]
        assert rates["spiccato"] > rates["pizzicato"] > rates["sustain"]
        assert lengths["sustain"] > lengths["legato"] > lengths["marcato"] > lengths["spiccato"]
        assert max(n.duration for n in rows["pizzicato"]) < 0.5


def test_tremolo_repeats_its_tones(play):
    _, notes = play("rage", "tremolo")
    top = [n.pitch for n in notes if n.pitch == max(m.pitch for m in notes if m.onset == n.onset)]
    assert sum(a == b for a, b in pairwise(top)) / len(top) > 0.9


def test_a_tremolo_instrument_trembles_by_itself(play):
    by_hand, by_itself = (onsets(play("rage", "tremolo", on=i)[1]) for i in ("string ensemble", "tremolo strings"))
    assert by_itself < by_hand / 2


def test_plucked_strings_cannot_sustain(play):
    for stroke in ("sustain", "legato", "tremolo"):
        _, notes = play("grief", stroke, on="pizzicato strings")
        assert max(n.duration for n in notes) < 0.5


def test_legato_sings_in_steps(play):
    for name in ("grief", "hope", "serenity"):
        context, notes = play(name, "legato")
        tops = [
            max((n for n in notes if n.onset <= at / 2 < n.end), default=None, key=lambda n: n.pitch)
            for at in range(int(2 * context.section.beats))
        ]
        line = [a for a, b in pairwise([*tops, None]) if a is not None and a != b]
        moves = [abs(a.pitch - b.pitch) for a, b in pairwise(line)]
        assert len(line) > 1.3 * len(context.chords)
        assert sum(move <= 4 for move in moves) / len(moves) > 0.75


def test_marcato_leans_on_strong_beats(play):
    _, notes = play("rage", "marcato")
    strong = [n.velocity for n in notes if n.onset % 2 == 0]
    weak = [n.velocity for n in notes if n.onset % 2]
    assert sum(strong) / len(strong) > sum(weak) / len(weak)


def test_denser_feelings_pluck_and_hammer_more(play):
    for stroke in ("pizzicato", "marcato"):
        rates = [onsets(play(name, stroke)[1]) / play(name, stroke)[0].section.bars for name in ("melancholy", "rage")]
        assert rates[0] < rates[1]


def test_the_same_section_is_the_same_again_and_a_later_one_a_little_higher(play):
    for stroke in STROKES:
        assert play("grief", stroke) == play("grief", stroke)
    first, later = (play("hope", "sustain", occurrence=n)[1] for n in (0, 2))
    assert sum(n.pitch for n in later) / len(later) >= sum(n.pitch for n in first) / len(first)
