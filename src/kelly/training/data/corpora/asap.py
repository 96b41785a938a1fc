"""ASAP: pianists' performances of classical pieces, with the scores and with annotated beats of both.

Conventions: official layout `asap/` with `metadata.csv` and, in a folder a score, performances `<performer><n>[M].mid`
and `midi_score.mid`, each with `*_annotations.txt` (Foscarin and others, ISMIR 2020). Annotated times are seconds of
the MIDI file. Both sides are annotated beat by beat, so the i-th beat of a performance is the i-th of its score; where
a pianist left out or repeated something the numbers differ (28 of our 935 performances) and only the performance's own
beats can be used. A beat is what the meter counts (a dotted quarter in 6/8), not always a quarter. There is no official
split: works (folders of one piece with or without repeats) are kept together. The MusicXML files are not needed.
Licence: CC BY-NC-SA 4.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kelly.errors import CorpusError
from kelly.files import read_bytes
from kelly.score import midi
from kelly.score.notes import Score
from kelly.training.data.layout import Corpus, number, rows
from kelly.training.data.splits import split_of

__all__ = [
    "BESIDE",
    "CORPUS",
    "Beats",
    "Performance",
    "aligned_beats",
    "beats",
    "load",
    "read",
    "read_score",
    "score_beats",
]

CORPUS = Corpus(
    "asap",
    "metadata.csv",
    title="ASAP",
    source="github.com/fosfrancesco/asap-dataset",
    licence="CC BY-NC-SA 4.0",
    commercial=False,
    group="work",
    counts={"train": 857, "dev": 78},
)
_COLUMNS = ("composer", "title", "folder", "midi_score", "midi_performance")
_ANNOTATIONS = ("performance_annotations", "midi_score_annotations")
_OPTIONAL = ("maestro_midi_performance", "start", "end")
_VARIANT = re.compile(r"_no_\w*(?:repeat|trio)s?$|_repeats?$")
_PERFORMER = re.compile(r"(\D+?)_?\d.*|(.+)")
_LABEL = re.compile(r"(db|b|bR)(?:,(?:(\d{1,2})/(\d{1,2}))?(?:,(-?\d{1,2})?)?)?")
_LARGEST = 4 * 2**20  # bytes of a file of annotations
_LONGEST = 7200.0  # seconds
_SIGNS = 11  # sharps or flats of a key at most


@dataclass(frozen=True, slots=True)
class Performance:
    """A performance: id (the path of its MIDI file below the corpus), split, group (the work), path, composer, title,
    performer, paths of the score and of both files of annotations; the MAESTRO performance that it is cut from (its id
    there, None of others) with start and end of the cut in seconds (None: not cut on that side).
    """

    id: str
    split: str
    group: str
    path: Path
    composer: str
    title: str
    performer: str
    score: Path
    annotations: Path
    score_annotations: Path
    maestro: str | None
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class Beats:
    """The beats of a MIDI file: times (n,) in seconds, rising; for each whether it opens a bar, and whether the
    score leaves its place free (rubato, an unmeasured bar). Changes of meter are (seconds, numerator, denominator),
    of key signature (seconds, sharps; flats are negative).
    """

    times: npt.NDArray[np.float64]
    is_downbeat: npt.NDArray[np.bool_]
    is_free: npt.NDArray[np.bool_]
    meters: tuple[tuple[float, int, int], ...]
    keys: tuple[tuple[float, int], ...]

    @property
    def downbeats(self) -> npt.NDArray[np.float64]:
        """The times of the beats that open a bar, in seconds."""
        return self.times[self.is_downbeat]


def load(root: Path) -> Iterator[Performance]:
    """Read the table of performances.

    Raises: CorpusError when the corpus is missing, or a column or a value that is needed.
    """
    place = CORPUS.folder(root)
    table = place / "metadata.csv"
    for row in rows(table, (*_COLUMNS, *_ANNOTATIONS, *_OPTIONAL)):
        yield _performance(place, table, row)


def read(performance: Performance) -> Score:
    """The notes as they were played; a beat is half a second and says nothing of the music's.

    Raises: FileError, the file is missing, damaged or no MIDI.
    """
    return midi.read(performance.path)


def read_score(performance: Performance) -> Score:
    """The notes as they are written, repeats played out. Raises: FileError, as `read`."""
    return midi.read(performance.score)


def beats(performance: Performance) -> Beats:
    """The beats of a performance. Raises: FileError, the file is missing; CorpusError, a line is no annotation."""
    return _beats(performance.annotations)


def score_beats(performance: Performance) -> Beats:
    """The beats of the score of a performance. Raises: as `beats`."""
    return _beats(performance.score_annotations)


def aligned_beats(performance: Performance) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The beats that score and performance share: times (n,) in the score and (n,) in the performance, in seconds.

    Raises: CorpusError, the numbers of beats differ, so that nothing says which belongs to which; or as `beats`.
    """
    written, played = score_beats(performance).times, beats(performance).times
    if len(written) != len(played):
        raise CorpusError(
            f"{performance.annotations} must have as many beats as its score; "
            f"the score has {len(written)}, the performance {len(played)}"
        )
    return written, played


BESIDE = (read_score, beats, score_beats)  # what is read of a performance besides its own notes


def _performance(place: Path, table: Path, row: dict[str, str]) -> Performance:
    missing = [column for column in (*_COLUMNS, *_ANNOTATIONS) if not row[column]]
    if missing:
        raise CorpusError(f"{table}: the row of {row['midi_performance']!r} has no {', '.join(missing)}")
    name = row["midi_performance"]
    return Performance(
        name,
        split_of(CORPUS.name, name),
        _VARIANT.sub("", row["folder"]),
        place / name,
        row["composer"],
        row["title"],
        _performer(name),
        place / row["midi_score"],
        place / row["performance_annotations"],
        place / row["midi_score_annotations"],
        row["maestro_midi_performance"].removeprefix("{maestro}/").removesuffix(".midi") or None,
        _seconds(table, f"start of {name}", row["start"]),
        _seconds(table, f"end of {name}", row["end"]),
    )


def _performer(name: str) -> str:
    """Who plays: the file's name up to the number of the take."""
    found = _PERFORMER.fullmatch(Path(name).stem)
    return (found[1] or found[2]) if found else ""


def _seconds(table: Path, what: str, text: str) -> float | None:
    return number(table, what, text, 0, _LONGEST) if text else None


def _beats(path: Path) -> Beats:
    found, meters, keys = [], [], []
    for at, line in enumerate(_lines(path), 1):
        seconds, label, meter, key = _beat(path, at, line)
        found.append((seconds, label))
        meters += [(seconds, *meter)] if meter else []
        keys += [(seconds, key)] if key is not None else []
    if any(later <= earlier for (earlier, _), (later, _) in pairwise(found)):
        raise CorpusError(f"{path}: the times of the beats must rise; they do not")
    times = np.array([seconds for seconds, _ in found], np.float64)
    labels = np.array([label for _, label in found])
    return Beats(times, labels == "db", labels == "bR", tuple(meters), tuple(keys))


def _lines(path: Path) -> list[str]:
    try:
        return read_bytes(path, limit=_LARGEST).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error


def _beat(path: Path, at: int, line: str) -> tuple[float, str, tuple[int, int] | None, int | None]:
    """A line of annotations: seconds, label, and the meter and the key signature where they change."""
    fields = line.split("\t")
    found = _LABEL.fullmatch(fields[2]) if len(fields) == 3 else None
    if found is None:
        raise CorpusError(f"{path}, line {at} must be two times and b, db or bR, parted by tabs; got {line[:80]!r}")
    label, numerator, denominator, key = found.groups()
    meter = None if numerator is None else (int(numerator), int(denominator))
    if meter is not None and 0 in meter:
        raise CorpusError(f"{path}, line {at}: a meter has no 0; got {numerator}/{denominator}")
    sharps = None if key is None else int(number(path, f"key in line {at}", key, -_SIGNS, _SIGNS))
    return number(path, f"time in line {at}", fields[0], 0, _LONGEST), label, meter, sharps
