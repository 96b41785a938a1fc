"""EMOPIA in small: eight clips of four songs, two quadrants a song at most."""

from kelly.score import midi
from kelly.score.notes import Note, Part, Score

CLIPS = {
    "train": ("Q1_aaa_0", "Q1_aaa_1", "Q2_b_b_0", "Q3_b_b_1", "Q4_c-c_0"),
    "val": ("Q2_ddd_0", "Q3_ddd_0"),
    "test": ("Q4_eee_0",),
}


def write(root, splits=tuple(CLIPS)):
    """Write the corpus below a root folder and give its folder."""
    place = root / "emopia"
    for folder in ("midis", "split"):
        (place / folder).mkdir(parents=True)
    for split in splits:
        rows = [f"{name},{name[:2]}" for name in CLIPS[split]]
        (place / "split" / f"{split}.csv").write_text("\n".join(["fname,label", *rows, ""]))
        for number, name in enumerate(CLIPS[split]):
            notes = tuple(Note(i / 2, 0.4, 60 + number + i % 12, 50 + 3 * i) for i in range(16))
            midi.write(Score((Part("piano", 0, notes=notes),)), place / "midis" / f"{name}.mid")
    return place
