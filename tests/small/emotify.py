"""Emotify in small: three tracks of two genres, rated by two or three listeners."""

from kelly.training.data.corpora.emotify import FEELINGS, GENRES
from small.sounds import tone

RATERS = {1: ("000010000", "000010001"), 2: ("100000000", "000001000"), 301: ("000000100", "000000110", "000001100")}


def write(root, ending=".ogg"):
    """Write the corpus below a root folder and give its folder."""
    place = root / "emotify"
    rows = []
    for track, raters in RATERS.items():
        genre, count = GENRES[(track - 1) // 100], (track - 1) % 100 + 1
        tone(place / f"emotifymusic/{genre}/{count}{ending}")
        rows += [f"{track},{genre},{','.join(flags)},3,1,0,30,1,Dutch" for flags in raters]
    head = ["track id", "genre", *FEELINGS, "mood", "liked", "disliked", "age", "gender", "mother tongue"]
    (place / "data.csv").write_text("\n".join([", ".join(head), *rows, ""]))
    return place
