"""From a score to audio.

Conventions: times in the score are beats, in here frames; waves are float32 (2, frames). Parts are played one by one
into the mix, so memory does not grow with their number; the room is shared. Instruments that a SoundFont holds much
louder or softer than the rest are brought nearer to it. A mastered mix has a loudness of -16 LUFS
and a true peak below -1 dB; stems are left at the level they have in the unmastered mix, of which they are exact
addends. Decides what a part goes through; how notes sound is `sampler`'s, what controllers mean `controllers`'.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from kelly.errors import SoundError, UsageError
from kelly.score.notes import Part, Score
from kelly.sound import controllers
from kelly.sound.audio import Audio
from kelly.sound.effects import Effects, coloured, driven, with_room_noise
from kelly.sound.filtering import BLOCK, Wave, add_scaled, blocks, warped
from kelly.sound.loudness import integrated, limited, normalise
from kelly.sound.reverb import add_reverberation, tail
from kelly.sound.sampler import Stroke, perform
from kelly.sound.sf2 import DRUM_BANK, SoundFont
from kelly.sound.soundfont import find

__all__ = ["Wishes", "each_stem", "mix", "render", "stems"]

RATES = (8000, 192000)
LONGEST_MINUTES = 60
RELEASE_SECONDS = 1.5
FADE_SECONDS = 1.0
# Loudness towards which a struck key is brought, by what share of its distance, and how far at most.
COMMON_LUFS, BROUGHT, FARTHEST_DB = -29.0, 0.6, 6.0
TRIAL_SECONDS, TRIAL_VELOCITY = 0.5, 90


class Wishes(TypedDict, total=False):
    """How a score is to sound; all optional.

    soundfont, the .sf2 to play (None: as `soundfont.find` chooses); rate, frames a second (8000..192000, default
    44100); effects, what the production rule-breaks ask for (default none); room, the hall's size in 0..1 (default
    0.5).
    """

    soundfont: str | os.PathLike[str] | None
    rate: int
    effects: Effects | None
    room: float


def render(score: Score, **wishes: Unpack[Wishes]) -> Audio:
    """Sound a score as a finished stereo mix.

    Parameters: score; wishes, the fields of `Wishes`.
    Returns: 16-bit-safe audio of -16 LUFS (less where the limiter holds peaks), true peak below -1 dB, with a faded
    tail.

    Raises: SoundError, no note to sound, longer than an hour, or no usable SoundFont; FileError, the SoundFont cannot
    be read; UsageError, `rate` or `room` out of range.
    """
    wanted = wishes.get("effects") or Effects()
    audio = normalise(mix(score, **wishes))
    if wanted.drive:
        audio = normalise(driven(audio, wanted))
    return _faded(limited(with_room_noise(audio, wanted)))


def mix(score: Score, **wishes: Unpack[Wishes]) -> Audio:
    """The unmastered stereo mix: all parts and the room, nothing normalised. Parameters and errors as `render`.

    Of the effects only mud and width are heard: distortion and room noise belong to the finished whole.
    """
    stage = _Stage(score, **wishes)
    sides, send = stage.empty()
    for part in stage.sounding:
        stage.play(part, sides, send)
    return stage.finished(sides, send)


def each_stem(score: Score, **wishes: Unpack[Wishes]) -> Iterator[tuple[str, Audio]]:
    """Name and audio of every part that has notes, one at a time; together they are `mix`.

    Parameters and errors as `mix`.
    """
    stage = _Stage(score, **wishes)
    for part in stage.sounding:
        sides, send = stage.empty()
        stage.play(part, sides, send)
        yield part.name, stage.finished(sides, send)


def stems(score: Score, **wishes: Unpack[Wishes]) -> dict[str, Audio]:
    """All of `each_stem` at once; parts of one name are added. Parameters and errors as `mix`."""
    found: dict[str, Audio] = {}
    for name, audio in each_stem(score, **wishes):
        found[name] = Audio(found[name].samples + audio.samples, audio.rate) if name in found else audio
    return found


class _Stage:
    """A score about to be played: its parts, font and length in frames."""

    def __init__(
        self,
        score: Score,
        *,
        soundfont: str | os.PathLike[str] | None = None,
        rate: int = 44100,
        effects: Effects | None = None,
        room: float = 0.5,
    ) -> None:
        font = SoundFont(find(soundfont))
        if not RATES[0] <= rate <= RATES[1]:
            raise UsageError(f"the rate must lie in {RATES[0]}..{RATES[1]} frames a second; got {rate}")
        if not 0 <= room <= 1:
            raise UsageError(f"the room's size must lie in 0..1; got {room}")
        self.score, self.font, self.rate, self.effects, self.room = score, font, rate, effects or Effects(), room
        self.sounding = [part for part in score.parts if part.notes]
        if not self.sounding:
            raise SoundError("nothing to render: the score has no notes")
        seconds = score.duration
        if not 0 <= seconds <= 60 * LONGEST_MINUTES:
            raise SoundError(f"at most {LONGEST_MINUTES} minutes are rendered; the score lasts {seconds / 60:.1f}")
        self.blocks = blocks((seconds + RELEASE_SECONDS + tail(room)) * rate)

    def empty(self) -> tuple[Wave, Wave]:
        """A silent mix (2, frames) and a silent send to the room (frames,)."""
        return np.zeros((2, self.blocks * BLOCK), dtype=np.float32), np.zeros(self.blocks * BLOCK, dtype=np.float32)

    def frames(self, beats: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Beats as frames, not rounded."""
        return self.score.seconds(beats) * self.rate

    def play(self, part: Part, sides: Wave, send: Wave) -> None:
        """Add a part to the mix and to the room's send."""
        waves = [controllers.brightened(wave, part, self.frames, self.rate) for wave in self._performed(part)]
        level = self._trim(part) * controllers.level(part, self.blocks, self.frames)
        places = controllers.places(part, self.blocks, self.frames)
        for side, own, place in zip(sides, (waves[0], waves[-1]), places, strict=True):
            add_scaled(side, own, level * place)
        amount = controllers.send(part, self.blocks, self.frames)
        if np.any(amount):
            for wave in waves:
                add_scaled(send, wave, level * amount / len(waves))

    def finished(self, sides: Wave, send: Wave) -> Audio:
        """The mix with the room's answer, and with what the effects do to each part alike."""
        if np.any(send):
            add_reverberation(sides, send, self.room, self.rate)
        return coloured(Audio(sides, self.rate), self.effects)

    def _trim(self, part: Part) -> float:
        """The gain that brings an instrument nearer to the others: within one font they differ by 20 dB."""
        if part.is_drums:
            return 1.0
        key = sorted(note.pitch for note in part.notes)[len(part.notes) // 2]
        frames = int(TRIAL_SECONDS * self.rate)
        wave = perform(self.font, (0, part.program), [Stroke(0, frames, key, TRIAL_VELOCITY)], frames, self.rate)
        loudness = integrated(Audio(wave, self.rate).mono)
        wanted = BROUGHT * (COMMON_LUFS - loudness) if np.isfinite(loudness) else 0.0
        return float(10 ** (min(max(wanted, -FARTHEST_DB), FARTHEST_DB) / 20))

    def _performed(self, part: Part) -> list[Wave]:
        """The part's notes with bends and vibrato: one or two waves (frames,)."""
        preset = DRUM_BANK if part.is_drums else 0, part.program
        places = controllers.bent(part, self.blocks, self.frames, self.rate)
        if places is None:
            return list(perform(self.font, preset, self._strokes(part, self.frames), self.blocks * BLOCK, self.rate))

        def moved(beats: npt.ArrayLike) -> npt.NDArray[np.float64]:
            return np.interp(self.frames(beats) / BLOCK, np.arange(len(places)), places)

        wave = perform(self.font, preset, self._strokes(part, moved), int(places[-1]) + BLOCK, self.rate)
        return [warped(channel, places) for channel in wave]

    @staticmethod
    def _strokes(part: Part, frames: controllers.Frames) -> list[Stroke]:
        held = controllers.held(part)
        starts = np.rint(frames([note.onset for note, _ in held])).astype(int)
        stops = np.rint(frames([end for _, end in held])).astype(int)
        return [
            Stroke(max(0, start), max(1, stop - start), note.pitch, note.velocity)
            for (note, _), start, stop in zip(held, starts.tolist(), stops.tolist(), strict=True)
        ]


def _faded(audio: Audio) -> Audio:
    """The audio with its last second faded out."""
    frames = min(int(FADE_SECONDS * audio.rate), audio.samples.shape[1])
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(frames) + 1) / frames)
    audio.samples[:, audio.samples.shape[1] - frames :] *= fade.astype(np.float32)
    return audio
