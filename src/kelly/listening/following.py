"""Following a sound as it comes: what feeling it carries so far, a moment after each frame of it.

Conventions: what comes in is one channel of float32 in about -1..1, in blocks of any size; how it is cut changes
nothing of what is heard. A frame is the EmotionRecognizer's (`kelly.models.recognizer.frames`: 10.77 a second), and a
moment is told once the last sample of its frame is there. A frame is in decibels below the loudest band of the last
`WINDOW` seconds, for what will come nobody knows: the recogniser was taught with the loudest of the whole sound, which
is the same where that lies no further back. Its codes are smoothed: each moves what is told by `ALPHA` of the way, the
first ones by more, so that they count alike. The first `WARM_UP` frames are a beginning that it was never asked about:
until then its confidence counts by the share of them that was heard. Dominance it does not know: that stays near .5.

A frame is silent when its RMS is below -80 dB or its loudest band `FAINT` dB below the loudest. Up to `REST` seconds of
silence are a rest, which is heard as a part of the sound; in a longer one nothing is felt, and the recogniser does not
listen. What is held is the same however long the sound is.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kelly.emotion.code import SIZE, decode
from kelly.emotion.space import NEUTRAL, Emotion
from kelly.emotion.thesaurus import describe
from kelly.errors import FileError, UsageError
from kelly.listening.naming import called
from kelly.listening.reading import Alternative, Reading
from kelly.models.networks import EmotionRecognizer, shipped
from kelly.models.recognizer.frames import WARM_UP, scaled
from kelly.names import quoted
from kelly.numbers import whole
from kelly.sound.features import FRAMES, decibels
from kelly.sound.recording import LOUDEST

__all__ = ["ALPHA", "FAINT", "RATES", "REST", "WINDOW", "Follower", "Moment"]

Floats = npt.NDArray[np.float64]
Wave = npt.NDArray[np.float32]

RATES = (8_000, 192_000)  # samples a second
ALPHA = 0.1  # a frame
WINDOW = 20.0  # seconds
REST = 0.5  # seconds
FAINT = 60.0  # dB
_SILENCE = 1e-4  # RMS
_RESTS = int(REST * FRAMES.frames_a_second)  # frames
_HALF = FRAMES.window // 2
_REACH = FRAMES.hop + _HALF  # samples from the middle of a frame to the end of the next


@dataclass(frozen=True, slots=True)
class Moment:
    """What was felt at a time.

    Parameters: time, where its frame ends, in seconds from the beginning; emotion, and the name that fits best; None
    and "" in silence.
    """

    time: float
    emotion: Emotion | None
    name: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The moment as plain data for JSON; in silence the confidence is 0 and the rest None."""
        axes: dict[str, Any] = dict.fromkeys(("valence", "arousal", "dominance"))
        if self.emotion is not None:
            axes = {axis: round(value, 4) for axis, value in zip(axes, self.emotion.vad, strict=True)}
        confidence = self.emotion.confidence if self.emotion else 0.0
        return {"time": round(self.time, 3), **axes, "confidence": round(confidence, 4), "name": self.name or None}


class Follower:
    """Follows one sound.

    Parameters: rate, an integer in `RATES`.
    Raises: UsageError, the rate is not so; FileError, Kelly was built without its recogniser.

    Examples
    --------
    >>> import numpy as np
    >>> follower = Follower(48_000)
    >>> moments = follower.hear(np.zeros(48_000, np.float32))
    >>> len(moments), moments[-1].emotion
    (10, None)
    """

    def __init__(self, rate: int) -> None:
        self._rate = whole("the rate", rate, *RATES)
        network = shipped(EmotionRecognizer)
        if network is None:
            raise FileError("Kelly was built without its recogniser")
        self._network, self._resampling = network, _Resampling(rate)
        self._samples, self._ended = 0, False
        self._pending = np.zeros(FRAMES.hop)  # from the middle of the last frame on
        self._peaks = deque[float](maxlen=round(WINDOW * FRAMES.frames_a_second))
        self._frames, self._heard, self._silent = 0, 0, _RESTS
        self._smoothed, self._sums = np.zeros(SIZE), np.zeros((2, SIZE))  # sums of codes in the warm-up and after it

    @property
    def seconds(self) -> float:
        """How much has come."""
        return self._samples / self._rate

    def hear(self, block: Wave) -> list[Moment]:
        """The moments that are complete with some more samples (n,), none or several.

        Raises: UsageError, the block is not float32 of one dimension, or holds what is no number or lies beyond
        `kelly.sound.recording.LOUDEST`: then it is as if it had not come; or the sound has ended.
        """
        if self._ended:
            raise UsageError("the sound has ended: nothing comes after that")
        _check(block)
        self._samples += len(block)
        return self._moments(self._resampling.more(block))

    def end(self) -> list[Moment]:
        """The moments that are complete since nothing more comes; none if that was said before."""
        if self._ended:
            return []
        self._ended = True
        moments = self._moments(self._resampling.more(np.zeros(0, np.float32), last=True))
        own = self._pending[_HALF if self._frames else FRAMES.hop :]
        if len(own) and len(self._pending) >= FRAMES.hop:
            moments.append(self._moment(np.pad(self._pending, (0, _REACH - len(self._pending))), own))
        return moments

    def reading(self) -> Reading:
        """All that was heard so far as one: the mean of the recogniser's codes after the warm-up, if there are any.

        Of silence it is neutral, with confidence 0 and infinite spreads, as `kelly.listen` has it.
        """
        if not self._heard:
            nothing, unsure = NEUTRAL.with_confidence(0.0), (math.inf, math.inf, math.inf)
            return Reading("", nothing, (Alternative(describe(nothing), 1.0),), (), spreads=unsure, reader="sound")
        warm = self._heard > WARM_UP
        mean = self._sums[1] / (self._heard - WARM_UP) if warm else self._sums[0] / self._heard
        emotion, spreads = self._told(mean)
        names, alternatives = called(emotion, spreads)
        return Reading("", emotion, alternatives, (), spreads=spreads, names=names, reader="sound")

    def _moments(self, wave: Floats) -> list[Moment]:
        """The moments of the frames that are complete with some more samples at the recogniser's rate."""
        waiting, start, moments = np.concatenate([self._pending, wave]), 0, []
        while len(waiting) - start >= _REACH:
            stretch = waiting[start : start + _REACH]
            moments.append(self._moment(stretch, stretch[_HALF if self._frames else FRAMES.hop :]))
            start += FRAMES.hop
        self._pending = waiting[start:].copy()
        return moments

    def _moment(self, stretch: Floats, own: Floats) -> Moment:
        """The moment of a frame: from the middle of the frame before it to its end, and what of that is its own."""
        row = decibels(stretch, FRAMES)[1]  # one at a time: the last digit of a product hangs on how many there are
        time = (self._frames * FRAMES.hop + _HALF) / FRAMES.rate
        self._frames += 1
        self._peaks.append(float(row.max()))
        loudest = max(self._peaks)
        silent = own.std() < _SILENCE or self._peaks[-1] <= loudest - FAINT  # a constant is no sound
        self._silent = self._silent + 1 if silent else 0
        if self._silent > _RESTS:
            return Moment(time, None)
        self._feel(self._network.predict(scaled(row - np.float32(loudest))))
        emotion, spreads = self._told(self._smoothed)
        return Moment(time, emotion, called(emotion, spreads)[1][0].node.name)

    def _feel(self, code: Floats) -> None:
        """Let one more code count."""
        self._sums[int(self._heard >= WARM_UP)] += code
        self._heard += 1
        self._smoothed += max(ALPHA, 1 / self._heard) * (code - self._smoothed)

    def _told(self, code: Floats) -> tuple[Emotion, tuple[float, float, float]]:
        """What a code says, as sure as that can be by now, and its spreads; the recogniser knows no dominance."""
        told = decode(code)
        sure = told.emotion.confidence * min(1.0, self._heard / WARM_UP)
        return told.emotion.with_confidence(sure), (*told.spreads[:2], math.inf)


class _Resampling:
    """A sound at the recogniser's rate, as it comes: the samples that `kelly.sound.features.heard` gives of it all."""

    def __init__(self, rate: int) -> None:
        self._stream = None
        if rate != FRAMES.rate:
            import soxr  # slow to import, and wanted only where rates differ

            self._stream = soxr.ResampleStream(rate, FRAMES.rate, 1, dtype="float64", quality="VHQ")

    def more(self, block: Wave, *, last: bool = False) -> Floats:
        """What is there of the sound with some more samples, and all of it with the last."""
        wave = block.astype(np.float64)
        return wave if self._stream is None else np.asarray(self._stream.resample_chunk(wave, last=last))


def _check(block: Wave) -> None:
    if not isinstance(block, np.ndarray) or block.ndim != 1 or block.dtype != np.float32:
        raise UsageError(f"a block must be (samples,) of float32; got {quoted(getattr(block, 'shape', block))}")
    peak = np.abs(block).max(initial=0.0)
    if not peak <= LOUDEST:
        raise UsageError(f"samples must be numbers in about -1..1, {LOUDEST:g} at the most; got {peak:g}")
