"""The bass: one voice, under the chords, in the register of the feeling, each figure in its own way."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.context import Layer
from kelly.composing.engines import bass
from kelly.composing.plan import figures
from kelly.emotion.space import Emotion

FIGURES = tuple(figures()["bass"])
NAMES = ("grief", "serenity", "hope", "rage")


@pytest.fixture(scope="module")
def sections(contexts_of):
    return {
        name: next(c for c in contexts_of(name, "bass", seed=1) if c.section.role == "chorus" and c.next)
        for name in NAMES
    }


@pytest.fixture(scope="module")
def play(sections):
    """A function from (name of a feeling, figure) to the chorus's context and its bass, which plays throughout."""

    def played(name, figure, seed=1, span=None, **changes):
        context = sections[name]
        section = replace(context.section, figures={**context.section.figures, "bass": figure}, **changes)
        start, end = span or (0.0, section.beats)
        context = replace(context, section=section, layers=(Layer(start, end - start, "bass", 1.0),))
        return context, bass.play(context, stream(seed, "bass", section.role))

    return played


def chord_onsets(context):
    return {chord.onset for chord in context.chords}


def steps(notes):
    return [b.pitch - a.pitch for a, b in pairwise(notes)]


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", NAMES)
def test_one_voice_in_range_without_wild_leaps(name, figure, play):
    for seed in (1, 2):
        context, notes = play(name, figure, seed)
        assert notes
        assert all(context.low <= n.pitch <= context.high and 1 <= n.velocity <= 127 for n in notes)
        assert all(a.end <= b.onset + 1e-9 for a, b in pairwise(notes))
        assert all(abs(step) <= 14 for step in steps(notes))
        assert notes[-1].end <= context.section.beats + 1e-9


@pytest.mark.parametrize("figure", [f for f in FIGURES if f != "pedal"])
@pytest.mark.parametrize("name", NAMES)
def test_every_chord_begins_with_its_bass_tone(name, figure, play):
    context, notes = play(name, figure)
    sounding = {n.onset: n.pitch % 12 for n in notes}
    assert all(sounding[chord.onset] == chord.symbol.lowest for chord in context.chords)


def test_a_pedal_stays_while_the_chords_move(play):
    context, notes = play("grief", "pedal")
    assert len({chord.symbol.lowest for chord in context.chords}) > 1
    assert {n.pitch for n in notes} == {notes[0].pitch}
    assert notes[0].pitch % 12 in (context.key.tonic, context.key.scale[4])


def test_lines_go_the_way_they_are_named(play):
    for name in NAMES:
        for figure, way in (("descending", -1), ("climbing", 1)):
            context, notes = play(name, figure)
            inside = [b.pitch - a.pitch for a, b in pairwise(notes) if b.onset not in chord_onsets(context)]
            assert sum(step * way > 0 for step in inside) > 0.5 * len(inside)
            assert sum(step * way < 0 for step in inside) <= 0.1 * len(inside)  # where the range turns it back


def test_a_walking_bass_hardly_repeats_a_tone_and_steps_into_the_next_chord(play):
    context, notes = play("hope", "walking")
    assert sum(step == 0 for step in steps(notes)) <= 0.1 * len(notes)
    arrivals = [abs(b.pitch - a.pitch) for a, b in pairwise(notes) if b.onset in chord_onsets(context)]
    assert sum(step <= 2 for step in arrivals) >= 0.8 * len(arrivals)


def test_figures_differ_as_their_names_say(play):
    lines = {figure: play("hope", figure)[1] for figure in FIGURES}
    rhythms = {figure: [n.onset for n in line] for figure, line in lines.items()}
    assert len(rhythms["driving"]) > 1.5 * len(rhythms["root"])
    off_beat = {figure: sum(onset % 1 > 0 for onset in row) / len(row) for figure, row in rhythms.items()}
    assert off_beat["syncopated"] > off_beat["root"]
    assert off_beat["syncopated"] > off_beat["root-fifth"]
    sounding = {figure: sum(n.duration for n in line) for figure, line in lines.items()}
    assert sounding["pulsing"] < 0.7 * sounding["driving"]
    assert sounding["breathing"] < 0.85 * sounding["root"]
    soft = min(n.velocity for n in lines["ghost"])
    assert soft < 0.7 * max(n.velocity for n in lines["ghost"])
    assert soft < min(n.velocity for n in lines["root"])


def test_fifths_and_broken_chords_stay_on_the_chord(play):
    for figure in ("root-fifth", "arpeggiated"):
        context, notes = play("serenity", figure)
        on_chord = [n.pitch % 12 in context.chord_at(n.onset).symbol.pitch_classes for n in notes]
        assert sum(on_chord) >= 0.85 * len(on_chord)


def test_unpleasant_feelings_lie_deeper(play):
    def register(valence):
        _, notes = play("hope", "root", feeling=Emotion(valence, 0.5, 0.5))
        return sum(n.pitch for n in notes) / len(notes)

    assert register(-1.0) <= register(0.0) <= register(1.0)
    assert register(1.0) - register(-1.0) >= 3


def test_it_grows_busier_with_density(play, sections):
    wanted = sections["hope"].parameters
    for figure in FIGURES:
        counts = [
            len(play("hope", figure, parameters=replace(wanted, density=density))[1])
            for density in (0.3, 0.55, 0.8, 1.0)
        ]
        assert counts == sorted(counts)
        assert counts[-1] >= 1.5 * counts[0]


def test_it_keeps_to_its_layer(play):
    _, notes = play("rage", "driving", span=(16.0, 32.0))
    assert min(n.onset for n in notes) >= 16
    assert max(n.end for n in notes) <= 32


def test_without_a_layer_it_is_silent(sections):
    assert bass.play(replace(sections["hope"], layers=()), stream(1, "bass")) == []


def test_the_same_stream_gives_the_same_line_and_bars_are_not_all_alike(play):
    context, notes = play("hope", "root-fifth")
    assert notes == play("hope", "root-fifth")[1]
    bars = {tuple(n.onset % 4 for n in notes if n.onset // 4 == bar) for bar in range(context.section.bars)}
    assert len(bars) > 1


def test_a_song_comes_to_rest_on_one_last_tone(contexts_of):
    last = contexts_of("hope", "bass", seed=1)[-1]
    last = replace(last, layers=(Layer(0.0, last.section.beats, "bass", 1.0),))
    notes = bass.play(last, stream(1, "bass", "outro"))
    closing = [n for n in notes if n.onset >= last.section.beats - 4]
    assert [n.onset for n in closing] == [c.onset for c in last.chords if c.onset >= last.section.beats - 4]


@pytest.mark.parametrize("figure", ["driving", "pulsing", "root", "syncopated"])
def test_second_and_fourth_bars_turn(figure, play):
    _, notes = play("rage", figure)
    bars = [tuple((n.onset % 4, n.pitch) for n in notes if n.onset // 4 == bar) for bar in range(16)]
    assert len(set(bars)) >= 6


def test_the_last_tone_of_a_song_is_held(contexts_of):
    for name in ("ecstasy", "rage", "hope"):
        last = contexts_of(name, "bass", seed=0)[-1]
        last = replace(last, layers=(Layer(0.0, last.section.beats, "bass", 1.0),))
        note = bass.play(last, stream(0, "bass", "outro"))[-1]
        assert note.onset == last.section.beats - 4
        assert note.end == pytest.approx(last.section.beats)
