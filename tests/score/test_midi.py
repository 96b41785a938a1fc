"""MIDI files: what a workstation reads in Kelly's files, and what Kelly reads in anybody's."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import time
from dataclasses import replace

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kelly.errors import FileError, UsageError
from kelly.score.midi import from_bytes, read, to_bytes, write
from kelly.score.notes import PPQ, Bend, Control, KeySignature, Marker, Meter, Note, Part, Score, Tempo

beats = st.floats(-1, 40, allow_nan=False).map(lambda x: round(x, 3))
notes = st.builds(Note, beats, st.floats(-1, 6).map(lambda x: round(x, 3)), st.integers(-5, 135), st.integers(-3, 140))
dense_notes = st.builds(
    Note, st.integers(0, 8).map(float), st.sampled_from([0.0, 1.0, 3.0]), st.integers(60, 62), st.integers(1, 127)
)
controls = st.builds(Control, beats, st.sampled_from([1, 7, 10, 11, 64, 74, 91]), st.integers(-2, 130))
bends = st.builds(Bend, beats, st.floats(-300, 300))
texts = st.text(max_size=30)


@st.composite
def scores(draw: st.DrawFn) -> Score:
    count = draw(st.integers(0, 4))
    parts = [
        Part(
            name=f"{index} {draw(texts)}",
            channel=draw(st.sampled_from([0, 1, 9, 9, 15])),
            program=draw(st.integers(0, 127)),
            notes=tuple(draw(st.lists(st.one_of(notes, dense_notes), max_size=25))),
            controls=tuple(draw(st.lists(controls, max_size=5))),
            bends=tuple(draw(st.lists(bends, max_size=3))),
        )
        for index in range(count)
    ]
    tempos = [
        Tempo(0.0, draw(st.floats(20, 400))),
        *draw(st.lists(st.builds(Tempo, beats, st.floats(20, 400)), max_size=3)),
    ]
    keys = st.builds(
        KeySignature, beats, st.sampled_from(["C", "F", "Bb", "C#", "D#", "Cb", "Fb", "G#"]), st.booleans()
    )
    meters = st.builds(Meter, beats, st.integers(1, 15), st.sampled_from([2, 4, 8]))
    return Score(
        tuple(parts),
        tempos=tuple(sorted(tempos)),
        meters=(Meter(0.0), *draw(st.lists(meters, max_size=2))),
        keys=tuple(draw(st.lists(keys, max_size=2))),
        markers=tuple(draw(st.lists(st.builds(Marker, beats, texts), max_size=3))),
        texts=tuple(draw(st.lists(texts, max_size=3))),
        title=draw(texts),
    )


def notes_by_kelly(data: bytes) -> list[tuple[int, int, int, int, bool, int]]:
    return sorted(
        (round(n.onset * PPQ), round(n.end * PPQ), n.pitch, n.velocity, part.is_drums, part.program)
        for part in from_bytes(data).parts
        for n in part.notes
    )


@settings(deadline=None, max_examples=60)
@given(scores())
def test_every_reader_finds_the_same_notes_in_a_file(readers, score):
    data = to_bytes(score)
    expected = readers["mido"](data)
    assert readers["symusic"](data) == expected
    assert notes_by_kelly(data) == expected
    assert readers["pretty_midi"](data) == expected


@settings(deadline=None, max_examples=60)
@given(scores())
def test_what_was_read_writes_the_same_file_again(score):
    data = to_bytes(score)
    assert to_bytes(from_bytes(data)) == data


@settings(deadline=None, max_examples=60)
@given(scores())
def test_equal_pitches_never_overlap_on_a_channel(score):
    sounding: dict[tuple[int, int], int] = {}
    rows = sorted(
        (round(n.onset * PPQ), round(n.end * PPQ), part.channel, n.pitch, n.velocity)
        for part in from_bytes(to_bytes(score)).parts
        for n in part.notes
    )
    for onset, end, channel, pitch, velocity in rows:
        assert sounding.get((channel, pitch), 0) <= onset < end
        assert 0 <= pitch <= 127
        assert 1 <= velocity <= 127
        sounding[channel, pitch] = end


def test_a_song_comes_back_whole(song):
    assert from_bytes(to_bytes(song)) == song


@pytest.fixture
def song() -> Score:
    """A small score in which everything lies on the grid of a file."""
    lead = Part(
        "melody",
        1,
        program=73,
        notes=(Note(0.0, 1.0, 65, 90), Note(1.5, 0.5, 69, 77), Note(4.0, 2.0, 72, 101)),
        controls=(Control(0.0, 7, 100), Control(0.0, 10, 44), Control(2.0, 64, 127), Control(3.0, 64, 0)),
        bends=(Bend(1.5, -50.0), Bend(2.0, 0.0)),
    )
    drums = Part("drums", 9, notes=(Note(0.0, 0.25, 36, 110), Note(1.0, 0.25, 38, 99)))
    return Score(
        (lead, drums),
        tempos=(Tempo(0.0, 82.0), Tempo(4.0, 96.5)),
        meters=(Meter(0.0), Meter(4.0, 6, 8)),
        keys=(KeySignature(0.0, "F", minor=False), KeySignature(4.0, "Bb", minor=True)),
        markers=(Marker(0.0, "verse"), Marker(4.0, "chorus — réveil")),
        texts=('{"kelly": "0.1.0", "seed": 7}', "sørgelig 悲しい " * 300),
        title="Kelly",
    )


def test_a_file_is_what_a_workstation_expects(song):
    file = mido.MidiFile(file=io.BytesIO(to_bytes(song)), charset="utf-8")
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 3)
    assert [track.name for track in file.tracks] == ["Kelly", "melody", "drums"]
    conductor = [(m.type, m.dict()) for m in file.tracks[0]]
    assert [m["key"] for kind, m in conductor if kind == "key_signature"] == ["F", "Bbm"]
    assert [(m["numerator"], m["denominator"]) for kind, m in conductor if kind == "time_signature"] == [(4, 4), (6, 8)]
    assert [m["tempo"] for kind, m in conductor if kind == "set_tempo"] == [731707, 621762]
    assert [m["text"] for kind, m in conductor if kind == "marker"] == ["verse", "chorus — réveil"]
    drums = [m for m in file.tracks[2] if not m.is_meta]
    assert {m.channel for m in drums} == {9}
    assert drums[0].type == "program_change"


def test_the_bend_range_is_stated_only_where_bends_are(song):
    melody, drums = mido.MidiFile(file=io.BytesIO(to_bytes(song))).tracks[1:]
    assert [(m.control, m.value) for m in melody if m.type == "control_change"][:4] == [
        (101, 0),
        (100, 0),
        (6, 2),
        (38, 0),
    ]
    assert not [m for m in drums if m.type == "control_change"]
    assert [m.pitch for m in melody if m.type == "pitchwheel"] == [-2048, 0]


def test_at_one_tick_a_note_ends_and_controls_change_before_the_next_begins():
    part = Part("p", 0, notes=(Note(0, 1, 60, 90), Note(1, 1, 60, 80)), controls=(Control(1, 11, 50),))
    track = mido.MidiFile(file=io.BytesIO(to_bytes(Score((part,))))).tracks[1]
    kinds = [m.type for m in track if not m.is_meta]
    assert kinds == ["program_change", "note_on", "control_change", "note_off", "note_on", "note_off"]


def test_fills_and_drums_share_a_channel_without_cutting_each_other_twice():
    drums = Part("drums", 9, notes=(Note(0, 2, 38, 70), Note(3, 1, 38, 70)))
    fills = Part("fills", 9, notes=(Note(0, 1, 38, 110), Note(0.5, 4, 38, 60), Note(0.5, 1, 45, 60)))
    got = from_bytes(to_bytes(Score((drums, fills))))
    assert got.part("drums").notes == (Note(3, 1, 38, 70),)
    assert got.part("fills").notes == (Note(0, 0.5, 38, 110), Note(0.5, 2.5, 38, 60), Note(0.5, 1, 45, 60))


def test_a_note_without_length_lasts_one_tick_and_velocity_stays_audible():
    part = Part("p", 0, notes=(Note(1, 0, 60, 0), Note(2, -1, 61, 300)))
    assert [(n.duration * PPQ, n.velocity) for n in from_bytes(to_bytes(Score((part,)))).parts[0].notes] == [
        (1, 1),
        (1, 127),
    ]


def test_a_pitch_no_instrument_has_moves_by_octaves():
    part = Part("p", 0, notes=(Note(0, 1, 128, 90), Note(1, 1, 140, 90), Note(2, 1, -1, 90)))
    assert [n.pitch for n in from_bytes(to_bytes(Score((part,)))).parts[0].notes] == [116, 116, 11]


@pytest.mark.parametrize(
    ("tonic", "minor", "expected"),
    [
        ("F", False, "F"),
        ("D#", False, "Eb"),
        ("G#", False, "Ab"),
        ("G#", True, "G#m"),
        ("Fb", False, "E"),
        ("Db", True, "C#m"),
    ],
)
def test_a_key_of_too_many_signs_is_respelt(tonic, minor, expected):
    file = mido.MidiFile(file=io.BytesIO(to_bytes(Score((), keys=(KeySignature(0, tonic, minor),)))))
    assert [m.key for m in file.tracks[0] if m.type == "key_signature"] == [expected]


@pytest.mark.parametrize(
    "broken",
    [
        Score((Part("p", 16),)),
        Score((Part("p", 0, program=128),)),
        Score((Part("p", 0, notes=(Note(float("nan"), 1, 60, 90),)),)),
        Score((Part("p", 0, notes=(Note(1, float("inf"), 60, 90),)),)),
        Score((Part("p", 0, notes=(Note(1e9, 1, 60, 90),)),)),
        Score((Part("p", 0, controls=(Control(0, 200, 1),)),)),
        Score((Part("p", 0, bends=(Bend(0, float("nan")),)),)),
        Score((), tempos=(Tempo(0, 0.0),)),
        Score((), tempos=(Tempo(0, float("nan")),)),
        Score((), meters=(Meter(0, 4, 3),)),
        Score((), keys=(KeySignature(0, "H", minor=False),)),
        Score((), keys=(KeySignature(0, "", minor=False),)),
    ],
)
def test_what_no_file_can_hold_is_refused_in_one_line(broken):
    with pytest.raises(UsageError) as caught:
        to_bytes(broken)
    assert "\n" not in str(caught.value)


def test_the_bytes_are_the_same_in_another_process(song, tmp_path):
    code = (
        "from kelly.score.midi import read, to_bytes; import sys, hashlib;"
        "print(hashlib.sha256(to_bytes(read(sys.argv[1]))).hexdigest())"
    )
    path = tmp_path / "song.mid"
    write(song, path)
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert set(runs) == {hashlib.sha256(to_bytes(song)).hexdigest()}


def test_eight_thousand_notes_are_written_and_read_quickly():
    parts = tuple(
        Part(
            f"p{c}",
            c,
            notes=tuple(Note(i * 0.25, 0.2, 40 + i % 50, 80) for i in range(800)),
            controls=tuple(Control(i * 0.5, 11, i % 128) for i in range(400)),
        )
        for c in range(10)
    )
    score = Score(parts)
    data = to_bytes(score)
    assert quickest(lambda: to_bytes(score)) < 0.35
    assert quickest(lambda: from_bytes(data)) < 0.35


def quickest(work):
    """Processor seconds of the quickest of three runs: a garbage collection may fall into one."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def chunk(body: bytes) -> bytes:
    return b"MTrk" + struct.pack(">I", len(body)) + body


def file_of(*bodies: bytes, kind: int = 1, division: int = 96, stated: int | None = None) -> bytes:
    count = len(bodies) if stated is None else stated
    return b"MThd" + struct.pack(">IHHH", 6, kind, count, division) + b"".join(map(chunk, bodies))


def test_a_type_0_file_of_another_resolution_becomes_a_part_a_channel():
    body = bytes.fromhex("00ff0304 536f6c6f 00c005 00c123 00903c40 00912430 60803c00 00812400 00ff2f00")
    score = from_bytes(file_of(body, kind=0))
    assert score.title == "Solo"
    assert [(part.channel, part.program, part.notes) for part in score.parts] == [
        (0, 5, (Note(0.0, 1.0, 60, 64),)),
        (1, 35, (Note(0.0, 1.0, 36, 48),)),
    ]
    assert score.tempos == (Tempo(0.0, 120.0),)


def test_running_status_and_note_on_with_velocity_0_are_understood():
    body = bytes.fromhex("00903c40 603c00 003e40 603e00 00ff2f00")
    assert from_bytes(file_of(body)).parts[0].notes == (Note(0, 1, 60, 64), Note(1, 1, 62, 64))


def test_notes_that_never_end_stop_at_the_next_of_their_pitch_or_at_the_end():
    body = bytes.fromhex("00903c40 60903c50 60b04000 00903e01 00803f00")
    assert from_bytes(file_of(body)).parts[0].notes[:2] == (Note(0, 1, 60, 64), Note(1, 1, 60, 80))


def test_an_illegal_key_signature_or_meter_does_not_cost_the_song():
    body = bytes.fromhex("00ff59020900 00ff590200ff 00ff580104 00ff510100 00903c40 60803c00 00ff2f00")
    score = from_bytes(file_of(body))
    assert score.keys == ()
    assert score.meters == (Meter(0.0),)
    assert len(score.parts[0].notes) == 1


def test_programs_set_in_a_track_of_their_own_reach_the_notes():
    setup = bytes.fromhex("00c220 00ff2f00")
    notes_only = bytes.fromhex("00923c40 60823c00 00ff2f00")
    assert [part.program for part in from_bytes(file_of(setup, notes_only)).parts if part.notes] == [32]


def test_a_wide_bend_range_is_honoured():
    body = bytes.fromhex("00b06500 00b06400 00b0060c 00e00000 00903c40 60803c00 00ff2f00")
    assert from_bytes(file_of(body)).parts[0].bends == (Bend(0.0, -1200.0),)


def test_texts_that_are_not_unicode_are_kept():
    assert from_bytes(file_of(b"\x00\xff\x01\x03fl\xfc\x00\xff\x2f\x00")).texts == ("flü",)


def test_system_exclusive_and_strange_chunks_are_stepped_over():
    body = bytes.fromhex("00f003414df7 00903c40 60803c00 00ff2f00")
    data = file_of(stated=1) + b"XFIH" + struct.pack(">I", 3) + b"abc" + chunk(body)
    assert len(from_bytes(data).parts[0].notes) == 1


def test_frames_a_second_are_read_as_120_beats_a_minute():
    body = bytes.fromhex("00ff510307a120 00903c40 8320803c00 00ff2f00")
    score = from_bytes(file_of(body, division=0xE728))  # 25 frames of 40 ticks: 1000 ticks a second
    assert score.duration == pytest.approx(0.416)


GOOD = file_of(bytes.fromhex("00ff0304536f6c6f 00903c40 60803c00 00ff2f00"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MThd",
        b"RIFF....WAVEfmt ",
        b"<html></html>",
        bytes(5000),
        GOOD[:-6],
        GOOD[:20],
        file_of(stated=2),
        file_of(kind=2),
        file_of(b"\x00"),
        file_of(b"\x00\x3c\x40"),
        file_of(b"\xff\xff\xff\xff\x00"),
        file_of(division=0),
    ],
)
def test_what_is_no_song_is_refused_in_one_line(data, tmp_path):
    path = tmp_path / "x.mid"
    path.write_bytes(data)
    with pytest.raises(FileError) as caught:
        read(path)
    assert "x.mid" in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=150)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=120).map(file_of), st.integers(0, 10**6)))
def test_no_bytes_break_the_reader(data):
    if isinstance(data, int):  # one byte of a good file damaged
        place, value = data % len(GOOD), data // len(GOOD) % 256
        data = GOOD[:place] + bytes((value,)) + GOOD[place + 1 :]
    try:
        score = from_bytes(data)
    except FileError:
        return
    assert all(note.duration > 0 for note in score.notes())
    to_bytes(score)


def test_a_missing_file_a_folder_and_a_device_are_refused(tmp_path):
    for path in (tmp_path / "none.mid", tmp_path, "/dev/zero"):
        with pytest.raises(FileError, match="cannot read"):
            read(path)


def test_equal_names_are_numbered_so_that_each_part_can_be_asked_for():
    part = Part("pad", 4, notes=(Note(0, 1, 60, 80),))
    got = from_bytes(to_bytes(Score((part, replace(part, channel=5), replace(part, channel=6)))))
    assert [p.name for p in got.parts] == ["pad", "pad 2", "pad 3"]
