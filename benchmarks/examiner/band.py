"""On which scale the judge hears Kelly's songs, and how far it errs: the numbers that stand in `composing/judge.py`.

100 loops of eight bars by the rules alone, 5 x 5 feelings from -.9 to .9 and .1 to .9 with four seeds each (others than
`run.py` measures), heard by the judge and by another ear of other songs. Printed for valence and arousal: offset and
slope of the judge's hearing over what was asked, and the standard deviation between both ears on that scale over the
root of two.

    python benchmarks/examiner/band.py ROOT RUN RUN RUN [--cache FOLDER]      # runs of the other ear
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import torch

from kelly.composing.song import compose
from kelly.emotion.space import Emotion
from kelly.listening.score import point
from kelly.listening.traits.all import traits
from kelly.listening.traits.sounded import Sounded, sounded
from kelly.models.symbolic.heads import LEAST, spans, summed
from kelly.models.symbolic.model import shipped
from kelly.training.data.heard import heard
from kelly.training.export.symbolic import ears, scale
from kelly.training.tasks.context import Context
from kelly.training.tasks.runs import claimed

SEEDS = range(1000, 1004)


def main() -> None:
    """Compose, hear and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--cache", type=Path, default=None)
    options = parser.parse_args()
    torch.set_num_threads(1)
    context = Context(**({"cache": options.cache} if options.cache else {}))
    part = claimed(options.runs[0])["songs"]
    known = [one for one in heard(options.root, context.cache, note=context.note) if one.part == part]
    other = ears(options.runs)
    unit, judge = scale([one for one in known if one.split != "test"], other), shipped("judge")
    rows = []
    for valence, arousal, seed in product(np.linspace(-0.9, 0.9, 5), np.linspace(0.1, 0.9, 5), SEEDS):
        piece = sounded(compose(Emotion(float(valence), float(arousal), 0.5), bars=8, seed=seed).score)
        stretches = _stretches(piece)
        with torch.no_grad():
            told = other(torch.from_numpy(stretches)).numpy()
        by_judge = judge.predict(stretches)
        heads = [(by_judge, judge.config["scale"]), (told, unit)]
        rows.append([valence, arousal, *(v for one, how in heads for v in _placed(one, piece, how))])
    table = np.array(rows)
    for axis, name in enumerate(("valence", "arousal")):
        asked = table[:, axis]
        fits = [np.polyfit(asked, table[:, 2 * ear + 2 + axis], 1) for ear in (0, 1)]
        scaled = [(table[:, 2 * ear + 2 + axis] - fits[ear][1]) / fits[ear][0] for ear in (0, 1)]
        error = np.std(scaled[0] - scaled[1]) / np.sqrt(2)
        print(f"{name}: offset {fits[0][1]:.3f}, slope {fits[0][0]:.3f}, error {error:.3f}")


def _stretches(piece: Sounded) -> np.ndarray:
    """The traits of a piece and of its windows."""
    windows = [piece.between(*span) for span in spans(piece.length)]
    return np.array([traits(one) for one in (piece, *(one for one in windows if len(one) >= LEAST))], np.float32)


def _placed(heads: np.ndarray, piece: Sounded, how: dict) -> tuple[float, float]:
    emotion, _ = point(summed(heads[0], heads[1:]), piece, how)
    return emotion.vad[:2]


if __name__ == "__main__":
    main()
