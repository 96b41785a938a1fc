"""The plan follows the feeling, and the user's wishes win over it."""

import pytest

from kelly.composing.plan import figures, make_plan
from kelly.composing.progressions import progressions
from kelly.composing.settings import Settings
from kelly.composing.tables import genre, genres, instruments, parts
from kelly.emotion import thesaurus
from kelly.emotion.journey import Journey, arcs
from kelly.emotion.space import Emotion
from kelly.errors import UnknownNameError, UsageError

GRIEF, HOPE = thesaurus.lookup("grief").emotion, thesaurus.lookup("hope").emotion


def plan(feeling=GRIEF, **settings):
    return make_plan(Journey(feeling), Settings(**settings))


@pytest.mark.parametrize("name", ["grief", "rage", "ecstasy", "serenity", "dread", "curiosity"])
def test_a_song_of_default_length_takes_two_to_three_minutes(name):
    made = plan(thesaurus.lookup(name).emotion)
    seconds = made.beats * 60 / made.sections[0].parameters.tempo
    assert 110 <= seconds <= 190


def test_length_can_be_asked_in_bars_or_minutes():
    assert plan(bars=37).beats == 4 * 37
    assert plan(minutes=1.0).beats * 60 / 96 == pytest.approx(60, abs=6)
    assert plan(bars=8).is_loop


def test_tempo_key_and_mode_of_the_user_win():
    made = plan(tempo=70, key="Eb", mode="major")
    assert {(s.parameters.tempo, s.key.name) for s in made.sections} == {(70, "Eb ionian")}


def test_a_journey_moves_tempo_and_mode_from_section_to_section():
    made = make_plan(Journey(GRIEF, HOPE, "slow-reveal"), Settings())
    assert made.sections[0].key.mode == "aeolian"
    assert made.sections[-1].key.mode == "ionian"
    assert made.sections[0].key.tonic == made.sections[-1].key.tonic
    assert made.sections[0].parameters.tempo < made.sections[-1].parameters.tempo == 132


@pytest.mark.parametrize(("bpm", "style", "pulse"), [(150, "lo-fi", 0.5), (60, "edm", 2.0), (82, "lo-fi", 1.0)])
def test_outside_its_range_a_genre_plays_in_half_or_double_time_and_keeps_the_tempo(bpm, style, pulse):
    made = plan(tempo=bpm, genre=style)
    assert {section.pulse for section in made.sections} == {pulse}
    assert made.sections[0].parameters.tempo == bpm


def test_genres_follow_the_feeling():
    def usual(name):
        drawn = [plan(thesaurus.lookup(name).emotion, seed=seed).genre.name for seed in range(12)]
        return max(sorted(set(drawn)), key=drawn.count)

    assert usual("rage") == "rock"
    assert usual("grief") == "ballad"
    assert usual("ecstasy") == "edm"
    assert usual("serenity") in ("lo-fi", "ambient")


def test_the_genre_of_a_way_through_points_suits_most_of_it():
    glad = thesaurus.lookup("ecstasy").emotion
    points = [(0.05, glad), (0.3, GRIEF), (0.6, GRIEF), (0.9, GRIEF)]
    for seed in range(4):
        whole = make_plan(Journey.through(points), Settings(seed=seed))
        assert whole.genre == plan(seed=seed).genre
        assert whole.instruments == plan(seed=seed).instruments
        assert make_plan(Journey(glad, GRIEF), Settings(seed=seed)).genre == plan(glad, seed=seed).genre


def test_a_returning_section_has_the_figures_of_its_first_time():
    first, second = (s for s in plan(seed=3).sections if s.role == "chorus")
    assert first.figures["progression"] == second.figures["progression"]
    assert first.figures["contour"] == second.figures["contour"]


def test_every_table_row_can_be_used():
    kinds = figures()
    assert len(kinds["contour"]) == 9
    assert len(kinds["bass"]) == 12
    assert len(kinds["strings"]) == len(kinds["counter"]) == 6
    assert len(kinds["rhythm"]) == 9
    assert len(kinds["tension"]) == 8
    assert len(kinds["variation"]) == 11
    assert len(kinds["fill"]) == 15
    assert set(genres()) == {"lo-fi", "pop", "rock", "jazz", "hip-hop", "edm", "ambient", "ballad"}
    for part, row in parts().items():
        assert row.low < row.high
        if row.channel != 9:
            suited = [i for i in instruments() if part in i.parts]
            assert suited
            assert all(min(i.high, row.high) - max(i.low, row.low) >= 12 for i in suited)


def test_every_progression_is_drawn_by_some_feeling():
    grid = [Emotion(v / 5, a / 5, d / 3) for v in range(-5, 6) for a in range(6) for d in range(4)]
    drawn = {
        section.figures["progression"]
        for seed, feeling in enumerate(grid)
        for section in make_plan(Journey(feeling), Settings(seed=seed)).sections
    }
    assert set(progressions()) - drawn == set()


@pytest.mark.parametrize("arc", list(arcs()))
@pytest.mark.parametrize("bars", [1, 3, 16, 17, 30, 100])
def test_any_arc_fits_any_length(arc, bars):
    made = make_plan(Journey(GRIEF, HOPE, arc), Settings(bars=bars))
    assert made.beats == 4 * bars
    assert [s.start for s in made.sections] == [
        sum(4 * t.bars for t in made.sections[:i]) for i in range(len(made.sections))
    ]


@pytest.mark.parametrize(
    ("wishes", "complaint"),
    [
        ({"bars": 8, "minutes": 1}, "not both"),
        ({"bars": 0}, r"bars must be an integer in 1\.\.2000; got 0"),
        ({"tempo": 4000}, r"tempo must lie in 20\.\.400 BPM; got 4000"),
        ({"seed": -1}, "seed must be an integer"),
        ({"complexity": 1.5}, "complexity"),
        ({"feel": -2}, "feel"),
        ({"humanise": float("nan")}, "humanise"),
    ],
)
def test_settings_out_of_range_are_refused(wishes, complaint):
    with pytest.raises(UsageError, match=complaint):
        Settings(**wishes)


def test_unknown_names_come_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="did you mean lo-fi"):
        genre("low-fi")
    with pytest.raises(UnknownNameError, match="mode must be one of"):
        plan(mode="locrian")
    with pytest.raises(UnknownNameError, match="note name"):
        plan(key="Q")
