"""Short sounds for small corpora."""

import numpy as np
import soundfile


def tone(path, seconds=0.25, rate=8000, channels=1, frequency=440.0):
    """Write a tone, louder on each further channel; its kind is told by the path's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.2 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)
    soundfile.write(path, np.stack([wave * (n + 1) for n in range(channels)], axis=1), rate)
    return path
