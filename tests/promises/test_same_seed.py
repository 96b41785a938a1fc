"""Same feeling, options and seed: same bytes in any process; another seed is another song; a mute is only a mute."""

import hashlib
import os
import subprocess
import sys

import pytest

from kelly.composing.song import compose
from kelly.composing.tables import parts
from kelly.emotion import thesaurus
from kelly.emotion.space import Emotion
from kelly.score.midi import to_bytes

SONGS = (
    ("I never felt so alive, and I can't stop crying", {"seed": 7}),
    (Emotion(-0.9, 0.3, 0.25), {"seed": 0, "to": "hope", "arc": "slow-reveal"}),
    (Emotion(-0.8, 1.0, 0.9), {"seed": 3, "bars": 32, "genre": "rock", "humanise": 1.0}),
    (Emotion(0.5, 0.2, 0.65), {"seed": 5, "minutes": 1, "key": "F", "complexity": 1.0}),
)
CODE = """
import hashlib
from kelly.composing.song import compose
from kelly.emotion.space import Emotion
from kelly.score.midi import to_bytes
for feeling, wishes in {songs!r}:
    print(hashlib.sha256(to_bytes(compose(feeling, **wishes).score)).hexdigest())
"""
SEAM = parts()["transitions"].title
SWEPT = {11, 74}  # the controllers by which a transition leads over


def prints(hash_seed):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(songs=SONGS)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.split()


def test_the_bytes_are_the_same_in_every_process():
    here = [hashlib.sha256(to_bytes(compose(feeling, **wishes).score)).hexdigest() for feeling, wishes in SONGS]
    assert prints("0") == here
    assert prints("424242") == here


def test_a_song_does_not_depend_on_what_was_composed_before():
    first = to_bytes(compose("I am so proud of you", seed=2, bars=24).score)
    compose("leave me alone", seed=9, bars=24)
    assert to_bytes(compose("I am so proud of you", seed=2, bars=24).score) == first


def test_every_seed_is_another_song():
    songs = [compose(Emotion(-0.4, 0.5, 0.4), seed=seed, bars=16).score for seed in range(24)]
    assert len({song.parts for song in songs}) == len(songs)
    assert len({song.part("Melody").notes for song in songs}) == len(songs)


@pytest.fixture(scope="module", params=[("terror", 3), ("melancholy", 1), ("hope", 2)], ids=lambda asked: asked[0])
def asked(request):
    name, seed = request.param
    feeling = thesaurus.lookup(name).emotion
    return feeling, seed, compose(feeling, seed=seed, bars=48).score


@pytest.mark.parametrize("part", parts())
def test_muting_a_part_leaves_every_other_note_and_control_alone(asked, part):
    feeling, seed, full = asked
    title = parts()[part].title
    without = {p.name: p for p in compose(feeling, seed=seed, bars=48, mute=(part,)).score.parts}
    expected = {p.name: p for p in full.parts if p.name != title}
    assert list(without) == list(expected)
    for name, other in expected.items():
        assert without[name].notes == other.notes
        assert without[name].bends == other.bends
        assert without[name].program == other.program
        assert controls(without[name], title) == controls(other, title)


def controls(part, muted):
    """A part's controls; without transitions their sweeps are gone too, which is all that a mute may change."""
    return [c for c in part.controls if muted != SEAM or c.controller not in SWEPT]


@pytest.mark.parametrize("part", ["drums", "fills", "melody"])
def test_in_the_file_too_a_muted_part_changes_no_other_stroke(asked, hearing, part):
    feeling, seed, full = asked
    title = parts()[part].title
    muted = hearing.hear(to_bytes(compose(feeling, seed=seed, bars=48, mute=(part,)).score))
    heard = hearing.hear(to_bytes(full))
    for name in set(heard.names) - {title}:
        assert strokes(muted.of(name)) == strokes(heard.of(name))


def strokes(part):
    return list(zip(part.onset.tolist(), part.pitch.tolist(), part.velocity.tolist(), strict=True))
