import pytest

from kelly.cli import prose
from kelly.composing.song import compose
from kelly.emotion import thesaurus
from kelly.emotion.space import Emotion
from kelly.listening.reading import emotion_dict
from kelly.listening.words import feel

GRIEF = Emotion(-0.9, 0.3, 0.25)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (185, "3:05"), (3661, "61:01")]
)
def test_a_length_is_told_in_minutes_and_seconds(seconds, told):
    assert prose.clock(seconds) == told


def test_a_summary_tells_the_way_only_when_there_is_one():
    stays, leads = compose(GRIEF, bars=4), compose(GRIEF, to="hope", bars=4)
    assert next(iter(prose.summary(stays.report))).startswith("grief: ")
    assert next(iter(prose.summary(leads.report))).startswith("grief to hope: ")


def test_a_report_tells_every_section_with_all_its_chords_and_where_the_key_changes():
    song = compose(GRIEF, to="hope", arc="slow-reveal", seed=3)
    told = "\n".join(prose.report(song.report))
    lines = told.splitlines()
    for section in song.report["sections"]:
        head = next(i for i, line in enumerate(lines) if line.startswith(f"  bar {section['start'] // 4 + 1:>3.0f}  "))
        assert section["role"] in lines[head]
        assert f"{section['bars']} bars" in lines[head]
        counted = lines[head + 1].replace("|", " ").split()
        assert set(section["chords"]) == {word for word in counted if not word.startswith("(x")}
        assert (section["key"] in lines[head]) == (section["key"] != song.report["sections"][0]["key"])
    assert "leads to   hope" in told


def test_equal_phrases_in_a_row_are_told_once_and_counted():
    song = compose(GRIEF, bars=4)
    section = {**song.report["sections"][0], "bars": 16, "chords": ["F", "C", "Am", "Dm"] * 3 + ["F", "C", "Am", "Bb"]}
    told = "\n".join(prose.report({**song.report, "sections": [section]}))
    assert "F C Am Dm (x3) | F C Am Bb" in told


def test_what_was_asked_for_is_told_as_asked_for():
    song = compose(GRIEF, bars=4, tempo=70.0, key="D", complexity=0.9, mute=("drums",))
    told = "\n".join(prose.report(song.report))
    for fact in (
        "70 BPM (as you asked)",
        "(key as you asked)",
        "complexity 0.9",
        "muted      drums",
        "(bars as you asked)",
    ):
        assert fact in told


def test_a_refrain_is_told_once_and_a_long_text_in_short():
    refrain = feel("I walked alone in the rain.\n" * 40).as_dict()
    told = "\n".join(prose.reading(refrain))
    assert told.count('"walked alone"') == 2  # as a word and as the wound
    names = [node.name for node in thesaurus.names()]
    assert "and 28 more" in "\n".join(prose.reading(feel(". ".join(names[:40])).as_dict()))


def test_what_is_not_heard_is_told_as_neutral_and_not_by_the_nearest_name():
    assert next(iter(prose.reading(feel("xyzzy").as_dict()))) == "neutral"
    assert next(iter(prose.reading(feel("nostalgia").as_dict()))) == "nostalgia (sadness)"
    assert next(iter(prose.summary(compose("xyzzy", bars=1).report))).startswith("neutral: ")
    low = emotion_dict(thesaurus.lookup("nostalgia", "low").emotion)
    assert prose.label(low) == "nostalgia:low"


def test_a_long_name_does_not_run_into_its_category():
    rows = [{"name": node.name, "category": node.category, "blend": node.blend, "valence": 0.0, "arousal": 0.0,
             "dominance": 0.0} for node in (*thesaurus.names(), *thesaurus.blends())]  # fmt: skip
    assert all(" " in line[16:19] for line in list(prose.emotions(rows))[1:-1])
