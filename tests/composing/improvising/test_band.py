"""The transformer as one of the band: which parts it writes, and what the rules keep."""

from itertools import pairwise

import pytest

from kelly import compose
from kelly.composing import composer
from kelly.composing.composer import compose_score
from kelly.composing.improvising import band
from kelly.composing.improvising.band import ORDER, free_parts
from kelly.composing.improvising.writing import tempo_word
from kelly.composing.settings import Settings
from kelly.composing.tables import parts
from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import lookup
from kelly.models.transformer.layout import BAR, BEGIN, NOTE, SEATS, TURN
from small.scribe import Scribe

GRIEF = Journey(lookup("grief").emotion)


@pytest.fixture(autouse=True)
def scribe(monkeypatch):
    network = Scribe(places=512)
    monkeypatch.setattr(band.network, "shipped", lambda: network)
    return network


def made(improvise, **settings):
    return compose_score(GRIEF, Settings(bars=8, seed=2, improvise=improvise, **settings))


def notes(composition):
    return {part.name: part.notes for part in composition.score.parts}


def test_the_dial_says_which_share_of_the_parts_improvises():
    there = ("bass", "chords", "melody", "pad")
    assert free_parts(0.0, there) == ()
    assert free_parts(0.01, there) == ("melody",)
    assert free_parts(0.25, there) == ("melody",)
    assert free_parts(0.5, there) == ("melody", "chords")
    assert free_parts(1.0, there) == ("melody", "chords", "bass", "pad")


def test_nothing_is_read_and_nothing_changes_at_dial_0(scribe):
    rules = notes(made(0.0))
    assert scribe.read == []
    assert rules == notes(compose_score(GRIEF, Settings(bars=8, seed=2)))


def test_what_does_not_improvise_stays_as_the_rules_wrote_it():
    rules, some = made(0.0), made(0.1)
    changed = {name for name, each in notes(rules).items() if notes(some)[name] != each}
    assert changed == {"Melody"}


def test_all_but_drums_improvise_at_dial_1():
    rules, all_ = made(0.0), made(1.0)
    before, after = rules.sections[0].notes, all_.sections[0].notes
    for part in ORDER:
        assert (not before[part]) or before[part] != after[part]
    assert before["drums"] == after["drums"]


def test_a_part_keeps_its_range_its_key_its_place_and_its_loudness():
    composition = made(1.0)
    section = composition.sections[0]
    for part in ORDER:
        row, instrument = parts()[part], composition.plan.instruments[part]
        layer = next((one for one in section.layers if one.part == part), None)
        for note in section.notes[part]:
            assert max(row.low, instrument.low) <= note.pitch <= min(row.high, instrument.high)
            assert layer.onset <= note.onset < note.end <= layer.end + 1e-9
    loud = [note.velocity for note in section.notes["melody"]]
    expected = [note.velocity for note in made(0.0).sections[0].notes["melody"]]
    assert sum(loud) / len(loud) == pytest.approx(sum(expected) / len(expected), abs=8)


def test_a_part_rests_where_the_rules_let_it_rest_and_plays_about_as_much_as_they():
    before, after = made(0.0).sections[0], made(1.0).sections[0]
    for part in ORDER:
        for bar in range(8):
            rules, own = (
                sum(4 * bar <= note.onset < 4 * bar + 4 for note in one.notes[part]) for one in (before, after)
            )
            assert own <= round(1.5 * rules), (part, bar)
    for part in ("melody", "chords", "bass"):
        assert len(after.notes[part]) >= 0.4 * len(before.notes[part])


def test_bars_that_the_rules_repeat_are_repeated():
    def bars(notes):
        return [
            [(round(n.onset % 4, 6), n.pitch) for n in notes if 4 * bar <= n.onset < 4 * bar + 4] for bar in range(8)
        ]

    before, after = made(0.0).sections[0], made(1.0).sections[0]
    chords = [[chord.symbol for chord in before.chords if 4 * bar <= chord.onset < 4 * bar + 4] for bar in range(8)]
    again = 0
    for part in ORDER:
        rules, own = bars(before.notes[part]), bars(after.notes[part])
        for bar, first in enumerate(rules.index(one) for one in rules):
            if first < bar and rules[bar] and chords[first] == chords[bar]:
                again += 1
                assert own[bar] == own[first], (part, bar)
    assert again >= 4


def test_each_part_is_written_beside_what_the_others_play_by_now(scribe):
    composition = made(1.0)
    melody = composition.sections[0].notes["melody"]
    turns = [at for at, (word, _, _) in enumerate(scribe.read) if word[0] == BEGIN]
    chords = [word for word, _, _ in scribe.read[turns[1] : turns[2]]]
    given = chords[: chords.index((TURN, 0, 0, 0, 0, 0, 0, 0))]
    assert sum(word[:2] == (NOTE, SEATS["melody"]) for word in given) == sum(note.onset < 4 for note in melody)


def test_the_network_is_told_of_the_feeling_the_tempo_and_the_others_with_the_tonic_at_c(scribe):
    composition = compose_score(GRIEF, Settings(bars=8, seed=2, improvise=0.1, key="E", mode="dorian", tempo=140))
    section = composition.sections[0]
    bars = [(word, told, row) for word, told, row in scribe.read if word[0] == BAR]
    assert {word[6] for word, _, _ in bars} == {tempo_word(140)}
    for _, told, row in bars:
        assert told.feelings[row, :3] == pytest.approx([GRIEF.start.valence, *(2 * x - 1 for x in GRIEF.start.vad[1:])])
    given = {
        (word[1], (word[3] - 1) % 12) for word, _, _ in scribe.read[: scribe.read.index(bars[1])] if word[0] == NOTE
    }
    for part in ("chords", "bass"):
        first = {(note.pitch - 4) % 12 for note in section.notes[part] if 0 <= note.onset < 4}
        assert {pitch for seat, pitch in given if seat == SEATS[part]} == first
    assert {seat for seat, _ in given} <= {SEATS[part] for part in ("melody", "chords", "bass", "counter")}


def test_a_melody_sings_one_note_at_a_time_with_accents_of_its_own():
    melody = made(1.0).sections[0].notes["melody"]
    assert all(one.end <= other.onset + 1e-9 for one, other in pairwise(melody))
    assert len({note.velocity for note in melody}) > 3


def test_parts_do_not_throw_the_same_dice(monkeypatch):
    rolled = []

    def dice(*given):
        rolled.append(given[-1].random())
        return iter(())

    monkeypatch.setattr(band, "write", dice)
    made(1.0)
    assert len(rolled) == len(set(rolled)) > 2


def test_pads_play_tones_of_the_plans_chords_and_others_of_the_key_besides():
    section = made(1.0).sections[0]
    key = set(section.section.key.scale)
    for part in ORDER:
        for note in section.notes[part]:
            sounding = [chord for chord in section.chords if chord.onset <= note.onset < chord.end]
            near = {tone for chord in sounding for tone in chord.symbol.pitch_classes}
            assert note.pitch % 12 in (near if part == "pad" else near | key)


def test_a_missing_transformer_leaves_the_rules_alone(monkeypatch):
    monkeypatch.setattr(band.network, "shipped", lambda: None)
    assert notes(made(1.0)) == notes(made(0.0))


def test_a_seed_improvises_the_same_again():
    assert notes(made(1.0)) == notes(made(1.0))
    assert composer.compose_score(GRIEF, Settings(bars=8, seed=3, improvise=1.0)) != made(1.0)


def test_a_song_says_that_the_transformer_is_missing(monkeypatch):
    monkeypatch.setattr(band.network, "shipped", lambda: None)
    assert any("lacks the transformer" in line for line in compose("so sad", bars=4, improvise=0.5).report["remarks"])
    assert not any("transformer" in line for line in compose("so sad", bars=4).report["remarks"])
