"""DEAM in small: five songs up to 1000 and four above, one of them of the later table, with curves of their own length.

Ratings go (valence, arousal) in -1..1; a curve stays at what its song was rated.
"""

from small.sounds import tone

RATINGS = {
    3: (0.5, -0.25),
    18: (0.75, 0.0),
    20: (-0.5, 0.25),
    333: (0.25, -0.5),
    1000: (-0.75, 0.5),
    1001: (0.5, -0.5),
    1100: (-0.25, 0.75),
    1500: (0.0, -0.5),
    2001: (0.5, 0.0),
}
SHARED = tuple(song for song in RATINGS if song <= 1000)
_HEAD = "song_id, valence_mean, valence_std, arousal_mean, arousal_std"
_LATER = "song_id, valence_mean, valence_std, valence_ max_mean, arousal_mean, arousal_std"


def write(root, exchanged=SHARED, *, curves=True):
    """Write the corpus below a root folder; static valence and arousal of some songs are exchanged."""
    averaged = root / "DEAM/DEAM_Annotations/annotations/annotations averaged per song"
    static, dynamic = averaged / "song_level", averaged / "dynamic (per second annotations)"
    static.mkdir(parents=True)
    lines = {song: _static(song, exchanged) for song in RATINGS}
    early = [",".join(line) for song, line in lines.items() if song <= 2000]
    (static / "static_annotations_averaged_songs_1_2000.csv").write_text("\n".join([_HEAD, *early, ""]))
    later = [",".join([*line[:3], "8.0", *line[3:]]) for song, line in lines.items() if song > 2000]
    (static / "static_annotations_averaged_songs_2000_2058.csv").write_text("\n".join([_LATER, *later, ""]))
    if curves:
        dynamic.mkdir()
        for axis, name in enumerate(("valence", "arousal")):
            head = "song_id,sample_15000ms,sample_15500ms,sample_16000ms"
            rows = [f"{song},{ratings[axis]},{ratings[axis]}" for song, ratings in RATINGS.items()]
            longer = f"{rows[-1]},{RATINGS[2001][axis]}"
            (dynamic / f"{name}.csv").write_text("\n".join([head, rows[0] + ",", *rows[1:-1], longer, ""]))
    for song in (3, 1001):
        tone(root / f"DEAM/DEAM_audio/MEMD_audio/{song}.mp3")


def write_copy(root):
    """Write the tables as they circulate without sound, of the songs up to 1000 exchanged."""
    for folder in ("deam/meta", "deam_2hz"):
        (root / folder).mkdir(parents=True)
    rows = [",".join(_static(song, SHARED)) for song in RATINGS]
    (root / "deam/meta/static_annotations.csv").write_text("\n".join([_HEAD.replace(" ", ""), *rows, ""]))
    moments = [
        f"{song},{time},{(arousal + 1) / 2},{(valence + 1) / 2}"
        for song, (valence, arousal) in RATINGS.items()
        for time in (15.0, 15.5)
    ]
    head = "musicId,frameTime,Arousal(mean),Valence(mean)"
    (root / "deam_2hz/dynamic_annotations.csv").write_text("\n".join([head, *moments, ""]))


def _static(song, exchanged):
    valence, arousal = (
        (5 + 4 * rating, deviation) for rating, deviation in zip(RATINGS[song], (0.8, 1.6), strict=True)
    )
    first, second = (arousal, valence) if song in exchanged else (valence, arousal)
    return [str(value) for value in (song, *first, *second)]
