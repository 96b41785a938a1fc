"""MAESTRO in small: four performances of three compositions, named as in version 3."""

import csv

from kelly.score import midi
from kelly.score.notes import Control, Note, Part, Score

COLUMNS = (*("canonical_composer", "canonical_title", "split", "year", "midi_filename", "audio_filename", "duration"),)
PERFORMANCES = (
    ("Alban Berg", "Sonata Op. 1", "train", 2018, "Chamber3_MID--AUDIO_10_R3_2018"),
    ("Alban Berg", "Sonata Op. 1", "train", 2008, "03_R2_2008_01-03_ORIG_MID--AUDIO_03"),
    ("Franz Schubert", 'Impromptu No. 3, "Andante", Op. 90', "validation", 2008, "05_R1_2008_01-04"),
    ("Johann Sebastian Bach", "Prelude and Fugue in D Minor, BWV 851", "test", 2018, "Recital1-3_MID"),
)


def write(root, splits=("train", "validation", "test"), folder="maestro"):
    """Write the corpus below a root folder and give its folder."""
    place = root / folder
    place.mkdir(parents=True)
    lines = []
    for composer, title, split, year, name in PERFORMANCES:
        if split not in splits:
            continue
        path = place / str(year) / f"MIDI-Unprocessed_{name}.midi"
        path.parent.mkdir(exist_ok=True)
        notes = tuple(Note(i / 3, 0.3, 50 + i, 40 + 2 * i) for i in range(12))
        midi.write(Score((Part("", 0, notes=notes, controls=(Control(0.0, 64, 127),)),)), path)
        file = f"{year}/{path.name}"
        lines.append((composer, title, split, year, file, file.replace(".midi", ".wav"), 698.66))
    with (place / "maestro-v3.0.0.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows([COLUMNS, *lines])
    return place
