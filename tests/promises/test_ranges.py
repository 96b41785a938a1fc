"""Nothing that cannot be played, nothing that sounds like a slip: ranges of instruments, melodies on strong beats."""

import dataclasses

import pytest

from kelly.emotion import thesaurus
from kelly.score.midi import to_bytes

BARS = 24
# Rule-breaks that ask for a melody which disagrees with its harmony; no feeling triggers them.
ASKING = {"polytonality", "unresolved-dissonance"}


@pytest.fixture(scope="module")
def ranges(benchmark):
    return benchmark("ranges")


@pytest.fixture(scope="module")
def songs(ranges):
    return {node.name: ranges.composed(node.name, seed, BARS) for seed, node in enumerate(thesaurus.names())}


def test_not_one_note_lies_outside_its_instruments_range(songs, ranges, hearing):
    found = {name: ranges.outside(hearing.hear(to_bytes(song.score))) for name, song in songs.items()}
    assert {name: notes for name, notes in found.items() if notes} == {}


def test_strong_beats_of_the_melody_stand_on_chord_or_scale(songs, ranges):
    assert all(ASKING.isdisjoint(broken.name for broken in song.broken) for song in songs.values())
    strong = sum(len(ranges.strong_notes(song)) for song in songs.values())
    astray = sum(len(ranges.astray(song)) for song in songs.values())
    assert strong > 1500
    assert astray / strong <= 0.02


def test_before_micro_timing_they_do_too(songs, ranges):
    for name, song in songs.items():
        row = [
            (note.pitch % 12 in ranges.fitting(song, written.section.start + note.onset))
            for written in song.sections
            for note in written.notes["melody"]
            if note.onset % 2 == 0
        ]
        assert row, name
        assert row.count(False) / len(row) <= 0.02, name


def moved(song, semitones):
    """The song with its melody elsewhere, its chords as they were."""
    part = song.score.part("Melody")
    notes = tuple(dataclasses.replace(note, pitch=note.pitch + semitones) for note in part.notes)
    parts = tuple(dataclasses.replace(p, notes=notes) if p is part else p for p in song.score.parts)
    return dataclasses.replace(song, score=dataclasses.replace(song.score, parts=parts))


def test_a_melody_in_the_wrong_place_is_found(songs, ranges):
    high, beside = ranges.measured(moved(songs["grief"], 36)), ranges.measured(moved(songs["grief"], 6))
    assert high.outside == len(songs["grief"].score.part("Melody").notes)
    assert high.astray == 0
    assert beside.astray > 0.5 * beside.strong
