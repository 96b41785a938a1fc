"""Music whose feeling is in its sound: tones that are low and still, or high and restless, in all corpora of clips."""

import csv
import json

import numpy as np
import soundfile

from kelly.score import midi
from kelly.score.notes import Note, Part, Score, Tempo
from kelly.training.data.corpora.emotify import FEELINGS
from small import vgmidi

NORMS = {"rowdy": (3, 7), "lively": (7, 6), "aggressive": (2, 8), "nostalgic": (6, 2), "melancholy": (4, 2)}
NORMS |= {"sweet": (8, 2), "brooding": (3, 3)}
MOODS = (("Boisterous", 1), ("Agressive", 5), ("Wistful", 3), ("Sweet", 2))
FRAMES, SECONDS, RATE = 48, 4.5, 8000


def write(root, count=8):
    """Write all corpora below a root folder, `count` clips each; of every eight, half are restless."""
    emotify(root, count)
    mirex_mood(root, count)
    emopia(root, count)
    rated(root, count)
    norms(root)
    return root


def emotify(root, count):
    """Tracks of which all listeners said joy, or calmness."""
    place, rows = root / "emotify", []
    (place / "emotifymusic/classical").mkdir(parents=True)
    for number in range(count):
        feeling = FEELINGS.index("joyful_activation" if number % 2 else "calmness")
        flags = ["1" if i == feeling else "0" for i in range(9)]
        rows.append(f"{number + 1},classical,{','.join(flags)},3,1,0,30,1,Dutch")
        wave = 0.3 * np.sin(2 * np.pi * (2500 if number % 2 else 200) * np.arange(int(SECONDS * RATE)) / RATE)
        soundfile.write(place / f"emotifymusic/classical/{number + 1}.wav", wave, RATE)
    head = ["track id", "genre", *FEELINGS, "mood", "liked", "disliked", "age", "gender", "mother tongue"]
    (place / "data.csv").write_text("\n".join([", ".join(head), *rows, ""]))


def mirex_mood(root, count):
    """Spectrograms of highs for the loud moods, and of lows for the soft ones."""
    place = root / "mirex_mood"
    (place / "features").mkdir(parents=True)
    rows, levels, arrays = [], [], {}
    for number in range(count):
        mood, cluster = MOODS[number % 4]
        name, level = f"{number:03}", np.zeros((128, FRAMES), np.uint8)
        level[80 : 100 if number % 4 < 2 else 80] = 255
        level[: 20 if number % 4 > 1 else 0] = 255
        rows.append(f"{name},{cluster},{mood},T{number},A{number},LP,1990,0,{number}")
        levels.append(f"{name},30,{FRAMES},4.5")
        arrays[name] = level
    head = "id,cluster,mood,title,artist,album,year,midi,artist_group"
    (place / "labels.csv").write_text("\n".join([head, *rows, ""]))
    (place / "features/mel_max_db.csv").write_text("\n".join(["id,max_db,frames,seconds", *levels, ""]))
    np.savez_compressed(place / "features/logmel128_u8.npz", **arrays)


def emopia(root, count):
    """Piano of quadrant 1 or 3; every fourth clip is of the dev split."""
    place = root / "emopia"
    for folder in ("midis", "split"):
        (place / folder).mkdir(parents=True)
    rows = {"train": [], "val": []}
    for number in range(count):
        name = f"Q{1 if number % 2 else 3}_s{number}_0"
        rows["val" if number % 8 > 5 else "train"].append(f"{name},{name[:2]}")
        midi.write(score(restless=bool(number % 2)), place / "midis" / f"{name}.mid")
    for split, named in rows.items():
        (place / "split" / f"{split}.csv").write_text("\n".join(["fname,label", *named, ""]))


def rated(root, count):
    """Pieces whose raters found the restless ones good and exciting."""
    place = root / "vgmidi/labelled"
    for folder in ("annotations", "midi"):
        (place / folder).mkdir(parents=True)
    pieces, answers = {}, {}
    for number in range(count):
        restless = bool(number % 2)
        pieces[f"piece{number}"] = {"midi": f"p{number}.mid", "name": f"p{number}", "measures": 6, "duration": 6.0}
        value = 0.5 if restless else -0.5
        answers |= {f"piece{number}_{rater}": vgmidi.answer(value, value) for rater in range(2)}
        midi.write(score(restless), place / f"midi/p{number}.mid")
    path = place / "annotations/vgmidi_raw_1.json"
    path.write_text(json.dumps({"pieces": pieces, "annotations": answers}))


def norms(root, words=NORMS):
    """Warriner's norms of the words that the moods need."""
    path = root / "text/warriner/Ratings_Warriner_et_al.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["", "Word", "V.Mean.Sum", "A.Mean.Sum", "D.Mean.Sum"])
        rows.writerows([i, word, v, a, 5] for i, (word, (v, a)) in enumerate(words.items()))


def score(restless):
    """Six seconds of piano: high eighths struck hard, or low halves struck softly."""
    step, pitch, velocity = (0.5, 84, 120) if restless else (2.0, 36, 40)
    notes = tuple(Note(i * step, step * 0.9, pitch, velocity) for i in range(int(12 / step)))
    return Score((Part("piano", 0, notes=notes),), tempos=(Tempo(0.0, 120.0),))
