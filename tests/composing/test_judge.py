"""Whether what was written carries what was asked, and what is written again."""

import numpy as np
import pytest

from kelly import compose
from kelly.composing import judge
from kelly.composing.composer import compose_score
from kelly.composing.context import Revision
from kelly.composing.judge import fitted, measured, with_heard
from kelly.composing.settings import Settings
from kelly.emotion.journey import Journey, arc
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import lookup
from kelly.errors import UsageError
from kelly.score.notes import Score

FEELINGS = [Emotion(v, a, 0.5) for v in (-0.8, 0.0, 0.8) for a in (0.15, 0.5, 0.85)]


def off(feeling, **settings):
    return max(one.miss for one in fitted(Journey(feeling), Settings(bars=8, fit=0.02, **settings)).sections)


def test_songs_are_heard_about_as_they_are_asked():
    asked = FEELINGS * 3
    made = [compose_score(Journey(one), Settings(bars=8, seed=seed // 9)) for seed, one in enumerate(asked)]
    heard = [measured(one)[0].heard for one in made]
    for axis, least in ((0, 0.5), (1, 0.9)):
        rows = [[one.vad[axis] for one in row] for row in (asked, heard)]
        assert np.corrcoef(*rows)[0, 1] > least


def test_more_tries_come_nearer_and_never_go_further():
    first = np.array([off(one, tries=1) for one in FEELINGS])
    fourth = np.array([off(one, tries=4) for one in FEELINGS])
    assert (fourth <= first + 1e-9).all()
    assert fourth.mean() < 0.8 * first.mean()


def test_no_more_is_tried_than_is_asked_for_and_nothing_where_it_is_near_enough(monkeypatch):
    made = []
    compose_ = judge.compose_score
    monkeypatch.setattr(judge, "compose_score", lambda *given: made.append(given) or compose_(*given))
    assert fitted(Journey(FEELINGS[0]), Settings(bars=8, fit=0.001, tries=3)).tries == 3
    assert len(made) == 3
    made.clear()
    assert fitted(Journey(FEELINGS[0]), Settings(bars=8, fit=1.0, tries=9)).tries == 1
    assert len(made) == 1


def test_the_formulas_hold_however_often_it_is_tried():
    for feeling in FEELINGS[:3]:
        song = compose(feeling, bars=8, fit=0.01, tries=4)
        music = song.report["parameters"]
        assert music["tempo"] == pytest.approx(60 + 120 * feeling.arousal)
        assert music["velocity"] == pytest.approx(60 + 67 * feeling.dominance)
        assert music["mode"] == compose(feeling, bars=8).report["parameters"]["mode"]


def test_a_song_that_fits_is_the_same_song_again():
    songs = [compose("I miss you so much", bars=8, fit=0.05, tries=3) for _ in range(2)]
    assert songs[0].score == songs[1].score
    assert songs[0].report["settings"]["fit"] == 0.05


WAY = Journey(lookup("hope").emotion, lookup("despair").emotion, arc("slow-reveal"))


def test_sections_of_a_role_change_together():
    made = fitted(Journey(lookup("hope").emotion), Settings(fit=0.01, tries=3, bars=48)).made
    felt = {}
    for section in made.plan.sections:
        felt.setdefault(section.role, set()).add(section.feeling)
    assert max(len(feelings) for feelings in felt.values()) == 1
    assert any(section.feeling != section.asked for section in made.plan.sections)


@pytest.mark.parametrize("seed", [0, 1])
def test_more_tries_of_a_song_of_many_sections_never_miss_by_more(seed):
    def miss(tries):
        found = fitted(WAY, Settings(fit=0.01, tries=tries, bars=24, seed=seed))
        bars = [section.bars for section in found.made.plan.sections]
        return np.average([one.miss for one in found.sections], weights=bars)

    first, *others = [miss(tries) for tries in (1, 2, 4, 6)]
    assert max(others) <= first
    assert min(others) < 0.9 * first


def test_no_try_is_made_twice(monkeypatch):
    revisions = []
    compose_ = judge.compose_score
    monkeypatch.setattr(judge, "compose_score", lambda *given: revisions.append(given[2]) or compose_(*given))
    fitted(Journey(FEELINGS[0]), Settings(bars=8, fit=0.001, tries=10))
    assert len({repr(one) for one in revisions}) == 10


def test_bars_that_are_cut_short_do_not_move_what_is_heard():
    journey, settings = Journey(lookup("rage").emotion), Settings(bars=32, breaks={"dropped-beats": "it stumbles"})
    made = compose_score(journey, settings)
    song = compose(lookup("rage").emotion, bars=32, breaks={"dropped-beats": "it stumbles"})
    told = [one["heard"]["miss"] for one in with_heard(song.score, song.report)["sections"]]
    assert told == pytest.approx([one.miss for one in measured(made)], abs=1e-3)


def test_another_take_is_another_song_and_the_first_is_the_usual_one():
    journey, settings = Journey(lookup("grief").emotion), Settings(bars=8)
    usual = compose_score(journey, settings)
    role = usual.plan.sections[0].role
    assert compose_score(journey, settings, Revision()).score == usual.score
    assert compose_score(journey, settings, Revision(takes={role: 0})).score == usual.score
    assert compose_score(journey, settings, Revision(takes={role: 1})).score != usual.score


def test_a_lean_changes_notes_but_neither_what_is_asked_nor_what_is_promised():
    journey, settings = Journey(Emotion(-0.2, 0.5, 0.5)), Settings(bars=8)
    usual = compose_score(journey, settings).plan.sections[0]
    usual, leant = (
        compose_score(journey, settings, Revision(leans={(usual.role, usual.asked): lean}))
        for lean in ((0.0, 0.0), (0.6, 0.3))
    )
    one, other = usual.plan.sections[0], leant.plan.sections[0]
    assert other.asked == one.asked
    assert other.feeling.valence == pytest.approx(0.4)
    assert (other.parameters.tempo, other.parameters.velocity, other.parameters.mode) == (
        one.parameters.tempo,
        one.parameters.velocity,
        one.parameters.mode,
    )
    assert leant.score != usual.score


def test_the_report_says_how_each_section_is_heard():
    report = compose(lookup("joy").emotion, bars=8, fit=0.5, tries=1).report
    heard = report["sections"][0]["heard"]
    assert -1 <= heard["valence"] <= 1
    assert 0 <= heard["arousal"] <= 1
    assert len(heard["error"]) == 2
    assert "heard" not in compose(lookup("joy").emotion, bars=8).report["sections"][0]


def test_a_song_of_nothing_is_not_heard():
    report = compose(lookup("joy").emotion, bars=8).report
    assert with_heard(Score(()), report)["sections"][0]["heard"] is None


@pytest.mark.parametrize("wrong", [{"fit": 0.0}, {"fit": 2.0}, {"tries": 0}, {"tries": 65}, {"fit": "near"}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError, match=r"fit must lie in|tries must be an integer in 1\.\.64"):
        Settings(**wrong)
