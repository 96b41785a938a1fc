"""RAVDESS in small: two actors who speak in all emotions, one of whom sings."""

from small.sounds import tone


def names(actor, channel):
    """What an actor's takes are called: each emotion once, neutral never strong."""
    emotions = range(1, 9 if channel == 1 else 7)
    return [f"03-0{channel}-0{emotion}-0{1 + (emotion > 1)}-01-02-{actor:02}" for emotion in emotions]


def write(root, speech="ravdess_speech", song="ravdess_song", ending=".ogg"):
    """Write the corpus below a root folder; the folders of speech and of song may be one."""
    for folder, actor, channel in ((speech, 1, 1), (speech, 2, 1), (song, 2, 2)):
        for name in names(actor, channel):
            tone(root / folder / f"Actor_{actor:02}" / f"{name}{ending}")
