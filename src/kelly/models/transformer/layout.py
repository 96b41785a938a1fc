"""Layout: the words that the transformer reads and writes, and what it is told beside them.

Conventions: a word is a row of the numbers of `FIELDS`, as `kelly.score.tokens` counts them (0: says nothing), and of a
family of `FAMILIES`. A piece is

    part ... [after bar ...] begin bar ... end

The parts come first, in order of seat. What comes after the bars that are to be written stands before them, as its
bars; then `begin`, the bars that are there already, and what is written. A bar is a word and the notes that begin in it
in order of position, seat and pitch; where some parts are given, their notes come first, then `turn`, then the others'.
All is told with the tonic at C: pitches are moved by up to half an octave either way.

Seats are roles (`ROLES`), so that a word says what it is for: a piano that plays all is `keys`, a band's guitar or
brass one of the seats after it.

Beside each word the network is told of the bar that it stands in, and of the next: the feeling (an emotion code, and
how far the next bar's lies from it), four chords a bar, each a class of `kelly.models.harmony.classes` and 1, and how
many bars are left, with this one, to be written. What is not known is 0, or `kelly.emotion.code.UNKNOWN`.
"""

from __future__ import annotations

from types import MappingProxyType

from kelly.models.harmony.classes import CLASSES
from kelly.score import tokens

__all__ = [
    "AFTER",
    "AFTER_BARS",
    "BAR",
    "BEGIN",
    "CHORDS",
    "END",
    "FAMILIES",
    "FIELDS",
    "LEFT",
    "NOTE",
    "PART",
    "ROLES",
    "SEATS",
    "SIZES",
    "SLOTS",
    "TURN",
    "USED",
]

FAMILIES = ("end", "part", "after", "begin", "bar", "turn", "note")
END, PART, AFTER, BEGIN, BAR, TURN, NOTE = range(len(FAMILIES))
# In the order in which they are told: each knows those before it.
FIELDS = ("family", "seat", "position", "pitch", "duration", "velocity", "tempo", "meter")
SIZES = MappingProxyType({name: tokens.SIZES[name] for name in FIELDS} | {"family": len(FAMILIES)})
USED = MappingProxyType(
    {PART: ("seat", "pitch"), BAR: ("tempo", "meter"), NOTE: ("seat", "position", "pitch", "duration", "velocity")}
)
ROLES = ("melody", "chords", "bass", "counter", "pad", "strings", "drums", "keys")
SEATS = MappingProxyType({role: seat for seat, role in enumerate(ROLES, 1)})
SLOTS = 4  # chords of a bar
CHORDS = CLASSES + 1
LEFT = 32  # bars left, at most that are told
AFTER_BARS = 4  # of those that come after what is to be written, at most that are told
