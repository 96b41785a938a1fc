"""The transformer plays with no song around it, note after note."""

from itertools import islice, pairwise

import numpy as np
import pytest

import kelly
from kelly.composing.improvising import freely
from kelly.composing.improvising.writing import tempo_word
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UsageError
from kelly.models.transformer.layout import BAR, PART
from small.scribe import Scribe

JOY, GRIEF = Emotion(0.8, 0.8, 0.6), Emotion(-0.8, 0.2, 0.3)
MAJOR, MINOR = {0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10}


@pytest.fixture(autouse=True)
def scribe(monkeypatch):
    network = Scribe(places=128)
    monkeypatch.setattr(freely.network, "shipped", lambda: network)
    return network


def played(*args, **wishes):
    return list(kelly.improvise(*args, **wishes))


def test_notes_come_bar_after_bar_of_the_parts_that_are_asked_for_and_in_the_feelings_mode():
    notes = played(GRIEF, bars=8, parts=["melody", "bass"], key="D")
    assert {int(note.onset // 4) for _, note in notes} <= set(range(8))
    assert max(note.end for _, note in notes) <= 32
    assert {part for part, _ in notes} == {"melody", "bass"}
    assert {(note.pitch - 2) % 12 for _, note in notes} <= MINOR
    assert max(note.pitch for part, note in notes if part == "bass") <= 55
    for part in ("melody", "bass"):
        row = [note for name, note in notes if name == part]
        assert all(one.end <= other.onset + 1e-9 for one, other in pairwise(row)), "one note at a time, in order"
    assert len({note.duration for _, note in notes}) > 3
    assert len({note.velocity for _, note in notes}) > 3


def test_a_journey_leads_through_the_bars(scribe):
    notes = played(Journey(GRIEF, JOY, "slow-reveal"), bars=16)
    first, last = ({note.pitch % 12 for _, note in notes if int(note.onset // 4) == bar} for bar in (0, 15))
    assert first <= MINOR
    assert last <= MAJOR | {6}, "lydian or major"
    told = [told.feelings[row, :2].tolist() for word, told, row in scribe.read if word[0] == BAR]
    assert told[0][0] < 0 < told[-1][0]
    assert told[0][1] < told[-1][1]
    assert any(np.abs(told.changes[row]).max() > 0 for word, told, row in scribe.read if word[0] == BAR)


def test_it_begins_at_once_and_goes_on_for_as_long_as_it_is_asked_to(scribe):
    notes = kelly.improvise(JOY, bars=freely.LONGEST)
    assert len(list(islice(notes, 3000))) == 3000
    assert scribe.longest <= scribe.places
    assert [word for word, _, _ in scribe.read].count((PART, 1, 0, 1, 0, 0, 0, 0)) > 5, "it has begun anew"


def test_a_seed_plays_the_same_again():
    first, again, other = (played(JOY, bars=4, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_drums_keep_to_no_key():
    kit = {note.pitch for part, note in played(JOY, bars=16, parts=["drums"], key="Eb")}
    assert not {(pitch - 3) % 12 for pitch in kit} <= MAJOR | {6}
    assert min(kit) >= 35


@pytest.mark.parametrize(("wishes", "told"), [
    ({"bars": 0}, "bars must be an integer in 1..10000; got 0"),
    ({"bars": 2.5}, "bars must be an integer in 1..10000; got 2.5"),
    ({"parts": "melody"}, 'each once; got "melody"'),
    ({"parts": None}, "each once; got None"),
    ({"tempo": "fast"}, "tempo must lie in 20..400 BPM"),
    ({"seed": -1}, "seed must be an integer in 0"),
    ({"sampling": None}, "sampling must be a Sampling; got None"),
    ({"parts": []}, "parts must be one or more of"),
    ({"parts": ["bass", "Bass"]}, "each once; got bass, bass"),
    ({"parts": ["tuba"]}, "tuba"),
    ({"tempo": 5}, "tempo must lie in 20..400 BPM; got 5"),
    ({"key": "H"}, "key must be a note name"),
])  # fmt: skip
def test_what_cannot_be_is_said_before_anything_is_played(wishes, told):
    with pytest.raises(UsageError, match=told):
        kelly.improvise(JOY, **wishes)


@pytest.mark.parametrize("feeling", [None, 7, (0.1, 0.2, 0.3)])
def test_what_is_no_feeling_is_told(feeling):
    with pytest.raises(UsageError, match="a feeling is a text"):
        kelly.improvise(feeling)


def test_it_takes_what_compose_takes():
    assert played("I am so sad", bars=2) == played(kelly.feel("I am so sad"), bars=2)


def test_the_tempo_is_the_feelings_or_what_is_asked_for(scribe):
    for wish, bpm in (({}, 60 + 120 * 0.8), ({"tempo": 50}, 50)):
        scribe.read.clear()
        played(JOY, bars=1, **wish)
        told = {word[6] for word, _, _ in scribe.read if word[0] == BAR}
        assert told == {tempo_word(bpm)}


def test_how_freely_it_draws_may_be_said():
    first, again, other = (played(JOY, bars=2, sampling=kelly.Sampling(temperature=t)) for t in (0, 0, 2))
    assert first == again != other


def test_a_part_that_was_silent_is_called_upon(scribe):
    scribe.steep, scribe.likes = 0.1, {"seat": (1, 8.0)}
    names = [part for part, _ in played(JOY, bars=40, parts=["melody", "chords"])]
    assert names.count("chords") > 0


def test_without_the_network_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(freely.network, "shipped", lambda: None)
    monkeypatch.setattr(freely.network.resources, "files", lambda _: tmp_path)
    with pytest.raises(FileError, match="without the transformer"):
        kelly.improvise(JOY)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(FileError, match="holds no transformer"):
        kelly.improvise(JOY)
