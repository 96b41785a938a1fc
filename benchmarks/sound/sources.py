"""What each head of the ear for music tells of recordings: r with the place of what Emotify's listeners felt.

Conventions: the first five seconds of each stretch of Emotify's tracks that are not withheld, heard by the shipped ear,
whose head `gems` learned from these (its r is no measure; the others' heads learned from scores that were played). The
gold is the mean of the places of the feelings of the Geneva scale, weighed by the listeners whom each moved.

Use: python benchmarks/sound/sources.py ROOT [CACHE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from kelly.listening.sound import music_sources
from kelly.models import ears
from kelly.training.data.sounds import FULL, RATE, sounds
from kelly.training.tasks.context import Context


def main() -> None:
    """Print a line for each head."""
    context = Context(cache=Path(sys.argv[2])) if len(sys.argv) > 2 else Context()
    known = [one for one in sounds(Path(sys.argv[1]), context, ["gems"]) if one.split != "test"]
    ear = ears.shipped("music")
    rows = [ear.hear([one.wave[: 5 * RATE] / np.float32(FULL)]) for one in known]
    told = music_sources({head: np.concatenate([row[head] for row in rows]) for head in rows[0]})
    gold = music_sources(
        {
            "vgmidi": np.zeros((len(known), 2)),
            "emopia": np.zeros((len(known), 4)),
            "gems": np.array([one.told for one in known]),
        }
    )["gems"]
    for name, places in told.items():
        valence, arousal = (np.corrcoef(places[:, axis], gold[:, axis])[0, 1] for axis in (0, 1))
        print(f"{name}: valence {valence:.2f}, arousal {arousal:.2f} ({len(known)} stretches)")


if __name__ == "__main__":
    main()
