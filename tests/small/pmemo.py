"""PMEmo in small: four choruses of three songs, one without ratings.

Ratings go (valence, arousal) in 0..1; a curve stays at what its song was rated.
"""

from small.sounds import tone

RATINGS = {"1": (0.75, 0.5), "4": (0.25, 0.375), "5": (0.875, 0.625)}
TITLES = {"1": "Shining,DJ", "4": "Make Me,Singer", "5": "shining,DJ", "9": "Unrated,Band"}


def write(root, *, deviations=True):
    """Write the corpus below a root folder and give its folder."""
    place = root / "PMEmo2019"
    annotations = place / "annotations"
    annotations.mkdir(parents=True)
    static = [f"{song},{arousal},{valence}" for song, (valence, arousal) in RATINGS.items()]
    moments = [
        f"{song},{time},{arousal},{valence}" for song, (valence, arousal) in RATINGS.items() for time in (15.5, 16.0)
    ]
    _table(annotations / "static_annotations.csv", "musicId,Arousal(mean),Valence(mean)", static)
    _table(annotations / "dynamic_annotations.csv", "musicId,frameTime,Arousal(mean),Valence(mean)", moments)
    if deviations:
        spread = [f"{song},0.2,0.1" for song in RATINGS]
        _table(annotations / "static_annotations_std.csv", "musicId,Arousal(std),Valence(std)", spread)
    head = "musicId,fileName,title,artist,album,duration,chorus_start_time,chorus_end_time"
    songs = [f"{song},{song}.mp3,{title},Album,30.0,00:30,01:00" for song, title in TITLES.items()]
    _table(place / "metadata.csv", head, songs)
    tone(place / "chorus/1.mp3")
    return place


def _table(path, head, rows):
    path.write_text("\n".join([head, *rows, ""]))
