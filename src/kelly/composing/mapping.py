"""Mapping: from a feeling to the numbers that music is made with.

Formulas 1 to 5 are the contract with the user and fixed; the further mappings are defaults. A user's own tempo, key or
mode always wins; that is settled in `plan`, not here. Conventions: tempo in quarter notes a minute, velocity 0..127,
register as a MIDI pitch, melodic range in semitones, everything else 0..1 unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from kelly.emotion.space import Emotion
from kelly.errors import UsageError

__all__ = ["Parameters", "mode", "parameters", "resonance", "reward", "tempo", "velocity"]

GATES = {"staccato": 0.5, "marcato": 0.75, "tenuto": 0.92, "legato": 1.0}


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a feeling asks of the music.

    tempo (BPM), velocity (60..127), mode; complexity, dissonance, legato, syncopation, leap, rest, space and reverb
    (0..1); register (MIDI pitch the melody centres on), melodic_range (semitones), density (0..1, of what the rhythm
    could hold), sevenths and ninths (whether chords carry them), articulation (staccato, marcato, legato or tenuto).
    """

    tempo: float
    velocity: float
    mode: str
    complexity: float
    dissonance: float
    legato: float
    register: float
    density: float
    syncopation: float
    melodic_range: float
    leap: float
    rest: float
    space: float
    reverb: float
    sevenths: bool
    ninths: bool
    articulation: str

    @property
    def gate(self) -> float:
        """The share of its written length, in 0..1, that a note sounds in this articulation."""
        return GATES[self.articulation]

    def as_dict(self) -> dict[str, float | str | bool]:
        """The parameters by name, numbers rounded to 1e-3, as reports keep them."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


def tempo(arousal: float) -> float:
    """Formula 1: tempo = 60 + 120 arousal, in 60..180 BPM for arousal in 0..1."""
    return 60 + 120 * arousal


def velocity(dominance: float) -> float:
    """Formula 2: velocity = 60 + 67 dominance, in 60..127 for dominance in 0..1."""
    return 60 + 67 * dominance


def mode(valence: float, arousal: float) -> str:
    """Formula 3: the mode; its third is major if valence > 0, minor otherwise."""
    if valence > 0.5:
        return "lydian" if arousal > 0.7 else "ionian" if arousal > 0.4 else "mixolydian"
    if valence > 0:
        return "mixolydian" if arousal > 0.5 else "ionian"
    if valence > -0.5:
        return "dorian" if arousal > 0.5 else "aeolian"
    return "phrygian" if arousal > 0.7 else "aeolian"


def reward(expression: float, catharsis: float, narrative: float, flow: float) -> float:
    """Formula 4: .4 E + .3 C + .2 N + .1 F of measured components in 0..1.

    Raises UsageError when a component is outside 0..1 (or not measured: NaN).
    """
    _fractions(expression=expression, catharsis=catharsis, narrative=narrative, flow=flow)
    return 0.4 * expression + 0.3 * catharsis + 0.2 * narrative + 0.1 * flow


def resonance(hrv_change: float, eda_change: float, valence: float, coherence: float) -> float:
    """Formula 5: .3 dHRV + .2 dEDA + .3 v + .2 c with v = (V + 1) / 2, held in 0..1.

    Parameters: hrv_change and eda_change, fractions of the person's range in -1..1 (eda_change = previous - new, so
    that a drop is good); valence in -1..1; coherence in 0..1. Raises UsageError when one is outside its range (or not
    measured: NaN).
    """
    for name, change in (("hrv_change", hrv_change), ("eda_change", eda_change), ("valence", valence)):
        if not -1 <= change <= 1:
            raise UsageError(f"{name} must lie in -1..1; got {change!r}")
    _fractions(coherence=coherence)
    total = 0.3 * hrv_change + 0.2 * eda_change + 0.3 * (valence + 1) / 2 + 0.2 * coherence
    return min(max(total, 0.0), 1.0)


def _fractions(**components: float) -> None:
    for name, value in components.items():
        if not 0 <= value <= 1:
            raise UsageError(f"{name} must be measured and lie in 0..1; got {value!r}")


def parameters(feeling: Emotion) -> Parameters:
    """All parameters of a feeling, by the five formulas and the further mappings of the domain page."""
    v, a, d, strength = *feeling.vad, feeling.intensity
    return Parameters(
        tempo=tempo(a),
        velocity=velocity(d),
        mode=mode(v, a),
        complexity=0.3 + 0.4 * a + 0.3 * strength,
        dissonance=min(1.0, 0.2 + 0.3 * abs(v) + 0.3 * (1 - d)),
        legato=0.7 - 0.4 * a,
        register=60 + 12 * v + 6 * a,
        density=0.3 + 0.7 * a,
        syncopation=0.2 + 0.4 * a + 0.2 * (1 - d),
        melodic_range=12 + 12 * a,
        leap=0.2 + 0.3 * a,
        rest=0.1 + 0.2 * (1 - a),
        space=0.5 - 0.3 * a + 0.2 * max(0.0, -v),
        reverb=0.3 + 0.4 * (1 - a),
        sevenths=abs(v) > 0.6,
        ninths=a > 0.7,
        articulation=_articulation(a, d),
    )


def _articulation(arousal: float, dominance: float) -> str:
    """Staccato or marcato when aroused (the weightier when in control), legato when calm, tenuto between."""
    if arousal > 0.7:
        return "marcato" if dominance > 0.5 else "staccato"
    return "legato" if arousal < 0.3 else "tenuto"
