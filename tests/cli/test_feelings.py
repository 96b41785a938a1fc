import io

import pytest


def test_a_text_is_told_with_its_numbers_and_words(kelly):
    done = kelly("feel", "I miss you so much, and I cannot stop crying")
    assert done.code == 0
    assert done.err == ""
    assert "valence    -0." in done.out
    assert '"miss you' in done.out
    assert "longing" in done.out


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
    assert done.err == "kelly: no word of the text is known to Kelly; it is heard as neutral\n"
    assert kelly("feel", "xyzzy plugh", "--quiet").err == ""


def test_a_dash_reads_standard_input(kelly, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("I am so happy ♥".encode())))
    assert kelly("feel", "-", "--json").json == kelly("feel", "I am so happy ♥", "--json").json


def test_a_text_may_begin_with_a_dash(kelly):
    assert kelly("feel", "--", "-so sad-").code == 0


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
