"""The MIREX-like moods in small: four clips of three artists, one with its song as MIDI."""

import numpy as np

from kelly.score import midi
from kelly.score.notes import Note, Part, Score

FRAMES = 12
CLIPS = (
    "001,1,Rowdy,First,Band,LP,1990,1,10",
    '002,5,Agressive,Second,"Band, The",LP,1991,0,10',
    "003,3,Wistful,Third,Singer,LP,1992,0,11",
    "004,2,Sweet,Fourth,Choir,LP,1993,0,12",
)


def write(root):
    """Write the corpus below a root folder and give its folder."""
    place = root / "mirex_mood"
    for folder in ("features", "MIDIs"):
        (place / folder).mkdir(parents=True)
    head = "id,cluster,mood,title,artist,album,year,midi,artist_group"
    (place / "labels.csv").write_text("\n".join([head, *CLIPS, ""]))
    names = [clip[:3] for clip in CLIPS]
    rows = [f"{name},{30 + i},{FRAMES},1.1" for i, name in enumerate(names)]
    (place / "features/mel_max_db.csv").write_text("\n".join(["id,max_db,frames,seconds", *rows, ""]))
    ramp = np.linspace(0, 255, 128 * FRAMES).astype(np.uint8).reshape(128, FRAMES)
    np.savez_compressed(place / "features/logmel128_u8.npz", **dict.fromkeys(names, ramp))
    midi.write(Score((Part("piano", 0, notes=(Note(0.0, 1.0, 60, 70),)),)), place / "MIDIs/001.mid")
    return place
