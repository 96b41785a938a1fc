"""Tokens: how fast a score becomes words and a score again, beside MidiTok, and whether it comes back whole.

Conventions: one core; a file is read once before the clock runs, each library into its own kind of score. MidiTok's
compound words (`CPWord`) hold bars, positions in steps of an eighth of a beat, pitch, velocity, duration and tempo of
one track (it makes a row of words a track; all rows count); Kelly's hold all tracks in one row, with their meter, in
steps of a twelfth. Speed is notes a second, the best of three passes over all files. A round trip is whole when the
words of what comes back are the same words again.

    pip install 'kelly-music[bench]'
    python benchmarks/tokens/run.py ROOT [--files 60] [--keep DATE]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import miditok
import numpy as np
import symusic

sys.path.insert(0, str(Path(__file__).parents[1]))

from results import asked, corpora, parsed, publish, table

from kelly.errors import KellyError
from kelly.score import midi, tokens
from kelly.score.notes import Score

CORPORA = {
    "pop909": "pop909/POP909/*/*.mid",
    "asap": "asap/**/midi_score.mid",
    "mirex_mood": "mirex_mood/MIDIs/*.mid",
    "nottingham": "nottingham/MIDI/*.mid",
    "vgmidi": "vgmidi/labelled/midi/*.mid",
    "emopia": "emopia/midis/*.mid",
    "groove": "groove/drummer*/*/*.mid",
}
PASSES = 3


def main() -> None:
    """Measure and print."""
    parser = asked(__doc__, files=60)
    corpora(parser)
    options = parsed(parser)
    rows, whole, count, refused = [], 0, 0, 0
    for corpus, pattern in CORPORA.items():
        found = sorted(options.root.glob(pattern))
        paths = found[:: max(1, len(found) // options.files)][: options.files]
        scores, others = [], []
        for path in paths:
            score = midi.read(path)
            try:
                tokens.encode(score)
            except KellyError:  # bars of more than eight beats, more than sixteen parts
                refused += 1
                continue
            scores.append(score)
            others.append(symusic.Score(path))
        notes = sum(len(part.notes) for score in scores for part in score.parts)
        rows.append([corpus, len(scores), notes, *ours(scores, notes), *theirs(others, notes)])
        whole += sum(map(comes_back, scores))
        count += len(scores)
    head = ("corpus", "files", "notes", "encode", "decode", "MidiTok: encode", "MidiTok: decode")
    lines = [
        table(head, rows),
        f"Thousands of notes a second. {whole} of {count} files come back whole; {refused} have bars of more than",
        "eight beats or more than sixteen parts and are refused.",
    ]
    publish(__file__, "\n".join(lines), options.keep)


def ours(scores: Sequence[Score], notes: int) -> tuple[float, float]:
    """Thousands of notes a second that Kelly encodes and decodes."""
    words = [tokens.encode(score) for score in scores]
    return best(lambda: [tokens.encode(one) for one in scores], notes), best(
        lambda: [tokens.decode(one) for one in words], notes
    )


def theirs(scores: Sequence[symusic.Score], notes: int) -> tuple[float, float]:
    """Thousands of notes a second that MidiTok encodes and decodes."""
    config = miditok.TokenizerConfig(use_tempos=True, use_programs=False, beat_res={(0, 16): 8}, num_velocities=32)
    tokenizer = miditok.CPWord(config)
    words = [tokenizer.encode(score) for score in scores]
    programs = [[(track.program, track.is_drum) for track in score.tracks] for score in scores]
    encoded = best(lambda: [tokenizer.encode(one) for one in scores], notes)
    rows = [row for row in zip(words, programs, scores, strict=True) if len(row[0]) == len(row[1])]
    some = sum(len(track.notes) for _, _, score in rows for track in score.tracks)
    return encoded, best(lambda: [tokenizer.decode(one, each) for one, each, _ in rows], some)


def best(work: Callable[[], object], notes: int) -> float:
    """Thousands of notes a second in the best of some passes."""
    times = []
    for _ in range(PASSES):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return notes / min(times) / 1000


def comes_back(score: Score) -> bool:
    """Whether the words of a score make a score of the same words."""
    words = tokens.encode(score)
    return bool(np.array_equal(tokens.encode(*tokens.decode(words)), words))


if __name__ == "__main__":
    main()
