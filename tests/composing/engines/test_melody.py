"""Melodies sing: in range, one note at a time, on the harmony, with a motif that comes back."""

from collections import Counter
from itertools import pairwise

import pytest

from kelly.composing.chance import stream
from kelly.composing.engines import melody
from kelly.emotion import thesaurus

NAMES = [node.name for node in thesaurus.names()][::6]


def song(contexts):
    return [(context, melody.play(context, stream(1, "melody", context.section.role))) for context in contexts]


@pytest.mark.parametrize("name", NAMES)
def test_one_note_at_a_time_in_range_and_in_the_section(name, contexts_of):
    for context, notes in song(contexts_of(name, seed=1)):
        assert all(a.end <= b.onset + 1e-9 for a, b in pairwise(notes))
        assert all(context.low <= n.pitch <= context.high for n in notes)
        assert all(n.onset >= 0 and n.end <= context.section.beats + 1e-9 for n in notes)


@pytest.mark.parametrize("name", NAMES)
def test_strong_beats_fit_chord_or_scale(name, contexts_of):
    for context, notes in song(contexts_of(name, seed=2)):
        strong = [n for n in notes if n.onset % 2 == 0]
        assert all(n.pitch % 12 in context.scale_at(n.onset) for n in strong)


def test_most_strong_beats_are_chord_tones(contexts_of):
    hits = [
        n.pitch % 12 in context.chord_at(n.onset).symbol.pitch_classes
        for name in NAMES
        for context, notes in song(contexts_of(name, seed=2))
        for n in notes
        if n.onset % 2 == 0
    ]
    assert sum(hits) / len(hits) > 0.65


def test_the_motifs_rhythm_comes_back(contexts_of):
    for name in NAMES:
        bars = Counter()
        for context, notes in song(contexts_of(name, seed=1)):
            if context.section.role in ("verse", "chorus"):
                for bar in range(context.section.bars):
                    inside = tuple(n.onset - 4 * bar for n in notes if 4 * bar <= n.onset < 4 * bar + 4)
                    bars[inside] += bool(inside)
        assert max(bars.values()) >= 3


def test_aroused_melodies_have_more_notes_and_sad_ones_lie_lower(contexts_of):
    def bars(name):
        rows = song(contexts_of(name, seed=5))
        return sum(len(notes) for _, notes in rows) / sum(c.section.bars for c, notes in rows if notes)

    def height(name):
        pitches = [n.pitch for _, notes in song(contexts_of(name, seed=5)) for n in notes]
        return sum(pitches) / len(pitches)

    assert bars("melancholy") < bars("worry") < bars("fury")
    assert height("despair") < height("acceptance") < height("euphoria")


def test_phrases_breathe(contexts_of):
    for name in ("grief", "serenity", "nostalgia"):
        verse = next(c for c in contexts_of(name, seed=1) if c.section.role == "verse")
        notes = melody.play(verse, stream(1, "melody", "verse"))
        gaps = [b.onset - a.end for a, b in pairwise(notes)] + [verse.section.beats - notes[-1].end]
        assert max(gaps) >= 1


def test_the_song_comes_home(contexts_of):
    for name in ("joy", "hope", "rage", "gratitude"):
        for seed in (1, 2):
            *_, last = contexts_of(name, seed=seed)
            note = melody.play(last, stream(seed, "melody", "outro"))[-1]
            assert note.onset == last.section.beats - 4
            assert note.end == pytest.approx(last.section.beats)
            chord = last.chord_at(note.onset).symbol.pitch_classes
            assert note.pitch % 12 == last.key.tonic or last.key.tonic not in chord


def test_a_section_has_one_height(contexts_of):
    for name in NAMES:
        for context, notes in song(contexts_of(name, seed=1)):
            if context.section.role in ("verse", "chorus") and context.section.bars >= 8:
                top = max(n.pitch for n in notes)
                assert sum(n.pitch == top for n in notes) <= 2


def test_calm_phrases_often_start_after_the_beat(contexts_of):
    late = []
    for name in ("serenity", "grief", "melancholy", "calm", "nostalgia"):
        for seed in range(3):
            for context, notes in song(contexts_of(name, seed=seed)):
                bars = {n.onset // 4 for n in notes}
                late += [not any(n.onset == 4 * bar for n in notes) for bar in bars if context.section.role == "verse"]
    assert 0.15 < sum(late) / len(late) < 0.75


def test_responses_close_on_the_tonic_more_often_than_calls(contexts_of):
    closed = {0: [], 1: []}
    for name in NAMES:
        for seed in (1, 2):
            for context, notes in song(contexts_of(name, seed=seed)):
                for phrase in range(context.section.bars // 4 - 1):
                    said = [n for n in notes if 16 * phrase <= n.onset + 0.5 < 16 * phrase + 16]
                    if said:
                        closed[phrase % 2].append(said[-1].pitch % 12 == context.key.tonic)
    calls, responses = (sum(row) / len(row) for row in closed.values())
    assert responses > 1.5 * calls
