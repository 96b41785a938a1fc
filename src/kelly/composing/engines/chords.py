"""Chords: which harmony sounds when.

Conventions: times in beats from the section's start; symbols are absolute (pitch classes), numerals relative to the
tonic. Decides the harmonic rhythm (from tempo and energy), extensions (from the feeling's sevenths and ninths, genre
and complexity), substitutions in returning sections, and how phrases and the song close. Leaves the choice of the
progression to the plan (a user's own wins), the voicing to the composer, the comping to `rhythm`.
"""

from __future__ import annotations

from dataclasses import replace

from numpy.random import Generator

from kelly.composing.chance import chance
from kelly.composing.context import BAR, Chord, Context
from kelly.composing.neural.harmony import reharmonised
from kelly.composing.progressions import progression
from kelly.composing.theory import ChordSymbol, Key, numeral, parse_numeral

__all__ = ["play"]

SEVENTH_GENRES = ("jazz", "lo-fi")
# What leads back to the tonic in each mode: its dominant, or the chord that does a dominant's work.
DOMINANTS = {"ionian": "V", "lydian": "V", "mixolydian": "bVII", "dorian": "V", "aeolian": "V", "phrygian": "bII"}
RELATIVES = {"I": "vi", "IV": "ii", "i": "bVI", "iv": "bVI", "bIII": "i", "vi": "IV"}


def play(context: Context, rng: Generator) -> list[Chord]:
    """Write the harmony of one section.

    Parameters: context, the section with its feeling and figures; rng, this engine's own stream.
    Returns: chords in time order that fill the section without gap or overlap, not yet voiced.
    """
    symbols, own = _material(context)
    if not own:
        drawing = context.stream("neural harmony")
        symbols = reharmonised(symbols, context.key, context.feeling, context.plan.neural, drawing)
    row = _timed(symbols, context)
    if not own:
        row = _closed(_substituted(row, context, rng), context)
        colours = {symbol: _extended(symbol, context, rng) for symbol in dict.fromkeys(c.symbol for c in row)}
        row = [replace(chord, symbol=colours[chord.symbol]) for chord in row]
    tonic = context.key.tonic
    return [replace(chord, numeral=numeral(chord.symbol, tonic)) for chord in _phrased(row)]


def _material(context: Context) -> tuple[tuple[ChordSymbol, ...], bool]:
    """The chords that the section turns over, and whether they are the user's own."""
    own = context.plan.progressions
    role = context.section.role
    nearest = "chorus" if role in ("chorus", "drop", "pre-chorus", "build") else "verse"
    for name in (role, nearest):
        if name in own:
            return progression(own[name], context.key.tonic), True
    row = context.section.figures["progression"]
    return progression(row, context.key.tonic), False


def _timed(symbols: tuple[ChordSymbol, ...], context: Context) -> list[Chord]:
    """One chord a bar; two bars a chord where bars are short and the section is calm."""
    length = BAR * (2 if _slow_harmony(context, len(symbols)) else 1)
    end = context.section.beats
    starts = [i * length for i in range(int(-(-end // length)))]
    return [Chord(start, min(length, end - start), symbols[i % len(symbols)]) for i, start in enumerate(starts)]


def _slow_harmony(context: Context, chords: int) -> bool:
    fast_bars = context.parameters.tempo * context.section.pulse > 132 and context.energy < 0.65
    still = context.feeling.arousal < 0.2 and context.energy < 0.5
    return chords <= 4 and context.section.bars >= 8 and (fast_bars or still)


def _substituted(row: list[Chord], context: Context, rng: Generator) -> list[Chord]:
    """When a section comes back, a chord inside a phrase may give way to its relative."""
    if context.section.occurrence == 0:
        return row
    tonic = context.key.tonic
    likely = 0.35 * context.plan.complexity
    changed = []
    for i, chord in enumerate(row):
        relative = RELATIVES.get(numeral(chord.symbol, tonic))
        if i % 4 in (1, 2) and relative and chance(likely, rng):
            symbol = parse_numeral(relative, tonic)
            chord = replace(chord, symbol=symbol) if _fits(symbol, context.key) else chord  # noqa: PLW2901
        changed.append(chord)
    return changed


def _fits(symbol: ChordSymbol, key: Key) -> bool:
    return set(symbol.pitch_classes) <= set(key.scale)


def _closed(row: list[Chord], context: Context) -> list[Chord]:
    """The last chord leads on to the next section, or brings the song home."""
    if context.plan.is_loop or len(row) < 2:
        return row
    home = "i" if context.key.minor else "I"
    goal = home if context.next is None else DOMINANTS[context.key.mode]
    if context.next is not None and context.next.role in ("verse", "outro"):
        return row
    *body, last = row
    if goal == home and body[-1].symbol.root == context.key.tonic:
        before = parse_numeral(DOMINANTS[context.key.mode], context.key.tonic)
        body[-1] = replace(body[-1], symbol=before)
    return [*body, replace(last, symbol=parse_numeral(goal, context.key.tonic))]


def _extended(symbol: ChordSymbol, context: Context, rng: Generator) -> ChordSymbol:
    """A chord with the seventh or ninth that the feeling, the genre and the complexity want; the same all section."""
    wanted = context.parameters
    idiom = context.plan.genre.name in SEVENTH_GENRES
    likely = 0.75 if idiom else 0.45 * context.plan.complexity if wanted.sevenths else 0.0
    seventh, ninth = chance(likely, rng), chance(0.5 * likely if wanted.ninths or idiom else 0.0, rng)
    if symbol.quality not in ("", "m") or not seventh:
        return symbol
    return replace(symbol, quality=_with_seventh(symbol, context.key, ninth=ninth))


def _with_seventh(symbol: ChordSymbol, key: Key, *, ninth: bool) -> str:
    figure = "9" if ninth and (symbol.root + 2) % 12 in key.scale else "7"
    if symbol.minor:
        return "m" + figure
    # A minor seventh on the tonic of a mixolydian mode would turn it into a dominant: keep it for V alone.
    major = (symbol.root + 11) % 12 in key.scale or symbol.root == key.tonic
    return ("maj" if major else "") + figure


def _phrased(row: list[Chord]) -> list[Chord]:
    """The chord that ends every phrase of four bars is marked as its cadence."""
    return [replace(chord, cadence=chord.end % (4 * BAR) == 0 or chord is row[-1]) for chord in row]
