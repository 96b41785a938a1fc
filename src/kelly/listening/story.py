"""Stories: a long text is heard passage by passage, as a way through feelings that a song can take.

Conventions: a passage is a sentence, or a line of a lyric; offsets count characters of the text as given, `end`
exclusive. Passages that feel alike and stand together are a stretch of the song (`stretches`). A passage weighs
confidence x (.2 + intensity): one in which nothing is heard hardly speaks for its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kelly.emotion.journey import Journey
from kelly.emotion.thesaurus import Node
from kelly.listening.lexical import check
from kelly.listening.reading import Alternative, Reading, WordEvidence, emotion_dict
from kelly.listening.sentences import MOST, pieces
from kelly.listening.stretches import Heard, centre, formed
from kelly.listening.words import feel_all

__all__ = ["Passage", "Story", "read_story"]

NAMES = 5  # that a summary tells
LEAST = 0.01  # what a passage weighs in which nothing at all is heard


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage of a story.

    Parameters
    ----------
    text : as written.
    start, end : its place in the story, in characters.
    reading : how it was heard.
    opens : whether it is the first after a blank line, an ornament or a heading.
    role : the role of the section that the heading right above it names ("chorus"), "" for none.
    """

    text: str
    start: int
    end: int
    reading: Reading
    opens: bool = False
    role: str = ""

    @property
    def weight(self) -> float:
        """How much the passage says of the story: confidence x (.2 + intensity), at least .01."""
        emotion = self.reading.emotion
        return max(emotion.confidence * (0.2 + emotion.intensity), LEAST)

    def as_dict(self) -> dict[str, Any]:
        """The passage as plain data for JSON: its text, its place in the story, and its feeling."""
        return {"text": self.text, "start": self.start, "end": self.end, **emotion_dict(self.reading.emotion)}


@dataclass(frozen=True, slots=True)
class Story:
    """A text as heard from beginning to end.

    Parameters
    ----------
    passages : its sentences or lines, in order; at least one.
    summary : all of it heard as one: what is felt most, the names that were heard most, all words with their places in
        the text, and the wound that weighs most.
    """

    passages: tuple[Passage, ...]
    summary: Reading

    def journey(self) -> Journey:
        """The way through the story's feelings with the form of a song; its feelings are rounded to .01.

        A story of one feeling is a journey that stays there, over the classic arc. Any other has points, one in each
        section of an arc of its own: sections share the length of the song as their passages share the text, in whole
        phrases; the stronger what is felt in one beside the others, the higher its energy.
        """
        return self._formed()[0]

    def places(self) -> tuple[float, ...]:
        """Where in the journey (progress in 0..1) the middle of each passage lies."""
        return self._formed()[1]

    def as_dict(self) -> dict[str, Any]:
        """The story as plain data for JSON.

        summary, as a reading's; passages with text, place, feeling and section (from 0); journey with its arc, points
        [progress, valence, arousal, dominance] and stretches.
        """
        journey, places = self._formed()
        points = journey.points or ((0.0, journey.start), (1.0, journey.end))
        stretches = zip(journey.arc.stretches, journey.arc.centres(), strict=True)
        return {
            "summary": self.summary.as_dict(),
            "passages": [
                {**one.as_dict(), "at": round(place, 4), "section": journey.arc.index(place)}
                for one, place in zip(self.passages, places, strict=True)
            ],
            "journey": {
                "arc": journey.arc.name,
                "points": [[round(place, 4), *felt.vad] for place, felt in points],
                "stretches": [
                    {"role": one.role, "bars": one.bars, "energy": one.energy, **emotion_dict(journey.at(centre))}
                    for one, centre in stretches
                ],
            },
        }

    def _formed(self) -> tuple[Journey, tuple[float, ...]]:
        return formed([_heard(passage) for passage in self.passages])


Shares = Sequence[tuple[Passage, float]]  # passages with what each weighs in the summary


def read_story(text: str, most: int = MOST) -> Story:
    """Hear a story or a lyric passage by passage.

    Parameters: text, 1..100,000 characters with at least one that is not white space. Prose is read by sentences,
    lyrics by lines; headings ("Chorus:", "[Verse 2]") and blank lines part sections and are not read themselves. most,
    how many passages there may be, about: of more than that, short ones are read together.

    Raises
    ------
    UsageError : the text is one that `feel` refuses too.

    Examples
    --------
    >>> story = read_story("I lost her, and I am devastated. Years went by. Now I am full of hope.")
    >>> story.journey().start.valence < 0 < story.journey().end.valence
    True
    """
    check(text)
    found = pieces(text, most)
    readings = feel_all([text[piece.start : piece.end] for piece in found])
    passages = tuple(
        Passage(reading.text, piece.start, piece.end, reading, piece.opens, piece.role)
        for piece, reading in zip(found, readings, strict=True)
    )
    return Story(passages, _summary(text, passages))


def _heard(passage: Passage) -> Heard:
    """What the form hangs on; the feeling is rounded, so that no cut hangs on a reader's last digits."""
    emotion = passage.reading.emotion.rounded()
    return Heard(emotion, round(passage.weight, 2), passage.end - passage.start, passage.opens, passage.role)


def _summary(text: str, passages: Sequence[Passage]) -> Reading:
    """All passages as one reading."""
    heard = [passage for passage in passages if passage.reading.heard] or passages
    total = math.fsum(passage.weight for passage in heard)
    shares = [(passage, passage.weight / total) for passage in heard]
    emphasis = math.fsum(share * passage.reading.emphasis for passage, share in shares)
    emotion = centre([_heard(passage) for passage in passages])
    reading = Reading(text, emotion, _alternatives(shares), _words(shares), *_wound(shares), emphasis)
    return replace(reading, spreads=_spreads(shares), names=_names(shares), reader=heard[0].reading.reader)


def _spreads(shares: Shares) -> tuple[float, float, float]:
    """How far off the whole may be: as far as its passages are, whose errors do not cancel for being of one hand."""
    v, a, d = (
        math.sqrt(math.fsum(share * passage.reading.spreads[axis] ** 2 for passage, share in shares))
        for axis in range(3)
    )
    return v, a, d


def _names(shares: Shares) -> tuple[tuple[str, float], ...]:
    """The names' weights in all passages, where the reader weighs them."""
    weights: dict[str, float] = {}
    for passage, share in shares:
        for name, weight in passage.reading.names:
            weights[name] = weights.get(name, 0.0) + share * weight
    return tuple(weights.items())


def _alternatives(shares: Shares) -> tuple[Alternative, ...]:
    """The names that were heard most, weights summing to 1."""
    weights: dict[Node, float] = {}
    for passage, share in shares:
        for one in passage.reading.alternatives:
            weights[one.node] = weights.get(one.node, 0.0) + share * one.weight
    told = sorted(weights.items(), key=lambda item: -round(item[1], 9))[:NAMES]
    total = math.fsum(weight for _, weight in told)
    return tuple(Alternative(node, weight / total) for node, weight in told)


def _words(shares: Shares) -> tuple[WordEvidence, ...]:
    """The words of all passages, with their places in the whole text and their shares of it."""
    moved = [(word, passage.start, share * word.weight) for passage, share in shares for word in passage.reading.words]
    total = math.fsum(weight for _, _, weight in moved)
    return tuple(
        replace(word, start=start + word.start, end=start + word.end, weight=weight / total)
        for word, start, weight in moved
    )


def _wound(shares: Shares) -> tuple[str | None, tuple[str, ...]]:
    """The wound that weighs most, and the words that named it."""
    weights: dict[str, float] = {}
    for passage, share in shares:
        if passage.reading.wound:
            weights[passage.reading.wound] = weights.get(passage.reading.wound, 0.0) + share
    wound = max(weights, key=lambda name: round(weights[name], 9), default=None)
    told = (word for passage, _ in shares if passage.reading.wound == wound for word in passage.reading.wound_words)
    return wound, tuple(told) if wound else ()
