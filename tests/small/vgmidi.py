"""VGMIDI in small: four pieces of three songs in two files that number them alike, and phrases of two of them."""

import json

from kelly.score import midi
from kelly.score.notes import Note, Part, Score

CHASE = "Other_PC_Chases_The Chase"
ANGEL = "Final Fantasy_PS1_Final Fantasy VII_One Winged Angel"
REBORN = "Final Fantasy_PS1_Final Fantasy VII_One Winged Angel Reborn Arrangement"
SLEEP = "Other_PC_Chases_Sleep"
FILES = {"1": {CHASE: (-0.4, 0.8), ANGEL: (-0.6, 0.4)}, "2": {REBORN: (-0.5, 0.3), SLEEP: (0.4, -0.8)}}
BARS = 6
PHRASES = ("Final_Fantasy_7_OneWingedAngel", "Chases_Sleep")


def write(root):
    """Write the corpus below a root folder and give its folder."""
    place = root / "vgmidi"
    for folder in ("labelled/annotations", "labelled/midi", *(f"bardo/phrases/split_{bars}" for bars in (1, 2))):
        (place / folder).mkdir(parents=True)
    for number, pieces in FILES.items():
        path = place / f"labelled/annotations/vgmidi_raw_{number}.json"
        path.write_text(json.dumps({"pieces": _entries(pieces), "annotations": _annotations(pieces)}))
        for name in pieces:
            midi.write(_score(4 * BARS), place / f"labelled/midi/{name}.mid")
    rows = [row for name in PHRASES for row in _phrases(place / "bardo", name)]
    (place / "bardo/vgmidi_bardo_train.csv").write_text("\n".join(["valence,arousal,id,part,repeat,filepath", *rows]))
    return place


def answer(valence, arousal, bars=BARS):
    """One rater's curves: neutral at first, and from the fifth bar on what they think."""
    settled = lambda value: [0.0] * 4 + [value] * (bars - 4)  # noqa: E731 - one line's worth
    return {"valence": settled(valence), "arousal": settled(arousal), "age": "21-25", "musicianship": 3}


def _entries(pieces):
    return {
        f"piece{i}": {"midi": f"{name}.mid", "name": name.rpartition("_")[2], "measures": BARS, "duration": 12.5}
        for i, name in enumerate(pieces)
    }


def _annotations(pieces):
    """Four raters each, a little above and below the mean, and one whose curve is too short."""
    answers = {}
    for i, (valence, arousal) in enumerate(pieces.values()):
        for rater, offset in enumerate((-0.2, -0.1, 0.1, 0.2)):
            answers[f"piece{i}_{rater}"] = answer(round(valence + offset, 3), round(arousal + offset, 3))
        answers[f"piece{i}_4"] = answer(1.0, 1.0, BARS - 1)
    return answers


def _phrases(place, name):
    for bars in (1, 2):
        for number in range(2):
            path = f"phrases/split_{bars}/{name}_{number}.mid"
            midi.write(_score(0 if number else 4 * bars), place / path)  # the second one is silent
            yield f"0,1,piece_0,{number},-1,{path}"


def _score(beats):
    return Score((Part("piano", 0, notes=tuple(Note(float(i), 0.5, 60 + i % 12, 70) for i in range(beats))),))
