import pytest

from kelly.cli import prose
from kelly.composing.song import compose
from kelly.emotion.space import Emotion

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
