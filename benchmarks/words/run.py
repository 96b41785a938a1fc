"""Words: in which quadrant a sentence is heard, beside what its words say without grammar and the commonest answer.

Conventions: the sentences are Kelly's own (`tests/listening`), each with the quadrant a reader would expect: Q1 V+A+,
Q2 V-A+, Q3 V-A-, Q4 V+A- (A+ above .5), or N for neutral. The regression set was tuned on; the hold-out set was written
before the tuning and is only counted.
"""

import csv
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, publish, table

from kelly.emotion.space import Emotion
from kelly.errors import UsageError
from kelly.listening.words import feel

SETS = Path(__file__).parents[2] / "tests/listening"
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


def share_right(file: str) -> float:
    """The share of a set's sentences that are heard as expected."""
    rows = sentences(file)
    return sum(fits(row, feel(row["text"]).emotion) for row in rows) / len(rows)


def by_single_words(text: str) -> Emotion:
    """The baseline without grammar: the mean of what the words say one by one."""
    heard = []
    for word in text.split():
        try:
            reading = feel(word)
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
    return name, len(rows), commonest, words, share_right(file)


def main() -> None:
    """Print the shares of both sets."""
    wanted = asked(__doc__).parse_args()
    head = ("set", "sentences", "commonest answer", "words without grammar", "Kelly")
    text = table(head, [_row(name, file) for name, file in FILES.items()])
    publish(__file__, text, wanted.keep)


if __name__ == "__main__":
    main()
