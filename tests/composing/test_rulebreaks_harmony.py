"""Rules of harmony broken: the chords and pitches do what the name says, compared with the same song unbroken."""

from itertools import pairwise

import numpy as np

from kelly.composing.composer import compose_score
from kelly.composing.intent import reference

CHORDS, MELODY = "Chords", "Melody"


def numerals(composition):
    return [[chord.numeral for chord in written.chords] for written in composition.sections]


def test_avoid_tonic_resolution_ends_no_phrase_on_the_tonic(mood, both):
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


def test_parallel_motion_moves_all_voices_alike(mood, both):
    plain, broken = both(mood, "parallel-motion")
    assert planed(plain) < 0.3
    assert planed(broken) > 0.95
    sounding = {note.pitch for note in broken.score.part(CHORDS).notes}
    assert sounding <= {pitch for written in broken.sections for chord in written.chords for pitch in chord.voicing}
    melody = [note.onset for note in plain.score.part(MELODY).notes]
    assert [note.onset for note in broken.score.part(MELODY).notes] == melody


def test_parallel_motion_keeps_the_roots_and_stacks_fifths(composed):
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


def test_modal_interchange_borrows_from_the_parallel_mode(mood, both):
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


def test_tritone_substitution_slides_into_its_target(mood, both):
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


def test_polytonality_puts_one_part_into_a_second_key(mood, both, changed):
    (title,) = changed(mood, "polytonality")
    plain, broken = both(mood, "polytonality")
    steps = {
        (b.pitch - a.pitch) % 12
        for a, b in zip(plain.score.part(title).notes, broken.score.part(title).notes, strict=True)
    }
    assert len(steps) == 1
    assert steps != {0}


def test_the_stronger_polytonality_is_the_further_key(brief, broken_by):
    score, plan = brief(bars=16)
    outside = []
    for severity in (0.2, 0.9):
        part = broken_by("polytonality", severity, score, plan).part(CHORDS)
        outside.append(len({note.pitch % 12 for note in part.notes} - {0, 2, 4, 5, 7, 9, 11}))
    assert outside[0] < outside[1]


def test_unresolved_dissonance_ends_phrases_on_a_rub(mood, both, changed):
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
