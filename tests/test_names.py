"""Names are found however they are written, and what is unknown is answered with what is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import UnknownNameError, UsageError
from kelly.names import find, key, quoted

KNOWN = ("lo-fi", "hip-hop", "rock")


@pytest.mark.parametrize("written", ["Hip Hop", "HIP_HOP", " hip-hop ", "hip  hop"])
def test_case_blanks_hyphens_and_underscores_do_not_matter(written):
    assert find(written, KNOWN, "genre") == "hip-hop"


def test_an_unknown_name_is_answered_with_the_known_and_the_nearest():
    with pytest.raises(UnknownNameError) as refused:
        find("hiphop", KNOWN, "genre")
    assert str(refused.value) == 'genre must be one of lo-fi, hip-hop, rock; got "hiphop" (did you mean hip-hop?)'


def test_a_name_is_a_text():
    with pytest.raises(UsageError, match="genre must be a text; got 5"):
        key(5, "genre")


@given(st.one_of(st.text(), st.binary(), st.lists(st.integers())))
def test_a_quote_is_one_short_line(value):
    assert len(quoted(value)) <= 60
    assert not any(ord(mark) < 32 for mark in quoted(value))
