"""Clips: sounds whose feeling somebody told, as the frames that the recogniser hears.

Conventions: frames are those of `kelly.models.recognizer.frames`, in the 255 steps of .314 dB that the mood set's own
spectrograms have. Feelings are valence in -1..1 and arousal in 0..1 at every frame, NaN where nobody told; each corpus
tells them in its own way, and only within a corpus may they be compared:

- Emotify: the mean of the points in `gems.csv`, weighed by the share of a track's listeners that chose each feeling.
- The mood set: the mean of Warriner's norms (1..9) of the words that `moods.csv` has for a mood. The norms are read
  from their corpus; where it is not there, `moods.csv` names feelings of Kelly's thesaurus in their place.
- EMOPIA: the quadrant's signs, valence -.5 or .5 and arousal .25 or .75; its MIDI is played by Kelly (`CUT` seconds).
- VGMIDI: the mean rating of the bar that sounds, after the warm-up of its raters; played by Kelly (`LONGEST` seconds).
- RAVDESS: the points that `speech.csv` gives the eight emotions that its actors were asked for.

What Kelly plays is the plain mix with the SoundFont that `kelly.sound.soundfont` finds.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from kelly.emotion import thesaurus
from kelly.errors import CorpusError, MissingCorpusError
from kelly.models.recognizer.frames import SPAN, frames
from kelly.score import midi
from kelly.sound import recording
from kelly.sound.audio import Audio
from kelly.sound.features import FRAMES
from kelly.sound.render import mix
from kelly.sound.soundfont import find
from kelly.training.data.corpora import emopia, emotify, mirex_mood, ravdess, vgmidi, warriner
from kelly.training.data.layout import Record
from kelly.training.data.preparing import Item
from kelly.training.data.registry import reader
from kelly.training.data.sums import digest
from kelly.training.tasks.context import Context

__all__ = [
    "CORPORA",
    "CUT",
    "LONGEST",
    "SPEECH",
    "STEP",
    "Clip",
    "bands",
    "clips",
    "gems",
    "moods",
    "played",
    "sounded",
    "there",
]

Floats = npt.NDArray[np.float64]
Levels = npt.NDArray[np.uint8]
Point = tuple[float, float]
R = TypeVar("R", bound=Record)

CORPORA = ("emotify", "mirex_mood", "emopia", "vgmidi")  # of music
SPEECH = "ravdess"
CUT, LONGEST = 30.0, 120.0  # seconds
STEP = SPAN / 255  # dB
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A sound whose feeling is known.

    Parameters: corpus, id, split, group; levels, uint8 (frames, 128), steps of `STEP` dB from 80 dB below the loudest
    band on; felt, float64 (frames, 2), valence and arousal, NaN where nobody told.
    """

    corpus: str
    id: str
    split: str
    group: str
    levels: Levels
    felt: Floats

    @property
    def decibels(self) -> npt.NDArray[np.float32]:
        """The frames in decibels below the loudest band, (frames, 128) in -80..0."""
        return self.levels.astype(np.float32) * np.float32(STEP) - np.float32(SPAN)

    @property
    def summary(self) -> Floats:
        """The mean valence and arousal (2,) over the frames where somebody told."""
        return np.asarray(np.nanmean(self.felt, axis=0))


def clips(root: Path, context: Context, corpora: Sequence[str] = CORPORA) -> list[Clip]:
    """The clips of some corpora below a root, of all splits; those that cannot be read are left out and told.

    Parameters: root; context; corpora, some of `CORPORA` and `SPEECH`.
    Raises: MissingCorpusError, one of them is not there; CorpusError, one is not as it should be; FileError, all files
    of one are damaged; SoundError, there is no SoundFont to play with.
    """
    return [clip for corpus in corpora for clip in _READERS[corpus](root, context)]


def there(root: Path, corpora: Sequence[str] = (*CORPORA, SPEECH)) -> tuple[str, ...]:
    """Which of some corpora lie below a root."""
    return tuple(corpus for corpus in corpora if _is_there(corpus, root))


def bands(found: Iterable[Clip]) -> Floats:
    """The mean and the standard deviation (2, 128) in dB of each band over the frames of clips.

    Each corpus counts alike, and each clip within it. Of the training clips of `CORPORA`, this is
    `kelly.models.recognizer.frames.bands`.
    """
    moments: dict[str, list[Floats]] = {}
    for clip in found:
        levels = clip.decibels.astype(np.float64)
        moments.setdefault(clip.corpus, []).append(np.stack([levels.mean(axis=0), np.square(levels).mean(axis=0)]))
    mean, square = np.mean([np.mean(each, axis=0) for each in moments.values()], axis=0)
    return np.stack([mean, np.sqrt(np.maximum(square - mean**2, 0))])


def sounded(item: Item) -> dict[str, Levels]:
    """The levels of a recording."""
    assert item.path is not None  # noqa: S101 - a recording is a file
    return {"levels": _levels(recording.read(item.path))}


def played(item: Item) -> dict[str, Levels]:
    """The levels of the first `seconds` of a MIDI file, played by Kelly."""
    assert item.path is not None  # noqa: S101 - a piece is a file
    audio = mix(midi.read(item.path), rate=FRAMES.rate).mono
    return {"levels": _levels(Audio(audio.samples[:, : int(item.parameters["seconds"] * FRAMES.rate)], audio.rate))}


@cache
def gems() -> Mapping[str, Point]:
    """Valence and arousal of the feelings of the Geneva Emotional Music Scale that count."""
    rows = ((row["feeling"], row["valence"], row["arousal"]) for row in _table("gems.csv"))
    return MappingProxyType({feeling: (float(v), float(a)) for feeling, v, a in rows if v})


def moods(root: Path, wanted: Iterable[str], note: Callable[[str], object]) -> dict[str, Point]:
    """Valence and arousal of moods, by the norms below a root, or by the thesaurus where there are none.

    Parameters: root; wanted, the moods as the corpus spells them; note, told when the norms are missing.
    Raises: CorpusError, a mood is not in `moods.csv`, or the norms lack a word of it.
    """
    rows = {row["mood"].casefold(): row for row in _table("moods.csv")}
    chosen = {mood: rows.get(mood.casefold()) for mood in sorted(set(wanted))}
    unknown = [mood for mood, row in chosen.items() if row is None]
    if unknown:
        raise CorpusError(f"moods must be among the {len(rows)} of the mood set; got {', '.join(unknown)}")
    column, points = _norms(root, note)
    return {mood: _mean(points, row[column].split()) for mood, row in chosen.items() if row is not None}


def _emotify(root: Path, context: Context) -> Iterator[Clip]:
    tracks = list(emotify.load(root))
    chosen = [emotify.FEELINGS.index(feeling) for feeling in gems()]
    points = np.array(list(gems().values()))
    for track, levels in _prepared(tracks, sounded, [Item(track.path) for track in tracks], context):
        shares = track.proportions[chosen]
        if shares.sum() > 0:
            yield _steady("emotify", track, levels, shares @ points / shares.sum())


def _mirex_mood(root: Path, context: Context) -> Iterator[Clip]:
    found = list(mirex_mood.load(root))
    points = moods(root, (one.mood for one in found), context.note)
    for one in found:
        spectrum = mirex_mood.logmel(one).decibels
        yield _steady("mirex_mood", one, _steps(spectrum), np.array(points[one.mood]))


def _emopia(root: Path, context: Context) -> Iterator[Clip]:
    found = list(emopia.load(root))
    for one, levels in _prepared(found, played, _items((one.path for one in found), CUT), context):
        yield _steady("emopia", one, levels, np.array([one.valence / 2, 0.5 + one.arousal / 4]))


def _vgmidi(root: Path, context: Context) -> Iterator[Clip]:
    pieces = list(vgmidi.load(root))
    for piece, levels in _prepared(pieces, played, _items((piece.path for piece in pieces), LONGEST), context):
        felt = _rated(piece, len(levels))
        if np.isfinite(felt).any():
            yield Clip("vgmidi", piece.id, piece.split, piece.group, levels, felt)


def _ravdess(root: Path, context: Context) -> Iterator[Clip]:
    takes = [take for take in ravdess.load(root) if take.channel == "speech"]
    points = {row["emotion"]: (float(row["valence"]), float(row["arousal"])) for row in _table("speech.csv")}
    for take, levels in _prepared(takes, sounded, [Item(take.path) for take in takes], context):
        yield _steady(SPEECH, take, levels, np.array(points[take.emotion]))


_READERS: Mapping[str, Callable[[Path, Context], Iterator[Clip]]] = MappingProxyType(
    {"emotify": _emotify, "mirex_mood": _mirex_mood, "emopia": _emopia, "vgmidi": _vgmidi, "ravdess": _ravdess}
)


def _prepared(
    records: Sequence[R], function: Callable[[Item], dict[str, Levels]], items: Sequence[Item], context: Context
) -> Iterator[tuple[R, Levels]]:
    """Each record whose file can be read, with its levels."""
    made = context.prepared(items, function, _VERSION)
    for record, arrays in zip(records, made, strict=True):
        if arrays is not None:
            yield record, arrays["levels"]


def _items(paths: Iterable[Path], seconds: float) -> list[Item]:
    font = digest(find())
    return [Item(path, {"seconds": seconds, "soundfont": font}) for path in paths]


def _steady(corpus: str, record: Record, levels: Levels, point: Floats) -> Clip:
    return Clip(corpus, record.id, record.split, record.group, levels, np.tile(point, (len(levels), 1)))


def _rated(piece: vgmidi.Piece, count: int) -> Floats:
    """The ratings at each of `count` frames, NaN in the raters' warm-up and after the last bar."""
    bars = np.searchsorted(piece.edges, np.arange(count) / FRAMES.frames_a_second, side="right") - 1
    start = vgmidi.WARM_UP if piece.bars > vgmidi.WARM_UP else 0
    ratings = np.stack([piece.valence, (piece.arousal + 1) / 2], axis=1)
    heard = (bars >= start) & (bars < piece.bars)
    return np.where(heard[:, None], ratings[np.clip(bars, 0, piece.bars - 1)], np.nan)


def _levels(audio: Audio) -> Levels:
    return _steps(frames(audio))


def _steps(decibels: npt.NDArray[np.float32]) -> Levels:
    return np.asarray(np.rint((decibels + np.float32(SPAN)) / np.float32(STEP)), np.uint8)


def _norms(root: Path, note: Callable[[str], object]) -> tuple[str, dict[str, Point]]:
    """The column of `moods.csv` that can be used, and the point of each word that may stand in it."""
    try:
        return "words", {
            word.text.casefold(): ((word.means[0] - 5) / 4, (word.means[1] - 1) / 8) for word in warriner.load(root)
        }
    except MissingCorpusError:
        note(f"{warriner.CORPUS.title} are not in {root}: the moods' places are those of Kelly's thesaurus")
        return "names", {node.name: node.emotion.vad[:2] for node in thesaurus.names()}


def _mean(points: Mapping[str, Point], words: Sequence[str]) -> Point:
    missing = [word for word in words if word not in points]
    if missing:
        raise CorpusError(f"the norms must hold all words of the moods; they lack {', '.join(missing)}")
    valence, arousal = np.mean([points[word] for word in words], axis=0)
    return float(valence), float(arousal)


def _is_there(corpus: str, root: Path) -> bool:
    try:
        reader(corpus).CORPUS.folder(root)
    except MissingCorpusError:
        return False
    return True


def _table(name: str) -> Iterator[dict[str, str]]:
    with resources.files("kelly.training.data").joinpath(name).open(encoding="utf-8") as table:
        yield from csv.DictReader(table)
