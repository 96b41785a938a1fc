"""Promise: whatever is wrong with a table of labels, the answer is one line that names a file of the corpus."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import KellyError
from kelly.training.data.corpora import deam, emotify, mirex_mood, pmemo, vgmidi
from small import deam as small_deam
from small import emotify as small_emotify
from small import mirex_mood as small_mirex_mood
from small import pmemo as small_pmemo
from small import vgmidi as small_vgmidi

CORPORA = {
    "deam": (small_deam, deam.load),
    "emotify": (small_emotify, emotify.load),
    "mirex_mood": (small_mirex_mood, mirex_mood.load),
    "pmemo": (small_pmemo, pmemo.load),
    "vgmidi": (small_vgmidi, vgmidi.load),
    "vgmidi phrases": (small_vgmidi, vgmidi.phrases),
}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """A small corpus of each kind, written once; who changes a file puts it back."""
    roots = {name: tmp_path_factory.mktemp("corpus") for name in CORPORA}
    for name, (small, _) in CORPORA.items():
        small.write(roots[name])
    yield roots
    for root in roots.values():
        shutil.rmtree(root)


def spliced(data, start, length, new):
    """The bytes with a piece of them replaced."""
    start %= len(data) + 1
    return data[:start] + new + data[start + length :]


@pytest.mark.parametrize("name", CORPORA)
@settings(max_examples=60)
@given(
    choice=st.integers(0, 10),
    start=st.integers(0, 2000),
    length=st.integers(0, 2000),
    new=st.binary(max_size=12)
    | st.sampled_from([b"nan", b"1e999", b"-7", b",", b'"', b"\n", b"\x00", b"\xef\xbb\xbf"]),
)
def test_no_damaged_table_is_a_stack_trace(roots, name, choice, start, length, new):
    tables = sorted(path for path in roots[name].rglob("*.*") if path.suffix in {".csv", ".json"})
    path = tables[choice % len(tables)]
    data = path.read_bytes()
    path.write_bytes(spliced(data, start, length, new))
    said = ""
    try:
        list(CORPORA[name][1](roots[name]))
    except KellyError as error:
        said = str(error)
    finally:
        path.write_bytes(data)
    assert "\n" not in said
