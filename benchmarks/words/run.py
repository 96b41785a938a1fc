"""Words: what is heard in sentences, by the learned reader and by the lexicon, and how fast.

Conventions: the sentences are Kelly's own (`tests/listening`). Those of the lexicon's two sets have the quadrant a
reader would expect: Q1 V+A+, Q2 V-A+, Q3 V-A-, Q4 V+A- (A+ above .5), or N for neutral; its regression set was tuned
on, its hold-out set was written before the tuning and is only counted. The sets of feelings told are explained in
`feelings.py`, what is written otherwise in `robustness.py`. Times are medians on one core.
"""

import csv
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, publish, table, verdict

from kelly.emotion.space import Emotion
from kelly.errors import UsageError
from kelly.listening import lexical
from kelly.listening.reading import Reading
from kelly.listening.words import feel

SETS = Path(__file__).parents[2] / "tests/listening"
_FIRST = """
import time
start = time.perf_counter()
import kelly
kelly.feel("I miss you so much")
print(time.perf_counter() - start)
"""
FILES = {"regression": "sentences.csv", "hold-out": "sentences_holdout.csv"}


def sentences(file: str) -> list[dict[str, str]]:
    """The rows of a set: text, quadrant(s), sign of valence."""
    with (SETS / file).open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def fits(row: dict[str, str], emotion: Emotion) -> bool:
    """Whether a feeling is what a row expects. Neutral means: hardly sure, or hardly anything."""
    if row["quadrant"] == "N":
        return emotion.confidence <= 0.25 or emotion.intensity < 0.15
    sign = {"+": emotion.valence > 0, "-": emotion.valence <= 0}.get(row["valence_sign"], True)
    return sign and emotion.confidence > 0.1 and emotion.quadrant in row["quadrant"].split("/")


def share_right(file: str, read: Callable[[str], Reading] = lexical.read) -> float:
    """The share of a set's sentences that a reader hears as expected."""
    rows = sentences(file)
    return sum(fits(row, read(row["text"]).emotion) for row in rows) / len(rows)


def by_single_words(text: str) -> Emotion:
    """The baseline without grammar: the mean of what the words say one by one."""
    heard = []
    for word in text.split():
        try:
            reading = lexical.read(word)
        except UsageError:  # a lone mark is no word
            continue
        if reading.words:
            heard.append(reading.emotion)
    if not heard:
        return Emotion(0.0, 0.3, 0.5, 0.1)
    return Emotion(*(sum(axis) / len(heard) for axis in zip(*(emotion.vad for emotion in heard), strict=True)))


def _row(name: str, file: str) -> tuple[object, ...]:
    rows = sentences(file)
    commonest = Counter(row["quadrant"] for row in rows).most_common(1)[0][1] / len(rows)
    words = sum(fits(row, by_single_words(row["text"])) for row in rows) / len(rows)
    return name, len(rows), commonest, words, share_right(file), share_right(file, feel)


def _told(*names: str) -> str:
    """The table of some sets of feelings told, taken as one; empty when they are not there."""
    import feelings  # beside this script, which tests load from elsewhere

    told = feelings.rows(names)
    if not told:
        return ""
    readers = [feelings.commonest(told), feelings.scores(told, lexical.read), feelings.scores(told, feel)]
    head = (
        f"{' and '.join(names)} set, {len(told)} sentences",
        "commonest answer",
        "lexicon",
        "Kelly",
        "bar",
        "verdict",
    )
    rows = [
        (measure, *(reader[measure] for reader in readers), bar, verdict(met=readers[-1][measure] >= bar))
        for measure, bar in feelings.BARS.items()
    ]
    return table(head, rows)


def _times() -> str:
    """The first reading of a new process, and the ones after it."""
    command = [sys.executable, "-c", _FIRST]
    cold = [float(subprocess.check_output(command, text=True)) for _ in range(5)]  # noqa: S603 - our own lines
    texts = [row["text"] for row in sentences("sentences_holdout.csv")]
    twenty = [" ".join((text + " " + texts[(i + 1) % len(texts)]).split()[:20]) for i, text in enumerate(texts)]
    spans = []
    for text in [*twenty[:5], *twenty]:
        start = time.perf_counter()
        feel(text)
        spans.append(time.perf_counter() - start)
    first, later = statistics.median(cold), 1000 * statistics.median(spans[5:])
    rows = [
        ("first reading of a process, seconds (import included)", first, 1.0, verdict(met=first <= 1)),
        ("a sentence of 20 words, milliseconds (p50)", later, 8.0, verdict(met=later <= 8)),
    ]
    return table(("time", "Kelly", "bar", "verdict"), rows)


def main() -> None:
    """Print what both readers reach."""
    options = asked(__doc__)
    options.add_argument("--sealed", action="store_true", help="open the sealed set too: once, when all is done")
    wanted = options.parse_args()
    from robustness import report  # beside this script, which tests load from elsewhere

    head = ("set", "sentences", "commonest answer", "words without grammar", "lexicon", "Kelly")
    parts = [table(head, [_row(name, file) for name, file in FILES.items()]), _told("open")]
    parts += [_told("sealed"), _told("open", "sealed")] if wanted.sealed else []
    parts += [_times()]
    publish(__file__, "\n".join(part for part in [*parts, report()] if part), wanted.keep)


if __name__ == "__main__":
    main()
