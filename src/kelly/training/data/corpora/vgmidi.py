"""VGMIDI: piano arrangements of game music, each rated for valence and arousal by about thirty listeners, bar by bar.

Conventions: official layout `vgmidi/labelled/` with `midi/*.mid` and `annotations/vgmidi_raw_*.json` (Ferreira and
Whitehead, ISMIR 2019), and `vgmidi/bardo/` with phrases of 1 to 16 bars that carry the signs of the ratings (Ferreira,
Lelis and Whitehead, AIIDE 2020). Ratings lie in -1..1, arousal too; a bar is an equal share of the sound that was
rated, which a file's own time signature does not always count alike. `vgmidi_labelled.csv` has only signs, and its
`midi` column names phrases that are not there: it is not read. The beginning of a rating is a way from the slider's
middle to an opinion: over the first `WARM_UP` bars (nine seconds) the size of a listener's valence grows from .39 to
.41, where it stays, and the step from bar to bar falls from .072 to .059. Arrangements of one tune are one group:
`vgmidi.csv` lists those known by title or by shared melody, and how a piece's phrases are called. No licence is stated
for the pieces; the phrases' is MIT.

Functions: `load` and `phrases` read labels, `read` the notes of either, `reliability` how far the raters agree.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError, UsageError
from kelly.score import midi
from kelly.score.notes import Score
from kelly.training.data.layout import Corpus, document, number, rows
from kelly.training.data.splits import split_of

__all__ = ["CORPUS", "PHRASES", "WARM_UP", "Phrase", "Piece", "load", "phrases", "read", "reliability"]

Floats = npt.NDArray[np.float64]

CORPUS = Corpus(
    "vgmidi",
    "labelled/annotations/*.json",
    title="VGMIDI",
    source="github.com/lucasnfe/vgmidi",
    licence="none stated",
    commercial=None,
    group="song",
    counts={"train": 150, "dev": 10},
)
PHRASES = replace(
    CORPUS,
    sign="bardo/*bardo*.csv",
    source="github.com/lucasnfe/bardo-composer",
    licence="MIT",
    counts={"train": 5364, "dev": 352},
)
WARM_UP = 4  # bars
_PHRASE = re.compile(r"phrases/split_(1|2|4|8|16)/(.+)_(\d+)\.mid")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A rated piece.

    Parameters: id, its file's name without the ending (`<series>_<console>_<game>_<title>`); split; group, its song;
    path; title; seconds, the length of the sound that was rated; ratings, float32 (raters, 2, bars) of valence and
    arousal in -1..1.
    """

    id: str
    split: str
    group: str
    path: Path
    title: str
    seconds: float
    ratings: npt.NDArray[np.float32]

    @property
    def series(self) -> str:
        """The series of games it is from."""
        return self._origin[0]

    @property
    def game(self) -> str:
        """The game it is from."""
        return self._origin[2]

    @property
    def raters(self) -> int:
        """How many listeners rated it."""
        return len(self.ratings)

    @property
    def bars(self) -> int:
        """How many bars were rated."""
        return int(self.ratings.shape[2])

    @property
    def edges(self) -> Floats:
        """Where the rated bars begin and end, (bars + 1,) in seconds."""
        return np.linspace(0.0, self.seconds, self.bars + 1)

    @property
    def valence(self) -> Floats:
        """The mean valence over raters, (bars,) in -1..1."""
        return np.asarray(self.ratings[:, 0].mean(axis=0, dtype=np.float64))

    @property
    def arousal(self) -> Floats:
        """The mean arousal over raters, (bars,) in -1..1."""
        return np.asarray(self.ratings[:, 1].mean(axis=0, dtype=np.float64))

    @property
    def spread(self) -> Floats:
        """The standard deviation over raters, (2, bars) of valence and arousal; NaN where there is one rater."""
        if self.raters < 2:
            return np.full(self.ratings.shape[1:], np.nan)
        return np.asarray(self.ratings.std(axis=0, ddof=1, dtype=np.float64))

    @property
    def error(self) -> Floats:
        """The standard error of the mean over raters, (2, bars) of valence and arousal."""
        return np.asarray(self.spread / np.sqrt(self.raters))

    @property
    def summary(self) -> tuple[float, float]:
        """Mean valence and arousal of the piece, each -1..1, over the bars after the warm-up."""
        valence, arousal = _settled(self).mean(axis=0)
        return float(valence), float(arousal)

    @property
    def _origin(self) -> list[str]:
        return [*self.id.split("_", 3), "", "", ""]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase: id (`<bars>/<name>_<number>`), split, group (its piece's), piece, path, signs 0 or 1, bars 1..16."""

    id: str
    split: str
    group: str
    piece: str
    path: Path
    valence: int
    arousal: int
    bars: int


@dataclass(frozen=True, slots=True)
class _Kin:
    piece: str
    song: str


def load(root: Path) -> Iterator[Piece]:
    """Read the ratings of all pieces; curves that are not as long as most of their piece's are left out.

    The files number their pieces independently: a piece is known by its MIDI file.

    Raises: CorpusError when the corpus is missing, a file is not laid out so, or a rating lies outside -1..1.
    """
    place = CORPUS.folder(root)
    for path in sorted(place.glob(CORPUS.sign)):
        content = document(path)
        try:
            answers = defaultdict(list)
            for key, answer in content["annotations"].items():
                answers[key.rpartition("_")[0]].append((answer["valence"], answer["arousal"]))
            entries = [(Path(str(entry["midi"])).name, entry, answers[key]) for key, entry in content["pieces"].items()]
        except (AttributeError, KeyError, TypeError) as error:
            raise CorpusError(f"{path} must hold pieces and annotations as VGMIDI has them; got {error!r}") from error
        yield from (_piece(path, place / "labelled/midi" / name, entry, curves) for name, entry, curves in entries)


def phrases(root: Path) -> Iterator[Phrase]:
    """Read the labels of all phrases. Each is in the split of its piece, so that no piece is cut.

    Raises: CorpusError when there are none, or a row is not as it should be.
    """
    place = PHRASES.folder(root)
    for path in sorted(place.glob(PHRASES.sign)):
        yield from (_phrase(path, row) for row in rows(path, ("valence", "arousal", "filepath")))


def read(record: Piece | Phrase) -> Score:
    """The notes of a piece or a phrase; of a phrase of silence, a score without notes.

    Raises: FileError, the file is missing, damaged or no MIDI.
    """
    return midi.read(record.path)


def reliability(pieces: Sequence[Piece], rng: np.random.Generator, rounds: int = 100) -> tuple[float, float]:
    """How well one half of the raters agrees with the other on the pieces' summaries.

    Parameters: pieces, at least three, with two raters each; rng, draws the halves; rounds, how often.
    Returns: of valence and arousal, the mean correlation r between halves, stepped up to all raters by the formula of
    Spearman and Brown (1910), 2 r / (1 + r).
    Raises: UsageError when there are too few pieces or raters.
    """
    if len(pieces) < 3 or min(piece.raters for piece in pieces) < 2:
        raise UsageError(f"reliability needs three pieces of two raters each; got {len(pieces)} pieces")
    settled = [_settled(piece) for piece in pieces]
    halves = np.array([[_halves(ratings, rng) for ratings in settled] for _ in range(rounds)])
    valence, arousal = (
        float(np.mean([np.corrcoef(drawn[:, 0, axis], drawn[:, 1, axis])[0, 1] for drawn in halves])) for axis in (0, 1)
    )
    return 2 * valence / (1 + valence), 2 * arousal / (1 + arousal)


def _piece(table: Path, path: Path, entry: dict[str, Any], curves: list[tuple[Any, Any]]) -> Piece:
    name = path.name.removesuffix(".mid")
    song = _by_piece().get(name, _Kin(name, name)).song
    seconds = number(table, f"the duration of {name!r}", entry.get("duration"), 0.1, 36_000)
    title = str(entry.get("name", name))
    return Piece(name, split_of(CORPUS.name, name), song, path, title, seconds, _ratings(table, name, curves))


def _phrase(table: Path, row: dict[str, str]) -> Phrase:
    found = _PHRASE.fullmatch(row["filepath"])
    if found is None:
        wanted = "phrases/split_<bars>/<name>_<number>.mid with 1, 2, 4, 8 or 16 bars"
        raise CorpusError(f"{table}: a phrase must be {wanted}; got {row['filepath']!r}")
    bars, name, count = found.groups()
    kin = _by_phrases().get(name, _Kin(name, name))
    valence, arousal = (_sign(table, axis, row[axis]) for axis in ("valence", "arousal"))
    split, path = split_of(CORPUS.name, kin.piece), table.parent / row["filepath"]
    return Phrase(f"{bars}/{name}_{count}", split, kin.song, kin.piece, path, valence, arousal, int(bars))


def _ratings(table: Path, name: str, curves: list[tuple[Any, Any]]) -> npt.NDArray[np.float32]:
    try:
        lengths = Counter(len(valence) for valence, arousal in curves if len(valence) == len(arousal) > 0)
        usual = max(lengths, key=lambda length: lengths[length])
        kept = [pair for pair in curves if len(pair[0]) == len(pair[1]) == usual]
        ratings = np.array(kept, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise CorpusError(f"{table}: {name!r} must have curves of numbers for valence and arousal") from error
    if not (np.abs(ratings) <= 1).all():
        raise CorpusError(f"{table}: ratings of {name!r} must lie in -1..1; got {ratings.min():g}..{ratings.max():g}")
    return ratings


def _settled(piece: Piece) -> Floats:
    """Each rater's means after the warm-up, (raters, 2); of a piece that is no longer than that, over all bars."""
    start = WARM_UP if piece.bars > WARM_UP else 0
    return np.asarray(piece.ratings[:, :, start:].mean(axis=2, dtype=np.float64))


def _halves(ratings: Floats, rng: np.random.Generator) -> Floats:
    drawn = rng.permutation(ratings)
    half = len(drawn) // 2
    return np.array([drawn[:half].mean(axis=0), drawn[half:].mean(axis=0)])


def _sign(path: Path, axis: str, text: str) -> int:
    if text not in {"0", "1"}:
        raise CorpusError(f"{path}: {axis} must be 0 or 1; got {text!r}")
    return int(text)


@cache
def _table() -> tuple[tuple[str, _Kin], ...]:
    """Each piece's phrases, and the piece with its song."""
    text = resources.files("kelly.training.data.corpora").joinpath("vgmidi.csv").read_text(encoding="utf-8")
    table = csv.DictReader(io.StringIO(text))
    return tuple((row["phrases"], _Kin(row["piece"], row["song"] or row["piece"])) for row in table)


@cache
def _by_piece() -> dict[str, _Kin]:
    return {kin.piece: kin for _, kin in _table()}


@cache
def _by_phrases() -> dict[str, _Kin]:
    return {name: kin for name, kin in _table() if name}
