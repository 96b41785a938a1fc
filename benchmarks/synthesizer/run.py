"""Is it in tune? symusic's synthesizer and Kelly's sampler on the same SoundFont (ADR 0003).

One note of 28 instruments at four keys each; the pitch is the strongest partial's frequency nearest to a whole multiple
of what was asked, in cents. Needs the extra `dev` (symusic). Run: python benchmarks/synthesizer/run.py
"""

import numpy as np
import symusic

from kelly.score.notes import Note, Part, Score
from kelly.sound import soundfont
from kelly.sound.render import mix

RATE = 44_100
PROGRAMS = (
    *(0, 4, 5, 11, 24, 25, 27, 30, 33, 39, 40, 42, 46, 48),
    *(49, 52, 56, 61, 65, 68, 71, 73, 80, 81, 88, 89, 92, 95),
)
KEYS = (48, 60, 69, 76)


def cents(samples: np.ndarray, asked: float) -> float:
    """How far (cents, absolute) the strongest of the first six partials lies from where it should."""
    window = samples[0, RATE // 10 : RATE * 3 // 2]
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window)), 1 << 20))
    peak = spectrum[100:].argmax() + 100
    frequency = peak * RATE / (1 << 20)
    partial = max(1, round(frequency / asked))
    return abs(1200 * np.log2(frequency / (partial * asked))) if partial <= 6 else 1200.0


def by_symusic(synthesizer: "symusic.Synthesizer", program: int, key: int) -> np.ndarray:
    """Two seconds of a note, from symusic."""
    score = symusic.Score(480)
    track = symusic.Track("note", program=program)
    track.notes.append(symusic.Note(0, 1920, key, 100))
    score.tracks.append(track)
    return np.asarray(synthesizer.render(score, stereo=True))


def by_kelly(program: int, key: int) -> np.ndarray:
    """Two seconds of a note, from Kelly."""
    return mix(Score((Part("note", 0, program, (Note(0.0, 4.0, key, 100),)),))).samples


def main() -> None:
    """Print how many notes are more than 50 cents out of tune, and the medians."""
    synthesizer = symusic.Synthesizer(sf_path=str(soundfont.find()), sample_rate=RATE)
    notes = [(program, key, 440 * 2 ** ((key - 69) / 12)) for program in PROGRAMS for key in KEYS]
    theirs = np.array([cents(by_symusic(synthesizer, p, k), f) for p, k, f in notes])
    ours = np.array([cents(by_kelly(p, k), f) for p, k, f in notes])
    print(f"{len(notes)} notes, {soundfont.find().name}")
    for name, errors in (("symusic " + "0.5.9", theirs), ("Kelly", ours)):
        print(
            f"{name}: {np.mean(errors > 50):.0%} more than 50 cents out of tune, median {np.median(errors):.1f} cents"
        )


if __name__ == "__main__":
    main()
