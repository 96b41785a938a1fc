"""Loops: eight seconds of Kelly's own for every node of the thesaurus in every key, as the node classifier sees them.

Conventions: a loop is composed from the four numbers of a node's feeling, rounded as Kelly rounds them, a tonic (0 is
C) and the seed of a song; the mode follows from the feeling, and no name comes here. It has as many bars as fill
`pictures.SECONDS` at the formula's tempo. It is sounded unmastered (`kelly.sound.render.mix`), all at the same gain:
dominance is loudness, and mastering would take it away. Pictures are kept as whole numbers, `STEP` dB each above
silence. No file is read but the SoundFont, so that the set is the same wherever that is.

A set has twelve songs for each node, one a tonic. Each has a seed of its own, an arbitrary number: no loop is another
one transposed, none shares its chance with another, and what a seed brings (genre, instruments, harmony) tells no node.
Set 0 is for training, 1 for dev, 2 for test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kelly.composing import mapping
from kelly.composing.chance import stream
from kelly.composing.composer import compose_score
from kelly.composing.context import BAR
from kelly.composing.settings import Settings
from kelly.composing.theory import FLAT_NAMES
from kelly.emotion.journey import Journey
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import nodes
from kelly.models.nodes.pictures import SECONDS, SILENCE, picture
from kelly.score.notes import Score
from kelly.sound.features import LOOPS
from kelly.sound.render import mix
from kelly.sound.soundfont import find
from kelly.training.data.preparing import Arrays, Item
from kelly.training.data.sums import digest
from kelly.training.tasks.context import Context

__all__ = ["SETS", "STEP", "TONICS", "Loops", "compose", "items", "levels", "load", "seen", "song_seed"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SETS: Mapping[str, int] = MappingProxyType({"train": 0, "dev": 1, "test": 2})  # by split
TONICS = tuple(range(12))
STEP = 0.5  # dB
_LOUDEST = 255
_SEEDS = 2**52
_VERSION = 1  # to be raised when Kelly composes or sounds otherwise


@dataclass(frozen=True, slots=True, eq=False)
class Loops:
    """A set of n loops.

    Parameters: pictures uint8 (n, 64, 128), see `levels`; nodes (n,), in the order of `thesaurus.nodes()`; tonics (n,)
    0..11; seeds (n,) of the songs; and of the scores tempo (n,) in BPM, velocity (n,), the mean over notes, and minor
    (n,), 0 or 1.
    """

    pictures: npt.NDArray[np.uint8]
    nodes: Integers
    tonics: Integers
    seeds: Integers
    tempo: Floats
    velocity: Floats
    minor: Floats

    def __len__(self) -> int:
        """The number of loops."""
        return len(self.nodes)


def load(split: str, context: Context, tonics: Iterable[int] = TONICS) -> Loops:
    """The loops of a split in some tonics: made, or taken from the cache.

    Raises: SoundError, there is no SoundFont; FileError, as `prepared`.
    """
    asked = list(product(range(len(nodes())), tonics))
    found = context.prepared(items(SETS[split], asked), seen, _VERSION)
    kept = [(*pair, one) for pair, one in zip(asked, found, strict=True) if one is not None]
    of_node, of_tonic, rows = zip(*kept, strict=True)
    return Loops(
        pictures=np.stack([row["picture"] for row in rows]),
        nodes=np.array(of_node, np.int64),
        tonics=np.array(of_tonic, np.int64),
        seeds=np.array([song_seed(SETS[split], *pair) for pair in zip(of_node, of_tonic, strict=True)], np.int64),
        **{name: np.array([row[name] for row in rows], np.float64) for name in ("tempo", "velocity", "minor")},
    )


def items(number: int, asked: Iterable[tuple[int, int]]) -> list[Item]:
    """What the loops of a set are made from: only the numbers of a feeling, a tonic and a seed.

    Parameters: number, of the set; asked, the (node, tonic) of each.
    """
    font = digest(find())
    felt = [_numbers(node.emotion.rounded()) for node in nodes()]
    return [
        Item(None, {"feeling": felt[node], "tonic": tonic, "seed": song_seed(number, node, tonic), "font": font})
        for node, tonic in asked
    ]


def song_seed(number: int, node: int, tonic: int) -> int:
    """The seed of a song of a set: that of no other."""
    return int(_SEEDS * stream(number, "loop", node, tonic).random())


def seen(item: Item) -> Arrays:
    """A loop's picture, and what its score says by itself: tempo, mean velocity, mode. Raises: as `mix`."""
    given = item.parameters
    score = compose(Emotion(**given["feeling"]), given["tonic"], given["seed"])
    wave = mix(score, rate=LOOPS.rate).samples.mean(0)
    struck = [note.velocity for note in score.notes() if score.seconds(note.onset) < SECONDS]
    return {
        "picture": np.clip(np.rint((picture(wave) - SILENCE) / STEP), 0, _LOUDEST).astype(np.uint8),
        "tempo": np.float64(score.tempos[0].bpm),
        "velocity": np.mean(struck),
        "minor": np.float64(score.keys[0].minor),
    }


def compose(feeling: Emotion, tonic: int, seed: int) -> Score:
    """The score of a loop: as many bars of a feeling as fill eight seconds."""
    bars = math.ceil(SECONDS * mapping.tempo(feeling.arousal) / (60 * BAR))
    return compose_score(Journey(feeling), Settings(seed, FLAT_NAMES[tonic], bars=bars)).score


def _numbers(feeling: Emotion) -> dict[str, float]:
    return {name: getattr(feeling, name) for name in ("valence", "arousal", "dominance", "intensity")}


def levels(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Pictures in dB of full scale, as `pictures.picture` gives them, to steps of `STEP`."""
    return pictures * np.float32(STEP) + np.float32(SILENCE)
