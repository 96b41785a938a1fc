"""The drums: the genre is heard, busier when aroused, out of the way of a fill."""

from dataclasses import replace

import pytest

from kelly.composing.chance import stream
from kelly.composing.context import Layer
from kelly.composing.engines import drums
from kelly.composing.patterns import kit
from kelly.composing.tables import genres

GENRES = tuple(genres())
KICK, SNARE, RIM, RIDE, CRASH = 36, 38, 37, 51, (49, 57)


@pytest.fixture(scope="module")
def sections(contexts_of):
    made = contexts_of("hope", "drums", seed=1)
    return {c.section.role: c for c in made if c.next} | {"outro": made[-1]}


@pytest.fixture(scope="module")
def play(sections):
    """A function from a genre to the notes of a section's drums, which play throughout."""

    def played(genre, role="chorus", density=0.7, seed=1, span=None, fill=None, **changes):
        context = sections[role]
        plan = replace(context.plan, genre=genres()[genre])
        wanted = replace(context.parameters, density=density)
        section = replace(context.section, **{"parameters": wanted, "pulse": 1.0, **changes})
        start, end = span or (0.0, section.beats)
        layers = [Layer(start, end - start, "drums", 1.0)]
        layers += [Layer(fill[0], fill[1] - fill[0], "fills", 1.0)] if fill else []
        context = replace(context, plan=plan, section=section, layers=tuple(layers))
        return drums.play(context, stream(seed, "drums", role))

    return played


def struck(notes, *pitches):
    return [n for n in notes if n.pitch in pitches]


@pytest.mark.parametrize("density", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("genre", GENRES)
def test_strokes_name_percussion_and_one_drum_is_never_struck_twice(genre, density, play):
    notes = play(genre, density=density)
    assert notes
    last = {}
    for note in notes:
        assert 35 <= note.pitch <= 81
        assert 1 <= note.velocity <= 127
        assert last.get(note.pitch, 0.0) <= note.onset + 1e-9
        last[note.pitch] = note.end


def test_each_genre_has_a_groove_of_its_own(play):
    rows = {genre: tuple((n.onset, n.pitch) for n in play(genre)) for genre in GENRES}
    assert len(set(rows.values())) == len(GENRES)


def test_the_floor_is_kicked_on_every_beat_in_edm(play):
    kicks = {n.onset for n in struck(play("edm"), KICK)}
    assert set(range(64)) <= kicks


def test_rock_and_pop_have_a_backbeat(play):
    for genre in ("rock", "pop"):
        backbeats = {n.onset % 4 for n in struck(play(genre), SNARE) if n.velocity > 70}
        assert {1.0, 3.0} <= backbeats


def test_jazz_rides_and_closes_the_hat_on_two_and_four(play):
    notes = play("jazz")
    assert len(struck(notes, RIDE)) > 0.3 * len(notes)
    assert {n.onset % 4 for n in struck(notes, 44)} == {1.0, 3.0}


def test_a_calm_ballad_has_a_side_stick_and_a_stronger_one_a_snare(play):
    assert struck(play("ballad", density=0.35, energy=0.5), RIM)
    assert not struck(play("ballad", density=0.35, energy=0.5), SNARE)
    assert struck(play("ballad", density=0.7), SNARE)


def test_an_orchestra_kit_is_not_asked_for_toms(play):
    assert not struck(play("ambient", density=1.0), *range(40, 54))
    assert kit("ambient")["tom-low"] not in range(41, 54)


@pytest.mark.parametrize("genre", GENRES)
def test_it_grows_busier_with_density_and_energy(genre, play):
    counts = [len(play(genre, density=d)) for d in (0.3, 0.5, 0.7, 0.85, 1.0)]
    assert counts == sorted(counts)
    assert counts[-1] >= 1.8 * counts[0]
    quiet, loud = play(genre, energy=0.1), play(genre, energy=1.0)
    assert len(quiet) < len(loud)
    assert sum(n.velocity for n in quiet) / len(quiet) < sum(n.velocity for n in loud) / len(loud)


def test_half_time_takes_twice_as_long(play):
    whole, half = play("pop", pulse=1.0, density=0.5), play("pop", pulse=0.5, density=0.5)
    assert {n.onset % 4 for n in struck(whole, SNARE)} >= {1.0, 3.0}
    assert {n.onset % 8 for n in struck(half, SNARE) if n.velocity > 70} <= {2.0, 6.0, 7.5}


def test_only_kick_and_foot_play_under_a_fill(play):
    notes = play("rock", fill=(60.0, 64.0))
    under = [n for n in notes if n.onset >= 60]
    assert {n.pitch for n in under} <= {KICK, 44}
    assert len([n for n in notes if 56 <= n.onset < 60]) > 2 * len(under)


def test_a_section_that_lifts_off_opens_with_a_crash(play):
    assert struck([n for n in play("pop", "chorus", energy=0.9) if n.onset == 0], *CRASH)
    assert not struck([n for n in play("pop", "verse", energy=0.1) if n.onset == 0], *CRASH)


def test_intro_and_outro_are_thinner(play):
    def per_bar(role):
        notes = play("pop", role, energy=0.5)
        return len(notes) / (max(n.onset for n in notes) // 4 + 1)

    assert per_bar("intro") < per_bar("verse")
    assert per_bar("outro") < per_bar("verse")


def test_the_song_ends_on_one_stroke(play):
    last = [n for n in play("rock", "outro") if n.onset >= 28]
    assert {n.onset for n in last} == {28.0}


def test_bars_vary_and_the_same_stream_repeats_them(play):
    notes = play("rock")
    assert notes == play("rock")
    bars = {tuple((n.onset % 4, n.pitch) for n in notes if n.onset // 4 == bar) for bar in range(16)}
    assert 3 <= len(bars) <= 12


@pytest.mark.parametrize("span", [(16.0, 48.0), (32.0, 64.0)])
def test_it_keeps_to_its_layer(span, play):
    for genre in GENRES:
        for seed in range(4):
            notes = play(genre, seed=seed, span=span)
            assert min(n.onset for n in notes) >= span[0]
            assert max(n.onset for n in notes) < span[1]


def test_without_a_layer_it_is_silent(sections):
    assert drums.play(replace(sections["verse"], layers=()), stream(1, "drums")) == []


def test_the_groove_comes_back_and_is_seldom_the_same_for_long(play):
    for genre in GENRES:
        notes = play(genre, density=0.7)
        bars = [tuple(sorted((n.onset % 4, n.pitch) for n in notes if n.onset // 4 == bar)) for bar in range(16)]
        assert 0.2 <= 1 - len(set(bars)) / len(bars) <= 0.85
        assert not any(len(set(bars[bar : bar + 4])) == 1 for bar in range(13))
