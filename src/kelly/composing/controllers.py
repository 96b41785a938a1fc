"""Controllers: volume, pan, reverb, vibrato and pedal, as a player would set them.

Conventions: controls in beats from the section's start; CC 1 vibrato, 7 volume, 10 pan, 11 expression, 64 pedal, 74
brightness (64 as the instrument is), 91 reverb send. Loudness over time (CC 11) is the work of `engines.dynamics`.
"""

from __future__ import annotations

from collections.abc import Iterable

from kelly.composing.context import Chord, Context
from kelly.composing.mapping import Parameters
from kelly.composing.tables import Instrument, PartRow
from kelly.score.notes import Control, Note

__all__ = ["BRIGHTNESS", "EXPRESSION", "merged", "pedal", "setting", "vibrato"]

MODULATION, VOLUME, PAN, EXPRESSION, PEDAL, BRIGHTNESS, REVERB = 1, 7, 10, 11, 64, 74, 91
PEDALLED = (0, 1, 4, 5, 11, 46)  # pianos, electric pianos, vibraphone and harp ring on under a pedal
BOWED_OR_BLOWN = range(40, 80)
FULL = 100  # expression until `engines.dynamics` says otherwise
LIFT = 0.05  # beats the pedal is up between two chords


def setting(row: PartRow, wanted: Parameters) -> list[Control]:
    """How a part's channel is set up at the start of the song."""
    reverb = 0 if row.part == "bass" else round(100 * wanted.reverb * (0.5 if row.part in ("drums", "fills") else 1))
    values = ((VOLUME, row.volume), (PAN, row.pan), (EXPRESSION, FULL), (REVERB, min(reverb, 127)))
    return [Control(0.0, controller, value) for controller, value in values]


def pedal(
    instrument: Instrument, chords: Iterable[Chord], notes: tuple[Note, ...], wanted: Parameters
) -> list[Control]:
    """The sustain pedal under a part's chords: down with each chord, up just before the next.

    Only for instruments that have one, and only where the feeling plays legato.
    """
    if instrument.program not in PEDALLED or wanted.legato < 0.5 or not notes:
        return []
    controls = []
    for chord in chords:
        if any(chord.onset <= note.onset < chord.end for note in notes):
            controls += [Control(chord.onset + LIFT, PEDAL, 127), Control(chord.end - LIFT, PEDAL, 0)]
    return controls


def vibrato(context: Context) -> list[Control]:
    """Vibrato of bowed and blown instruments, deeper the more intense the feeling; one value a section."""
    if context.layer is None or context.instrument.program not in BOWED_OR_BLOWN:
        return []
    depth = round(20 + 50 * context.feeling.intensity * (0.4 + 0.6 * context.energy))
    return [Control(0.0, MODULATION, depth)]


def merged(shaped: Iterable[Control], seam: tuple[Control, ...]) -> list[Control]:
    """A part's own controls, in which those of a transition take over from where they start."""
    starts = {c.controller: c.onset for c in reversed(seam)}
    kept = [c for c in shaped if c.onset < starts.get(c.controller, float("inf"))]
    return [*kept, *seam]
