"""Pieces: scores of corpora as the words that the transformer learns from, with chords and feelings bar by bar.

Conventions: words as in `kelly.models.transformer.layout`, uint8, without parts and `begin`; each note has two seats,
since a piano that plays all may also be heard as melody (what nothing lies above), bass and chords: `seat` is that of
the part it was written in, `role` that of its role. Pieces stand with their tonic (the best of the keys that
`kelly.listening.traits.key` finds) at C. Chords are found in the notes themselves, four a bar: of major, minor,
diminished, dominant and suspended ones the row that sounds most of what is played, and changes as little as may be.
Where the corpus does not say where beats are (EMOPIA) they are tracked; ASAP's scores are played with the velocities
and the tempo of their first performance that follows them.

Feelings are told by bar as means and spreads of valence, arousal and dominance: of EMOPIA the middle of the quadrant,
of VGMIDI what its listeners said of the bar, of anyone's own files what `own` knows, of all others what a recogniser
said of the whole and of the twenty seconds around (`kelly label`), unknown where it was not asked. No corpus tells
dominance: it is how hard notes around are struck, by velocity = 60 + 67 * dominance read backwards. Songs of judge and
examiner are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.composing.improvising.reading import read
from kelly.errors import MissingCorpusError, UsageError
from kelly.models.transformer.layout import BAR, FIELDS, NOTE, SEATS
from kelly.score import midi, tokens
from kelly.score.notes import Meter, Part, Score, Tempo
from kelly.training.data import own, pages
from kelly.training.data.alignment import LEAST, align
from kelly.training.data.beats import Tracked
from kelly.training.data.corpora import asap, emopia, mirex_mood, nottingham, pop909, vgmidi
from kelly.training.data.preparing import Arrays, Item
from kelly.training.data.splits import part_of
from kelly.training.data.sums import digest
from kelly.training.tasks.context import Context

__all__ = ["ALL", "CORPORA", "Piece", "gridded", "pieces", "there", "worded"]

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

CORPORA = ("asap", "emopia", "mirex_mood", "nottingham", "pop909", "vgmidi")
ALL = (*CORPORA, own.NAME)
REACH = MappingProxyType({"valence": 0.5, "arousal": 0.22})  # of a quadrant's middle, from that of the axis
SPREADS = (0.3, 0.13, 0.2)  # of what is known of a quadrant, and of dominance from velocities
RATED = (0.22, 0.24)  # the spread of VGMIDI's ratings over pieces: one such is as far as a quadrant's middle
_AROUND = 4  # bars either way, in which notes tell dominance
_VERSION = 2


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A piece.

    Parameters: corpus, id, split, group; words, uint8 (n, 9), `FIELDS` and `role`; programs, uint8 (17,), of each seat,
    from 1 on, 0 where nobody sits; moved, semitones that brought it to C; chords, uint8 (bars, 4); feelings, float32
    (bars, 6), means and spreads, NaN where unknown.
    """

    corpus: str
    id: str
    split: str
    group: str
    words: Bytes
    programs: Bytes
    moved: int
    chords: Bytes
    feelings: npt.NDArray[np.float32]


def pieces(root: Path, context: Context, corpora: Sequence[str] = CORPORA) -> Iterator[Piece]:
    """The pieces of some corpora below a root, of all splits; what is not there or cannot be read is told and left out.

    Raises: CorpusError, a corpus is not as it should be; FileError, no file of one can be read; MissingCorpusError,
    none of the corpora is there.
    """
    missing = []
    for corpus in corpora:
        try:
            records = list(_SOURCES[corpus].records(root))
        except MissingCorpusError as error:
            missing.append(str(error))
            continue
        items = [_item(corpus, record) for record in records]
        for record, arrays in zip(records, context.prepared(items, worded, _VERSION), strict=True):
            if arrays is not None and len(arrays["words"]):
                yield _piece(corpus, record, arrays, context)
    for line in missing:
        context.note(line)
    if len(missing) == len(corpora):
        raise MissingCorpusError(f"none of {', '.join(corpora)} is in {root}")


def there(root: Path, corpora: Sequence[str] = CORPORA) -> tuple[str, ...]:
    """Which of some corpora are below a root; where none is, its own files, if it has any."""
    found = tuple(corpus for corpus in corpora if _holds(corpus, root))
    return found or ((own.NAME,) if _holds(own.NAME, root) else ())


def _holds(corpus: str, root: Path) -> bool:
    try:
        next(iter(_SOURCES[corpus].records(root)), None)
    except MissingCorpusError:
        return False
    return True


def worded(item: Item) -> Arrays:
    """A piece as arrays: words, programs, moved and chords, as `Piece` has them, and seconds (bars + 1,) of its bars.

    Raises: as the corpus's `read`; UsageError, it has bars of more than eight beats, or more parts than seats.
    """
    score, roles, clock = _SOURCES[item.parameters["corpus"]].score(item)
    found = read(score)
    if found is None:
        return {"words": np.zeros((0, len(FIELDS) + 1), np.uint8)}
    words = np.hstack([found.words, (_roles(found.words, found.starts) if roles else found.words[:, 1])[:, None]])
    first = min(clock.seconds([note.onset for note in clock.notes(drums=False)]))
    return {
        "words": words.astype(np.uint8),
        "programs": found.programs,
        "moved": np.array(found.moved),
        "chords": found.chords,
        "seconds": (clock.seconds(found.starts) - first).astype(np.float32),
    }


def gridded(score: Score, beats: Tracked) -> Score:
    """A score on beats that were tracked in it; what comes before the first bar line is an upbeat to it."""
    times, downbeats = beats.times, np.flatnonzero(beats.is_downbeat)
    if len(downbeats) < 2:
        raise UsageError("bars must be found in a score; got fewer than one")
    lengths = np.diff(downbeats)
    usual = int(np.bincount(lengths).argmax())
    pickup = int(-(-downbeats[0] // usual) * usual) if downbeats[0] else 0
    starts = np.append(np.arange(0, pickup, usual), pickup + downbeats - downbeats[0]).astype(np.float64)
    places = np.arange(len(times)) + pickup - downbeats[0]
    meters = [Meter(0.0, usual)] * bool(pickup)
    meters += [Meter(float(pickup + at - downbeats[0]), int(n)) for at, n in zip(downbeats, lengths, strict=False)]
    meters.append(Meter(float(starts[-1]), usual))
    seconds = _extended(starts, places, times)
    tempos = [
        Tempo(float(at), float(60 * (after - at) / max(until - begin, 1e-3)))
        for at, after, begin, until in zip(starts, starts[1:], seconds, seconds[1:], strict=False)
    ]
    return replace(
        score,
        parts=tuple(_laid(part, score, times, places) for part in score.parts),
        tempos=tuple(tempos),
        meters=tuple(one for row, one in enumerate(meters) if not row or one.numerator != meters[row - 1].numerator),
    )


def _laid(part: Part, score: Score, times: Floats, places: npt.ArrayLike) -> Part:
    """A part whose notes lie on tracked beats."""
    spans = score.seconds(np.array([(note.onset, note.end) for note in part.notes]).reshape(-1, 2))
    laid = _extended(spans, times, np.asarray(places, np.float64))
    notes = tuple(
        replace(note, onset=max(0.0, on), duration=max(off - max(0.0, on), 1 / tokens.GRID))
        for note, (on, off) in zip(part.notes, laid.tolist(), strict=True)
    )
    return replace(part, notes=notes, controls=(), bends=())


def _extended(at: Floats, known: npt.ArrayLike, values: npt.ArrayLike) -> Floats:
    """Values between known places, and beyond the first and the last as steeply as there."""
    places, told = np.asarray(known, np.float64), np.asarray(values, np.float64)
    first, last = (told[1] - told[0]) / (places[1] - places[0]), (told[-1] - told[-2]) / (places[-1] - places[-2])
    inside = np.interp(at, places, told)
    return np.asarray(
        inside + np.minimum(at - places[0], 0) * first + np.maximum(at - places[-1], 0) * last, np.float64
    )


def _roles(words: npt.NDArray[np.int64], starts: Floats) -> npt.NDArray[np.int64]:
    """The seats of words by role: what keys play is melody, unless somebody else has that, chords and bass."""
    seats = words[:, 1].copy()
    chosen = (words[:, 0] == NOTE) & (seats == SEATS["keys"])
    if not chosen.any():
        return seats
    onset = starts[np.cumsum(words[:, 0] == BAR)[chosen] - 1] + (words[chosen, 2] - 1) / tokens.GRID
    duration = tokens.DURATIONS[words[chosen, 4].astype(int) - 1] / tokens.GRID
    role = pages.roles(onset, duration, words[chosen, 3].astype(np.float64))
    led = SEATS["chords"] if (seats == SEATS["melody"]).any() else SEATS["melody"]
    seats[chosen] = np.select([role == pages.MELODY, role == pages.BASS], [led, SEATS["bass"]], SEATS["chords"])
    return seats


@dataclass(frozen=True, slots=True)
class _Source:
    """How a corpus is read.

    Parameters: records, of a root; score, of an item, whether its notes are told apart by role, and the score in whose
    time its feelings are told; told, of a record: what its score follows from beside the file.
    """

    records: Callable[[Path], Iterator[Any]]
    score: Callable[[Item], tuple[Score, bool, Score]]
    told: Callable[[Any], Mapping[str, Any]] = lambda _: {}


def _item(corpus: str, record: Any) -> Item:  # noqa: ANN401 - of any corpus
    return Item(record.path, {"corpus": corpus, **_SOURCES[corpus].told(record)})


def _plain(item: Item) -> tuple[Score, bool, Score]:
    assert item.path is not None  # noqa: S101 - a piece is a file
    score = midi.read(item.path)
    return score, True, score


def _emopia(item: Item) -> tuple[Score, bool, Score]:
    from kelly.training.data.beats import track

    score, roles, _ = _plain(item)
    found = gridded(score, track(score))
    return found, roles, found


def _nottingham(item: Item) -> tuple[Score, bool, Score]:
    score, *_ = _plain(item)
    named = zip(score.parts, ("melody", "chords"), strict=False)
    parts = tuple(replace(part, name=name) for part, name in named)
    return replace(score, parts=parts), False, score


def _pop909_told(song: pop909.Song) -> dict[str, Any]:
    names = ("beat_midi.txt", "chord_midi.txt", "key_audio.txt")
    beside = [song.path.with_name(name) for name in names] + ([song.expert] if song.expert else [])
    expert = None if song.expert is None else song.expert.relative_to(song.path.parents[2]).as_posix()
    sums = [digest(path) for path in beside if path.exists()]
    return {"beats_a_bar": song.beats_a_bar, "expert": expert, "with": sums}


def _pop909(item: Item) -> tuple[Score, bool, Score]:
    path, bar, expert = item.path, item.parameters["beats_a_bar"], item.parameters["expert"]
    assert path is not None  # noqa: S101 - a song is a file
    beside = path.parents[2] / expert if expert else None
    song = pop909.read(pop909.Song(path.stem, "", path.stem, path, beside, "", "", bar))
    hands = {"melody": song.melody, "counter": song.bridge, "keys": song.piano}
    parts = tuple(Part(name, channel, notes=notes) for channel, (name, notes) in enumerate(hands.items()))
    lines = np.arange(0, len(song.seconds), bar)
    spans = np.diff(song.seconds[lines])
    tempos = [Tempo(float(at), float(60 * bar / max(span, 1e-3))) for at, span in zip(lines, spans, strict=False)]
    score = Score(parts, tempos=tuple(tempos) or (Tempo(0.0, 120.0),), meters=(Meter(0.0, bar, 4),))
    return score, True, score


def _asap_records(root: Path) -> Iterator[asap.Performance]:
    """The first performance of each score, as the table lists them."""
    seen = set()
    for record in asap.load(root):
        if record.score not in seen:
            seen.add(record.score)
            yield record


def _asap_told(record: asap.Performance) -> dict[str, Any]:
    files = [record.score, record.score_annotations, record.annotations]
    near = record.path.parent
    names = [path.relative_to(near).as_posix() for path in files]
    return {"files": names, "with": [digest(path) for path in files], "told": "in the time of the score"}


def _asap(item: Item) -> tuple[Score, bool, Score]:
    """A score as its performance plays it: velocities, and the tempo of each bar; unplayed notes as those around.

    Its feelings are heard in the score as it is written (`kelly label`), and so told in that time.
    """
    assert item.path is not None  # noqa: S101 - a performance is a file
    score, *beside = (item.path.parent / name for name in item.parameters["files"])
    nobody: dict[str, Any] = {**dict.fromkeys(("id", "split", "group", "composer", "title", "performer"), "")}
    nobody |= dict.fromkeys(("maestro", "start", "end"))
    record = asap.Performance(path=item.path, score=score, score_annotations=beside[0], annotations=beside[1], **nobody)
    times, performed = asap.aligned_beats(record)
    written = midi.read(score)
    found = align(written, asap.read(record), times, performed)
    if found.rate < LEAST:
        raise UsageError(f"a performance must play {LEAST:.0%} of its score; got {found.rate:.0%}")
    loud = np.interp(np.arange(len(found.written)), found.matched, found.velocity)
    notes = tuple(replace(n, velocity=round(v)) for n, v in zip(found.written, loud.tolist(), strict=True))
    tempos = [
        Tempo(float(at), float(bpm))
        for at, bpm in zip(np.maximum(found.beats[:-1], 0), found.tempo, strict=True)
        if np.isfinite(bpm) and bpm > 0
    ]
    first = tempos[0] if tempos else Tempo(0.0, 120.0)
    kept = [one for one, after in zip(tempos, [*tempos[1:], None], strict=True) if after is None or after > one]
    played = replace(
        written,
        parts=(Part("keys", 0, notes=notes),),
        tempos=(replace(first, onset=0.0), *(t for t in kept if t.onset)),
    )
    return played, True, written


_SOURCES: Mapping[str, _Source] = MappingProxyType(
    {
        "asap": _Source(_asap_records, _asap, _asap_told),
        "emopia": _Source(
            lambda root: (one for one in emopia.load(root) if part_of("emopia", one.group) in {"labeller", ""}), _emopia
        ),
        "mirex_mood": _Source(lambda root: (one for one in mirex_mood.load(root) if one.path is not None), _plain),
        "nottingham": _Source(nottingham.load, _nottingham),
        "own": _Source(own.load, _plain),
        "pop909": _Source(pop909.load, _pop909, _pop909_told),
        "vgmidi": _Source(
            lambda root: (one for one in vgmidi.load(root) if part_of("vgmidi", one.id) in {"labeller", ""}), _plain
        ),
    }
)


def _piece(corpus: str, record: Any, arrays: Arrays, context: Context) -> Piece:  # noqa: ANN401 - of any corpus
    seconds = arrays["seconds"].astype(np.float64)
    told = np.full((len(seconds) - 1, 6), np.nan)
    told[:, [0, 1, 3, 4]] = _felt(corpus, record, (seconds[:-1] + seconds[1:]) / 2, context)
    told[:, 2], told[:, 5] = _struck(arrays["words"]), SPREADS[2]
    return Piece(
        *(corpus, record.id, record.split, record.group, arrays["words"], arrays["programs"]),
        *(int(arrays["moved"]), arrays["chords"], told.astype(np.float32)),
    )


def _felt(corpus: str, record: Any, at: Floats, context: Context) -> Floats:  # noqa: ANN401 - of any corpus
    """Means and spreads of valence and arousal (times, 4) at some seconds; NaN where nobody said."""
    reach = np.array([REACH["valence"], REACH["arousal"]])
    if isinstance(record, emopia.Clip):
        middle = [reach[0] * record.valence, 0.5 + reach[1] * record.arousal]
        return np.tile([*middle, *SPREADS[:2]], (len(at), 1))
    if isinstance(record, vgmidi.Piece):
        middles = (record.edges[1:] + record.edges[:-1]) / 2
        rated = np.stack([np.interp(at, middles, record.valence), np.interp(at, middles, record.arousal)], 1)
        means = np.clip([0.0, 0.5] + reach * rated / RATED, [-1, 0], [1, 1])
        return np.hstack([means, np.tile(reach * np.mean(record.error, 1) / RATED, (len(at), 1))])
    if isinstance(record, own.File) and record.feeling:
        return np.tile([*record.feeling.vad[:2], *SPREADS[:2]], (len(at), 1))
    rows = own.curve(record) if isinstance(record, own.File) else context.feelings.curve(corpus, record.id)
    if not len(rows):
        return np.full((len(at), 4), np.nan)
    middles = rows[:, :2].mean(1)
    return np.stack([np.interp(at, middles, rows[:, column]) for column in range(2, 6)], 1)


def _struck(words: Bytes) -> Floats:
    """The dominance of each bar, from how hard the notes around it are struck."""
    number = np.cumsum(words[:, 0] == BAR) - 1
    bars = int(number[-1]) + 1
    chosen = (words[:, 0] == NOTE) & (words[:, 1] != SEATS["drums"])
    counts = np.bincount(number[chosen], minlength=bars)
    sums = np.bincount(number[chosen], 4.0 * (words[chosen, 5].astype(float) - 1) + 2, minlength=bars)
    kernel = np.ones(2 * _AROUND + 1)
    around = [np.convolve(one, kernel, "full")[_AROUND : _AROUND + bars] for one in (sums, counts)]
    mean = around[0] / np.maximum(around[1], 1)
    return np.asarray(np.clip((np.where(around[1] > 0, mean, 60 + 67 / 2) - 60) / 67, 0, 1))
