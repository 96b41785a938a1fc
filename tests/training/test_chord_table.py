"""Chord table: what Kelly takes every chord of the corpora for, and how much of them that covers."""

import os
from pathlib import Path

import pytest

from kelly.models.harmony.classes import QUALITIES
from kelly.training.data.chord_table import Row, coverage, known, symbols, table
from kelly.training.data.chords import BASSES, chord
from small import billboard, jazz, nottingham, pop909

NOTES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
SYMBOLS = [
    *[("billboard", "harte", symbol) for symbol in ("C:maj", "D:maj", "F:maj/9", "N", "C:5")],
    ("jazz", "jazz", "Cm7"),
]


def written(row):
    """A symbol on C with the suffix of a row."""
    if row.quality == "no-chord" or row.suffix == "*":
        return row.suffix
    if row.notation == "pitches":
        return " ".join(str(48 + int(interval)) for interval in row.suffix.split())
    if row.notation == "harte":
        return f"C:{row.suffix}"
    ending, over, bass = row.suffix.rpartition("/")
    return f"C{ending}/{NOTES[BASSES.index(bass)]}" if over else f"C{bass}"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpora")
    for corpus in (billboard, jazz, nottingham, pop909):
        corpus.write(root)
    return table(symbols(root))


def test_a_row_counts_a_suffix_whatever_its_root():
    assert table(SYMBOLS) == [
        Row("billboard", "harte", "maj", "maj", 0, 2, 0.4),
        Row("billboard", "harte", "5", "other", 0, 1, 0.2),
        Row("billboard", "harte", "N", "no-chord", 0, 1, 0.2),
        Row("billboard", "harte", "maj/9", "sus", 2, 1, 0.2),
        Row("jazz", "jazz", "m7", "min", 0, 1, 1.0),
    ]


def test_coverage_leaves_silence_aside():
    assert coverage(table(SYMBOLS)) == {"billboard": 0.75, "jazz": 1.0}


def test_small_corpora_are_covered_but_for_what_has_no_third(small):
    assert {row.suffix for row in small if row.quality == "other"} == {"*", "1"}
    share = coverage(small)
    assert share.pop("billboard") < 1
    assert share == {"jazz": 1.0, "nottingham": 1.0, "pop909": 1.0, "pop909-cl": 1.0}


def test_pop909_is_counted_by_its_experts_and_by_itself(small):
    assert {(row.source, row.notation) for row in small} >= {("pop909", "harte"), ("pop909-cl", "pitches")}


def test_the_table_says_what_the_rules_say():
    for row in known():
        meant = chord(written(row), row.notation)
        assert (meant.quality, meant.root or 0) == (row.quality, row.root), row


def test_the_table_shows_that_minor_stays_minor_and_covers_the_corpora():
    rows = {(row.source, row.suffix): row.quality for row in known()}
    assert {rows["billboard", suffix] for suffix in ("min", "min7", "min9", "min/b3")} == {"min"}
    assert {rows["jazz", suffix] for suffix in ("m", "m7", "m6", "mM7")} == {"min"}
    assert rows["pop909-cl", "0 3 7"] == rows["nottingham", "0 3 7"] == "min"
    assert min(coverage(known()).values()) > 0.95


def test_the_shares_of_a_source_sum_to_one():
    for source in {row.source for row in known()}:
        assert sum(row.share for row in known() if row.source == source) == pytest.approx(1, abs=1e-3)


@pytest.mark.skipif("KELLY_CORPORA" not in os.environ, reason="KELLY_CORPORA names no folder of corpora")
def test_the_whole_corpora_are_covered():
    rows = table(symbols(Path(os.environ["KELLY_CORPORA"])))
    assert all(share > 0.95 for share in coverage(rows).values())
    assert {row.quality for row in rows} <= {*QUALITIES, "no-chord", "other"}
