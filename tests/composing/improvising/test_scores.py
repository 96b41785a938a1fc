"""The transformer goes on with a score, fills bars of it, plays a part anew or plays along."""

from dataclasses import replace

import pytest

from kelly import compose
from kelly.composing.improvising import scores
from kelly.composing.improvising.scores import accompanied, continued, infilled, varied
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UsageError
from kelly.score import midi
from kelly.score.notes import DRUM_CHANNEL, Meter, Note, Part, Score, Tempo
from small.scribe import Scribe

TUNE = (67, 69, 71, 72, 74, 72, 71, 69)


@pytest.fixture(autouse=True)
def scribe(monkeypatch):
    network = Scribe(places=512)
    monkeypatch.setattr(scores.network, "shipped", lambda: network)
    return network


def band(bars=8, drums=True, meter=(4, 4)):
    """A melody, chords and a bass in G major, with drums."""
    length = 4 * meter[0] // meter[1]
    melody = [Note(float(beat), 1.0, TUNE[beat % 8], 80) for beat in range(length * bars)]
    roots = [(55, 59, 62), (60, 64, 67), (50, 54, 57), (55, 59, 62)]
    chords = [Note(float(length * bar), float(length), key, 60) for bar in range(bars) for key in roots[bar % 4]]
    bass = [Note(float(length * bar), 2.0, roots[bar % 4][0] - 12, 70) for bar in range(bars)]
    kit = [Note(float(beat), 0.25, 36 if beat % 2 == 0 else 38, 90) for beat in range(length * bars)]
    parts = [
        Part("Melody", 0, 73, tuple(melody)),
        Part("Piano", 1, 0, tuple(sorted(chords))),
        Part("Bass", 2, 33, tuple(bass)),
    ]
    if drums:
        parts.append(Part("Kit", DRUM_CHANNEL, 0, tuple(kit)))
    return Score(tuple(parts), tempos=(Tempo(0.0, 100.0),), meters=(Meter(0.0, *meter),))


def classes(score):
    return {note.pitch % 12 for note in score.notes(drums=False)}


def test_what_is_there_stays_and_more_bars_follow():
    given = band()
    made = continued(given, bars=4)
    for part, other in zip(given.parts, made.parts, strict=True):
        kept, new = other.notes[: len(part.notes)], other.notes[len(part.notes) :]
        assert kept == part.notes
        assert all(32 <= note.onset < 48 for note in new)
        assert all(note.end <= 48 for note in new)
    assert sum(len(part.notes) for part in made.parts) > sum(len(part.notes) for part in given.parts)
    assert classes(made) <= classes(given), "it keeps to the pitch classes of the score"
    assert midi.from_bytes(midi.to_bytes(made)).end > 33


def test_bars_between_are_written_anew_and_nothing_else():
    given = band()
    made = infilled(given, 3, 4)
    for part, other in zip(given.parts, made.parts, strict=True):
        outside = [note for note in part.notes if not 8 <= note.onset < 16]
        assert [note for note in other.notes if not 8 <= note.onset < 16] == outside
        assert all(note.end <= 16 for note in other.notes if 8 <= note.onset < 16)
    inside = [[note for note in one.notes() if 8 <= note.onset < 16] for one in (given, made)]
    assert inside[0] != inside[1]


def test_a_note_that_is_held_into_what_is_written_anew_ends_there():
    given = band()
    held = replace(given.parts[2], notes=(Note(0.0, 12.0, 43, 70), *given.parts[2].notes[4:]))
    made = infilled(replace(given, parts=(*given.parts[:2], held, given.parts[3])), 3, 4)
    assert made.parts[2].notes[0] == Note(0.0, 8.0, 43, 70)


def test_a_part_is_played_anew_beside_the_others():
    given = band()
    made = varied(given, "melody")
    assert made.parts[1:] == given.parts[1:]
    assert made.parts[0].notes != given.parts[0].notes
    pitches = [note.pitch for note in given.parts[0].notes]
    assert all(min(pitches) - 4 <= note.pitch <= max(pitches) + 4 for note in made.parts[0].notes)
    onsets = [note.onset for note in made.parts[0].notes]
    assert len(set(onsets)) == len(onsets), "a melody of single notes stays one"
    assert varied(given, "melody", seed=4).parts[0].notes != made.parts[0].notes
    assert varied(given, "Melody") == made


@pytest.mark.parametrize(("name", "row"), [("Piano", 1), ("piano", 1), ("Bass", 2), ("KIT", 3), ("chords", 1)])
def test_a_part_is_called_by_its_name_or_its_role(name, row):
    made = varied(band(), name)
    changed = [number for number, part in enumerate(made.parts) if part != band().parts[number]]
    assert changed == [row]


def test_what_a_song_says_of_how_it_was_made_is_left_out():
    song = compose("so happy", bars=4)
    assert any(text.startswith("kelly ") for text in song.score.texts)
    assert not any(text.startswith("kelly ") for text in varied(song.score, "melody").texts)


def test_a_second_drum_kit_is_written_anew_too():
    given = band()
    two = replace(given, parts=(*given.parts, replace(given.parts[3], name="More")))
    made = infilled(two, 3, 4)
    assert not [note for note in made.parts[4].notes if 8 <= note.onset < 16]


def test_drums_can_be_varied_with_the_drums_that_they_have():
    made = varied(band(), "drums")
    assert {note.pitch for note in made.parts[3].notes} <= {36, 37, 38}


def test_a_melody_alone_gets_chords_and_a_bass():
    tune = replace(band(), parts=(replace(band().parts[0], name="Flute"),))
    made = accompanied(tune)
    assert made.parts[0] == tune.parts[0]
    assert [part.name for part in made.parts[1:]] == ["Chords", "Bass"]
    assert len({part.channel for part in made.parts}) == 3
    assert all(28 <= note.pitch <= 52 for note in made.parts[2].notes)
    with pytest.raises(UsageError, match="nothing to add: the score has chords and a bass"):
        accompanied(band())


def test_a_feeling_is_said_where_one_is_asked_for(scribe):
    continued(band(), bars=1, feeling=Emotion(-0.8, 0.1, 0.5))
    assert {round(float(told.feelings[row][0]), 3) for _, told, row in scribe.read} == {-0.8}


@pytest.mark.parametrize("meter", [(3, 4), (6, 8), (2, 4), (7, 8)])
def test_other_meters_go_on_as_they_are(meter):
    given = band(bars=4, meter=(3, 4)) if meter == (3, 4) else replace(band(4), meters=(Meter(0.0, *meter),))
    made = continued(given, bars=6)
    assert made.end > given.end


def test_bars_that_are_not_there_are_refused():
    given = band()
    for first, last in ((0, 2), (7, 9), (5, 4), (9, 9)):
        with pytest.raises(UsageError, match=rf"bars must lie in 1\.\.8.*; got {first}-{last}"):
            infilled(given, first, last)
    for bars in (0, -1, 1001):
        with pytest.raises(UsageError, match=rf"bars must be an integer in 1\.\.1000; got {bars}"):
            continued(given, bars)
    with pytest.raises(UsageError, match="part"):
        varied(given, "kazoo")


def test_a_part_is_played_anew_in_some_bars_alone():
    given = band()
    held = replace(
        given.parts[0], notes=(*given.parts[0].notes[:2], Note(7.5, 12.0, 72, 70), *given.parts[0].notes[8:])
    )
    given = replace(given, parts=(held, *given.parts[1:]))
    made = varied(given, "melody", bars=(3, 4))
    assert made.parts[1:] == given.parts[1:]
    one, other = given.parts[0].notes, made.parts[0].notes
    assert [note for note in other if note.onset >= 16] == [note for note in one if note.onset >= 16]
    cut = [replace(note, duration=min(note.duration, 8 - note.onset)) for note in one if note.onset < 8]
    assert [note for note in other if note.onset < 8] == cut
    inside = [note for note in other if 8 <= note.onset < 16]
    assert inside
    assert all(note.end <= 16 for note in inside)
    assert inside != [note for note in one if 8 <= note.onset < 16]
    assert varied(given, "melody", bars=(3, 4)) == made
    assert varied(given, "melody", bars=(3, 4), seed=1) != made


def test_bars_of_three_beats_are_counted_so():
    given = band(bars=4, meter=(3, 4))
    made = varied(given, "melody", bars=(2, 2))
    differing = {*given.parts[0].notes} ^ {*made.parts[0].notes}
    assert all(3 <= note.onset < 6 or note.end > 3 > note.onset for note in differing)


@pytest.mark.parametrize("bars", [(0, 2), (7, 9), (5, 4), (9, 9)])
def test_a_part_is_not_played_in_bars_that_are_not_there(bars):
    with pytest.raises(UsageError, match=rf"bars must lie in 1\.\.8.*; got {bars[0]}-{bars[1]}"):
        varied(band(), "melody", bars=bars)


@pytest.mark.parametrize("bars", [3, (3,), (1, 2, 3), "12", (1.0, 2), (True, 2), (None, 2)])
def test_bars_are_two_numbers(bars):
    with pytest.raises(UsageError, match="must be"):
        varied(band(), "melody", bars=bars)


def test_scores_without_tones_are_refused():
    with pytest.raises(UsageError, match="must have tones; it has none"):
        continued(Score(()))
    with pytest.raises(UsageError, match="must have tones; it has drums alone"):
        continued(replace(band(), parts=band().parts[3:]))


def test_more_notes_than_anyone_writes_are_refused_at_once():
    many = Part("Piano", 0, 0, (Note(0.0, 1.0, 60, 60),) * (scores.MOST_NOTES + 1))
    with pytest.raises(UsageError, match="a score must have up to 200,000 notes; got 200,001"):
        continued(Score((many,)))


def test_a_score_of_a_hundred_thousand_notes_is_gone_on_with():
    notes = tuple(Note(n / 4, 0.25, 48 + n * 7 % 25, 70) for n in range(100_000))
    made = continued(Score((Part("Piano", 0, 0, notes),)), bars=1)
    assert len(made.parts[0].notes) >= 100_000


def test_a_missing_transformer_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(scores.network, "shipped", lambda: None)
    monkeypatch.setattr(scores.network.resources, "files", lambda _: tmp_path)
    with pytest.raises(FileError, match="built without the transformer"):
        continued(band())


def test_what_goes_on_begins_after_the_last_note_and_cuts_none_of_it():
    given = band(bars=4)
    held = replace(given.parts[1], notes=(*given.parts[1].notes, Note(14.0, 9.0, 72, 80)))
    made = continued(replace(given, parts=(given.parts[0], held, *given.parts[2:])), bars=8)
    assert Note(14.0, 9.0, 72, 80) in made.parts[1].notes
    new = [note for part in made.parts for note in part.notes if note.onset >= 16]
    assert new
    assert all(24 <= note.onset < 56 for note in new)


def test_what_sounds_a_little_beyond_the_last_bar_ends_with_it():
    given = band(bars=4)
    over = replace(given.parts[1], notes=tuple(replace(note, duration=4.3) for note in given.parts[1].notes))
    made = continued(replace(given, parts=(given.parts[0], over, *given.parts[2:])), bars=8)
    last = [note for note in made.parts[1].notes if note.onset == 12.0]
    assert {note.duration for note in last} == {4.0}
    assert min(note.onset for part in made.parts for note in part.notes if note.onset >= 16) < 48


def test_a_score_of_endless_bars_is_refused():
    with pytest.raises(UsageError, match=r"up to 10,000 bars; got 160,00\d"):
        continued(Score((Part("a", 0, notes=(Note(40_000.0, 1.0, 60, 80),)),), meters=(Meter(0.0, 1, 16),)))


def test_an_accompaniment_shares_no_channel_with_another_instrument():
    crowd = [Part(f"p{n}", n, 73, (Note(0.0, 4.0, 72, 80),)) for n in range(16) if n != DRUM_CHANNEL]
    with pytest.raises(UsageError, match="leave a MIDI channel free"):
        accompanied(Score(tuple(crowd), meters=(Meter(0.0),)))
    room = Score(tuple(crowd[:13]), meters=(Meter(0.0),))
    channels = [part.channel for part in accompanied(room).parts]
    assert len(channels) == len(set(channels)) == 15


@pytest.mark.parametrize(("call", "told"), [
    (lambda _: continued("song.mid"), r"a score must be a Score or a Song \(kelly.read_midi reads a file\)"),
    (lambda _: continued(None), "a score must be a Score or a Song"),
    (lambda s: continued(s, 2.5), "bars must be an integer in 1..1000; got 2.5"),
    (lambda s: continued(s, True), "bars must be an integer"),
    (lambda s: infilled(s, "1", "2"), 'first must be an integer in 0..10000; got "1"'),
    (lambda s: varied(s, None), "part must be a text; got None"),
    (lambda s: varied(s, "melody", feeling=3), "a feeling is a text"),
    (lambda s: varied(s, "melody", seed=-1), "seed must be an integer in 0"),
    (lambda s: accompanied(s, sampling={}), "sampling must be a Sampling; got {}"),
])  # fmt: skip
def test_what_is_of_another_kind_is_told_in_one_line(call, told):
    with pytest.raises(UsageError, match=told):
        call(band())


def test_songs_and_words_of_feelings_are_taken_too():
    song = compose("so sad", bars=4)
    assert continued(song, bars=2, feeling="I am furious") == continued(song.score, bars=2, feeling="I am furious")
