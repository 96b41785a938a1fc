"""Rules of harmony broken: the chords and pitches do what the name says, compared with the same song unbroken."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from kelly.composing import rulebreaks
from kelly.composing.composer import compose_score
from kelly.composing.intent import reference
from kelly.composing.plan import make_plan
from kelly.composing.rulebreaks import Broken
from kelly.composing.settings import Settings
from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import lookup
from kelly.score.notes import KeySignature, Marker, Note, Part, Score, Tempo

MOODS = ("grief", "gratitude", "rage")
CHORDS, MELODY = "Chords", "Melody"


@cache
def composed(mood, *names, bars=48, seed=3, triggers=False):
    breaks = dict.fromkeys(names, "because it hurts")
    settings = Settings(seed=seed, bars=bars, triggers=triggers, breaks=breaks)
    return compose_score(Journey(lookup(mood).emotion), settings)


def both(mood, name):
    """A song unbroken and broken."""
    return composed(mood), composed(mood, name)


def changed(mood, name):
    """The titles of the parts that a break changes."""
    plain, broken = both(mood, name)
    return [part.name for part in plain.score.parts if part not in broken.score.parts]


def brief(*extra, bars=8):
    """A small score of a hand-written melody over held chords, and the plan it belongs to."""
    plan = make_plan(Journey(lookup("grief").emotion), Settings(key="C", mode="ionian", bars=bars, seed=1))
    melody = tuple(Note(float(beat), 0.9, 72 + beat % 3, 90) for beat in range(4 * bars))
    chords = tuple(Note(4.0 * bar, 4.0, pitch, 80) for bar in range(bars) for pitch in (48, 52, 55))
    score = Score(
        (Part(MELODY, 1, 73, melody), Part(CHORDS, 0, 0, chords), *extra),
        tempos=(Tempo(0.0, 100.0),),
        keys=(KeySignature(0.0, "C", minor=False),),
        markers=(Marker(0.0, "verse"),),
    )
    return score, plan


def broken_by(name, severity, score, plan):
    return rulebreaks.break_score(score, plan, [Broken(name, severity, "because")])


def numerals(composition):
    return [[chord.numeral for chord in written.chords] for written in composition.sections]


@pytest.mark.parametrize("mood", MOODS)
def test_avoid_tonic_resolution_ends_no_phrase_on_the_tonic(mood):
    plain, broken = both(mood, "avoid-tonic-resolution")

    def homes(composition):
        return sum(
            chord.cadence and chord.symbol.root == written.section.key.tonic
            for written in composition.sections
            for chord in written.chords
        )

    assert homes(plain) > 0
    assert homes(broken) == 0
    for written in broken.sections:
        tonic = written.section.key.tonic
        pairs = pairwise(written.chords)
        assert not any((a.symbol.root - tonic) % 12 == 7 and b.symbol.root == tonic for a, b in pairs)


def planed(composition):
    """Share of the changes of chord in which the three lowest voices move by the same interval."""
    voicings = [chord.voicing[:3] for written in composition.sections for chord in written.chords]
    moves = [{b - a for a, b in zip(one, two, strict=True)} for one, two in pairwise(voicings) if one != two]
    return np.mean([len(steps) == 1 for steps in moves])


@pytest.mark.parametrize("mood", MOODS)
def test_parallel_motion_moves_all_voices_alike(mood):
    plain, broken = both(mood, "parallel-motion")
    assert planed(plain) < 0.3
    assert planed(broken) > 0.95
    sounding = {note.pitch for note in broken.score.part(CHORDS).notes}
    assert sounding <= {pitch for written in broken.sections for chord in written.chords for pitch in chord.voicing}
    melody = [note.onset for note in plain.score.part(MELODY).notes]
    assert [note.onset for note in broken.score.part(MELODY).notes] == melody


def test_parallel_motion_keeps_the_roots_and_stacks_fifths():
    broken = composed("gratitude", "parallel-motion")
    chords = [chord for written in broken.sections for chord in written.chords]
    assert all(chord.voicing[0] % 12 == chord.symbol.root for chord in chords)
    assert {tuple(p - c.voicing[0] for p in c.voicing[:3]) for c in chords} == {(0, 7, 12)}


def foreign(composition):
    """The chords with a tone from outside the key, by section."""
    return [
        [c.symbol for c in w.chords if not set(c.symbol.pitch_classes) <= set(w.section.key.scale)]
        for w in composition.sections
    ]


@pytest.mark.parametrize("mood", MOODS)
def test_modal_interchange_borrows_from_the_parallel_mode(mood):
    plain, broken = both(mood, "modal-interchange")
    assert sum(map(len, foreign(broken))) > sum(map(len, foreign(plain)))
    for before, after in zip(plain.sections, broken.sections, strict=True):
        assert after.chords[0].symbol == before.chords[0].symbol
        same = [a.symbol == b.symbol for a, b in zip(before.chords, after.chords, strict=True)]
        assert np.mean(same) >= 0.5


def test_in_the_reference_song_the_subdominant_alone_is_borrowed():
    intent = reference()
    made = compose_score(intent.journey(), intent.settings())
    rows = dict(zip([written.section.role for written in made.sections], numerals(made), strict=True))
    assert rows["verse"] == ["I", "V", "iii", "vi"] * 2
    assert rows["chorus"] == ["I", "V", "iii", "IV"] * 3 + ["I", "V", "iii", "iv"]
    assert rows["bridge"] == ["I", "V", "iv", "I"] * 3


@pytest.mark.parametrize("mood", MOODS)
def test_tritone_substitution_slides_into_its_target(mood):
    plain, broken = both(mood, "tritone-substitution")

    def slides(composition):
        rows = [written.chords for written in composition.sections]
        pairs = [(a.symbol, b.symbol) for row in rows for a, b in pairwise(row)]
        return sum(a.quality == "7" and (a.root - b.root) % 12 == 1 for a, b in pairs)

    assert slides(broken) >= slides(plain) + 2
    for written in broken.sections:
        ends = [chord.end for chord in written.chords]
        assert [chord.onset for chord in written.chords] == [0.0, *ends[:-1]]
        assert ends[-1] == written.section.beats


@pytest.mark.parametrize("mood", MOODS)
def test_polytonality_puts_one_part_into_a_second_key(mood):
    (title,) = changed(mood, "polytonality")
    plain, broken = both(mood, "polytonality")
    steps = {
        (b.pitch - a.pitch) % 12
        for a, b in zip(plain.score.part(title).notes, broken.score.part(title).notes, strict=True)
    }
    assert len(steps) == 1
    assert steps != {0}


def test_the_stronger_polytonality_is_the_further_key():
    score, plan = brief(bars=16)
    outside = []
    for severity in (0.2, 0.9):
        part = broken_by("polytonality", severity, score, plan).part(CHORDS)
        outside.append(len({note.pitch % 12 for note in part.notes} - {0, 2, 4, 5, 7, 9, 11}))
    assert outside[0] < outside[1]


@pytest.mark.parametrize("mood", MOODS)
def test_unresolved_dissonance_ends_phrases_on_a_rub(mood):
    plain, broken = both(mood, "unresolved-dissonance")
    assert changed(mood, "unresolved-dissonance") == [MELODY]
    before, after = plain.score.part(MELODY).notes, broken.score.part(MELODY).notes
    moved = [(a, b) for a, b in zip(before, after, strict=True) if a.pitch != b.pitch]
    assert len(moved) >= 2
    for old, new in moved:
        assert roughness(plain.score, new) > roughness(plain.score, old)
        assert new.duration >= old.duration
        followers = [note for note in after if new.onset < note.onset < new.end - 0.1]
        assert followers == []


def roughness(score, note):
    """How many chord and bass tones lie a semitone or a tritone (by pitch class) from a note while it sounds."""
    backing = [n for title in (CHORDS, "Pad", "Bass", "Strings") for n in score.part(title).notes]
    sounding = {n.pitch % 12 for n in backing if n.onset < note.onset + 0.5 and n.end > note.onset + 0.05}
    return sum((note.pitch - pc) % 12 in (1, 6, 11) for pc in sounding) - 3 * (note.pitch % 12 in sounding)
