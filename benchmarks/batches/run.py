"""Batches: what company does to a reading: how much faster the word model reads eight texts in one run, and how alike.

Conventions: texts of twenty words by chance, each of other words; one thread. Alone, a text is a run of its own, as
`kelly.feel` has it; in company, eight are padded to the longest of them and run together. Times are the best of some
passes, alone and in company in turn, tokenising left out. Compared are the numbers that a reading is made of (`USED`);
one has tipped where its fourth digit is another.

    python benchmarks/batches/run.py [--texts 400] [--keep DATE]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, publish, table

from kelly.models.words.heads import SLOTS
from kelly.models.words.model import WordModel, shipped
from kelly.models.words.tidy import tidy

WORDS = Path(__file__).parents[1].joinpath("service", "words.txt").read_text(encoding="utf-8").split()
LONG = 20  # words of a text
COMPANY = 8  # texts of a batch
PASSES = 5
LAST = 1e-5  # what no last digit explains
USED = ("feeling", "feeling_spread", "names", "wounds")  # as `kelly.listening.learned` does

Floats = npt.NDArray[np.float32]
Tokens = list[int]


def main() -> None:
    """Measure, and print."""
    given = asked(__doc__, texts=400).parse_args()
    model = shipped()
    if model is None:
        raise SystemExit("Kelly was built without its word model")
    rng = np.random.default_rng(0)
    texts = [model._tokens(tidy(" ".join(rng.choice(WORDS, LONG)))) for _ in range(given.texts)]  # noqa: SLF001
    one, many = ([texts[at : at + size] for at in range(0, len(texts), size)] for size in (1, COMPANY))
    heads = [np.concatenate([run(model, batch) for batch in batches]) for batches in (one, many)]
    alone, together = (np.concatenate([rows[:, SLOTS[name]] for name in USED], axis=1) for rows in heads)
    tipped = np.round(alone, 4) != np.round(together, 4)
    works = [lambda batches=batches: [run(model, batch) for batch in batches] for batches in (one, many)]
    seconds = [f"{1000 * each / len(texts):.1f}" for each in fastest(works)]
    text = table(("texts in a run", "ms a text"), zip(("1", str(COMPANY)), seconds, strict=True))
    off = np.abs(alone - together).max(axis=1)
    text += (
        f"\n{len(texts)} texts of {LONG} words, {alone.shape[1]} numbers each. In company a text's numbers are off by "
        f"up to {np.median(off):.1g} as a rule, by more than {LAST:.0e} in {(off > LAST).sum()} texts, by "
        f"{off.max():.1g} at the worst;\n{tipped.sum()} of {tipped.size:,} numbers tip in the fourth digit.\n"
    )
    publish(__file__, text, given.keep)


def run(model: WordModel, batch: Sequence[Tokens]) -> Floats:
    """The heads (texts, 173) of some texts in one run, padded to the longest of them."""
    longest = max(map(len, batch))
    ids = np.array([[*tokens, *(longest - len(tokens)) * [0]] for tokens in batch], np.int64)
    mask = np.array([len(tokens) * [1] + (longest - len(tokens)) * [0] for tokens in batch], np.int64)
    heads: Floats = model._session.run(["heads"], {"ids": ids, "mask": mask})[0]  # noqa: SLF001 - it runs one by one
    return heads


def fastest(works: Sequence[Callable[[], object]]) -> list[float]:
    """The seconds that each of some works takes in its best pass; they take turns."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(PASSES):
        for work, row in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            row.append(time.perf_counter() - start)
    return [min(row) for row in times]


if __name__ == "__main__":
    main()
