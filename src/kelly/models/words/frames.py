"""Frames: a lone word says little to a sentence encoder, so it is read in several short frames."""

from __future__ import annotations

__all__ = ["FRAMES", "frames"]

FRAMES = ("{}", "the word {}", "how does {} make you feel", "people think of {} as")


def frames(text: str) -> list[str]:
    """The forms in which a tidied text is read: a lone word in all frames, any other text as it is."""
    return [frame.format(text) for frame in FRAMES] if text.isalpha() else [text]
