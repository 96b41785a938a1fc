"""The transformer that comes with Kelly: what it writes is music that can be told apart by its feeling."""

from itertools import islice

import numpy as np

import kelly
from kelly.composing.mapping import tempo
from kelly.emotion.space import Emotion
from kelly.listening.score import placed
from kelly.listening.traits.sounded import sounded
from kelly.models.symbolic.model import shipped as judge
from kelly.models.transformer import network
from kelly.score.notes import Meter, Part, Score, Tempo

CALM, ALARMED = Emotion(-0.2, 0.1, 0.5), Emotion(-0.2, 0.9, 0.5)


def played(feeling, seed, parts=("melody", "chords", "bass")):
    rows = {part: [] for part in parts}
    for part, note in kelly.improvise(feeling, 8, parts=parts, seed=seed):
        rows[part].append(note)
    made = [Part(part, channel, 0, tuple(row)) for channel, (part, row) in enumerate(rows.items())]
    return Score(tuple(made), tempos=(Tempo(0.0, tempo(feeling.arousal)),), meters=(Meter(0.0),))


def test_it_comes_along():
    assert network.needed().places == 512


def test_it_plays_for_long_and_the_same_for_a_seed():
    notes = list(islice(kelly.improvise(CALM, 200, seed=3), 700))
    assert len(notes) == 700
    assert notes == list(islice(kelly.improvise(CALM, 200, seed=3), 700))
    assert len({note.pitch for _, note in notes}) > 12
    assert len({note.duration for _, note in notes}) > 5


def test_what_is_asked_for_is_heard_by_an_ear_that_did_not_teach_it():
    def arousal(feeling, seed):
        return placed(sounded(played(feeling, seed)), judge("judge"))[0].arousal

    calm, alarmed = ([arousal(feeling, seed) for seed in range(12)] for feeling in (CALM, ALARMED))
    assert np.mean(alarmed) > np.mean(calm) + 0.15


def test_every_part_plays():
    score = played(ALARMED, 1)
    for part in score.parts:
        assert len(part.notes) >= 4, part.name


def test_a_song_is_gone_on_with_in_its_own_key():
    song = kelly.compose("I miss you so much", bars=8, seed=1)
    more = kelly.continued(song, bars=4)
    new = [note for part in more.parts if not part.is_drums for note in part.notes if note.onset >= 32]
    assert len(new) >= 12
    assert {note.pitch % 12 for note in new} <= {note.pitch % 12 for note in song.score.notes(drums=False)}
