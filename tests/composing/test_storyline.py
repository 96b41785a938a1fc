"""A story in a song file: points, a form, and one line for whatever is wrong with them."""

import pytest

from kelly.composing.intent import loads
from kelly.composing.settings import Settings
from kelly.emotion.journey import arc
from kelly.errors import IntentError

POINTS = """
story:
  points:
  - {at: 0.1, valence: -0.9, arousal: 0.3, dominance: 0.25}
  - {at: 0.9, valence: 0.6, arousal: 0.6, dominance: 0.73}
"""


def point(**changes):
    numbers = {"at": 0.1, "valence": 0, "arousal": 0.5, "dominance": 0.5} | changes
    return "{" + ", ".join(f"{name}: {value}" for name, value in numbers.items()) + "}"


def story(*points, more=""):
    return f"story: {{points: [{', '.join(points)}]{more}}}"


def test_points_may_be_written_by_hand():
    journey = loads(POINTS).journey()
    assert [place for place, _ in journey.points] == [0.1, 0.9]
    assert journey.start.intensity == pytest.approx(0.686, abs=1e-3)
    assert journey.arc == arc("classic")
    assert loads(POINTS + "  arc: Slow Reveal\n").journey().arc == arc("slow-reveal")


def test_a_form_may_be_written_by_hand():
    journey = loads(POINTS + "  arc: mine\n  sections:\n  - {role: verse, bars: 8, energy: 0.5}\n").journey()
    assert (journey.arc.name, journey.arc.bars) == ("mine", 8)


def test_a_single_point_stays():
    assert not loads(story(point())).journey().moves


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("story: 7", "story must be a mapping; got 7"),
        ("story: {}", "story.points is missing"),
        ("story: {points: []}", "story.points must be a list of one point or more"),
        (story("3"), "story.points.1 must be"),
        (story(point(valence=2)), "story.points.1.valence must be a number in -1..1; got 2"),
        (story(point(), point(at=1.5)), "story.points.2.at must be a number in 0..1; got 1.5"),
        (story(point(mood="x")), "story.points.1.mood is not known (known: at, valence"),
        (story(point(at=0.5), point(at=0.4)), "story: the points of a journey must not fall"),
        (story(point(), point(), more=", arc: slow-reveel"), "did you mean slow-reveal?"),
        (story(point(), more=", sections: [{role: verse, bars: 4, energy: 1}]"), "sections need two points or more"),
        (
            story(point(), point(), more=", sections: [{role: verse, bars: 0, energy: 1}]"),
            "bars must be an integer in 1..2000",
        ),
        (story(point(), more=", passages: [{text: x}]"), "story.passages.1.at is missing"),
        (story(point()) + "\nintent: {primary_mood: grief}", "leave out intent.primary_mood"),
        (story(point()) + "\nintent: {narrative_arc: spiral}", "leave out intent.narrative_arc"),
        (story(point()) + "\ntechnical: {mute: kazoo}", "technical.mute: mute takes one of chords"),
        (story(point()) + "\ntechnical: {complexity: 2}", "technical.complexity must be a number in 0..1; got 2"),
        (story(point()) + "\ntechnical: {triggers: maybe}", "technical.triggers must be true or false; got 'maybe'"),
    ],
)
def test_what_is_wrong_with_a_story_is_told_in_one_line(text, complaint):
    with pytest.raises(IntentError) as told:
        loads(text)
    assert complaint in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_what_is_said_in_numbers_wins_over_what_is_said_in_words():
    vague = "intent: {primary_mood: grief, secondary_tension: 0.9, vulnerability: high}\n"
    exact = loads(
        vague + "technical: {complexity: 0.2, humanise: 0.1, mute: [Drums, fills], triggers: false}"
    ).settings()
    assert exact == Settings(complexity=0.2, humanise=0.1, dynamics=0.75, mute=("drums", "fills"), triggers=False)


def test_a_tempo_range_holds_for_all_of_a_story():
    text = POINTS + "technical: {tempo_range: [60, 80]}"
    assert loads(text).settings().tempo == 80
