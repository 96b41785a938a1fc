"""A text falls into pieces where a reader would draw breath, and no letter of it is lost on the way."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kelly.listening.sentences import LONG, MOST, pieces


def parts(text):
    return [text[piece.start : piece.end] for piece in pieces(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["I lost her.", "I cried!", "Why?", "Nobody knows."],
        ["Dr. Hope met Mrs. Smith.", "They laughed."],
        ["He waited... and waited.", "Then he left."],
        ["I… I can't go on.", "It hurts."],
        ["It took 3.5 hours.", "We rested in v2.0.", "Fine."],
        ['"Why?" she asked.', '"I know," he said.', "They wept."],
        ["He lives in the U.S. Army base.", "She left at 5 p.m.", "We had apples, pears, etc. and wine."],
        ["J. R. Jones is here.", "So am I.", "Good."],
        ["i lost her.", "i can't.", "why?", "because."],
        ["So happy 😀", "Then it rained :(", "Now it is over. ❤️", "Good!! 🎉🎉", "Yes."],
        ["¿Dónde estás?", "¡No me dejes!", "Te quiero."],
        ["¡No! ¿Por qué?"[:4], "¿Por qué?"],
        ["Was it real?!", "(It was.)", "«Oui.»", "Done"],
    ],
)
def test_prose_falls_into_sentences(expected):
    assert parts(" ".join(expected)) == expected


def test_sentences_need_no_blank_where_a_script_has_none():
    assert parts("我很难过。我想你！你在哪里？") == ["我很难过。", "我想你！", "你在哪里？"]
    assert parts("मैं दुखी हूँ। तुम कहाँ हो? घर आओ।") == ["मैं दुखी हूँ।", "तुम कहाँ हो?", "घर आओ।"]
    assert parts("أنا حزين. أين أنت؟ عد.") == ["أنا حزين.", "أين أنت؟", "عد."]


def test_the_lines_of_a_lyric_are_pieces_and_stanzas_open():
    text = "Woke up in an empty bed\nThe rain came in. I cried\n\nBut I will rise\nI will rise"
    assert parts(text) == ["Woke up in an empty bed", "The rain came in.", "I cried", "But I will rise", "I will rise"]
    assert [piece.opens for piece in pieces(text)] == [True, False, False, True, False]


def test_wrapped_prose_is_read_across_its_lines():
    text = (
        "We had everything before us, and we had nothing before us. We were all\n"
        "going direct to Heaven, and we were all going direct the other way, as\n"
        "far as anyone could tell. Then it rained."
    )
    assert len(parts(text)) == 3
    assert parts(text)[1].startswith("We were all\ngoing direct")


def test_a_list_and_a_letter_keep_their_lines():
    assert parts("Dear all,\nI am well.\n- I sleep\n- I eat\n2. And I hope") == [
        "Dear all,", "I am well.", "- I sleep", "- I eat", "2. And I hope",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Chorus:", "chorus"),
        ("[Verse 2]", "verse"),
        ("(Chorus x2)", "chorus"),
        ("PRE-CHORUS", "pre-chorus"),
        ("**Bridge**", "bridge"),
        ("[Verse 1: Ada]", "verse"),
        ("## Outro", "outro"),
        ("Hook:", "chorus"),
        ("Strophe 3", "verse"),
        ("[Guitar solo]", ""),
        ("# A day in June", ""),
        ("Chapter 3: The storm", ""),
        ("ACT II", ""),
        ("* * *", ""),
        ("", ""),
    ],
)
def test_a_heading_is_a_border_and_not_read(heading, role):
    text = f"Before it\n{heading}\nAfter it"
    first, second = pieces(text)
    assert (text[first.start : first.end], text[second.start : second.end]) == ("Before it", "After it")
    assert second.opens
    assert (first.role, second.role) == ("", role)


def test_a_heading_may_stand_before_its_text_in_the_line():
    text = "Verse 1: I woke up early\nChorus: Hold me"
    assert parts(text) == ["I woke up early", "Hold me"]
    assert [piece.role for piece in pieces(text)] == ["verse", "chorus"]


@pytest.mark.parametrize("line", ["Drop", "Verse by verse I lose you", "Chorus of angels", "Part of me died", "#sad"])
def test_what_only_looks_like_a_heading_is_read(line):
    assert parts(f"Before\n{line}\nAfter") == ["Before", line, "After"]


def test_a_heading_without_text_passes_its_place_to_the_next():
    text = "One\n[Chorus]\n\n[Verse 2]\nTwo"
    assert [(piece.opens, piece.role) for piece in pieces(text)] == [(True, ""), (True, "verse")]


@pytest.mark.parametrize("text", ["...", "Chorus:", "[x]", "!?", "* * *", "   -   "])
def test_a_text_of_marks_and_headings_is_one_piece(text):
    assert parts(text) == [text.strip()]


@pytest.mark.parametrize("text", ["", " \n\t ", "\u2028"])
def test_white_space_has_no_piece(text):
    assert pieces(text) == []


def test_what_never_stops_is_cut_between_words():
    cut = parts("I went on and on, " * 200)
    assert max(map(len, cut)) <= LONG
    assert all(part.startswith("I went") and part.endswith("on,") for part in cut)
    assert "".join(parts("ab" * 5000)) == "ab" * 5000


def test_a_text_of_very_many_pieces_gets_about_two_thousand():
    assert len(pieces("No. " * 25_000)) <= MOST
    assert len(pieces("a\n\n" * 33_333)) <= MOST


soup = st.lists(
    st.sampled_from(
        [
            *"aI .!?…:;,'\"()[]*#-\n\r\t1😀❤️。؟—",
            "Dr.",
            "e.g.",
            "...",
            "\n\n",
            "Chorus:",
            "[Verse]",
            "x" * 60,
            "\u2028",
            ":)",
        ]
    ),
    max_size=80,
).map("".join)


@given(soup | st.text(max_size=400))
@example("\r\n\r\n")
@example("a" * 500)
@settings(max_examples=400, deadline=None)
def test_pieces_are_slices_in_order_without_white_space_around_them(text):
    found = pieces(text)
    last = 0
    for piece in found:
        assert last <= piece.start < piece.end <= len(text)
        assert text[piece.start : piece.end] == text[piece.start : piece.end].strip()
        assert piece.end - piece.start <= LONG or len(found) == 1
        last = piece.end
    assert bool(found) == bool(text.strip())
    assert found == pieces(text)
    assert not found or found[0].opens


@given(st.text(st.sampled_from("ab .!\n"), max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_word_of_prose_is_lost(text):
    read = "".join("".join(parts(text)).split())
    assert [letter for letter in read if letter.isalpha()] == [letter for letter in text if letter.isalpha()]


@pytest.mark.parametrize(
    "unit",
    [
        "a. ",
        "! ",
        ".",
        "(",
        ". (",
        "😀 ",
        '."',
        ":(",
        "a, ",
        "verse ",
        "e.g. x ",
        "a.b.",
        "***",
        "[(",
        "# ",
        "'",
        "\r\n",
    ],
)
def test_no_text_takes_long(unit):
    text = (unit * 100_000)[:100_000]
    start = time.perf_counter()
    pieces(text)
    assert time.perf_counter() - start < 3
