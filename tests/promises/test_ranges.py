"""Nothing that cannot be played, nothing that sounds like a slip: ranges of instruments, melodies on strong beats."""

import csv
from bisect import bisect_right
from importlib import resources

import pytest

from kelly.composing.composer import compose_score
from kelly.composing.settings import Settings
from kelly.emotion import thesaurus
from kelly.emotion.journey import Journey
from kelly.score.midi import to_bytes

BARS = 24
DRUMS = (35, 81)  # General MIDI names percussion from 35 to 81
# Rule-breaks that ask for a melody which disagrees with its harmony; no feeling triggers them.
ASKING = {"polytonality", "unresolved-dissonance"}


@pytest.fixture(scope="module")
def songs():
    return {
        node.name: compose_score(Journey(node.emotion.rounded()), Settings(seed=seed, bars=BARS))
        for seed, node in enumerate(thesaurus.names())
    }


@pytest.fixture(scope="module")
def ranges():
    """What the table of instruments says, by program: lowest and highest pitch."""
    with resources.files("kelly.composing").joinpath("instruments.csv").open(encoding="utf-8") as table:
        return {int(row["program"]): (int(row["low"]), int(row["high"])) for row in csv.DictReader(table)}


def test_not_one_note_lies_outside_its_instruments_range(songs, ranges, hearing):
    outside = []
    for name, song in songs.items():
        heard = hearing.hear(to_bytes(song.score))
        for index, title in enumerate(heard.names):
            part = heard.where(heard.part == index)
            low, high = DRUMS if part.drums.any() else ranges[heard.programs[index]]
            if len(part.pitch) and not low <= part.pitch.min() <= part.pitch.max() <= high:
                outside.append((name, title, int(part.pitch.min()), int(part.pitch.max()), low, high))
    assert outside == []


def test_strong_beats_of_the_melody_stand_on_chord_or_scale(songs):
    astray, strong = 0, 0
    for song in songs.values():
        assert ASKING.isdisjoint(broken.name for broken in song.broken)
        for note in song.score.part("Melody").notes:
            # A player may be early or late; the beat that was meant is the nearest sixteenth.
            beat = round(note.onset * 4) / 4
            if beat % 2 == 0:
                strong += 1
                astray += note.pitch % 12 not in fitting(song, beat)
    assert strong > 1500
    assert astray / strong <= 0.02


def test_before_micro_timing_they_do_too(songs):
    for name, song in songs.items():
        row = [
            (note.pitch % 12 in fitting(song, written.section.start + note.onset))
            for written in song.sections
            for note in written.notes["melody"]
            if note.onset % 2 == 0
        ]
        assert row, name
        assert row.count(False) / len(row) <= 0.02, name


def fitting(song, beat):
    """The pitch classes of chord and key at a beat of the song."""
    starts = [written.section.start for written in song.sections]
    written = song.sections[bisect_right(starts, beat) - 1]
    onsets = [written.section.start + chord.onset for chord in written.chords]
    chord = written.chords[bisect_right(onsets, beat + 1e-9) - 1]
    return {*chord.symbol.pitch_classes, *written.section.key.scale}
