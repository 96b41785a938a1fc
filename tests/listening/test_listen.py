"""Listening to a file: a recording and a score are told apart, and each is heard, as a whole and as it goes on."""

import pytest

import kelly
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UsageError
from kelly.listening import sound
from kelly.listening.listen import is_score, journey, listen
from kelly.score import midi
from kelly.score.notes import Score
from small.sounds import tone

GRIEF, JOY = Emotion(-0.9, 0.25, 0.25), Emotion(0.9, 0.8, 0.8)


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """A MIDI file that leads from grief to joy."""
    path = tmp_path_factory.mktemp("songs") / "song.mid"
    midi.write(kelly.compose(GRIEF, to=JOY, bars=48, seed=2).score, path)
    return path


@pytest.mark.parametrize("name", ["song.mid", "song.MIDI", "song.dat", "song.wav"])
def test_a_score_is_known_by_its_name_or_its_first_bytes(tmp_path, moving, name):
    (tmp_path / name).write_bytes(moving.read_bytes())
    assert is_score(tmp_path / name)
    assert listen(tmp_path / name).reader == "symbolic"


@pytest.mark.parametrize("name", ["tone.wav", "tone.flac", "tone.ogg", "tone.mp3"])
def test_any_other_file_is_heard_as_a_recording(tmp_path, name):
    path = tone(tmp_path / name, seconds=3, rate=16_000)
    assert not is_score(path)
    reading = kelly.listen(str(path))
    assert reading == listen(path) == sound.listen(str(path)).reading
    assert (reading.reader, reading.text) == ("sound", str(path))
    assert reading.heard


@pytest.mark.parametrize("hear", [listen, journey])
@pytest.mark.parametrize(
    ("name", "content"), [("none.wav", None), ("none.mid", None), ("text.wav", b"Dear Kelly"), ("tone.mid", b"RIFF")]
)
def test_what_is_missing_or_neither_is_told_by_its_name(tmp_path, hear, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=name):
        hear(tmp_path / name)


def test_the_journey_of_a_score_leads_as_it_does(moving):
    way = journey(moving)
    assert way.moves
    assert way.end.valence > way.start.valence + 0.3
    assert way.end.arousal > way.start.arousal


def test_the_journey_of_a_recording_is_that_of_its_course(tmp_path):
    path = tone(tmp_path / "tone.wav", seconds=9)
    assert journey(path) == sound.listen(path).journey()


def test_without_a_sound_or_a_note_there_is_no_journey(tmp_path):
    midi.write(Score(()), tmp_path / "empty.mid")
    tone(tmp_path / "none.wav", frequency=0)
    for name in ("empty.mid", "none.wav"):
        with pytest.raises(UsageError, match="too little sound, or too few notes"):
            journey(tmp_path / name)
        assert not listen(tmp_path / name).heard


def test_what_is_heard_can_be_composed(tmp_path):
    reading = kelly.listen(tone(tmp_path / "tone.wav", seconds=3))
    song = kelly.compose(reading, bars=4)
    assert song.report["emotion"]["valence"] == pytest.approx(reading.emotion.valence, abs=0.01)
