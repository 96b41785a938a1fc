"""Chords fill the section, follow the mode and close phrases; the user's own are left alone."""

import itertools

import pytest

from kelly.composing.chance import stream
from kelly.composing.engines import chords
from kelly.composing.progressions import progressions
from kelly.emotion import thesaurus

NAMES = [node.name for node in thesaurus.names()][::5]


@pytest.mark.parametrize("name", NAMES)
def test_chords_fill_every_section_without_gap(name, contexts_of):
    for context in contexts_of(name, seed=3):
        row = chords.play(context, stream(3, "chords"))
        assert row[0].onset == 0
        assert row[-1].end == context.section.beats
        assert all(a.end == b.onset for a, b in itertools.pairwise(row))


@pytest.mark.parametrize("name", NAMES)
def test_progressions_live_in_the_mode(name, contexts_of):
    for context in contexts_of(name, seed=1):
        assert context.key.mode in progressions()[context.section.figures["progression"]].modes


def test_the_song_comes_home(contexts_of):
    for name in NAMES:
        last = contexts_of(name, seed=2, triggers=False)[-1]
        assert last.chords[-1].symbol.root == last.key.tonic


def test_the_users_own_chords_are_played_as_they_stand(contexts_of):
    own = {"verse": ("F", "C", "Am", "Dm"), "chorus": ("I", "V", "iii", "IV")}
    for context in contexts_of("grief", key="F", mode="major", progressions=own, triggers=False):
        names = [chord.symbol.name() for chord in context.chords[:4]]
        if context.section.role == "verse":
            assert names == ["F", "C", "Am", "Dm"]
        if context.section.role == "chorus":
            assert names == ["F", "C", "Am", "Bb"]


def test_voices_move_by_at_most_four_semitones(contexts_of):
    for name in NAMES:
        voicings = [c.voicing for context in contexts_of(name, seed=4) for c in context.chords]
        wide = [
            (a, b) for a, b in itertools.pairwise(voicings) if max(abs(x - y) for x, y in zip(a, b, strict=True)) > 4
        ]
        assert len(wide) <= 0.02 * len(voicings)
