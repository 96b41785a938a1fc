"""Transitions: ten ways into the next section, chosen by where the song goes, each heard."""

from dataclasses import replace

import pytest

from kelly.composing import seams
from kelly.composing.chance import stream
from kelly.composing.context import Layer
from kelly.composing.engines import bass, drums, fills, rhythm, transitions
from kelly.composing.seams import Seam, kinds, seam
from kelly.composing.tables import parts
from kelly.emotion.space import Emotion
from kelly.score.notes import Control, Note

KINDS = tuple(kinds())


@pytest.fixture(scope="module")
def verse(contexts_of):
    context = next(c for c in contexts_of("hope", "transitions", seed=1) if c.section.role == "verse")
    layers = [Layer(0.0, context.section.beats, part, 1.0) for part in ("bass", "chords", "drums")]
    end = context.section.beats
    layers += [Layer(end - 4, 4.0, "fills", 1.0), Layer(end - 8, 8.0, "transitions", 1.0)]
    return replace(context, layers=tuple(layers))


@pytest.fixture
def play(verse, monkeypatch):
    """A function from a kind to the notes and controls of that transition at the end of the verse."""

    def played(kind):
        end = verse.section.beats
        way = Seam(kind, end - kinds()[kind].beats, end)
        for room in (seams, transitions):
            monkeypatch.setattr(room, "seam", lambda _: way)
        events = transitions.play(verse, stream(1, "transitions"))
        notes = [e for e in events if isinstance(e, Note)]
        return way, notes, [e for e in events if isinstance(e, Control)]

    return played


def leading(context, energy, following, valence=(0.0, 0.0), arousal=0.5, seed=1):
    """The context with other energies and feelings on both sides of its seam."""
    section = replace(context.section, energy=energy, feeling=Emotion(valence[0], arousal, 0.5))
    rows = list(context.plan.sections)
    rows[section.index + 1] = replace(
        rows[section.index + 1], energy=following, feeling=Emotion(valence[1], arousal, 0.5)
    )
    return replace(context, section=section, plan=replace(context.plan, sections=tuple(rows), seed=seed))


def test_there_are_ten_kinds():
    assert len(KINDS) == 10


@pytest.mark.parametrize("kind", KINDS)
def test_everything_lies_in_the_layer_and_in_range(kind, verse, play):
    way, notes, controls = play(kind)
    assert notes or controls
    assert all(way.onset - 1e-9 <= n.onset and n.end <= way.end + 1e-9 for n in notes)
    assert all(verse.low <= n.pitch <= verse.high and n.duration > 0 for n in notes)
    assert all(way.onset - 1e-9 <= c.onset < way.end and 0 <= c.value <= 127 for c in controls)


def test_every_kind_is_its_own(play):
    assert len({(tuple(notes), tuple(controls)) for _, notes, controls in map(play, KINDS)}) == 10


@pytest.mark.parametrize("kind", ["cut", "drop", "silence"])
def test_the_band_falls_silent_at_once(kind, verse, play):
    way, _, controls = play(kind)
    assert [c.value for c in controls if c.controller == 11][-1] == 0
    for part, engine in (("bass", bass), ("chords", rhythm), ("drums", drums), ("fills", fills)):
        context = replace(verse, part=part, row=parts()[part])
        assert all(n.onset < way.onset for n in engine.play(context, stream(1, part)))


@pytest.mark.parametrize(("kind", "sign"), [("filter", -1), ("riser", 1)])
def test_brightness_sweeps_and_is_back_before_the_end(kind, sign, play):
    _, _, controls = play(kind)
    values = [c.value for c in controls if c.controller == 74]
    assert (values[-2] - values[0]) * sign > 30
    assert values[-1] == 64


def test_a_riser_rises_and_a_build_quickens(play):
    _, riser, _ = play("riser")
    assert [n.pitch for n in riser] == sorted(n.pitch for n in riser)
    assert riser[-1].pitch - riser[0].pitch >= 7
    _, build, _ = play("build")
    assert build[0].duration >= 2 * build[-1].duration
    assert build[0].velocity < build[-1].velocity


def test_a_stutter_chops_faster_and_faster(play):
    _, _, controls = play("stutter")
    opened = [c.onset for c in controls if c.value > 0]
    assert opened[1] - opened[0] > opened[-1] - opened[-2]
    assert len([c for c in controls if c.value == 0]) == len(opened)


def test_a_reverse_runs_into_the_downbeat(play):
    way, notes, _ = play("reverse")
    assert [n.end for n in notes] == [way.end]


def test_the_way_the_song_goes_decides(verse):
    def drawn(**how):
        return [seam(leading(verse, seed=seed, **how)).kind for seed in range(30)]

    calm, wild = drawn(energy=0.4, following=0.4, arousal=0.15), drawn(energy=0.4, following=1.0, arousal=0.9)
    falling = drawn(energy=0.9, following=0.4, arousal=0.5)
    assert sum(kind in ("crossfade", "silence", "reverse") for kind in calm) > 20
    assert sum(kind in ("riser", "drop", "build") for kind in wild) > 20
    assert sum(kind in ("breakdown", "filter") for kind in falling) > 20
    assert "crossfade" not in wild
    assert not {"riser", "drop", "stutter"} & set(calm)


def test_every_kind_has_its_day(verse):
    heard = [
        seam(leading(verse, 0.5, 0.5 + rise, (v - turn / 2, v + turn / 2), arousal, seed)).kind
        for rise in (-0.4, -0.1, 0.2, 0.45)
        for turn in (-0.6, 0.0, 0.4)
        for v in (-0.7, 0.3)
        for arousal in (0.15, 0.6, 0.95)
        for seed in range(4)
    ]
    assert {kind: kind in heard for kind in KINDS} == dict.fromkeys(KINDS, True)


def test_the_last_section_and_one_without_a_layer_lead_nowhere(contexts_of, verse):
    last = contexts_of("hope", "transitions", seed=1)[-1]
    assert seam(last) is None
    assert transitions.play(last, stream(1, "transitions")) == []
    assert transitions.play(replace(verse, layers=()), stream(1, "transitions")) == []
