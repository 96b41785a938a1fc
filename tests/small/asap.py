"""ASAP in small: five performances of three scores (a piece with and without its repeat, and a waltz).

Performances are the scores played with a steady push and pull: the i-th beat of a score at `played(i)` seconds.
"""

import numpy as np

from kelly.score import midi
from kelly.score.notes import Meter, Note, Part, Score, Tempo

COLUMNS = (
    *("composer", "title", "folder", "xml_score", "midi_score", "midi_performance", "performance_annotations"),
    *("midi_score_annotations", "maestro_midi_performance", "maestro_audio_performance", "start", "end"),
    "audio_performance",
)
# folder, composer, title, beats in a bar, beats, performances, and the one that is short of its last beats
SCORES = (
    ("Bach/Minuet", "Bach", "Minuet", 3, 24, ("Shi05M", "HUAN_B01"), None),
    ("Bach/Minuet_no_repeat", "Bach", "Minuet", 3, 12, ("Richardson_2013_03M",), None),
    ("Chopin/Waltzes/64_1", "Chopin", "Waltz_1", 4, 16, ("Faliks02", "WongDoe02_2006"), "WongDoe02_2006"),
)
BPM = 90
MAESTRO = "{maestro}/2006/MIDI-Unprocessed_19_R1_2006.midi"


def played(beats):
    """When beats are played, in seconds: half a second in, about 100 BPM, a little slower and faster by turns."""
    beats = np.asarray(beats, float)
    return 0.5 + 0.6 * beats + 0.05 * np.sin(beats)


def notes(beats):
    """Two notes a beat, over a low one a bar or so."""
    high = [Note(i / 2, 0.5, 72 + 2 * (i % 7), 64) for i in range(2 * beats)]
    return (*high, *(Note(float(i), 2.0, 48, 64) for i in range(0, beats, 2)))


def performance(beats):
    """The same notes as they are played; a beat of the file is half a second."""
    times = [(note, 2 * played([note.onset, note.end])) for note in notes(beats)]
    return tuple(Note(start, end - start, note.pitch, 50 + note.pitch // 4) for note, (start, end) in times)


def labels(times, meter, *, free=()):
    """The lines of a file of annotations."""
    marks = [f"{'bR' if i in free else 'b' if i % meter else 'db'}" for i in range(len(times))]
    marks[0] += f",{meter}/4,-2"
    return "".join(f"{time}\t{time}\t{mark}\n" for time, mark in zip(times, marks, strict=True))


def write(root):
    """Write the corpus below a root folder and give its folder."""
    place = root / "asap"
    rows = [COLUMNS]
    for folder, composer, title, meter, beats, names, short in SCORES:
        (place / folder).mkdir(parents=True)
        written = Score((Part("", 0, notes=notes(beats)),), (Tempo(0.0, BPM),), (Meter(0.0, meter, 4),))
        midi.write(written, place / folder / "midi_score.mid")
        lines = labels(np.arange(beats) * 60 / BPM, meter, free=(5,))
        (place / folder / "midi_score_annotations.txt").write_text(lines)
        for name in names:
            midi.write(Score((Part("", 0, notes=performance(beats)),)), place / folder / f"{name}.mid")
            lines = labels(played(np.arange(beats - 2 * (name == short))), meter, free=(5,))
            (place / folder / f"{name}_annotations.txt").write_text(lines)
            files = ("xml_score.musicxml", "midi_score.mid", f"{name}.mid", f"{name}_annotations.txt")
            paths = [f"{folder}/{file}" for file in (*files, "midi_score_annotations.txt")]
            cut = (MAESTRO, "", "144.5", "", "") if name.endswith("M") else ("", "", "", "", "")
            rows.append((composer, title, folder, *paths, *cut))
    (place / "metadata.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    return place
