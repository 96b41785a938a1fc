"""Labelling: the feeling of songs that no listener has rated, as a symbolic recogniser hears them.

Conventions: the recogniser must be one of the labeller's part of the rated songs, so that judge and examiner know
nothing of what it said. A song is heard as it is written; scores of ASAP are heard with all velocities alike, since the
dynamics network is to add what they lack. Labels are emotion codes with the spreads of the reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from kelly.emotion.code import Gaussian, encode
from kelly.errors import CorpusError, MissingCorpusError, UsageError
from kelly.listening.naming import certainty
from kelly.listening.score import point
from kelly.listening.traits.all import FEWEST, names, traits
from kelly.listening.traits.sounded import Sounded, sounded
from kelly.models.symbolic.heads import LEAST, spans, summed
from kelly.score import midi
from kelly.training.data.corpora import asap, mirex_mood, nottingham, pop909
from kelly.training.data.feelings import PASSAGE, Feelings
from kelly.training.data.heard import Heard, heard
from kelly.training.data.preparing import Arrays, Item
from kelly.training.export.symbolic import scale
from kelly.training.networks.symbolic import Ears
from kelly.training.tasks.context import Context
from kelly.training.tasks.runs import claimed
from kelly.training.tasks.symbolic import trained

__all__ = ["CORPORA", "labelled", "windows"]

VERSION = 2
PART = "labeller"  # the part of the rated songs that the recogniser may know
FLAT = 64  # the velocity at which a score is heard whose own is not
CORPORA = ("asap", "mirex_mood", "nottingham", "pop909")


def labelled(root: Path, runs: Sequence[Path], context: Context, corpora: Sequence[str] = CORPORA) -> Feelings:
    """The feelings of all songs of some corpora below a root, those that are not there left out.

    Parameters: root; runs, finished ones of the recogniser, heard together; context; corpora.
    Raises: UsageError, a run knows other songs than the labeller's; FileError, one is not finished; MissingCorpusError,
    none of the corpora is there; CorpusError, no song of the labeller's part is, of EMOPIA or of VGMIDI; as `heard`.
    """
    _check(runs)
    network = Ears([trained(run) for run in runs]).eval()
    unit = scale(_known(root, context), network)
    codes, curves = {}, {}
    for corpus in corpora:
        try:
            songs = list(_songs(corpus, root))
        except MissingCorpusError as error:
            context.note(str(error))
            continue
        context.note(f"{corpus}: {len(songs)} songs")
        items = [Item(path, {"flat": corpus == "asap"}) for _, path in songs]
        told = context.prepared(items, windows, VERSION)
        pairs = zip(songs, told, strict=True)
        heard_ = {name: arrays for (name, _), arrays in pairs if arrays is not None and len(arrays["traits"])}
        codes[corpus] = {name: _code(network, arrays, unit) for name, arrays in heard_.items()}
        curves[corpus] = {name: _curve(network, arrays, unit) for name, arrays in heard_.items()}
    if not codes:
        raise MissingCorpusError(f"none of {', '.join(corpora)} is in {root}")
    return Feelings(codes, curves)


def _check(runs: Sequence[Path]) -> None:
    """That none of the runs knows a song of the judge's or of the examiner's."""
    for run in runs:
        songs = claimed(run).get("songs", "songs that its run.json does not name")
        if songs != PART:
            raise UsageError(f"only a recogniser trained with `songs: {PART}` may label; {run} was trained on {songs}")


def _known(root: Path, context: Context) -> list[Heard]:
    """The labeller's rated songs, on which the scale of its readings is measured."""
    rated = heard(root, context.cache, workers=context.workers, engine=context.engine, note=context.note)
    known = [piece for piece in rated if piece.part == PART]
    missing = [title for title in ("EMOPIA", "VGMIDI") if title.lower() not in {piece.corpus for piece in known}]
    if missing:
        raise CorpusError(f"{root} has no song of the labeller's part of {' and '.join(missing)}")
    return known


def windows(item: Item) -> Arrays:
    """The traits of the whole and of its windows (1 + windows, t), none of a file of few notes; its velocities; and the
    spans (windows, 2) of windows in seconds.
    """
    assert item.path is not None  # noqa: S101 - a song is a file
    piece = sounded(midi.read(item.path))
    if item.parameters["flat"]:
        piece = Sounded(piece.onsets, piece.durations, piece.pitches, np.full(len(piece), float(FLAT)))
    cut = [(span, piece.between(*span)) for span in spans(piece.length)] if len(piece) >= FEWEST else []
    kept = [(span, part) for span, part in cut if len(part) >= LEAST]
    rows = [traits(one) for one in (piece, *(part for _, part in kept))] if cut else []
    return {
        "traits": np.array(rows, np.float32).reshape(-1, len(names())),
        "velocities": piece.velocities,
        "spans": np.array([span for span, _ in kept]).reshape(-1, 2),
    }


def _songs(corpus: str, root: Path) -> Iterator[tuple[str, Path]]:
    """The ids of a corpus's songs, and the files in which they are heard."""
    if corpus == "asap":
        yield from ((one.id, one.score) for one in asap.load(root))
    elif corpus == "mirex_mood":
        yield from ((clip.id, clip.path) for clip in mirex_mood.load(root) if clip.path is not None)
    elif corpus == "nottingham":
        yield from ((tune.id, tune.path) for tune in nottingham.load(root))
    else:
        yield from ((song.id, song.path) for song in pop909.load(root))


def _code(network: torch.nn.Module, arrays: Arrays, unit: dict[str, list[float]]) -> npt.NDArray[np.float32]:
    heads = _heads(network, arrays)
    emotion, spreads = point(summed(heads[0], heads[1:]), _loud(arrays), unit)
    return encode(Gaussian(emotion.with_confidence(certainty(spreads)), spreads)).astype(np.float32)


def _curve(network: torch.nn.Module, arrays: Arrays, unit: dict[str, list[float]]) -> npt.NDArray[np.float32]:
    """The passages of a song: each window heard together with the whole."""
    whole, *each = _heads(network, arrays)
    rows = []
    for span, one in zip(arrays["spans"], each, strict=True):
        emotion, spreads = point(summed(whole, one[None]), _loud(arrays), unit)
        rows.append([*span, emotion.valence, emotion.arousal, *spreads[:2]])
    return np.array(rows, np.float32).reshape(-1, PASSAGE)


def _heads(network: torch.nn.Module, arrays: Arrays) -> npt.NDArray[np.float32]:
    with torch.no_grad():
        return np.asarray(network(torch.from_numpy(arrays["traits"])).numpy(), np.float32)


def _loud(arrays: Arrays) -> Sounded:
    """What is needed of a song to tell its dominance."""
    nothing = np.zeros(0)
    return Sounded(nothing, nothing, nothing.astype(np.int64), arrays["velocities"])
