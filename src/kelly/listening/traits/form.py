"""Form: how a piece changes from window to window, and how much of it comes again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kelly.listening.traits.counts import Traits
from kelly.listening.traits.sounded import Sounded

__all__ = ["measure"]

Floats = npt.NDArray[np.float64]
WIDTH, HOP, FEWEST = 8.0, 4.0, 4
SPAN = 16  # steps of the grid that are compared with the others
OF = ("density", "pitch", "velocity", "length")


def measure(piece: Sounded) -> Traits:
    """The traits of form."""
    rows = [_window(piece, chosen) for chosen in piece.windows(WIDTH, HOP) if chosen.sum() >= FEWEST]
    windows = np.array(rows) if rows else np.zeros((1, len(OF)))
    place = np.linspace(-1, 1, len(windows)) if len(windows) > 1 else np.zeros(1)
    told: Traits = {"seconds, log": float(np.log2(piece.length)), **_repetition(piece)}
    for name, values in zip(OF, windows.T, strict=True):
        told[f"{name} from window to window"] = float(values.std())
        told[f"{name} slope"] = float((place * values).mean())
        told[f"{name} reach"] = float(np.ptp(values))
    return told


def _window(piece: Sounded, chosen: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    lengths = np.log2(np.maximum(piece.durations[chosen], 0.02))
    means = (values[chosen].mean() for values in (piece.pitches, piece.velocities))
    return (chosen.sum() / WIDTH, *map(float, means), float(lengths.mean()))


def _repetition(piece: Sounded) -> Traits:
    """How alike the pitch classes of any two stretches of two seconds are (cosine)."""
    classes = np.stack([piece.grid[:, i::12].sum(1) for i in range(12)], 1)
    spans = classes[: len(classes) // SPAN * SPAN].reshape(-1, SPAN, 12).sum(1)
    if len(spans) < 4:
        return {"likeness mean": 1.0, "likeness sd": 0.0, "likeness to the next": 1.0}
    unit = spans / np.maximum(np.linalg.norm(spans, axis=1, keepdims=True), 1e-9)
    alike = unit @ unit.T
    pairs = alike[np.triu_indices(len(alike), 1)]
    return {
        "likeness mean": float(pairs.mean()),
        "likeness sd": float(pairs.std()),
        "likeness to the next": float(np.diag(alike, 1).mean()),
    }
