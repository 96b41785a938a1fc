"""A saved song is what workstations expect, and whoever reads it finds the same notes."""

import io

import mido
import pretty_midi
import pytest
import symusic

from kelly._version import __version__
from kelly.composing.report import read_report
from kelly.composing.song import compose
from kelly.composing.tables import parts
from kelly.emotion import thesaurus
from kelly.score.midi import from_bytes, to_bytes

ASKED = {
    "rage": {"seed": 1},
    "grief": {"seed": 0, "to": "hope", "arc": "slow-reveal"},
    "serenity": {"seed": 4, "genre": "jazz"},
    "terror": {"seed": 2, "bars": 16, "mute": ("drums",)},
}


@pytest.fixture(scope="module", params=ASKED)
def data(request):
    return made(request.param)


def made(name):
    return to_bytes(compose(thesaurus.lookup(name).emotion, **ASKED[name]).score)


def test_three_readers_find_the_same_notes(data, readers):
    rows = readers["mido"](data)
    assert len(rows) > 300
    assert readers["pretty_midi"](data) == rows
    assert readers["symusic"](data) == rows


def test_three_readers_find_the_same_tempo_map_and_length(data):
    file = mido.MidiFile(file=io.BytesIO(data))
    tempos = [round(60e6 / m.tempo, 2) for m in file.tracks[0] if m.type == "set_tempo"]
    assert tempos
    assert [round(t.qpm, 2) for t in symusic.Score.from_midi(data).tempos] == tempos
    song = pretty_midi.PrettyMIDI(io.BytesIO(data))
    assert [round(bpm, 2) for bpm in song.get_tempo_changes()[1].tolist()] == tempos
    notes = [note for part in song.instruments for note in part.notes]
    assert from_bytes(data).duration == pytest.approx(max(note.end for note in notes), abs=0.01)


def test_the_file_is_of_type_1_and_says_tempo_meter_key_and_sections_first(data):
    file = mido.MidiFile(file=io.BytesIO(data))
    assert (file.type, file.ticks_per_beat) == (1, 480)
    conductor, *others = file.tracks
    for kind in ("set_tempo", "time_signature", "key_signature"):
        assert [m for m in conductor if m.type == kind]
    markers = [m.text for m in conductor if m.type == "marker"]
    assert markers == [section["role"] for section in read_report(from_bytes(data))["sections"]]
    assert not [m for track in others for m in track if m.type in ("set_tempo", "time_signature", "key_signature")]


def test_every_track_has_its_name_program_and_channel(data):
    tracks = mido.MidiFile(file=io.BytesIO(data)).tracks[1:]
    channels = {row.title: row.channel for row in parts().values()}
    assert len({track.name for track in tracks}) == len(tracks)
    for track in tracks:
        messages = [m for m in track if not m.is_meta]
        assert messages[0].type == "program_change"
        assert {m.channel for m in messages} == {channels[track.name]}
    assert channels["Drums"] == channels["Fills"] == 9


def test_the_file_says_which_version_seed_and_emotion_made_it(data):
    (text,) = [m.text for m in mido.MidiFile(file=io.BytesIO(data), charset="utf-8").tracks[0] if m.type == "text"]
    assert text.startswith("kelly {")
    report = read_report(from_bytes(data))
    emotion = report["emotion"]
    assert report["version"] == __version__
    assert ASKED[emotion["name"]]["seed"] == report["seed"]
    asked = thesaurus.lookup(emotion["name"]).emotion
    assert asked.vad == (emotion["valence"], emotion["arousal"], emotion["dominance"])


def test_controllers_are_used_and_lie_in_their_range():
    used = set()
    for name in ASKED:
        for track in mido.MidiFile(file=io.BytesIO(made(name))).tracks:
            used |= {m.control for m in track if m.type == "control_change"}
    assert {1, 7, 10, 11, 64} <= used


def test_volume_and_pan_are_set_before_the_first_note(data):
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks[1:]:
        messages = [m for m in track if not m.is_meta]
        first = next((i for i, m in enumerate(messages) if m.type == "note_on"), len(messages))
        assert {7, 10} <= {m.control for m in messages[:first] if m.type == "control_change"}


def test_a_held_pedal_is_let_go_in_the_end():
    held = {}
    for name in ASKED:
        for track in mido.MidiFile(file=io.BytesIO(made(name))).tracks:
            for message in track:
                if message.type == "control_change" and message.control == 64:
                    held[name, track.name] = message.value
    assert held
    assert set(held.values()) == {0}
