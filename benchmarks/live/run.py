"""Live: how far what is heard as it comes lies from what is heard of the whole.

Conventions: the recogniser hears decibels below the loudest band. Of the whole sound that is known, live it is the
loudest of what came in the last twenty seconds (`kelly.listening.following`). Compared are the readings of a sound: the
mean of the recogniser's codes after the warm-up. A difference is the mean over sounds of how far valence (-1..1) and
arousal (0..1) lie apart. Dev splits alone: tracks of Emotify, singing and speech of RAVDESS.

Then all tracks come one after another, as loud as their recording times a gain of -18 to 0 dB, under each rule for the
loudest; each track's reading is that of its own frames, beside the same track alone and whole.

    python benchmarks/live/run.py ROOT [--keep DATE]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, corpora, parsed, publish, table

from kelly.emotion.code import decode
from kelly.emotion.space import Emotion
from kelly.listening.following import WINDOW, Follower
from kelly.models.networks import EmotionRecognizer, shipped
from kelly.models.recognizer.frames import gathered, scaled
from kelly.sound import recording
from kelly.sound.features import FRAMES, spectrogram
from kelly.training.data.corpora import emotify, ravdess

BLOCK = 1024  # samples that come at once
SOFTEST = -18.0  # dB
SINKS = 1.0  # dB a second
Floats = npt.NDArray[np.float32]
Place = tuple[float, float]  # valence and arousal


def main() -> None:
    """Measure, and print."""
    parser = asked(__doc__)
    corpora(parser)
    given = parsed(parser)
    sets = dict(recordings(given.root))
    rows = [(name, str(len(paths)), *apart(map(live, paths), map(whole, paths))) for name, paths in sets.items()]
    text = table(("dev split", "sounds", "valence", "arousal"), rows)
    text += f"\nMean distance of a reading as it comes from that of the whole.\n\n{chain(sets['Emotify'])}"
    publish(__file__, text, given.keep)


def recordings(root: Path) -> Iterator[tuple[str, list[Path]]]:
    """The files of each set."""
    yield "Emotify", [track.path for track in emotify.load(root) if track.split == "dev"]
    takes = [take for take in ravdess.load(root) if take.split == "dev"]
    for name, channel in (("RAVDESS, sung", "song"), ("RAVDESS, spoken", "speech")):
        yield name, [take.path for take in takes if take.channel == channel]


def apart(told: Iterable[Place], known: Iterable[Place]) -> tuple[float, float]:
    """How far two rows of readings lie apart on the average: valence, arousal."""
    valence, arousal = np.abs(np.array(list(told)) - np.array(list(known))).mean(axis=0).tolist()
    return valence, arousal


def live(path: Path) -> Place:
    """The reading of a recording as it comes."""
    audio = recording.read(path)
    follower = Follower(audio.rate)
    for start in range(0, audio.samples.shape[1], BLOCK):
        follower.hear(audio.samples[0, start : start + BLOCK])
    follower.end()
    return place(follower.reading().emotion)


def whole(path: Path) -> Place:
    """The reading of a recording whose loudest band is known."""
    levels = spectrogram(recording.read(path), FRAMES)
    return place(decode(gathered(codes(levels - levels.max()))).emotion)


def place(emotion: Emotion) -> Place:
    """Valence and arousal."""
    return emotion.valence, emotion.arousal


def codes(decibels: Floats) -> Floats:
    """What the recogniser says at each of some frames (frames, 128)."""
    network = shipped(EmotionRecognizer)
    if network is None:
        raise SystemExit("Kelly was built without its recogniser")
    return np.array([network.predict(frame) for frame in scaled(decibels)])


def chain(paths: Sequence[Path]) -> str:
    """What is heard of tracks one after another, under each rule for the loudest."""
    gains = np.random.default_rng(0).permutation(np.linspace(SOFTEST, 0.0, len(paths)))
    tracks = [spectrogram(recording.read(path), FRAMES) for path in paths]
    levels = np.concatenate([track + gain for track, gain in zip(tracks, gains, strict=True)])
    ends = np.cumsum([len(track) for track in tracks])
    known = [whole(path) for path in paths]
    rows = []
    for name, rule in RULES.items():
        told = np.split(codes(levels - rule(levels.max(axis=1))[:, None]), ends[:-1])
        rows.append((name, *apart((place(decode(gathered(row)).emotion) for row in told), known)))
    text = table(("the loudest is that of", "valence", "arousal"), rows)
    return text + f"\nThe {len(paths)} tracks of Emotify one after another, at gains of {SOFTEST:g} to 0 dB.\n"


def recent(seconds: float) -> Callable[[Floats], Floats]:
    """The loudest of the last seconds."""
    count = round(seconds * FRAMES.frames_a_second)

    def loudest(peaks: Floats) -> Floats:
        return np.array([peaks[max(0, frame + 1 - count) : frame + 1].max() for frame in range(len(peaks))])

    return loudest


def sinking(peaks: Floats) -> Floats:
    """The loudest so far, which sinks as time goes by."""
    sunk = np.arange(len(peaks), dtype=np.float32) * np.float32(SINKS / FRAMES.frames_a_second)
    return np.asarray(np.maximum.accumulate(peaks + sunk) - sunk)


RULES: dict[str, Callable[[Floats], Floats]] = {
    **{f"the last {seconds:g} s": recent(seconds) for seconds in (5.0, 10.0, WINDOW, 40.0)},
    f"all that came, {SINKS:g} dB a second less": sinking,
    "all that came": np.maximum.accumulate,
}


if __name__ == "__main__":
    main()
