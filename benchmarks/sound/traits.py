"""What tells the arousal of piano pieces: traits of VGMIDI's scores, with and without how hard notes are struck.

Conventions: support vector machines on the traits of whole pieces that are not withheld, standardised, in five folds of
songs; r over pieces between what is told and the mean rating. An ear that hears all sounds equally loud cannot know
velocities: what is left without them is what there is to hear.

Use: python benchmarks/sound/traits.py ROOT [CACHE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from kelly.listening.traits.all import names
from kelly.training.data.folds import dealt
from kelly.training.data.heard import WHOLE, heard
from kelly.training.data.preparing import cache_folder

FOLDS = 5


def main() -> None:
    """Print a line for each set of traits."""
    cache = Path(sys.argv[2]) if len(sys.argv) > 2 else cache_folder()
    found = heard(Path(sys.argv[1]), cache, note=lambda told: print(told, file=sys.stderr))
    pieces = [one for one in found if one.corpus == "vgmidi" and one.split != "test"]
    folds = dealt({(one.corpus, one.group) for one in pieces}, FOLDS)
    fold = np.array([folds[one.corpus, one.group] for one in pieces])
    traits, ratings = (
        np.array([rows[one.kinds == WHOLE][0] for one, rows in each], np.float64)
        for each in ([(one, one.traits) for one in pieces], [(one, one.ratings) for one in pieces])
    )
    hard = np.array([any(word in name for word in ("velocity", "dynamics", "louder")) for name in names()])
    for title, chosen in (("all", ~np.zeros_like(hard)), ("without velocities", ~hard), ("velocities alone", hard)):
        told = np.zeros_like(ratings)
        for number in range(FOLDS):
            out = fold == number
            for axis in range(2):
                machine = make_pipeline(StandardScaler(), SVR(C=1))
                machine.fit(traits[~out][:, chosen], ratings[~out, axis])
                told[out, axis] = machine.predict(traits[out][:, chosen])
        valence, arousal = (np.corrcoef(told[:, axis], ratings[:, axis])[0, 1] for axis in range(2))
        print(f"{title} ({chosen.sum()}): valence {valence:.2f}, arousal {arousal:.2f} ({len(pieces)} pieces)")


if __name__ == "__main__":
    main()
