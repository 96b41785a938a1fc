"""POP909 in small: three songs of eight bars, with and without POP909-CL.

001 has all; POP909-CL begins three beats later, and its bars are off by one. 002 has no POP909-CL. 003 is in three, and
its POP909-CL is another version of the song.
"""

from kelly.score import midi
from kelly.score.notes import KeySignature, Meter, Note, Part, Score, Tempo

SONGS = ("001", "002", "003")
SECONDS = 0.6  # a beat of the recordings, the first of which is at START
START = 0.3
BARS = 8
LATER = 3  # beats
ROOTS = (60, 57, 53, 55)  # C, Am, F, G: a bar each
INDEX = "song_id,name,artist,modify_times,num_beats_per_measure,num_quavers_per_beat\n"


def bar(song):
    """Beats a bar."""
    return 3 if song == "003" else 4


def chords(song):
    """Onset in beats from the first bar line, duration and pitches of each chord."""
    for number in range(BARS):
        root = ROOTS[number % 4]
        third = 3 if root == 57 else 4
        yield number * bar(song), bar(song), (root, root + third, root + 7)


def melody(song):
    """Onset in beats from the first bar line, pitch: eighths that rise and fall."""
    for step in range(2 * bar(song) * BARS):
        yield step / 2, 72 + (step * 5) % 13


def recording(song, tempo=90.0):
    """POP909's file, in the time of the recording: its own tempo says nothing."""

    def note(onset, duration, pitch, velocity):
        return Note((START + SECONDS * onset) * tempo / 60, SECONDS * duration * tempo / 60, pitch, velocity)

    tune = tuple(note(onset, 0.4, pitch, 100) for onset, pitch in melody(song))
    bass = tuple(note(onset, length, pitch - 12, 60) for onset, length, notes in chords(song) for pitch in notes)
    parts = (Part("MELODY", 0, notes=tune), Part("BRIDGE", 1, notes=tune[::4]), Part("PIANO", 2, notes=bass))
    return Score(parts, tempos=(Tempo(0.0, tempo),))


def expert(song, *, same=True):
    """POP909-CL's file, on a grid of beats."""
    first = LATER + (1 if same else 0)
    up = 0 if same else 1
    tune = [(onset, 0.5, pitch + 5 * up) for onset, pitch in melody(song)]
    bass = [(onset, length, pitch - 12 + up) for onset, length, notes in chords(song) for pitch in notes]
    written = tuple(Note(onset + first, length, pitch, 90) for onset, length, pitch in sorted(tune + bass))
    named = tuple(Note(onset + first, length, pitch, 90) for onset, length, notes in chords(song) for pitch in notes)
    return Score(
        (Part("piano", 0, notes=written), Part("chords", 1, notes=named)),
        tempos=(Tempo(0.0, 100.0),),
        meters=(Meter(0.0, 4, 4),),
        keys=(KeySignature(0.0, "C", minor=False), KeySignature(first + 4.0 * bar(song), "A", minor=True)),
    )


def _tables(song):
    """The tables of a song by name; the beats begin one beat before the first bar line."""
    length = bar(song)
    beats = [(START + SECONDS * (beat - 1), (beat - 1) % length == 0) for beat in range(BARS * length + 2)]
    names = ("C:maj", "A:min", "F:maj", "G:maj")
    spans = [(START + SECONDS * onset, START + SECONDS * (onset + duration)) for onset, duration, _ in chords(song)]
    return {
        "beat_midi.txt": [f"{time} {float(first)} {float(first)}" for time, first in beats],
        "chord_midi.txt": [
            f"0.0 {spans[0][0]} N",
            *(f"{on}\t{off}\t{names[number % 4]}" for number, (on, off) in enumerate(spans)),
        ],
        "key_audio.txt": [f"{START} 9.0 C:maj", f"{START + SECONDS * 4 * length} 19.0 A:min"],
    }


def write(root, songs=SONGS):
    """Write the corpus below a root folder and give its folder."""
    place = root / "pop909"
    processed = place / "POP909-CL" / "POP909_processed"
    processed.mkdir(parents=True)
    for song in songs:
        folder = place / "POP909" / song
        folder.mkdir(parents=True)
        midi.write(recording(song), folder / f"{song}.mid")
        for name, lines in _tables(song).items():
            (folder / name).write_text("\n".join([*lines, ""]))
        if song != "002":
            midi.write(expert(song, same=song == "001"), processed / f"{song}.mid")
    index = INDEX + "001,Song,Singer,1,2,2\n002,song,SINGER,1,2,2\n003,Waltz,Singer,1,3,2\n"
    (place / "POP909" / "index.csv").write_text(index)
    return place
