"""MusicXML files: what a notation program finds in them; they are read by music21, which knows nothing of Kelly."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree as ET

import music21
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kelly
from kelly._version import __version__
from kelly.composing.theory import parse_symbol
from kelly.emotion.thesaurus import lookup
from kelly.errors import FileError, UsageError
from kelly.score.midi import settled
from kelly.score.musicxml import ChordName, to_bytes, write
from kelly.score.notation.sheet import sheet_of
from kelly.score.notation.staves import drum, instrument
from kelly.score.notes import Control, KeySignature, Marker, Meter, Note, Part, Score, Tempo

PEDAL = 64
SONGS = {
    "a ballad of grief": ("grief", {"genre": "ballad", "seed": 0, "bars": 16}),
    "rock in a rage": ("rage", {"genre": "rock", "seed": 1, "bars": 16}),
    "jazz": ("joy", {"genre": "jazz", "seed": 2, "bars": 16}),
    "lo-fi": ("serenity", {"genre": "lo-fi", "seed": 3, "bars": 16}),
    "pop, loosely played": ("gratitude", {"genre": "pop", "seed": 4, "bars": 20, "humanise": 1.0}),
    "a whole song": ("longing", {"seed": 5, "to": "hope", "bars": 40}),
}
SWUNG = ("jazz", "lo-fi")
# The elements that may stand in each other, in the order that MusicXML 4.0 has for them; "*" is any order.
ORDER = {
    "score-partwise": "work identification credit part-list part",
    "score-part": "part-name part-abbreviation score-instrument midi-instrument",
    "midi-instrument": "midi-channel midi-program midi-unpitched volume pan",
    "measure": "* attributes note backup forward direction harmony sound barline",
    "attributes": "divisions key time staves clef",
    "note": "chord pitch unpitched rest duration tie instrument voice type dot accidental time-modification stem"
    " notehead staff beam notations",
    "forward": "duration voice staff",
    "direction": "direction-type offset staff sound",
    "harmony": "root kind bass degree offset",
    "notations": "tied tuplet articulations arpeggiate",
}


def song_of(name):
    feeling, wishes = SONGS[name]
    return kelly.compose(lookup(feeling).emotion, **wishes)


def chords_of(song):
    return [
        ChordName(section["start"] + onset, chord)
        for section in song.report["sections"]
        for onset, chord in zip(section["onsets"], section["chords"], strict=True)
    ]


@pytest.fixture(scope="module", params=SONGS)
def song(request):
    return request.param, song_of(request.param)


@pytest.fixture(scope="module")
def sheet(song):
    """The song's file as music21 reads it: name -> its staves."""
    return read(to_bytes(song[1].score, chords=chords_of(song[1])))


def read(data):
    return music21.converter.parseData(data, format="musicxml")


def tree(data):
    return ET.fromstring(data)  # noqa: S314 - Kelly wrote it


def every(kind, part):
    return list(part.recurse().getElementsByClass(kind))


def staves_of(sheet, name):
    return [part for part in sheet.parts if part.partName == name]


def sounding(parts):
    """What is read on some staves: (pitch, or for percussion where it stands; onset; length), ties as one note."""
    rows = []
    for part in parts:
        held = {}
        found = [note for note in part.recurse().notes if not isinstance(note, music21.harmony.ChordSymbol)]
        for chord in sorted(found, key=lambda note: note.getOffsetInHierarchy(part)):
            for note in chord.notes if isinstance(chord, music21.chord.ChordBase) else [chord]:
                row = [what(note), float(chord.getOffsetInHierarchy(part)), float(chord.duration.quarterLength)]
                tie = note.tie.type if note.tie else ""
                if tie in ("stop", "continue"):
                    held[row[0]][2] += row[2]
                else:
                    rows.append(row)
                    held[row[0]] = row
    return sorted(rows)


def what(note):
    if isinstance(note, music21.note.Unpitched):
        return note.displayStep, note.displayOctave, note.notehead
    return note.pitch.midi


def where(pitch):
    place = drum(pitch)
    return place.step, place.octave, place.notehead


def score_of(*notes, program=0, **more):
    return Score((Part("Part", 0, program, tuple(notes)),), **more)


def line(*pitches, length=1.0, onset=0.0, played=1.0):
    """Pitches one after the other, each as long as `length` or a share of it."""
    return [Note(onset + i * length, length * played, pitch, 80) for i, pitch in enumerate(pitches)]


def written(score, chords=()):
    """The notes of the first part in the file: (letter and accidental, value, dots), "rest" for a rest."""
    rows = []
    for note in tree(to_bytes(score, chords=chords)).find("part").iter("note"):
        pitch = note.find("pitch")
        name = "rest"
        if pitch is not None:
            name = pitch.findtext("step") + {None: "", "1": "#", "-1": "b"}[pitch.findtext("alter")]
        rows.append(f"{name} {note.findtext('type', 'bar')}{'.' * len(note.findall('dot'))}")
    return rows


def names(score, chords=()):
    return [row.split()[0] for row in written(score, chords) if not row.startswith("rest")]


# What was composed is what is read.


def test_every_note_is_read_where_it_is_played(song, sheet):
    name, made = song
    reach = 0.3 if name in SWUNG else 0.25
    for part in settled(made.score).parts:
        if part.notes and not part.is_drums:
            played = sorted((note.pitch, note.onset) for note in part.notes)
            found = sounding(staves_of(sheet, part.name))
            assert [pitch for pitch, _, _ in found] == [pitch for pitch, _ in played], part.name
            assert max(abs(a[1] - b[1]) for a, b in zip(found, played, strict=True)) < reach


def test_what_is_held_is_read_as_long_as_it_is_held(song, sheet):
    for part in settled(song[1].score).parts:
        rings = instrument(part.program).rings or any(control.controller == PEDAL for control in part.controls)
        if part.notes and not part.is_drums and not rings:
            played = sorted((note.pitch, note.onset, note.duration) for note in part.notes)
            found = sounding(staves_of(sheet, part.name))
            longer = [a[2] - b[2] for a, b in zip(found, played, strict=True)]
            assert -0.5 < min(longer) <= max(longer) < 0.65, part.name


def test_percussion_stands_on_one_staff_where_drummers_look_for_it(song, sheet):
    played = [note for part in settled(song[1].score).parts if part.is_drums for note in part.notes]
    found = [row for part in sheet.parts if part.partName == "Drums" for row in sounding([part])]
    assert Counter(row[0] for row in found) == Counter(where(note.pitch) for note in played)


def test_title_parts_and_programs_come_back(song, sheet):
    score = song[1].score
    assert sheet.metadata.title == score.title
    listed = tree(to_bytes(score)).findall("part-list/score-part")
    found = {part.findtext("part-name"): int(part.findtext(".//midi-program")) - 1 for part in listed}
    assert set(found) == {part.partName for part in sheet.parts}
    assert found == {part.name: part.program for part in score.parts if part.notes and part.name != "Fills"}


def test_meters_keys_tempos_and_sections_come_back(song, sheet):
    score = song[1].score
    first = sheet.parts[0]
    meters = [(float(m.getOffsetInHierarchy(first)), m.ratioString) for m in every("TimeSignature", first)]
    assert meters == [(m.onset, f"{m.numerator}/{m.denominator}") for m in score.meters]
    assert every("KeySignature", first)[0].sharps == sharps(score.keys[0])
    tempos = {float(t.attrib["tempo"]) for t in tree(to_bytes(score)).iter("sound") if "tempo" in t.attrib}
    assert tempos == {tempo.bpm for tempo in score.tempos}
    assert [mark.content for mark in every("RehearsalMark", first)] == [marker.text for marker in score.markers]


def sharps(key):
    return music21.key.Key(key.tonic.replace("b", "-"), "minor" if key.minor else "major").sharps


def test_the_chords_stand_over_the_first_pitched_part(song, sheet):
    asked = {chord.onset: parse_symbol(chord.name).root for chord in chords_of(song[1])}
    found = {
        float(symbol.getOffsetInHierarchy(sheet.parts[0])): symbol.root().pitchClass
        for symbol in every("ChordSymbol", sheet.parts[0])
    }
    assert found
    assert found.items() <= asked.items()


def test_the_bars_of_every_voice_are_full(song):
    assert_full(tree(to_bytes(song[1].score, chords=chords_of(song[1]))))


def test_the_elements_stand_in_their_order(song):
    assert_ordered(tree(to_bytes(song[1].score, chords=chords_of(song[1]))))


def assert_full(root):
    """Walk through every measure as a program does: no voice goes back, none ends before the bar or beyond it."""
    for part in root.iter("part"):
        length = 0
        for measure in part:
            if (meter := measure.find("attributes/time")) is not None:
                length = 192 * int(meter.findtext("beats")) // int(meter.findtext("beat-type"))
            at, ends = 0, {}
            for element in measure:
                if element.tag == "backup":
                    at -= int(element.findtext("duration"))
                elif element.tag in ("note", "forward") and element.find("chord") is None:
                    assert ends.get(element.findtext("voice"), 0) == at
                    assert int(element.findtext("duration")) > 0
                    at += int(element.findtext("duration"))
                    ends[element.findtext("voice")] = at
                assert 0 <= at <= length
            assert set(ends.values()) == {length}, measure.attrib


def assert_ordered(root):
    for element in root.iter():
        if element.tag in ORDER:
            order = ORDER[element.tag].split()
            places = [order.index(child.tag) for child in element]
            assert places == sorted(places) or order[0] == "*", element.tag
    ids = [element.attrib["id"] for element in root.iter() if element.tag in ("score-part", "score-instrument")]
    assert len(set(ids)) == len(ids)
    assert {note.attrib["id"] for note in root.iter("instrument")} <= set(ids)


# Whatever Kelly can read can be written.

beats = st.floats(-1, 40, allow_nan=False).map(lambda x: round(x, 3))
dense = st.builds(
    Note, st.integers(0, 8).map(float), st.sampled_from([0.0, 1.0, 3.0]), st.integers(60, 62), st.integers(1, 127)
)
loose = st.builds(Note, beats, st.floats(-1, 9), st.integers(-5, 135), st.integers(-3, 140))
thirds = st.builds(Note, st.integers(0, 60).map(lambda k: k / 6), st.sampled_from([1 / 3, 0.5]), st.integers(50, 80))


@st.composite
def scores(draw):
    parts = [
        Part(
            draw(st.text(max_size=12)),
            draw(st.sampled_from([0, 1, 9, 15])),
            draw(st.integers(0, 127)),
            tuple(draw(st.lists(st.one_of(loose, dense, thirds), max_size=25))),
            tuple(draw(st.lists(st.builds(Control, beats, st.sampled_from([7, 10, 64]), st.integers(-2, 130))))),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    keys = st.builds(KeySignature, beats, st.sampled_from(["C", "F", "C#", "D#", "Cb", "Fb", "G#"]), st.booleans())
    meters = st.builds(Meter, beats, st.integers(1, 15), st.sampled_from([1, 2, 4, 8, 16, 32, 64]))
    return Score(
        (*parts, Part("Never empty", 2, 0, (Note(1.0, 1.0, 60, 80),))),
        tempos=(Tempo(0.0, 120.0), *draw(st.lists(st.builds(Tempo, beats, st.floats(4, 900)), max_size=3))),
        meters=tuple(draw(st.lists(meters, max_size=3))),
        keys=tuple(draw(st.lists(keys, max_size=2))),
        markers=tuple(draw(st.lists(st.builds(Marker, beats, st.text(max_size=60)), max_size=3))),
        title=draw(st.text(max_size=20)),
    )


@settings(max_examples=80)
@given(scores())
def test_any_score_gives_a_file_in_order_with_full_bars(score):
    data = to_bytes(score)
    assert_full(tree(data))
    assert_ordered(tree(data))
    assert to_bytes(score) == data


@settings(max_examples=25)
@pytest.mark.filterwarnings("ignore:.*instrument")
@given(scores())
def test_another_program_reads_any_of_them(score):
    assert read(to_bytes(score)).parts


@settings(max_examples=25)
@given(st.lists(st.integers(12, 127), min_size=1, max_size=30))
def test_every_pitch_comes_back(pitches):
    found = sounding(read(to_bytes(score_of(*line(*pitches), program=40))).parts)
    assert [row[0] for row in sorted(found, key=lambda row: row[1])] == pitches


def test_a_pitch_below_those_that_have_a_name_is_written_an_octave_higher():
    assert [row[0] for row in sounding(read(to_bytes(score_of(*line(0, 11, 12)))).parts)] == [12, 12, 23]


def test_a_score_of_drums_alone_is_a_sheet_for_a_drummer():
    beat = [Note(i / 2, 0.1, 42, 80) for i in range(16)] + [Note(float(i), 0.1, 36 + i % 2 * 2, 100) for i in range(8)]
    data = to_bytes(Score((Part("Kit", 9, 0, tuple(beat)),)))
    root = tree(data)
    assert root.find(".//clef/sign").text == "percussion"
    assert {note.findtext("notehead") for note in root.iter("note")} == {None, "x"}
    assert [e.text for e in root.iter("midi-unpitched")] == ["37", "39", "43"]
    assert Counter(row[0] for row in sounding(read(data).parts)) == {where(42): 16, where(36): 4, where(38): 4}


def test_tracks_of_one_drum_kit_are_one_staff():
    kick, hat = (Part(name, 9, 0, (Note(0.0, 0.1, pitch, 90),)) for name, pitch in (("Kick", 36), ("Hat", 42)))
    (part,) = read(to_bytes(Score((kick, hat)))).parts
    assert part.partName == "Drums"
    assert [row[0] for row in sounding([part])] == sorted([where(36), where(42)])


def test_a_score_without_notes_is_refused_since_there_is_nothing_to_read():
    for score in (Score(()), Score((Part("Silent", 0),))):
        with pytest.raises(UsageError, match="no notes"):
            to_bytes(score)


def test_parts_that_play_nothing_have_no_staff():
    score = Score((Part("Silent", 0), Part("Lead", 1, 73, tuple(line(72, 74)))))
    assert [part.partName for part in read(to_bytes(score)).parts] == ["Lead"]


def test_a_score_that_no_page_can_hold_is_refused_at_once():
    with pytest.raises(UsageError, match="at most 100000 bars"):
        to_bytes(score_of(Note(500_000.0, 1.0, 60, 80)))


@pytest.mark.parametrize(
    "score",
    [
        Score((Part("x", 16, 0, (Note(0.0, 1.0, 60, 80),)),)),
        Score((Part("x", 0, 128, (Note(0.0, 1.0, 60, 80),)),)),
        score_of(Note(float("nan"), 1.0, 60, 80)),
        score_of(Note(0.0, 1.0, 60, 80), meters=(Meter(0.0, 4, 3),)),
        score_of(Note(0.0, 1.0, 60, 80), keys=(KeySignature(0.0, "H", minor=False),)),
        score_of(Note(0.0, 1.0, 60, 80), tempos=(Tempo(0.0, 0.0),)),
        score_of(Note(0.0, 1.0, 60, 80), tempos=(Tempo(0.0, float("inf")),)),
        score_of(Note(0.0, 1.0, 60, 80), tempos=(Tempo(float("inf"), 120.0),)),
        score_of(Note(0.0, 1.0, 60, 80), meters=(Meter(float("nan")),)),
        score_of(Note(0.0, 1.0, 60, 80), markers=(Marker(float("nan"), "verse"),)),
        Score((Part("x", 0, 0, (Note(0.0, 1.0, 60, 80),), (Control(float("nan"), PEDAL, 127),)),)),
    ],
)
def test_what_no_file_can_hold_is_refused(score):
    with pytest.raises(UsageError):
        to_bytes(score)


def test_names_and_markers_are_written_whatever_they_hold():
    score = Score(
        (Part('<"&\x00> \udc80é', 0, 0, (Note(0.0, 1.0, 60, 80),)),),
        title="Rock & \x07Roll\n<live>",
        markers=(Marker(0.0, "\x08"), Marker(0.0, "A<B\x1f"), Marker(2.5, "half way")),
    )
    root = tree(to_bytes(score))
    assert root.findtext("work/work-title") == "Rock & Roll <live>"
    assert root.findtext(".//part-name") == '<"&> é'
    assert root.findtext(".//rehearsal") == "A<B"
    assert "half way" in [words.text for words in root.iter("words")]


def test_the_text_of_a_chord_is_written_whatever_it_holds():
    for name in ("C\x00<&\x07", "C\ud800", "C\n7", 'C"'):
        harmony = tree(to_bytes(score_of(*line(60)), chords=[ChordName(0.0, name)])).find(".//harmony")
        assert harmony.findtext("root/root-step") == "C"
    with pytest.raises(UsageError, match="a time must be"):
        to_bytes(score_of(*line(60)), chords=[ChordName(float("nan"), "C")])


# The same song, the same file.


def test_the_same_song_gives_the_same_bytes_in_any_process():
    code = (
        "import hashlib, kelly; from kelly.composing.notating import to_bytes;"
        "print(hashlib.sha256(to_bytes(kelly.compose('so sad', bars=8, seed=7))).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_a_file_names_its_program_and_no_date():
    root = tree(to_bytes(score_of(*line(60))))
    assert root.findtext("identification/encoding/software") == f"Kelly {__version__}"
    assert root.find(".//encoding-date") is None
    assert root.attrib == {"version": "4.0"}


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    write(score_of(*line(60)), tmp_path / "song.musicxml")
    assert (tmp_path / "song.musicxml").read_bytes() == to_bytes(score_of(*line(60)))
    with pytest.raises(FileError):
        write(score_of(*line(60)), tmp_path / "none" / "song.musicxml")
    with pytest.raises(UsageError):
        write(Score(()), tmp_path / "silent.musicxml")
    assert [path.name for path in tmp_path.iterdir()] == ["song.musicxml"]


def test_a_long_song_is_written_at_once():
    score = kelly.compose(lookup("rage").emotion, seed=1, bars=60).score
    start = time.process_time()
    to_bytes(score)
    assert time.process_time() - start < 4  # a quarter of it as a rule; others may work on the machine


def test_sixteen_times_as_many_sections_take_about_sixteen_times_as_long():
    def seconds(bars):
        marks = tuple(Marker(4.0 * bar, f"section {bar}") for bar in range(bars))
        chords = [ChordName(4.0 * bar, "CF"[bar % 2]) for bar in range(bars)]
        score = score_of(*line(*[60] * bars, length=4.0), markers=marks)
        start = time.process_time()
        sheet_of(score, chords)
        return time.process_time() - start

    assert seconds(16_000) < 40 * seconds(1000)  # 80 where each section looks at all bars


# Values: what a hand made of them is written straight.


def test_a_loosely_played_scale_is_written_in_plain_quarters():
    played = [Note(beat + 0.03 * (-1) ** beat, 0.9, 60 + beat, 80) for beat in range(1, 8)]
    assert written(score_of(Note(0.02, 0.93, 60, 80), *played)) == [
        f"{n} quarter" for n in names(score_of(*line(*range(60, 68))))
    ]


def test_what_is_struck_together_is_one_chord():
    strum = [Note(0.012 * i, 2.0 - 0.012 * i, pitch, 80) for i, pitch in enumerate((52, 55, 60, 64))]
    (chord,) = read(to_bytes(score_of(*strum, program=24))).parts[0].recurse().getElementsByClass("Chord")
    assert [pitch.midi for pitch in chord.pitches] == [52, 55, 60, 64]


def test_a_chord_that_is_rolled_is_marked_so():
    harp = [Note(0.03 * i, 2.0, pitch, 80) for i, pitch in enumerate((60, 64, 67, 72))]
    assert len(list(tree(to_bytes(score_of(*harp, program=46))).iter("arpeggiate"))) == 4


def test_a_short_note_is_staccato_and_a_shorter_one_is_followed_by_rests():
    short = tree(to_bytes(score_of(*line(60, 62, 64, 65, length=0.5, played=0.4))))
    assert len(list(short.iter("staccato"))) == 4
    assert written(score_of(*line(60, 62, length=2.0, played=0.2))) == [
        *("C eighth", "rest eighth", "rest quarter"),
        *("D eighth", "rest eighth", "rest quarter"),
    ]


def test_triplets_are_written_as_triplets():
    score = score_of(*line(60, 62, 64, length=1 / 3), *line(65, 67, onset=1.0))
    root = tree(to_bytes(score))
    assert written(score)[:5] == ["C eighth", "D eighth", "E eighth", "F quarter", "G quarter"]
    assert [m.findtext("actual-notes") for m in root.iter("time-modification")] == ["3"] * 3
    assert [t.attrib["type"] for t in root.iter("tuplet")] == ["start", "stop"]


def test_three_notes_in_a_bar_are_one_large_triplet():
    assert written(score_of(*line(60, 62, 64, length=4 / 3))) == ["C half", "D half", "E half"]


def test_a_lone_late_note_is_no_triplet():
    assert written(score_of(Note(0.0, 0.55, 60, 80), Note(0.56, 0.44, 62, 80), *line(64, 65, 67, onset=1.0)))[:2] == [
        "C eighth",
        "D eighth",
    ]


def swung(ratio, bars=8):
    onsets = [bar * 4 + beat + place for bar in range(bars) for beat in range(4) for place in (0.0, ratio)]
    ends = [*onsets[1:], 4.0 * bars]
    return score_of(
        *(Note(a, b - a, 60 + i % 5, 80) for i, (a, b) in enumerate(zip(onsets, ends, strict=True))), program=73
    )


@pytest.mark.parametrize("ratio", [0.58, 0.62, 2 / 3])
def test_swung_eighths_are_written_as_eighths_under_the_word(ratio):
    root = tree(to_bytes(swung(ratio)))
    assert [words.text for words in root.iter("words")] == ["Swing"]
    assert root.findtext(".//swing/first") == str(round(100 * ratio))
    assert {note.findtext("type") for note in root.iter("note")} == {"eighth"}
    assert root.find(".//time-modification") is None


def test_even_eighths_and_full_triplets_do_not_swing():
    triplets = score_of(*line(*[60, 64, 67] * 32, length=1 / 3), program=73)
    for score in (swung(0.5), triplets):
        assert tree(to_bytes(score)).find(".//swing") is None
    assert len(list(tree(to_bytes(triplets)).iter("time-modification"))) == 96


def test_a_ritardando_is_played_but_seen_once_a_bar_at_most():
    slowing = tuple(Tempo(i / 4, 120.0 - 4 * i) for i in range(16))
    root = tree(to_bytes(score_of(*line(*range(60, 68)), tempos=slowing)))
    assert len([sound for sound in root.iter("sound") if "tempo" in sound.attrib]) == 16
    assert [mark.text for mark in root.iter("per-minute")] == ["120", "60"]


# Bars: meters and what they show.


def test_what_sounds_over_a_bar_line_is_tied():
    score = score_of(*line(60, 62, 64, length=3.0), program=73)
    assert written(score)[:4] == ["C half.", "D quarter", "D half", "E half"]
    assert [(row[1], row[2]) for row in sounding(read(to_bytes(score)).parts)] == [(0.0, 3.0), (3.0, 3.0), (6.0, 3.0)]


@pytest.mark.parametrize(
    ("onset", "length", "values"),
    [
        (1.0, 2.0, ["rest quarter", "C quarter", "C quarter", "rest quarter"]),
        (1.5, 1.0, ["rest quarter", "rest eighth", "C eighth", "C eighth", "rest eighth", "rest quarter"]),
        (0.5, 1.0, ["rest eighth", "C quarter", "rest eighth", "rest half"]),
        (0.0, 3.0, ["C half.", "rest quarter"]),
        (0.5, 3.5, ["rest eighth", "C quarter.", "C half"]),
    ],
)
def test_the_middle_of_a_bar_can_be_seen(onset, length, values):
    assert written(score_of(Note(onset, length, 60, 80), program=73)) == values


@pytest.mark.parametrize(
    ("meter", "beams"), [((7, 8), [2, 2, 3]), ((6, 8), [3, 3]), ((3, 4), [2, 2, 2]), ((4, 4), [4, 4])]
)
def test_eighths_are_beamed_as_the_meter_counts_them(meter, beams):
    count = sum(beams)
    root = tree(to_bytes(score_of(*line(*[60] * count, length=0.5), meters=(Meter(0.0, *meter),))))
    assert (root.findtext(".//beats"), root.findtext(".//beat-type")) == tuple(map(str, meter))
    begins = [i for i, beam in enumerate(root.iter("beam")) if beam.text == "begin"]
    assert [b - a for a, b in pairwise([*begins, count])] == beams


def test_a_bar_that_is_cut_short_has_a_meter_of_its_own():
    told = score_of(*line(*range(60, 71)), meters=(Meter(0.0), Meter(4.0, 3, 4), Meter(7.0)))
    assert [m.ratioString for m in every("TimeSignature", read(to_bytes(told)).parts[0])] == ["4/4", "3/4", "4/4"]
    untold = score_of(*line(*range(60, 70)), meters=(Meter(0.0), Meter(6.5, 3, 4)))
    assert [m.ratioString for m in every("TimeSignature", read(to_bytes(untold)).parts[0])] == ["4/4", "5/8", "3/4"]


def test_a_meter_change_a_little_off_the_bar_line_stands_at_it():
    score = score_of(*line(*range(60, 70)), meters=(Meter(0.0), Meter(4.05, 3, 4)))
    assert [time.findtext("beats") for time in tree(to_bytes(score)).iter("time")] == ["4", "3"]


# Spelling.


def key(tonic, *, minor=False):
    return (KeySignature(0.0, tonic, minor=minor),)


@pytest.mark.parametrize(
    ("tonic", "minor", "pitches", "spelled"),
    [
        ("F", False, [65, 67, 69, 70], "F G A Bb"),
        ("Eb", False, [63, 68, 70, 71], "Eb Ab Bb B"),
        ("A", True, [68, 69, 66, 68], "G# A F# G#"),
        ("D", True, [73, 74, 71, 70], "C# D B Bb"),
        ("G", True, [66, 67, 63, 61], "F# G Eb C#"),
        ("E", False, [68, 71, 63, 61], "G# B D# C#"),
        ("Eb", True, [75, 71, 70, 74], "Eb Cb Bb D"),
        ("C", False, [60, 61, 63, 70], "C C# Eb Bb"),
    ],
)
def test_pitches_are_spelled_as_the_key_wants_them(tonic, minor, pitches, spelled):
    assert names(score_of(*line(*pitches), keys=key(tonic, minor=minor), program=73)) == spelled.split()


def test_a_key_changes_at_its_bar():
    score = score_of(*line(70, 70, 70, 70, 70, 70, 70, 70), keys=(*key("F"), KeySignature(4.0, "B", minor=False)))
    assert [fifths.text for fifths in tree(to_bytes(score)).iter("fifths")] == ["-1", "5"]
    assert names(score) == ["Bb"] * 4 + ["A#"] * 4


def test_an_accidental_is_written_once_in_a_bar_and_taken_back():
    root = tree(to_bytes(score_of(*line(66, 66, 65, 65, 65), keys=key("C"), program=73)))
    assert [note.findtext("accidental") for note in root.iter("note")][:5] == ["sharp", None, "natural", None, None]


def test_tones_of_a_chord_are_spelled_as_its_name_says():
    assert names(score_of(*line(68, 72, 75), keys=key("C"), program=73), [ChordName(0.0, "Abmaj7")]) == [
        "Ab",
        "C",
        "Eb",
    ]
    assert names(score_of(*line(68, 71, 64), keys=key("C"), program=73), [ChordName(0.0, "E7/G#")]) == ["G#", "B", "E"]


def test_a_tied_note_keeps_its_name_when_the_chord_changes():
    chords = [ChordName(0.0, "E"), ChordName(4.0, "Fm")]
    assert names(score_of(Note(0.0, 8.0, 68, 80), keys=key("C"), program=73), chords) == ["G#", "G#"]


@pytest.mark.parametrize(
    ("name", "kind", "root", "bass"),
    [
        ("Fmaj7", "major-seventh", "F", None),
        ("Bbm/F", "minor", "Bb", "F"),
        ("G7", "dominant", "G", None),
        ("C#dim7", "diminished-seventh", "C#", None),
        ("Em7b5", "half-diminished", "E", None),
        ("Dsus4", "suspended-fourth", "D", None),
        ("Cadd9", "major", "C", None),
        ("Am9", "minor-ninth", "A", None),
        ("Gtremendous", "other", "G", None),
        ("A#", "major", "Bb", None),  # no song in F has a chord of A#
    ],
)
def test_chord_symbols_say_root_kind_and_bass(name, kind, root, bass):
    harmony = tree(to_bytes(score_of(*line(60), keys=key("F")), chords=[ChordName(0.0, name)])).find(".//harmony")
    sign = {"-1": "b", "1": "#", None: ""}
    assert harmony.findtext("kind") == kind
    assert harmony.findtext("root/root-step") + sign[harmony.findtext("root/root-alter")] == root
    assert harmony.findtext("bass/bass-step") == bass
    assert [degree.text for degree in harmony.iter("degree-value")] == (["9"] if name == "Cadd9" else [])


def test_no_chord_is_a_symbol_too_and_what_is_none_is_refused():
    root = tree(to_bytes(score_of(*line(60)), chords=[ChordName(0.0, "N.C.")]))
    assert root.find(".//harmony/kind").attrib == {"text": "N.C."}
    with pytest.raises(UsageError, match="chord"):
        to_bytes(score_of(*line(60)), chords=[ChordName(0.0, "H7")])


def test_a_chord_that_goes_on_is_named_once():
    chords = [ChordName(0.0, "C"), ChordName(4.0, "C"), ChordName(8.0, "F")]
    root = tree(to_bytes(score_of(*line(*[60] * 12)), chords=chords))
    assert [step.text for step in root.iter("root-step")] == ["C", "F"]


# Staves, voices and marks.


def clefs(score):
    found = tree(to_bytes(score)).iter("clef")
    return [clef.findtext("sign") + clef.findtext("clef-octave-change", "") for clef in found]


@pytest.mark.parametrize(
    ("program", "pitches", "signs"),
    [
        (73, [72, 79, 84], ["G"]),
        (42, [43, 48, 50], ["F"]),
        (24, [40, 52, 64], ["G-1"]),
        (33, [28, 33, 40], ["F-1"]),
        (9, [84, 91, 96], ["G1"]),
        (0, [36, 48, 72, 79], ["G", "F"]),
        (40, [60, 67, 55], ["G"]),
    ],
)
def test_a_part_has_the_clefs_that_it_is_read_in(program, pitches, signs):
    assert clefs(score_of(*line(*pitches), program=program)) == signs


def test_the_clef_changes_where_a_part_moves_for_a_whole_section():
    sections = (Marker(0.0, "verse"), Marker(16.0, "chorus"))
    notes = [*line(*[45, 48] * 8), *line(*[72, 76] * 8, onset=16.0)]
    assert clefs(score_of(*notes, markers=sections, program=42)) == ["F", "G"]


def test_what_is_held_under_a_melody_stands_in_a_second_voice():
    notes = [Note(0.0, 4.0, 60, 80), *line(72, 74, 76, 77)]
    score = score_of(*notes, program=48)
    root = tree(to_bytes(score))
    assert [(n.findtext("voice"), n.findtext("type")) for n in root.iter("note")] == [
        *(("1", "quarter"),) * 4,
        ("2", "whole"),
    ]
    assert len(sounding(read(to_bytes(score)).parts)) == 5


def test_what_rings_on_is_written_up_to_the_next_note():
    picked = [Note(i / 2, 3.0, pitch, 80) for i, pitch in enumerate((52, 55, 60, 64, 60, 55, 52, 55))]
    assert written(score_of(*picked, program=24))[:7] == [f"{n} eighth" for n in "EGCECGE"]


def test_the_pedal_is_marked():
    controls = (Control(0.05, PEDAL, 127), Control(3.95, PEDAL, 0))
    score = Score((Part("Piano", 0, 0, tuple(line(60, 64, 67, 72)), controls),))
    assert [pedal.attrib["type"] for pedal in tree(to_bytes(score)).iter("pedal")] == ["start", "stop"]


def test_loudness_is_marked_where_it_changes():
    soft, loud = (
        [Note(float(beat), 1.0, 60, velocity) for beat in bars]
        for bars, velocity in ((range(16), 48), (range(16, 32), 110))
    )
    marks = (Marker(0.0, "verse"), Marker(16.0, "chorus"))
    root = tree(to_bytes(score_of(*soft, *loud, markers=marks)))
    assert [mark[0].tag for mark in root.iter("dynamics")] == ["p", "ff"]
