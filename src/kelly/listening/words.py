"""Reading words: a text is heard as an Emotion, with its spread, the names it may be called and what was told.

Conventions: the learned reader (`learned`) reads, the lexicon reader (`lexical`) explains it and stands in where the
package was built without the word model. A text of some length is read passage by passage (`story`) and summed up; of a
very long one the two ends are read, which is where a text says what it is about (`read_story` reads all of it).
Neither attempts sarcasm, nor knows who is meant: "she is sad" reads as sad.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kelly.listening import lexical
from kelly.listening.familiar import familiarity
from kelly.listening.learned import heard
from kelly.listening.lexical import LONGEST, check
from kelly.listening.occlusion import influences
from kelly.listening.reading import Reading, WordEvidence
from kelly.listening.spelling import spelt
from kelly.models.words.heads import SIZE
from kelly.models.words.model import shipped

__all__ = ["LONGEST", "explained", "feel", "feel_all"]

PASSAGE = 600  # characters; a longer text is read passage by passage
PASSAGES = 40  # of a text that is summed up, about
_LONG = 6  # letters; of shorter words too many are one slip away from another language's
MOST = 2400  # characters; of a longer text only the ends are read


def feel(text: str, *, explain: bool = False) -> Reading:
    """Hear what a text feels.

    Parameters: text, 1..100,000 characters with at least one that is not white space, of which the first and the last
    1,200 are read; explain, whether to find out what each word did to the reading too (takes about as long as reading
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

        cut = _cut(text, MOST)
        reading = cut.whole(read_story(cut.text, PASSAGES).summary)
    else:
        (reading,) = feel_all([text])
    return explained(reading) if explain else reading


def feel_all(texts: Sequence[str]) -> list[Reading]:
    """Hear several passages at once, each as it would be heard alone.

    Parameters: texts, each as for `feel`, but one passage: of more than 600 characters the first and last 300 are read.
    """
    for text in texts:
        check(text)
    cuts = [_cut(text, PASSAGE) for text in texts]
    readings = [lexical.read(cut.text) for cut in cuts]
    model = shipped()
    if model is not None and cuts:
        shares = [familiarity(_written(one.text, model.words), told=bool(one.words)) for one in readings]
        rows = np.zeros((len(cuts), SIZE), np.float32)  # what is not known at all is not worth the time
        known = np.flatnonzero(shares)
        if known.size:
            rows[known] = model.predict([spelt(readings[i].text, model.words) for i in known])
        told = zip(rows, readings, shares, strict=True)
        readings = [heard(*one, model.config) for one in told]
    return [cut.whole(reading) for cut, reading in zip(cuts, readings, strict=True)]


def explained(reading: Reading) -> Reading:
    """The reading with what each word did to it, found by reading the text again without the word.

    A reading of the lexicon has its words already and comes back as it is, and so does that of a text of more than 600
    characters, whose passages would have to be explained one by one.
    """
    if reading.reader == "lexicon" or len(reading.text) > PASSAGE:
        return reading
    return replace(reading, influences=influences(reading.text, _points))


def _written(text: str, ranks: Mapping[str, int]) -> str:
    """What is judged to be English or not: the text as it stands, but a long word alone without its slip ("terrifed"),
    since it has no little words beside it to tell by.
    """
    return spelt(text, ranks) if len(text) >= _LONG and len(text.split()) == 1 else text


def _points(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    return np.array([reading.emotion.vad for reading in feel_all(texts)])


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is read of a text: original; text, the whole or its two ends; where its second end begins in what is read,
    and how much further on in the original.
    """

    original: str
    text: str
    second: int
    further: int

    def whole(self, reading: Reading) -> Reading:
        """A reading of what was read as one of the original: words at their places there."""
        words = (word for word in reading.words if word.end <= self.second or word.start >= self.second)
        placed = (word if word.end <= self.second else _moved(word, self.further) for word in words)
        return replace(reading, text=self.original, words=tuple(placed))


def _moved(word: WordEvidence, further: int) -> WordEvidence:
    return replace(word, start=word.start + further, end=word.end + further)


def _cut(text: str, most: int) -> _Cut:
    """A text, or of one that is longer than `most` characters both ends, cut where there is a blank if there is one."""
    if len(text) <= most:
        return _Cut(text, text, len(text), 0)
    first, last = text[: most // 2], text[-(most // 2) + 1 :]
    first, last = first.rpartition(" ")[0] or first, last.partition(" ")[2] or last
    return _Cut(text, f"{first} {last}", len(first) + 1, len(text) - len(last) - len(first) - 1)
