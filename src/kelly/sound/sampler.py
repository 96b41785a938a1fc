"""The instrument: notes played with a SoundFont's samples.

Conventions: times in frames at the given rate; waves float32. Every key is built once as a `Tone` (sample, loop,
tuning, filter, attack and decay), and each note is a stretch of it with its own loudness and release. Decides how a
note sounds; which notes, when, and what happens to a part as a whole is `render`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kelly.sound.filtering import BLOCK, Wave, blocks, draw, swept_lowpass
from kelly.sound.sf2 import Region, SoundFont

__all__ = ["Stroke", "perform"]

# A fall of 60 dB is silence under music, so 0.6 of the time for 100 dB suffices.
HEARD = 0.6
SHORTEST_RELEASE, LONGEST_RELEASE = 0.03, 2.5
CHOKE_SECONDS = 0.02
SILENCE_DB = 90.0
CENTRED = 0.02
PIECE = 2**18  # frames of a loop that are resampled at once: a held high key reads millions of them a second
# Width of the mean that dulls a softly struck key (3 dB down at 2.2 kHz), and its share at the softest.
DULL_SECONDS, DULL_AT_SOFTEST = 0.0002, 0.85
# What a full-scale sample becomes at full velocity: a part played loud then stays below full scale as a stem.
HEADROOM = 0.5


@dataclass(frozen=True, slots=True)
class Stroke:
    """One note for the sampler: first frame, frames until its release, key 0..127, velocity 1..127.

    limit : frames after which another note chokes it, whatever its release; 0 is never.
    """

    start: int
    frames: int
    key: int
    velocity: int
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Tone:
    """A key held: its wave (channels, frames), struck hard and struck softly, and the falling curve of its release."""

    wave: Wave
    dull: Wave
    release: Wave


def perform(font: SoundFont, preset: tuple[int, int], strokes: Iterable[Stroke], frames: int, rate: int) -> Wave:
    """Play the strokes.

    Parameters: preset, bank and program; frames, length of the result.
    Returns: float32 (1, frames), or (2, frames) when the preset's samples have places of their own.
    """
    layers: dict[tuple[int, int], tuple[Region, ...]] = {}
    groups: dict[tuple[Region, ...], list[Stroke]] = {}
    for stroke in _choked(font, preset, strokes, layers):
        found = layers[stroke.key, stroke.velocity]
        if found:
            groups.setdefault(found, []).append(stroke)
    wide = any(abs(region.pan) > CENTRED for regions in groups for region in regions)
    out = np.zeros((2 if wide else 1, frames), dtype=np.float32)
    for regions, mine in groups.items():
        release = _release(regions, rate)
        needed = max(stroke.frames for stroke in mine) + len(release)
        wave = _tone(font, regions, needed, rate, wide=wide)
        tone = Tone(wave, _dulled(wave, rate), release)
        for stroke in mine:
            _place(out, tone, stroke, rate)
    return out


def _choked(
    font: SoundFont,
    preset: tuple[int, int],
    strokes: Iterable[Stroke],
    layers: dict[tuple[int, int], tuple[Region, ...]],
) -> list[Stroke]:
    """The strokes, those that a later one chokes (a closed hi-hat an open one) cut short; fills `layers` on the way."""
    rows: dict[int, list[Stroke]] = {}
    for stroke in strokes:
        place = stroke.key, stroke.velocity
        if place not in layers:
            layers[place] = tuple(font.regions(*preset, *place))
        choke = max((region.choke for region in layers[place]), default=0)
        rows.setdefault(choke, []).append(stroke)
    kept = rows.pop(0, [])
    for row in rows.values():
        row.sort(key=lambda stroke: stroke.start)
        kept += [replace(stroke, limit=max(0, after.start - stroke.start)) for stroke, after in pairwise(row)] + row[
            -1:
        ]
    return kept


def _place(out: Wave, tone: Tone, stroke: Stroke, rate: int) -> None:
    """Add one note to the part."""
    reach = min(stroke.frames + len(tone.release), tone.wave.shape[1], out.shape[1] - stroke.start)
    if reach <= 0:
        return
    force = stroke.velocity / 127
    dullness = DULL_AT_SOFTEST * (1 - force)
    sound = tone.wave[:, :reach] * np.float32(force**2 * (1 - dullness))
    sound += tone.dull[:, :reach] * np.float32(force**2 * dullness)
    if reach > stroke.frames:
        sound[:, stroke.frames :] *= tone.release[: reach - stroke.frames]
    if 0 < stroke.limit < reach:
        fade = min(int(CHOKE_SECONDS * rate), reach - stroke.limit)
        sound[:, stroke.limit : stroke.limit + fade] *= np.linspace(1, 0, fade, dtype=np.float32)
        sound = sound[:, : stroke.limit + fade]
    out[:, stroke.start : stroke.start + sound.shape[1]] += sound


def _tone(font: SoundFont, regions: Iterable[Region], frames: int, rate: int, *, wide: bool) -> Wave:
    """All layers of a key together, (1 or 2, up to `frames`)."""
    layers = [_layer(font, region, frames, rate) * np.float32(region.gain * HEADROOM) for region in regions]
    out = np.zeros((2 if wide else 1, max(map(len, layers))), dtype=np.float32)
    for region, layer in zip(regions, layers, strict=True):
        angle = (region.pan + 1) * np.pi / 4
        sides = (np.cos(angle), np.sin(angle)) if wide else (np.sqrt(0.5),)
        for side, share in zip(out, sides, strict=True):
            side[: len(layer)] += layer * np.float32(share)
    return out


def _dulled(wave: Wave, rate: int) -> Wave:
    """The wave with its highs averaged away, as a soft touch leaves them out."""
    taps = 2 * round(DULL_SECONDS * rate / 2) + 1
    return np.stack(
        [np.convolve(side, np.full(taps, 1 / taps, dtype=np.float32), mode="same")[: len(side)] for side in wave]
    )


def _layer(font: SoundFont, region: Region, frames: int, rate: int) -> Wave:
    """One sample at its pitch, filtered and shaped, as long as it sounds but no longer than `frames`."""
    import soxr  # slow to import, and wanted only where something sounds

    frames = min(frames, _audible(region, rate))
    pieces = _unrolled(font, region, int(frames * region.step / rate) + 2)
    stream = soxr.ResampleStream(region.step, rate, 1, dtype="float32", quality="MQ")
    sounded = [stream.resample_chunk(piece) for piece in pieces]
    wave = np.concatenate([*sounded, stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)])[:frames]
    wave = swept_lowpass(wave, lambda at: _cutoff(region, at / rate), rate, resonance=region.resonance)
    edges = np.arange(blocks(len(wave)) + 1, dtype=np.float64) * (BLOCK / rate)
    wave *= draw(_envelope(region, edges))[: len(wave)]
    return wave


def _unrolled(font: SoundFont, region: Region, frames: int) -> Iterator[Wave]:
    """The sample at its own rate in pieces, its loop repeated until `frames` are full."""
    if not region.looped:
        yield font.frames(region.start, min(region.end, region.start + frames))
        return
    head = font.frames(region.start, region.loop_end)
    loop = head[region.loop_start - region.start :]
    head -= loop.mean()  # some fonts' loops carry half their level as an offset, which thumps at both ends of a note
    yield head[:frames]
    missing = frames - len(head)
    if missing > 0:
        piece = np.tile(loop, -(-min(missing, PIECE) // len(loop)))
        for start in range(0, missing, len(piece)):
            yield piece[: missing - start]


def _audible(region: Region, rate: int) -> int:
    """Frames until the decay has fallen to silence."""
    if region.sustain < SILENCE_DB:
        return 2**62
    return int((region.attack + region.hold + region.decay * SILENCE_DB / 100) * rate)


def _envelope(region: Region, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Level of the volume envelope: a straight attack, then a fall in even decibels to the sustain level."""
    fallen = np.maximum(0, seconds - region.attack - region.hold) * (100 / region.decay)
    level = 10 ** (-np.minimum(fallen, region.sustain) / 20)
    return np.asarray(level * np.minimum(1, (seconds + 1e-4) / (region.attack + 1e-4)))


def _cutoff(region: Region, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cutoff in Hz as the filter's envelope moves it."""
    attack, hold, decay = region.sweep_times
    fallen = np.maximum(0, seconds - attack - hold) / decay
    opened = np.minimum(1, (seconds + 1e-4) / (attack + 1e-4)) * np.maximum(region.sweep_sustain, 1 - fallen)
    return np.asarray(8.176 * 2 ** (np.clip(region.cutoff + region.sweep * opened, 1500, 14000) / 1200))


def _release(regions: Iterable[Region], rate: int) -> Wave:
    """The fall after a note's end, in even decibels, bent so that it ends at nothing."""
    seconds = max(region.release for region in regions) * HEARD
    frames = int(min(max(seconds, SHORTEST_RELEASE), LONGEST_RELEASE) * rate)
    fall = 10 ** (-3 * np.arange(frames) / frames)
    return np.asarray((fall - 1e-3) / (1 - 1e-3), dtype=np.float32)
