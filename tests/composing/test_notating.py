"""Songs as sheet music: the chords of the report, and the notes where the engines wrote them."""

import json
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

import kelly
from kelly.composing.composer import compose_score
from kelly.composing.notating import to_bytes, write
from kelly.composing.report import TAG
from kelly.composing.settings import Settings
from kelly.composing.tables import parts
from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import lookup
from kelly.errors import FileError
from kelly.score import midi
from kelly.score.notation.bars import QUARTER
from kelly.score.notation.sheet import sheet_of


@pytest.fixture(scope="module")
def song():
    return kelly.compose("so sad", bars=8, seed=3)


def chords(data):
    return [step.text for step in ET.fromstring(data).iter("root-step")]  # noqa: S314 - Kelly wrote it


def test_a_song_is_written_under_its_chords(song):
    letters = [name[0] for name in song.report["sections"][0]["chords"]]
    assert chords(to_bytes(song)) == [name for i, name in enumerate(letters) if i == 0 or letters[i - 1] != name]


def test_the_sheet_of_a_saved_file_is_the_sheet_of_the_song(song):
    assert to_bytes(midi.from_bytes(midi.to_bytes(song.score))) == to_bytes(song)


def test_a_score_without_a_report_has_no_chord_symbols(song):
    assert chords(to_bytes(replace(song.score, texts=()))) == []


@pytest.mark.parametrize("start", ["soon", 10**400, None, []])
def test_a_damaged_report_is_refused(song, start):
    damaged = {**song.report, "sections": [{"start": start, "onsets": [0], "chords": ["C"]}]}
    with pytest.raises(FileError, match="damaged"):
        to_bytes(replace(song.score, texts=(TAG + json.dumps(damaged),)))


def test_it_is_written_whole_or_not_at_all(song, tmp_path):
    assert write(song, tmp_path / "song.musicxml").read_bytes() == to_bytes(song)
    with pytest.raises(FileError):
        write(song, tmp_path / "none" / "song.musicxml")


@pytest.mark.parametrize(
    ("feeling", "genre", "humanise"),
    [
        ("grief", "ballad", 0.5),
        ("joy", "pop", 1.0),
        ("joy", "jazz", 0.5),
        ("serenity", "lo-fi", 0.5),
        ("hope", "hip-hop", 0.5),
        ("ecstasy", "edm", 0.5),
    ],
)
def test_nearly_every_note_is_written_where_its_engine_wrote_it(feeling, genre, humanise):
    """However it swings and whatever the hand missed by: the engines write on a straight grid."""
    settings = Settings(genre=genre, humanise=humanise, bars=16, seed=1, triggers=False)
    made = compose_score(Journey(lookup(feeling).emotion).rounded(), settings)
    meant = {
        row.title: Counter(
            (round((written.section.start + note.onset) * QUARTER), note.pitch)
            for written in made.sections
            for note in written.notes[name]
        )
        for name, row in parts().items()
    }
    astray = count = 0
    for page in sheet_of(made.score).pages:
        wanted = meant[page.part.name] + (meant["Fills"] if page.part.is_drums else Counter())
        heads = (
            head
            for staff in page.staves
            for voice in staff.voices
            for row in voice.values()
            for sign in row
            for head in sign.heads
        )
        found = Counter({(head.struck, head.pitch): 1 for head in heads})
        astray += (wanted - found).total()
        count += wanted.total()
    assert astray < 0.01 * count
