"""Nottingham in small: four tunes of two books, two of them variants of one, one without chords."""

from kelly.score import midi
from kelly.score.notes import KeySignature, Meter, Note, Part, Score

CHORDS = ((43, 47, 50), (38, 42, 45), (38, 42, 45, 48), (43, 47, 50))
# title, tonic, minor, numerator, denominator, whether it has chords
TUNES = {
    "jigs1": ("The Lady's Jig 1", "G", False, 6, 8, True),
    "jigs2": ("Lady's Jig (v 2)", "G", False, 6, 8, True),
    "waltzes10": ("A and A's Waltz", "A", True, 3, 4, True),
    "waltzes2": ("Plain Waltz", "G", False, 3, 4, False),
}


def score(tonic, minor, numerator, denominator, *, chords):
    """Four bars: a pickup of one beat, then a chord a bar."""
    meter = Meter(0.0, numerator, denominator)
    bar = meter.bar_length
    tune = tuple(Note(bar - 1 + i, 1.0, 67 + i % 5, 90) for i in range(int(4 * bar)))
    named = tuple(Note((i + 1) * bar, bar, pitch, 90) for i, chord in enumerate(CHORDS) for pitch in chord)
    parts = (Part("channel 1", 0, notes=tune), Part("channel 1 2", 0, notes=named))
    return Score(parts[: 2 if chords else 1], meters=(meter,), keys=(KeySignature(0.0, tonic, minor),))


def write(root, tunes=tuple(TUNES), *, books=True):
    """Write the corpus below a root folder and give its folder."""
    place = root / "nottingham"
    for folder in ("MIDI", "ABC_cleaned"):
        (place / folder).mkdir(parents=True)
    for name in tunes:
        title, *rest, chords = TUNES[name]
        midi.write(score(*rest, chords=chords), place / "MIDI" / f"{name}.mid")
        book, number = name.rstrip("0123456789"), name.lstrip("abcdefghijklmnopqrstuvwxyz")
        if books:
            with (place / "ABC_cleaned" / f"{book}.abc").open("a") as lines:
                lines.write(f'X: {number}\nT:{title}\nT:another name\n% Nottingham\nM:3/4\nK:G\n"G"GAB|\n\n\n')
    return place
