"""Groove in small: six takes of two drummers; hits lie a little off the metronome's grid."""

from kelly.score import midi
from kelly.score.notes import Meter, Note, Part, Score, Tempo

COLUMNS = (
    *("drummer", "session", "id", "style", "bpm", "beat_type", "time_signature"),
    *("midi_filename", "audio_filename", "duration", "split"),
)
# drummer, session, number, style, bpm, kind, meter, split
TAKES = (
    (1, 1, 1, "funk", 80, "beat", "4-4", "train"),
    (1, 1, 2, "latin/brazilian-baiao", 96, "fill", "4-4", "train"),
    (1, 2, 1, "rock/halftime", 140, "beat", "6-8", "train"),
    (2, 1, 1, "jazz/swing", 185, "beat", "3-4", "train"),
    (1, 1, 3, "funk", 80, "beat", "4-4", "validation"),
    (2, 1, 2, "hiphop", 92, "beat", "4-4", "test"),
)
HITS = 32  # two bars of sixteenths


def row(drummer, session, number, style, bpm, kind, meter, split):
    """The line of `info.csv` about one take."""
    name = f"drummer{drummer}/session{session}/{number}"
    stem = f"{name}_{style.replace('/', '-')}_{bpm}_{kind}_{meter}"
    audio = f"{stem}.wav" if number == 1 else ""  # not all takes have audio
    values = (f"drummer{drummer}", f"drummer{drummer}/session{session}", name, style, bpm, kind, meter)
    return ",".join(map(str, (*values, f"{stem}.mid", audio, 6.0, split)))


def score(bpm):
    """Hi-hat sixteenths, the off-beat ones late, each fourth one loud."""
    notes = (Note(i / 4 + 0.02 * (i % 2), 0.1, 42, 90 if i % 4 == 0 else 50) for i in range(HITS))
    return Score((Part("", 9, notes=tuple(notes)),), tempos=(Tempo(0.0, bpm),), meters=(Meter(0.0),))


def write(root, splits=("train", "validation", "test")):
    """Write the corpus below a root folder and give its folder."""
    place = root / "groove"
    place.mkdir(parents=True)
    takes = [take for take in TAKES if take[-1] in splits]
    lines = [row(*take) for take in takes]
    (place / "info.csv").write_text("\n".join([",".join(COLUMNS), *lines, ""]))
    for take, line in zip(takes, lines, strict=True):
        path = place / line.split(",")[7]
        path.parent.mkdir(parents=True, exist_ok=True)
        midi.write(score(take[4]), path)
    return place
