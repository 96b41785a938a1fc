"""Plan: what is settled before a note is written: form, tempo, key, genre, instruments, figures and motifs.

Conventions: the journey gives the feeling of every section, the mapping turns it into parameters; a user's own tempo,
key or mode wins over both. Things with a home in (valence, arousal, dominance) are drawn by affinity, from a stream of
their own, by role: every verse of a song shares its choices as far as its feeling allows.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from kelly.composing import mapping, progressions, theory
from kelly.composing.chance import pick, sharpened, stream
from kelly.composing.context import BAR, FIRST, Plan, Revision, Section
from kelly.composing.motif import invent, transform
from kelly.composing.neural import harmony as neural_harmony
from kelly.composing.settings import WHOLE, Settings
from kelly.composing.tables import (
    Genre,
    Instrument,
    affinity,
    genre,
    genres,
    instruments,
    load_rows,
    parts,
)
from kelly.composing.theory import Key
from kelly.emotion.journey import Journey, Stretch
from kelly.emotion.space import Emotion, clipped, distance
from kelly.errors import UsageError

__all__ = ["figures", "make_plan"]

SHORTEST, LONGEST = 120.0, 180.0  # seconds of a song whose length nobody asked for


def make_plan(journey: Journey, settings: Settings, revision: Revision = FIRST) -> Plan:
    """The plan of a song for a journey under a user's settings. Pure: the same arguments give the same plan."""
    home = _home(journey)
    style = _genre(home, settings)
    tonic = _tonic(home, settings)
    scaled = journey.scaled(_bars(journey, settings))
    sections = _sections(scaled, settings, tonic, style, _turn(home), revision)
    # What all sections share follows from what is asked, so that revising one section leaves the others alone.
    opening = _sections(scaled, settings, tonic, style, _turn(home), FIRST)[0]
    first = opening.parameters
    theme = invent(first, opening.figures["contour"], stream(settings.seed, "motif"))
    hook = transform(theme, _hook(home), stream(settings.seed, "motif", "hook"))
    turn = transform(theme, "invert", stream(settings.seed, "motif", "turn"))
    return Plan(
        seed=settings.seed,
        genre=style,
        complexity=first.complexity if settings.complexity is None else settings.complexity,
        humanise=settings.humanise,
        feel=style.feel if settings.feel is None else settings.feel,
        dynamics=settings.dynamics,
        neural=settings.neural,
        improvise=settings.improvise,
        revision=revision,
        sections=sections,
        instruments=_palette(home, style, settings.seed),
        motifs={"verse": theme, "chorus": hook, "bridge": turn},
        progressions=settings.progressions,
    )


def _home(journey: Journey) -> Emotion:
    """The feeling that suits the whole song: its first, or on a way through points the one nearest to all the rest."""
    if not journey.points:
        return journey.start
    stretches = journey.arc.stretches
    felt = [journey.at(centre) for centre in journey.arc.centres()]
    apart = [
        round(math.fsum(stretch.bars * distance(one, other) for stretch, other in zip(stretches, felt, strict=True)), 6)
        for one in felt
    ]
    return felt[apart.index(min(apart))]


def _genre(feeling: Emotion, settings: Settings) -> Genre:
    """The user's genre, or one near the feeling among those that play at its tempo as it is."""
    if settings.genre is not None:
        return genre(settings.genre)
    bpm = settings.tempo or mapping.tempo(feeling.arousal)
    able = [style for style in genres().values() if style.tempo[0] <= bpm <= style.tempo[1]] or genres().values()
    weights = {style.name: affinity(feeling, style.home, 0.16) for style in able}
    return genre(pick(sharpened(weights), stream(settings.seed, "genre")))


def _pulse(bpm: float, style: Genre) -> float:
    """Half-time above the genre's tempo range, double-time below it: a genre never changes the tempo itself."""
    low, high = style.tempo
    return 0.5 if bpm > high else 2.0 if bpm < low else 1.0


def _tonic(feeling: Emotion, settings: Settings) -> int:
    """The user's tonic, or one drawn by brightness: sharper keys for pleasant feelings, flatter for unpleasant."""
    if settings.key is not None:
        return theory.parse_tonic(settings.key)
    # Steps on the circle of fifths from C (sharps positive), the usual keys of songbooks.
    centre = 2.5 * feeling.valence - 0.5
    weights = {(7 * fifths) % 12: math.exp(-((fifths - centre) ** 2) / 8) for fifths in range(-5, 6)}
    return pick(weights, stream(settings.seed, "key"))


def _bars(journey: Journey, settings: Settings) -> int:
    """Length in bars: the user's, or what lasts as long as asked, or the arc's own brought to two to three minutes."""
    if settings.bars is not None:
        return settings.bars
    own = _seconds(journey, settings)
    seconds = min(max(own, SHORTEST), LONGEST) if settings.minutes is None else 60 * settings.minutes
    bars = journey.arc.bars
    for _ in range(3):  # a form of another length spends other shares of it at its tempos
        lasting = _seconds(journey.scaled(bars), settings)
        bars = _whole_phrases(bars * seconds / lasting)
        if bars > WHOLE["bars"][1]:
            raise UsageError(
                f"a song has at most {WHOLE['bars'][1]} bars; {settings.minutes:g} minutes would take {bars}"
            )
    return bars


def _whole_phrases(bars: float) -> int:
    """The nearest number of bars, in phrases of four unless it is a loop; rounded first, so that a tie is a tie."""
    bars = round(bars, 6)
    return max(1, round(bars)) if bars <= 16 else 4 * round(bars / 4)


def _seconds(journey: Journey, settings: Settings) -> float:
    """How long the journey's arc lasts."""
    centres = zip(journey.arc.stretches, journey.arc.centres(), strict=True)
    return math.fsum(
        stretch.bars * BAR * 60 / (settings.tempo or mapping.tempo(journey.at(centre).arousal))
        for stretch, centre in centres
    )


def _sections(
    journey: Journey, settings: Settings, tonic: int, style: Genre, turn: float, revision: Revision
) -> tuple[Section, ...]:
    mode = None if settings.mode is None else theory.mode_name(settings.mode)
    flat = _written_flat(settings, Key(tonic, mode or mapping.parameters(journey.start).mode))
    sections: list[Section] = []
    start = 0.0
    for stretch, centre in zip(journey.arc.stretches, journey.arc.centres(), strict=True):
        asked = journey.at(centre)
        feeling = _leaned(asked, revision.leans.get((stretch.role, asked), (0.0, 0.0)))
        wanted = _with_wishes(_promised(feeling, asked), settings.tempo, mode)
        role = stretch.role
        sections.append(
            Section(
                index=len(sections),
                role=role,
                bars=stretch.bars,
                start=start,
                energy=stretch.energy,
                asked=asked,
                feeling=feeling,
                parameters=wanted,
                key=Key(tonic, wanted.mode, flat),
                occurrence=sum(section.role == role for section in sections),
                progress=centre,
                pulse=_pulse(wanted.tempo, style),
                figures=_choices(feeling, stretch, wanted.mode, style, settings, turn, revision),
            )
        )
        start += stretch.bars * BAR
    return tuple(sections)


def _written_flat(settings: Settings, first: Key) -> bool:
    """Whether the song's keys are written with flats: as the user wrote the tonic, else as the first key wants it."""
    accidental = (settings.key or "")[1:]
    return accidental == "b" if accidental else first.flats


def _leaned(asked: Emotion, lean: tuple[float, float]) -> Emotion:
    """A feeling with more valence and arousal."""
    return clipped(asked.valence + lean[0], asked.arousal + lean[1], asked.dominance) if any(lean) else asked


def _promised(feeling: Emotion, asked: Emotion) -> mapping.Parameters:
    """The parameters of a feeling, but for those that formulas promise for what was asked."""
    told = mapping.parameters(asked)
    return replace(mapping.parameters(feeling), tempo=told.tempo, velocity=told.velocity, mode=told.mode)


def _with_wishes(wanted: mapping.Parameters, tempo: float | None, mode: str | None) -> mapping.Parameters:
    return replace(
        wanted,
        tempo=wanted.tempo if tempo is None else tempo,
        mode=wanted.mode if mode is None else mode,
    )


@cache
def figures() -> dict[str, dict[str, tuple[float, float, float, float]]]:
    """All figures by kind: name -> home (valence, arousal, dominance) and the energy it suits."""
    table: dict[str, dict[str, tuple[float, float, float, float]]] = {}
    for row in load_rows("figures.csv"):
        home = tuple(float(row[axis]) for axis in ("valence", "arousal", "dominance", "energy"))
        table.setdefault(row["kind"], {})[row["figure"]] = home  # type: ignore[assignment]  # four columns
    return table


def _choices(
    feeling: Emotion,
    stretch: Stretch,
    mode: str,
    style: Genre,
    settings: Settings,
    turn: float,
    revision: Revision,
) -> dict[str, str]:
    """A progression and one figure of every kind for a section, drawn by affinity to its feeling and energy.

    Rhythms are those of the genre.
    """
    seed, named = settings.seed, revision.named(stretch.role)
    suited = neural_harmony.weighed(progressions.weights(feeling, mode, stretch.bars), feeling, settings.neural)
    chosen = {"progression": pick(sharpened(suited), stream(seed, "progression", *named), turn)}
    for kind, rows in figures().items():
        known = style.rhythms if kind == "rhythm" else dict.fromkeys(rows, 1.0)
        fits = {name: _fit(feeling, stretch.energy, rows[name]) * weight for name, weight in known.items()}
        chosen[kind] = pick(sharpened(fits), stream(seed, kind, *named), turn)
    return chosen


def _turn(feeling: Emotion) -> float:
    """How far a song's draws are turned: by a third or so for every tenth of valence, less for the other axes.

    Feelings that lie near each other suit the same things; turned so, two names take different ones among them.
    """
    return round((3.7 * feeling.valence + 6.1 * feeling.arousal + 5.3 * feeling.dominance) % 1.0, 6)


def _fit(feeling: Emotion, energy: float, home: tuple[float, float, float, float]) -> float:
    suits = math.exp(-((energy - home[3]) ** 2) / (2 * 0.4**2))
    return affinity(feeling, home[:3], 0.16) * suits


def _hook(feeling: Emotion) -> str:
    """How the chorus's motif grows out of the verse's."""
    if feeling.arousal > 0.6:
        return "diminish" if feeling.dominance > 0.8 else "transpose"
    return "rhythmic" if feeling.valence > 0 else "retrograde"


def _palette(feeling: Emotion, style: Genre, seed: int) -> dict[str, Instrument]:
    """An instrument for every part, near the feeling and at home in the genre; no two melodic parts share one."""
    chosen: dict[str, Instrument] = {}
    for part, row in parts().items():
        if row.channel == 9:
            chosen[part] = Instrument("drum kit", style.kit, row.low, row.high)
            continue
        taken = {instrument.name for instrument in chosen.values()}
        weights = {
            instrument: affinity(feeling, instrument.home, 0.16)
            * (1.0 if style.name in instrument.genres else 0.08)
            * (_reaches(instrument, feeling) if part == "melody" else 1.0)
            for instrument in instruments()
            if part in instrument.parts and instrument.name not in taken
        }
        chosen[part] = pick(sharpened(weights), stream(seed, "instrument", part), _turn(feeling))
    return chosen


def _reaches(instrument: Instrument, feeling: Emotion) -> float:
    """How well an instrument's range holds the register that a melody of this feeling wants, 0..1."""
    register = mapping.parameters(feeling).register
    lack = max(0.0, instrument.low - (register - 5), register + 9 - instrument.high)
    return math.exp(-((lack / 5) ** 2))
