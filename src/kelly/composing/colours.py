"""Colours of feelings: what a piano roll is painted with.

Conventions: valence turns the hue from blue (unpleasant) over rose to gold (pleasant), arousal raises lightness and
chroma from dim to glowing. Blue and gold differ for every common kind of colour blindness, and lightness carries
arousal without any hue. Colours are sRGB in 0..1, made for a dark ground; steps are even in OKLCH (Ottosson, 2020).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["GROUND", "colour", "colours"]

GROUND = (0.063, 0.071, 0.094)
BLUE, GOLD = 258.0, 447.0  # hues in degrees; the way leads upwards, over rose (350)

# OKLab to cube roots of cone responses, and cone responses to linear sRGB (Ottosson, "A perceptual color space", 2020).
_TO_CONES = np.array(
    [[1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728], [1.0, -0.0894841775, -1.2914855480]]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)

Array = npt.NDArray[np.float64]


def colour(valence: float, arousal: float) -> tuple[float, float, float]:
    """The colour of one feeling: valence in -1..1, arousal in 0..1."""
    red, green, blue = colours(np.array(valence), np.array(arousal)).tolist()
    return red, green, blue


def colours(valence: npt.ArrayLike, arousal: npt.ArrayLike) -> Array:
    """The colours of many feelings: valence and arousal of one shape give an array (*shape, 3) of red, green, blue."""
    v, a = np.broadcast_arrays(np.asarray(valence, dtype=np.float64), np.asarray(arousal, dtype=np.float64))
    hue = np.radians(BLUE + (GOLD - BLUE) * (v + 1) / 2)
    # Gold glows where it is light, blue where it is not: pale blue would be grey.
    lightness = 0.59 + (0.15 + 0.06 * v) * a + 0.03 * v
    chroma = (0.05 + 0.14 * a) * (0.75 + 0.25 * np.abs(v))
    return _shown(lightness, chroma, hue)


def _shown(lightness: Array, chroma: Array, hue: Array) -> Array:
    """OKLCH as sRGB; where that leaves the screen's range, with as much chroma as it holds."""
    low, high = np.zeros_like(chroma), chroma
    inside = _inside(_linear(lightness, chroma, hue))
    for _ in range(12):
        middle = (low + high) / 2
        fits = _inside(_linear(lightness, middle, hue))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    rgb = np.clip(_linear(lightness, np.where(inside, chroma, low), hue), 0, 1)
    return np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)


def _linear(lightness: Array, chroma: Array, hue: Array) -> Array:
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
    return np.asarray((lab @ _TO_CONES.T) ** 3 @ _TO_RGB.T)


def _inside(rgb: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(np.all((rgb >= -1e-4) & (rgb <= 1 + 1e-4), axis=-1))
