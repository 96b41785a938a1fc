"""Controllers are set as a player would."""

from dataclasses import replace

from kelly.composing.controllers import merged, pedal, setting, vibrato
from kelly.composing.mapping import parameters
from kelly.composing.tables import instruments, parts
from kelly.emotion.space import Emotion
from kelly.score.notes import Control

CALM, WILD = parameters(Emotion(0, 0.1, 0.5)), parameters(Emotion(0, 0.95, 0.5))


def named(name):
    return next(instrument for instrument in instruments() if instrument.name == name)


def test_every_channel_starts_with_volume_pan_and_reverb():
    for row in parts().values():
        assert [c.controller for c in setting(row, CALM)] == [7, 10, 11, 91]


def test_calm_feelings_have_more_reverb_and_the_bass_has_none():
    sends = {part: (setting(row, CALM)[3].value, setting(row, WILD)[3].value) for part, row in parts().items()}
    assert sends["melody"][0] > sends["melody"][1]
    assert sends["bass"] == (0, 0)


def test_the_pedal_changes_with_the_chord(contexts_of):
    context = contexts_of("serenity", part="chords", genre="ballad")[1]
    down = pedal(named("grand piano"), context.chords, context.parts["chords"], CALM)
    presses = [c.onset for c in down if c.value == 127]
    assert len(presses) == len(context.chords)
    assert all(abs(press - chord.onset) < 0.1 for press, chord in zip(presses, context.chords, strict=True))
    assert down[-1].value == 0


def test_only_instruments_with_a_pedal_and_legato_feelings_use_it(contexts_of):
    context = contexts_of("serenity", part="chords", genre="ballad")[1]
    notes = context.parts["chords"]
    assert pedal(named("drawbar organ"), context.chords, notes, CALM) == []
    assert pedal(named("grand piano"), context.chords, notes, WILD) == []


def test_vibrato_deepens_with_intensity(contexts_of):
    def depth(name):
        context = contexts_of(name)[1]
        melody = {**context.plan.instruments, "melody": named("violin")}
        return vibrato(replace(context, plan=replace(context.plan, instruments=melody)))[0].value

    assert depth("nostalgia") < depth("despair")


def test_a_transition_takes_over_from_where_it_starts():
    own = [Control(0, 11, 90), Control(3, 11, 95), Control(3, 64, 127)]
    seam = (Control(2, 11, 40), Control(4, 11, 0))
    assert merged(own, seam) == [Control(0, 11, 90), Control(3, 64, 127), *seam]
