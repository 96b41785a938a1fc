"""Labels: what is known of audio files from the corpus they belong to, a table beside them, or their folders' names.

Conventions: valence -1..1, arousal and dominance 0..1; emotions are eight numbers 0..1 for the categories of
`kelly.emotion.thesaurus`. The first source that knows a file tells all of it. RAVDESS: a strong emotion is the feeling
of that name in full, a normal one its middle tier. Emotify: listeners' proportions stand in the metadata, and there is
no valence. DEAM and PMEmo: the song's static ratings. A file in a folder that is called after a feeling ("grief", "sad"
or "anger") has that feeling, in full.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kelly.emotion import thesaurus
from kelly.emotion.space import NEUTRAL, Emotion
from kelly.errors import CorpusError, MissingCorpusError, UsageError
from kelly.training.data.corpora import deam, emotify, pmemo, ravdess
from kelly.training.data.layout import SPLITS, number, rows
from kelly.training.data.rated import RatedSong

__all__ = ["SIDECAR", "Labels", "by_corpus", "by_folder", "by_table"]

SIDECAR = "labels.csv"
_AXES = {"valence": -1, "arousal": 0, "dominance": 0}  # and where each begins; all end at 1
_TEMPI = 10, 1000  # BPM
_FEARFUL = {"fearful": "fear"}  # RAVDESS's names that the thesaurus lacks


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of an audio file; None, or "" of a text, where that is not known.

    Parameters: split; group; tempo in BPM; emotions, of the eight categories; valence, arousal, dominance; metadata.
    """

    split: str = ""
    group: str = ""
    tempo: float | None = None
    emotions: tuple[float, ...] | None = None
    valence: float | None = None
    arousal: float | None = None
    dominance: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def by_corpus(folder: Path) -> dict[Path, Labels]:
    """The labels of audio files, by resolved path, where a folder is or holds a corpus of sounds that Kelly knows.

    Corpora number their songs alike, so a group is named after both: "deam/115".
    Raises: CorpusError, the corpus is there, but not in its official layout.
    """
    labels: dict[Path, Labels] = {}
    for corpus, labelled in _SOUNDS:
        with suppress(MissingCorpusError):
            with_sound = (record for record in corpus.load(folder) if record.path is not None)
            labels |= {record.path.resolve(): _grouped(corpus.CORPUS.name, record, labelled) for record in with_sound}
    return labels


def _grouped(corpus: str, record: Any, labelled: Callable[[Any], Labels]) -> Labels:  # noqa: ANN401 - of any corpus
    return replace(labelled(record), split=record.split, group=f"{corpus}/{record.group}")


def _ravdess(take: ravdess.Take) -> Labels:
    told = {"channel": take.channel, "emotion": take.emotion, "intensity": take.intensity, "statement": take.statement}
    emotions, felt = _felt(_FEARFUL.get(take.emotion, take.emotion), "mid" if take.intensity == 1 else "full")
    return Labels("", "", None, emotions, *felt.vad, metadata=told)


def _emotify(track: emotify.Track) -> Labels:
    shares = dict(zip(emotify.FEELINGS, map(float, track.proportions), strict=True))
    return Labels(metadata={"genre": track.genre, "raters": track.raters, "proportions": shares})


def _rated(song: RatedSong) -> Labels:
    return Labels(valence=song.valence, arousal=(song.arousal + 1) / 2)


_SOUNDS: tuple[tuple[Any, Callable[[Any], Labels]], ...] = (
    (ravdess, _ravdess),
    (emotify, _emotify),
    (deam, _rated),
    (pmemo, _rated),
)


def _felt(name: str, tier: str) -> tuple[tuple[float, ...], Emotion]:
    """A feeling as eight numbers and as a point. Raises: UsageError, nothing is called so."""
    if name.casefold() == "neutral":
        return (0.0,) * len(thesaurus.CATEGORIES), NEUTRAL
    node = thesaurus.lookup(name, tier)
    strength = thesaurus.TIERS[node.tier]
    return tuple(strength * (category == node.category) for category in thesaurus.CATEGORIES), node.emotion


def by_folder(path: Path, below: Path) -> Labels:
    """The labels that the name of a file's folder tells, and its group.

    Parameters: path of the file; below, the folder that is listed. The group is the file's folder; but where that is
    called after a feeling, or is the listed folder itself, the file stands alone: else all files of a feeling, or all
    files, would be in one split.
    """
    alone = path.relative_to(below).as_posix()
    if path.parent == below:
        return Labels(group=alone)
    try:
        emotions, felt = _felt(path.parent.name, "full")
    except UsageError:
        return Labels(group=path.parent.relative_to(below).as_posix())
    return Labels("", alone, None, emotions, *felt.vad)


def by_table(folder: Path) -> dict[Path, Labels]:
    """The labels of a `labels.csv` in a folder, by resolved path; nothing where there is no such file.

    Its column audio_path, with slashes, is relative to the folder; split, group, tempo, emotions (eight numbers parted
    by blanks), valence, arousal, dominance and metadata (a JSON object) may be there; other columns join the metadata.
    Raises: CorpusError, the table cannot be read, names a file that is not there, or a value is out of its range.
    """
    table = folder / SIDECAR
    if not table.exists():
        return {}
    return dict(_tabled(table, row) for row in rows(table, ("audio_path",)))


def _tabled(table: Path, row: Mapping[str, str]) -> tuple[Path, Labels]:
    cells = {name: cell.strip() for name, cell in row.items() if cell.strip()}
    name = cells.pop("audio_path", "")
    path = table.parent / name
    if not path.is_file():
        raise CorpusError(f"{table}: audio_path must be a file below that folder; got {name!r}")
    split = cells.pop("split", "")
    if split not in {"", *SPLITS}:
        raise CorpusError(f"{table}: the split of {name} must be one of {', '.join(SPLITS)}; got {split!r}")
    group = cells.pop("group", "") or by_folder(path, table.parent).group
    axes = {axis: _number(table, name, axis, cells.pop(axis, ""), low, 1) for axis, low in _AXES.items()}
    tempo = _number(table, name, "tempo", cells.pop("tempo", ""), *_TEMPI)
    emotions = _emotions(table, name, cells.pop("emotions", ""))
    cells.pop("duration", "")  # is measured
    return path.resolve(), Labels(split, group, tempo, emotions, **axes, metadata=_metadata(table, name, cells))


def _number(table: Path, name: str, what: str, text: str, low: float, high: float) -> float | None:
    return number(table, f"the {what} of {name}", text, low, high) if text else None


def _emotions(table: Path, name: str, text: str) -> tuple[float, ...] | None:
    values = tuple(number(table, f"an emotion of {name}", value, 0, 1) for value in text.split())
    if len(values) not in {0, len(thesaurus.CATEGORIES)}:
        raise CorpusError(f"{table}: the emotions of {name} must be eight numbers; got {text!r}")
    return values or None


def _metadata(table: Path, name: str, cells: Mapping[str, str]) -> dict[str, Any]:
    others = {column: cell for column, cell in cells.items() if column and column != "metadata"}
    try:
        told = json.loads(cells.get("metadata", "{}"))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise CorpusError(f"{table}: the metadata of {name} must be a JSON object; got {cells['metadata']!r}")
    return {**others, **told}
