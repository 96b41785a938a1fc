"""Networks in use: what the dial moves, what it leaves alone, and what happens where a network is missing."""

import logging
from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest

import kelly
from kelly.composing.chance import stream
from kelly.composing.neural import harmony, playing
from kelly.composing.neural.melody import Hearing
from kelly.composing.progressions import progression, progressions
from kelly.composing.theory import MODES, Key
from kelly.emotion.thesaurus import lookup
from kelly.models import networks
from kelly.score import midi
from kelly.score.notes import Note

FEELINGS = ("grief", "ecstasy", "contentment")


@pytest.fixture
def no_networks(monkeypatch):
    """A Kelly without any trained network."""
    networks._loaded.cache_clear()
    harmony._likelihood.cache_clear()
    monkeypatch.setattr(networks, "_opened", _absent)
    yield
    networks._loaded.cache_clear()
    harmony._likelihood.cache_clear()


def _absent(*_):
    raise kelly.errors.FileError("it is not there")


def written(feeling, **wishes):
    return midi.to_bytes(kelly.compose(lookup(feeling).emotion, **wishes).score)


def test_at_0_no_network_is_looked_for(monkeypatch):
    monkeypatch.setattr(networks, "_loaded", lambda _: pytest.fail("a network was looked for"))
    assert written("hope", seed=2, neural=0) == written("hope", seed=2)


@pytest.mark.parametrize("feeling", FEELINGS)
def test_the_same_dial_gives_the_same_bytes_and_another_dial_another_song(feeling):
    songs = [written(feeling, seed=2, bars=16, neural=dial) for dial in (0.0, 0.5, 1.0, 1.0)]
    assert songs[2] == songs[3]
    assert len(set(songs)) == 3


@pytest.mark.parametrize("feeling", FEELINGS)
def test_what_the_formulas_fix_stays_fixed(feeling):
    emotion = lookup(feeling).emotion
    rules, nets = (kelly.compose(emotion, seed=4, triggers=False, neural=dial) for dial in (0.0, 1.0))
    assert [t.bpm for t in rules.score.tempos] == [t.bpm for t in nets.score.tempos]
    assert rules.report["parameters"]["key"] == nets.report["parameters"]["key"]
    assert [s["role"] for s in rules.report["sections"]] == [s["role"] for s in nets.report["sections"]]
    for one, other in zip(rules.score.parts, nets.score.parts, strict=True):
        if len(one.notes) > 100 and len(other.notes) > 100:
            loud = [fmean(note.velocity for note in part.notes) for part in (one, other)]
            assert abs(loud[0] - loud[1]) < 6, one.name


@pytest.mark.usefixtures("no_networks")
def test_without_networks_the_rules_play_and_the_song_says_so(caplog):
    with caplog.at_level(logging.WARNING, "kelly.models"):
        song = kelly.compose(lookup("hope").emotion, seed=2, bars=8, neural=1)
        kelly.compose(lookup("grief").emotion, seed=2, bars=8, neural=1)
    rules = kelly.compose(lookup("hope").emotion, seed=2, bars=8)
    assert song.score.parts == rules.score.parts
    assert len(caplog.records) == 4  # once for each network, not for each song
    assert "MelodyTransformer" in " ".join(song.report["remarks"])
    assert not any("network" in remark or "lacks" in remark for remark in rules.report["remarks"])


def test_a_family_that_songs_use_gains_on_one_that_they_do_not():
    suited = dict.fromkeys(progressions(), 1.0)
    told = harmony.weighed(suited, lookup("contentment").emotion, 1.0)
    assert told["I-V-vi-IV"] > 2 * min(told.values())
    assert max(told.values()) == 1.0
    assert harmony.weighed(suited, lookup("contentment").emotion, 0.0) == suited


@pytest.mark.parametrize("mode", MODES)
def test_chords_that_come_in_belong_to_the_key(mode):
    key = Key(3, mode)
    family = next(row for row in progressions().values() if mode in row.modes)
    own = progression(family.name, key.tonic)
    for seed in range(20):
        row = harmony.reharmonised(own, key, lookup("hope").emotion, 1.0, stream(seed, "test"))
        assert len(row) == len(own)
        assert row[0] == own[0]
        for chord, before in zip(row, own, strict=True):
            assert chord == before or set(chord.pitch_classes) <= set(key.scale)


def test_the_melody_network_finds_tones_of_the_chord_nearer(contexts_of):
    context = contexts_of("contentment", bars=16, seed=3)[0]
    context = replace(context, plan=replace(context.plan, neural=1.0))
    hearing = Hearing(context)
    further = hearing.efforts(0.0, [])
    tones = context.chord_at(0.0).symbol.pitch_classes
    inside = [far for pitch, far in further.items() if 60 <= pitch < 84 and pitch % 12 in tones]
    outside = [far for pitch, far in further.items() if 60 <= pitch < 84 and pitch % 12 not in context.key.scale]
    assert fmean(inside) < fmean(outside)
    later = hearing.efforts(4.0, [Note(0.0, 4.0, min(further, key=further.get), 80)])
    assert later != further


def test_touches_leave_loudness_and_beat_where_they_are(contexts_of):
    context = contexts_of("hope", bars=16, seed=3)[0]
    context = replace(context, plan=replace(context.plan, neural=1.0))
    found = playing.touches(context, context.parts)
    assert {"melody", "chords", "bass", "drums"} <= set(found)
    latest = playing.LATEST * context.parameters.tempo / 60
    for part, touches in found.items():
        assert abs(np.mean([touches[note].velocity for note in context.parts[part]])) < 0.01, part
        assert all(abs(touch.delay) <= latest for touch in touches.values())
    assert playing.touches(replace(context, plan=replace(context.plan, neural=0.0)), context.parts) == {}


@pytest.mark.parametrize(("feeling", "genre"), [("rage", "rock"), ("ecstasy", "rock"), ("grief", "pop")])
def test_the_backbeat_stays_the_loudest_snare_and_the_bass_with_the_kick(feeling, genre):
    song = kelly.compose(lookup(feeling).emotion, seed=3, bars=16, genre=genre, neural=1)
    rules = kelly.compose(lookup(feeling).emotion, seed=3, bars=16, genre=genre)
    drums, plain = ({note.onset: note for note in part(one, "Drums") if note.pitch == 38} for one in (song, rules))
    backbeat, ghosts = ([n.velocity for n in drums.values() if _on_backbeat(n) is on] for on in (True, False))
    if backbeat and ghosts:
        assert fmean(backbeat) > max(ghosts) - 5
    assert len(drums) == len(plain)
    kicks = [note.onset for note in part(song, "Drums") if note.pitch == 36]
    apart = [min((bass.onset - kick for bass in part(song, "Bass")), key=abs) for kick in kicks]
    together = [abs(beats) * 60 / song.score.tempos[0].bpm for beats in apart if abs(beats) < 0.12]
    assert fmean(together) < 0.015
    assert max(together) < 0.05


def part(song, name):
    return next(one.notes for one in song.score.parts if one.name == name)


def _on_backbeat(note):
    return round(note.onset * 4) % 16 in (4, 12)


def test_a_mixture_that_makes_no_sense_leaves_harmony_to_the_rules(monkeypatch):
    real = networks._opened
    networks._loaded.cache_clear()
    harmony._likelihood.cache_clear()
    monkeypatch.setattr(networks, "_opened", lambda *of: (real(*of)[0], {"mixture": {"order": 99}}))
    song = kelly.compose(lookup("hope").emotion, seed=2, bars=8, neural=1)
    networks._loaded.cache_clear()
    harmony._likelihood.cache_clear()
    assert "HarmonyPredictor" in " ".join(song.report["remarks"])
    assert "MelodyTransformer" not in " ".join(song.report["remarks"])


@pytest.mark.parametrize("dial", [-0.1, 1.1, "much", float("nan"), True])
def test_a_dial_out_of_range_is_one_clear_error(dial):
    with pytest.raises(kelly.errors.UsageError, match="neural must lie in"):
        kelly.compose("hope", neural=dial)
