import io

import pytest


def test_a_text_is_told_with_its_numbers_and_words(kelly):
    done = kelly("feel", "I miss you so much, and I cannot stop crying")
    assert done.code == 0
    assert done.err == ""
    assert "valence    -0." in done.out
    assert '"miss you' in done.out
    assert "moved by" in done.out
    assert "loss" in done.out


def test_json_is_one_object_that_follows_the_schema(kelly):
    told = kelly("feel", "I am so angry, but also relieved", "--json").json
    assert {"valence", "arousal", "dominance", "confidence", "intensity", "name", "category", "tier"} <= set(
        told["emotion"]
    )
    assert sum(one["weight"] for one in told["readings"]) == pytest.approx(1, abs=1e-3)
    assert [word["word"] for word in told["words"]]


def test_a_text_without_a_known_word_is_read_as_neutral_with_a_note(kelly):
    done = kelly("feel", "xyzzy plugh", "--json")
    assert done.code == 0
    assert done.json["emotion"]["confidence"] <= 0.2
    assert done.err == "kelly: no feeling is heard in the text; it is read as neutral\n"
    assert kelly("feel", "xyzzy plugh", "--quiet").err == ""


def test_a_dash_reads_standard_input(kelly, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("I am so happy ♥".encode())))
    assert kelly("feel", "-", "--json").json == kelly("feel", "I am so happy ♥", "--json").json


def test_a_text_may_begin_with_a_dash(kelly):
    assert kelly("feel", "--", "-so sad-").code == 0


STORY = "My mother died, and I was devastated. I cried every night.\n\nNow I am so happy. I am full of hope and joy."


def test_a_story_is_told_sentence_by_sentence_with_stretches_and_a_summary(kelly, tmp_path):
    (tmp_path / "story.txt").write_text(STORY, encoding="utf-8")
    done = kelly("feel", "--timeline", "story.txt")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["valence", "arousal", "dominance", "confidence", "feeling", "sentence"]
    assert [line.split("  ")[-1].strip() for line in lines[1:5]] == [
        "My mother died, and I was devastated.", "I cried every night.", "Now I am so happy.",
        "I am full of hope and joy.",
    ]  # fmt: skip
    assert "Stretches (story)" in lines
    assert "All in all" in lines
    assert sum("from sentence" in line for line in lines) >= 2


def test_a_story_as_json_has_its_curve(kelly, tmp_path):
    (tmp_path / "story.txt").write_text("\ufeff" + STORY, encoding="utf-8")
    told = kelly("feel", "--json", "--timeline", "story.txt").json
    assert set(told) == {"summary", "passages", "journey"}
    points = told["journey"]["points"]
    assert points[-1][1] - points[0][1] > 0.5
    assert [STORY[one["start"] : one["end"]] for one in told["passages"]] == [one["text"] for one in told["passages"]]


def test_a_story_may_come_from_standard_input(kelly, tmp_path, monkeypatch):
    (tmp_path / "story.txt").write_text(STORY, encoding="utf-8")
    from_file = kelly("feel", "--timeline", "story.txt", "--json").json
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(STORY.encode())))
    assert kelly("feel", "--timeline", "-", "--json").json == from_file


def test_a_story_without_a_known_word_is_noted(kelly, tmp_path):
    (tmp_path / "story.txt").write_text("xyzzy plugh. qwrt zxcv.", encoding="utf-8")
    done = kelly("feel", "--timeline", "story.txt")
    assert done.code == 0
    assert done.err == "kelly: no feeling is heard in the text; it is read as neutral\n"
    assert kelly("feel", "--timeline", "story.txt", "-q").out == ""


@pytest.mark.parametrize(
    ("content", "arguments", "code", "complaint"),
    [
        (b"sad", (), 2, "give one text: TEXT or --timeline; got none"),
        (b"sad", ("so sad", "--timeline", "story.txt"), 2, "got TEXT and --timeline"),
        (b"", ("--timeline", "story.txt"), 2, "at least one word"),
        (b"sad " * 25_001, ("--timeline", "story.txt"), 2, "100,000 characters"),
        (b"sad " * 250_000, ("--timeline", "story.txt"), 1, "at most 400000 bytes"),
        (b"sad\x00sad", ("--timeline", "story.txt"), 2, "control characters"),
        (b"so sad \xff\xfe", ("--timeline", "story.txt"), 1, "it must be UTF-8 text; byte 8 is not"),
        (b"sad", ("--timeline", "tale.txt"), 1, "cannot read tale.txt"),
        (b"sad", ("--timeline", "."), 1, "it is not a regular file"),
    ],
)
def test_a_story_that_cannot_be_read_is_told_in_one_line(kelly, tmp_path, content, arguments, code, complaint):
    (tmp_path / "story.txt").write_bytes(content)
    done = kelly("feel", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert complaint in done.err


def test_all_names_are_listed_with_the_blends(kelly):
    rows = kelly("emotions", "--json").json["emotions"]
    assert len([row for row in rows if not row["blend"]]) == 72
    assert len([row for row in rows if row["blend"]]) == 8
    lines = kelly("emotions").out.splitlines()
    assert any(line.split()[:2] == ["grief", "sadness"] for line in lines)


def test_the_nearest_come_first_and_numbers_may_be_negative(kelly):
    rows = kelly("emotions", "--near", -0.9, 0.3, 0.25, "--json").json["emotions"]
    assert rows[0]["name"] == "grief"
    assert rows[0]["distance"] == 0
    distances = [row["distance"] for row in rows]
    assert distances == sorted(distances)


def test_a_category_can_be_listed_by_itself(kelly):
    rows = kelly("emotions", "--category", "joy", "--json").json["emotions"]
    assert len(rows) == 9
    assert {row["category"] for row in rows} == {"joy"}
    near = kelly("emotions", "--category", "joy", "--near", -1, 0, 0, "--json").json["emotions"]
    assert {row["category"] for row in near} == {"joy"}
