"""The transformer plays with no song around it, note after note."""

from itertools import islice

import numpy as np
import pytest

import kelly
from kelly.composing.improvising import freely
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
    bars = [int(note.onset // 4) for _, note in notes]
    assert bars == sorted(bars)
    assert set(bars) <= set(range(8))
    assert {part for part, _ in notes} == {"melody", "bass"}
    assert {(note.pitch - 2) % 12 for _, note in notes} <= MINOR
    assert max(note.pitch for part, note in notes if part == "bass") <= 55
    for part in ("melody", "bass"):
        onsets = [note.onset for name, note in notes if name == part]
        assert len(onsets) == len(set(onsets)), "one note at a time"


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
    ({"bars": 0}, "bars must lie in 1..100000; got 0"),
    ({"parts": []}, "parts must be one or more of"),
    ({"parts": ["bass", "Bass"]}, "each once; got bass, bass"),
    ({"parts": ["tuba"]}, "tuba"),
    ({"tempo": 5}, "tempo must lie in 20..400 BPM; got 5"),
    ({"key": "H"}, "key must be a note name"),
])  # fmt: skip
def test_what_cannot_be_is_said_before_anything_is_played(wishes, told):
    with pytest.raises(UsageError, match=told):
        kelly.improvise(JOY, **wishes)


def test_without_the_network_it_says_so(monkeypatch):
    monkeypatch.setattr(freely.network, "shipped", lambda: None)
    with pytest.raises(FileError, match="without the transformer"):
        kelly.improvise(JOY)
