"""Comping: the section's chords in the style of the genre, as the instrument's hand would lay them."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.context import Layer
from kelly.composing.engines import rhythm
from kelly.composing.plan import figures, make_plan
from kelly.composing.settings import Settings
from kelly.composing.tables import genres, instruments
from kelly.emotion import thesaurus
from kelly.emotion.journey import Journey

STYLES = tuple(figures()["rhythm"])
NAMES = ("grief", "serenity", "hope", "rage")
INSTRUMENTS = {i.name: i for i in instruments()}


@pytest.fixture(scope="module")
def sections(contexts_of):
    return {
        name: next(c for c in contexts_of(name, "chords", seed=1) if c.section.role == "chorus" and c.next)
        for name in NAMES
    }


@pytest.fixture(scope="module")
def play(sections):
    """A function from (name of a feeling, style, instrument) to the chorus's context and its chords."""

    def played(name, style, instrument="grand piano", seed=1, span=None, **changes):
        context = sections[name]
        genre = replace(context.plan.genre, rhythms=dict.fromkeys(STYLES, 1.0))
        palette = {**context.plan.instruments, "chords": INSTRUMENTS[instrument]}
        plan = replace(context.plan, genre=genre, instruments=palette)
        section = replace(context.section, figures={**context.section.figures, "rhythm": style}, pulse=1.0, **changes)
        start, end = span or (0.0, section.beats)
        context = replace(context, plan=plan, section=section, layers=(Layer(start, end - start, "chords", 1.0),))
        return context, rhythm.play(context, stream(seed, "chords", section.role))

    return played


def onsets(notes):
    return sorted({n.onset for n in notes})


def off_beat(notes):
    row = onsets(notes)
    return sum(onset % 1 > 0 for onset in row) / len(row)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("instrument", ["grand piano", "drawbar organ", "steel guitar", "distortion guitar"])
@pytest.mark.parametrize("name", NAMES)
def test_notes_are_in_range_on_the_chord_and_never_struck_twice(name, instrument, style, play):
    context, notes = play(name, style, instrument)
    assert notes
    ends = {}
    for note in sorted(notes):
        assert context.low <= note.pitch <= context.high
        assert note.pitch % 12 in context.chord_at(note.onset).symbol.pitch_classes
        assert note.duration > 0
        assert ends.get(note.pitch, 0.0) <= note.onset + 1e-9
        ends[note.pitch] = note.end
    assert max(ends.values()) <= context.section.beats + 1e-9


@pytest.mark.parametrize("style", STYLES)
def test_no_chord_is_missed(style, play):
    for name in NAMES:
        context, notes = play(name, style)
        for chord in context.chords:
            assert any(chord.onset <= n.onset <= chord.onset + 1 for n in notes)


def test_styles_differ_as_their_names_say(play):
    made = {style: play("hope", style)[1] for style in STYLES}
    assert off_beat(made["syncopated"]) > off_beat(made["straight"])
    assert off_beat(made["four-on-the-floor"]) > 0.6
    assert len(onsets(made["double-time"])) > 1.4 * len(onsets(made["straight"]))
    assert len(onsets(made["halftime"])) < 0.8 * len(onsets(made["straight"]))
    voices = {style: len(notes) / len(onsets(notes)) for style, notes in made.items()}
    assert voices["broken"] < 1.5 < voices["straight"]
    rows = {style: tuple(onsets(notes)) for style, notes in made.items()}
    assert len(set(rows.values())) == len(STYLES)


def test_a_calm_section_sustains_and_an_aroused_one_strikes(play, sections):
    wanted = sections["hope"].parameters
    for style in STYLES:
        rows = [play("hope", style, parameters=replace(wanted, density=d))[1] for d in (0.3, 0.55, 0.8, 1.0)]
        counts = [len(onsets(notes)) for notes in rows]
        assert counts == sorted(counts)
        assert counts[-1] >= 2 * counts[0]


def test_staccato_is_shorter_than_legato(play, sections):
    def length(articulation):
        wanted = replace(sections["hope"].parameters, articulation=articulation)
        return sum(n.duration for n in play("hope", "straight", parameters=wanted)[1])

    assert length("staccato") < 0.7 * length("legato")


def test_an_organ_holds_where_a_piano_lets_go(play):
    def gaps(instrument):
        _, notes = play("rage", "straight", instrument)
        struck = onsets(notes)
        lengths = {n.onset: n.duration for n in notes}
        return sum(b - a - lengths[a] for a, b in pairwise(struck))

    assert gaps("drawbar organ") < 0.5 * gaps("grand piano")


def test_a_driven_guitar_plays_power_chords(play):
    context, notes = play("rage", "double-time", "distortion guitar")
    for note in notes:
        classes = context.chord_at(note.onset).symbol.pitch_classes
        assert note.pitch % 12 in (classes[0], classes[2])


def test_a_song_is_comped_in_a_style_of_its_genre():
    for name in ("rage", "serenity", "hope"):
        for genre in genres().values():
            plan = make_plan(Journey(thesaurus.lookup(name).emotion), Settings(seed=2, genre=genre.name))
            assert {section.figures["rhythm"] for section in plan.sections} <= set(genre.rhythms)


def test_it_keeps_to_its_layer_and_repeats_itself_exactly(play):
    _, notes = play("rage", "straight", span=(16.0, 32.0))
    assert min(n.onset for n in notes) >= 16
    assert max(n.end for n in notes) <= 32
    assert notes == play("rage", "straight", span=(16.0, 32.0))[1]


def test_without_a_layer_it_is_silent(sections):
    assert rhythm.play(replace(sections["hope"], layers=()), stream(1, "chords")) == []


def test_a_song_ends_on_a_held_chord(contexts_of):
    for name in ("ecstasy", "rage", "hope", "grief"):
        last = contexts_of(name, "chords", seed=0)[-1]
        notes = rhythm.play(last, stream(0, "chords", "outro"))
        final = [n for n in notes if n.onset >= last.section.beats - 4]
        assert {n.onset for n in final} == {last.section.beats - 4}
        assert all(n.end == pytest.approx(last.section.beats) for n in final)


def test_in_a_rush_light_strokes_have_fewer_voices(play, sections):
    def voices(density):
        wanted = replace(sections["hope"].parameters, density=density)
        notes = play("hope", "straight", parameters=wanted)[1]
        return len(notes) / len(onsets(notes))

    assert voices(0.95) < voices(0.5)
