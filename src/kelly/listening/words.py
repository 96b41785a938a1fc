"""Reading words: a text is heard as an Emotion, with its spread, the names it may be called and what was told.

Conventions: the learned reader (`learned`) reads, the lexicon reader (`lexical`) explains it and stands in where the
package was built without the word model. A text of some length is read passage by passage (`story`) and summed up; of a
very long one the two ends are read, which is where a text says what it is about (`read_story` reads all of it).
Neither attempts sarcasm, nor knows who is meant: "she is sad" reads as sad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kelly.listening import lexical
from kelly.listening.learned import heard, point
from kelly.listening.lexical import LONGEST, check
from kelly.listening.occlusion import influences
from kelly.listening.reading import Reading
from kelly.models.words.model import WordModel, shipped

__all__ = ["LONGEST", "explained", "feel", "feel_all"]

PASSAGE = 600  # characters; a longer text is read passage by passage
MOST = 3000  # characters; of a longer text only the ends are read


def feel(text: str, *, explain: bool = False) -> Reading:
    """Hear what a text feels.

    Parameters: text, 1..100,000 characters with at least one that is not white space, of which the first and the last
    1,500 are read; explain, whether to find out what each word did to the reading too (takes about as long as reading
    it once for each word).
    Returns: a Reading; of what is no English prose it is neutral with a low confidence.

    Raises
    ------
    UsageError : the text is empty, too long, not text, or holds control characters as binary data does.

    Examples
    --------
    >>> feel("I am not happy").emotion.valence < 0
    True
    """
    check(text)
    if len(text) > PASSAGE:
        from kelly.listening.story import read_story  # which reads its passages by `feel_all`

        reading = replace(read_story(_ends(text, MOST)).summary, text=text)
    else:
        (reading,) = feel_all([text])
    return explained(reading) if explain else reading


def feel_all(texts: Sequence[str]) -> list[Reading]:
    """Hear several passages at once, each as it would be heard alone.

    Parameters: texts, each as for `feel`, but one passage: of more than 600 characters the first and last 300 are read.
    """
    for text in texts:
        check(text)
    short = [_ends(text, PASSAGE) for text in texts]
    readings = [lexical.read(text) for text in short]
    model = shipped()
    if model is not None and texts:
        rows = model.predict(short)
        readings = [
            heard(reading.text, row, reading, model.config) for reading, row in zip(readings, rows, strict=True)
        ]
    return [replace(reading, text=text) for text, reading in zip(texts, readings, strict=True)]


def explained(reading: Reading) -> Reading:
    """The reading with what each word did to it, found by reading the text again without the word.

    A reading of the lexicon has its words already and comes back as it is, and so does that of a text of more than 600
    characters, whose passages would have to be explained one by one.
    """
    model = shipped()
    if model is None or reading.reader == "lexicon":
        return reading
    if len(reading.text) > PASSAGE:
        return reading
    return replace(reading, influences=influences(reading.text, lambda texts: _points(model, texts)))


def _points(model: WordModel, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    return np.array([point(row).vad for row in model.predict(texts)])


def _ends(text: str, most: int) -> str:
    """A text, or of one that is longer than `most` characters both ends, cut where there is a blank if there is one."""
    if len(text) <= most:
        return text
    first, last = text[: most // 2], text[-(most // 2) + 1 :]
    return f"{first.rpartition(' ')[0] or first} {last.partition(' ')[2] or last}"
