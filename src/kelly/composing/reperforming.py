"""Reperforming: a song's melody and chords, played again in another feeling.

Conventions: times in beats (quarter notes) from the song's start, bars of four beats, pitch as MIDI number. A lead
sheet is what stays of a song: one melody, the chords under it and the key. A song that Kelly composed carries these in
its report; of any other the melody is the part that `improvising.reading` seats so, else the highest voice, and key
and chords are found in the notes. What is asked to sound in another mode is carried over degree by degree: a tone of
the old scale becomes the tone of the same degree, a foreign one stays if it belongs to the new mode, and else keeps
its distance to the nearest degree. Tempo, loudness, mode and the whole band are those of the feeling, as in any song.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import accumulate, groupby, pairwise, zip_longest
from statistics import median
from typing import Any, Unpack

import numpy as np

from kelly.composing import mapping, theory
from kelly.composing.bars import replaced
from kelly.composing.composer import compose_score
from kelly.composing.context import BAR, EARLY, Chord, Revision
from kelly.composing.improvising.reading import chords_of, moves, seated, shifted
from kelly.composing.report import Heard, Report, read_report, report_of, report_text
from kelly.composing.settings import WHOLE, Settings, role_name
from kelly.composing.song import Song, Wishes
from kelly.composing.theory import MODES, QUALITIES, ChordSymbol, Key
from kelly.emotion import thesaurus
from kelly.emotion.journey import Arc, Journey, Stretch
from kelly.emotion.space import Emotion
from kelly.errors import FileError, UsageError
from kelly.listening.traits.key import key_of
from kelly.models.harmony.classes import CHORDS, degree_of, quality_of
from kelly.models.transformer.layout import SEATS, SLOTS
from kelly.names import find
from kelly.numbers import whole
from kelly.score.notes import Note, Score
from kelly.score.tokens import GRID

__all__ = ["LeadSheet", "lead_sheet", "recognisable", "reperformed", "reperformed_bars"]

Change = tuple[float, ChordSymbol]  # when a chord begins, and which

LONGEST = WHOLE["bars"][1]
# The sheet's own, or what would play over its melody: no wishes of a re-performance.
SETTLED = ("bars", "minutes", "progressions", "improvise", "fit", "tries")
# The form of what is not Kelly's own: verses and choruses, so that the band has somewhere to go.
FORM = Arc(
    "re-performance",
    tuple(Stretch(*row) for row in (("verse", 16, 0.5, 0.0), ("chorus", 16, 0.75, 0.0)) * 2),
)
TONAL = {
    False: ("ionian", "mixolydian", "lydian"),
    True: ("aeolian", "dorian", "phrygian"),
}  # by minor, the usual first
PLAYED = {"maj": "", "min": "m", "dim": "dim", "dom7": "7", "sus": "sus4"}  # qualities of chord classes, as symbols
TOGETHER = 0.06  # beats within which notes are struck as one
NEAR = 7  # semitones that a line goes down within itself
UNDER = 12  # semitones below the middle of the highest voice, where it is accompaniment heard in a rest
ALONE = 0.9  # share of a score's tones in its melody, from which on its chords change with the bar at most
LEAPS = 1, 3, 5, 8  # semitones from which on an interval is a step, a third, a fourth or fifth, a wide leap
SOLO = ("Melody", "Chords")  # what a part plays that has the bars to itself
LENGTHS = 0.45, 0.9, 1.8, 3.3  # of a melody's middle length: from very short to very long


@dataclass(frozen=True, slots=True)
class LeadSheet:
    """A melody, the chords under it, and the key.

    Parameters: title, "" where there is none; bars; keys, from which beat on each holds, the first from 0; melody, one
    note at a time; chords, in time order and without a gap, each within a bar, their symbols as in C; form, the roles,
    bars and energies of the sections.
    """

    title: str
    bars: int
    keys: tuple[tuple[float, Key], ...]
    melody: tuple[Note, ...]
    chords: tuple[Chord, ...]
    form: Arc

    @property
    def key(self) -> Key:
        """The key of the first bar."""
        return self.keys[0][1]

    @property
    def tonic(self) -> int:
        """The tonic as a pitch class, 0..11."""
        return self.key.tonic

    @property
    def minor(self) -> bool:
        """Whether the third above the tonic is minor."""
        return self.key.minor

    def key_at(self, beat: float) -> Key:
        """The key that holds at a beat."""
        return self.keys[max(bisect_right([start for start, _ in self.keys], beat) - 1, 0)][1]

    def between(self, begin: float, end: float) -> LeadSheet:
        """The sheet from one bar line to another, in beats; in the form of what is not Kelly's own."""
        keys = tuple((max(0.0, start - begin), key) for start, key in self.keys if begin < start < end)
        melody = (
            replace(note, onset=max(0.0, note.onset - begin), duration=min(note.duration, end - note.onset))
            for note in self.melody
            if begin - EARLY <= note.onset < end - EARLY
        )
        chords = (replace(chord, onset=chord.onset - begin) for chord in self.chords if begin <= chord.onset < end)
        bars = round((end - begin) / BAR)
        return LeadSheet(self.title, bars, ((0.0, self.key_at(begin)), *keys), tuple(melody), tuple(chords), FORM)


def lead_sheet(score: Score) -> LeadSheet:
    """The lead sheet of a score.

    Parameters: score, in 4/4 throughout, of up to 2000 bars.
    Raises: UsageError, the score has another meter, no tones or too many bars; FileError, it carries a report of
    Kelly's that cannot be read.
    """
    bars = _bars(score)
    melody = _melody(score)
    report = read_report(score)
    if report is not None:
        told = _told(report, melody)
        if told.bars >= bars:  # else notes were added, and the report tells of another song
            return told
    key = _key(score.notes(drums=False))
    changes = _changes(score, key, bars, BAR if _bare(score, melody) else BAR / 2)
    return LeadSheet(score.title, bars, ((0.0, key),), melody, _in_bars(changes, bars), FORM)


def _bars(score: Score) -> int:
    """The bars of a score that can be taken."""
    if not any(True for _ in score.notes(drums=False)):
        why = "it has drums alone" if score.end else "it has none"
        raise UsageError(f"a score must have tones to be performed again; {why}")
    for meter in score.meters:
        if (meter.numerator, meter.denominator) != (4, 4) and meter.onset < score.end:
            told = f"{meter.numerator}/{meter.denominator}"
            raise UsageError(f"a score must be in 4/4 throughout to be performed again; got {told}")
    last = max(note.onset for note in score.notes())
    bars = 1 + round(last * GRID) // round(BAR * GRID)
    if bars > LONGEST:
        raise UsageError(f"a score must have up to {LONGEST} bars to be performed again; got {bars}")
    return bars


def _melody(score: Score) -> tuple[Note, ...]:
    """The part that is seated as melody, one note at a time, or else the highest voice."""
    parts = [part for part in score.parts if part.notes]
    for part, seat in zip(parts, seated(score), strict=True):
        if seat == SEATS["melody"]:
            return _cut(_skyline(part.notes))
    line = _skyline(score.notes(drums=False))
    middle = float(np.median([note.pitch for note in line]))
    return _cut([note for note in line if note.pitch > middle - UNDER])


def _skyline(notes: Iterable[Note]) -> list[Note]:
    """The highest of the notes that begin together, without those that lie under a higher one that sounds on.

    After the skyline of Uitdenbogerd and Zobel ("Manipulation of music for melody matching", ACM Multimedia 1998),
    which keeps the highest note of every onset.
    """
    line: list[Note] = []
    for note in sorted(notes, key=lambda one: (one.onset, -one.pitch)):
        last = line[-1] if line else None
        if last is not None and _under(note, last):
            continue
        if last is not None and note.onset - last.onset < TOGETHER:
            line.pop()
        line.append(note)
    return line


def _under(note: Note, last: Note) -> bool:
    """Whether a note lies under the one before: struck with it, all its time, or most of it and far below.

    One that is near and sounds longer is where the line goes on, whose notes are often held a little too long.
    """
    if note.pitch >= last.pitch:
        return False
    far = last.pitch - note.pitch > NEAR and last.end - note.onset > note.duration / 2
    return far or note.onset - last.onset < TOGETHER or last.end > note.end - TOGETHER


def _cut(line: Sequence[Note], gate: float = 1.0) -> tuple[Note, ...]:
    """The notes at their written length, of which they sound a share `gate`, each ending where the next begins."""
    return tuple(
        replace(note, duration=min(note.duration / gate, after.onset - note.onset if after else note.duration / gate))
        for note, after in zip_longest(line, line[1:])
    )


def _bare(score: Score, melody: Sequence[Note]) -> bool:
    """Whether a score is hardly more than its melody, in which chords show slowly."""
    return len(melody) >= ALONE * sum(1 for _ in score.notes(drums=False))


def _key(notes: Iterable[Note]) -> Key:
    """The key of some notes: tonic and third as they are felt, and of the modes with that third the one that fits."""
    sounding = list(notes)
    classes = np.array([note.pitch % 12 for note in sounding])
    weights = np.bincount(classes, [note.duration for note in sounding], minlength=12)
    felt = key_of(weights)

    def inside(mode: str) -> float:
        return round(sum(float(weights[(felt.tonic + step) % 12]) for step in MODES[mode]), 6)

    return Key(felt.tonic, max(TONAL[felt.majorness < 0], key=inside))


def _changes(score: Score, key: Key, bars: int, length: float) -> list[Change]:
    """The chords that are found in the notes, one every `length` beats at most, as in C."""
    at_c = replace(score, parts=tuple(shifted(part, moves(key.tonic)) for part in score.parts))
    count = round(BAR * bars / length)
    edges = np.arange(-(-count // SLOTS) + 1, dtype=np.float64) * length * SLOTS
    slots = [int(one) - 1 for one in chords_of(at_c, edges).reshape(-1)[:count]]
    heard = [index for index in slots if index < CHORDS]
    sounding = _symbol(heard[0]) if heard else ChordSymbol(0, "m" if key.minor else "")
    row = []
    for index in slots:  # a silence leaves the chord before it standing
        sounding = _symbol(index) if index < CHORDS else sounding
        row.append(sounding)
    runs = [(symbol, [place for place, _ in run]) for symbol, run in groupby(enumerate(row), key=lambda one: one[1])]
    return [(length * places[0], symbol) for symbol, places in runs]


def _symbol(index: int) -> ChordSymbol:
    """The chord of a class, in C."""
    return ChordSymbol(degree_of(index) or 0, PLAYED[quality_of(index) or "maj"])


def _in_bars(changes: Sequence[Change], bars: int) -> tuple[Chord, ...]:
    """Chords from when each begins to when the next does, cut at the bar lines."""
    row: list[Chord] = []
    for (onset, symbol), (end, _) in pairwise([*changes, (BAR * bars, ChordSymbol(0))]):
        lines = [onset, *np.arange(BAR * (onset // BAR + 1), end, BAR).tolist(), end]
        row += [Chord(start, stop - start, symbol, theory.numeral(symbol, 0)) for start, stop in pairwise(lines)]
    return tuple(row)


def _told(report: Report, melody: Sequence[Note]) -> LeadSheet:
    """The sheet that a report of Kelly's tells, over the melody of its score. Raises: FileError, it is damaged."""
    try:
        return _retold(report, melody)
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise FileError(f"the file's Kelly report is damaged ({type(error).__name__}: {error})") from error


def _retold(report: Report, melody: Sequence[Note]) -> LeadSheet:
    told = [_section(row) for row in report["sections"]]
    form = Arc(FORM.name, tuple(stretch for stretch, _, _ in told))
    starts = [BAR * bars for bars in accumulate((stretch.bars for stretch in form.stretches), initial=0)]
    if form.bars > LONGEST:
        raise ValueError(f"{form.bars} bars")
    keys = tuple((start, key) for start, (_, key, _) in zip(starts, told, strict=False))
    changes = [
        (start + onset, symbol) for start, (_, _, row) in zip(starts, told, strict=False) for onset, symbol in row
    ]
    felt = Emotion(*(report["emotion"][axis] for axis in ("valence", "arousal", "dominance")))
    title = "" if report["title"] == _name(felt) else str(report["title"])
    written = _cut(melody, mapping.GATES[report["parameters"]["articulation"]])
    return LeadSheet(title, form.bars, keys, written, _in_bars(changes, form.bars), form)


def _section(told: Report) -> tuple[Stretch, Key, list[Change]]:
    """A section as a report tells it: its place in the form, its key, and its chords as in C."""
    tonic, mode = told["key"].split()
    key = Key(theory.parse_tonic(tonic), theory.mode_name(mode))
    stretch = Stretch(role_name(told["role"]), operator.index(told["bars"]), float(told["energy"]), 0.0)
    onsets = [float(onset) for onset in told["onsets"]]
    if onsets[0] != 0 or not all(a < b for a, b in pairwise([*onsets, BAR * stretch.bars])):
        raise ValueError("its chords do not follow each other")
    chords = [_moved(theory.parse_symbol(name), -key.tonic) for name in told["chords"]]
    return stretch, key, list(zip(onsets, chords, strict=True))


def _moved(chord: ChordSymbol, semitones: int) -> ChordSymbol:
    bass = None if chord.bass is None else (chord.bass + semitones) % 12
    return ChordSymbol((chord.root + semitones) % 12, chord.quality, bass)


def reperformed(score: Score, feeling: Emotion, **wishes: Unpack[Wishes]) -> Song:
    """Perform a score's melody and chords again, in another feeling.

    Parameters
    ----------
    score : in 4/4 throughout, of up to 2000 bars.
    feeling : what is asked for, from beginning to end.
    wishes : as in `compose`, but for a length, progressions and improvise. The key is the score's tonic and the mode
        the feeling's where none is asked for.

    Returns
    -------
    A song with the score's onsets, to the tick, and as many bars; its report says under "reperformed" which keys the
    melody and the chords were in, and under "settings" what was wished. The same arguments give the same notes.

    Raises
    ------
    UsageError, FileError : as `lead_sheet`; a wish is none of these, or out of its range.

    Examples
    --------
    >>> from kelly.composing.song import compose
    >>> happy = compose("I am so happy", bars=8, key="F").score
    >>> reperformed(happy, Emotion(-0.9, 0.3, 0.25)).report["parameters"]["key"]
    'F aeolian'
    """
    return _performed(lead_sheet(score), feeling, wishes)


def reperformed_bars(score: Score, first: int, last: int, feeling: Emotion, **wishes: Unpack[Wishes]) -> Score:
    """Perform some bars of a score again, in another feeling, by the parts that are there and on their instruments.

    Who is called as a part of Kelly's plays that; anybody else what is played in the same role (as
    `improvising.reading` seats them), and who is alone plays melody and chords. Nobody is added.

    Parameters: as `reperformed`; first and last, bars from 1. The key is that of the first of these bars.
    Raises: as `reperformed`; UsageError, the bars are not there.
    """
    sheet = lead_sheet(score)
    if not 1 <= whole("first", first, 0, LONGEST) <= whole("last", last, 0, LONGEST) <= sheet.bars:
        raise UsageError(f"bars must lie in 1..{sheet.bars}, the first before the last; got {first}-{last}")
    begin, end = BAR * (first - 1), BAR * last
    made = _performed(sheet.between(begin, end), feeling, wishes)
    return replaced(score, _shared(made.score, score), begin, end)


def _shared(new: Score, score: Score) -> Score:
    """A performance, its parts called as those of a score that play them."""
    names = {part.name for part in new.parts}
    kept = tuple(part for part in new.parts if any(part.name == one.name for one in score.parts))
    sounding = [part for part in score.parts if part.notes]
    if len(sounding) == 1 and sounding[0].name not in names:
        notes = sorted(note for part in new.parts if part.name in SOLO for note in part.notes)
        return replace(new, parts=(*kept, replace(sounding[0], notes=tuple(notes), controls=(), bends=())))
    others = [part for part in new.parts if part.notes]
    free = {seat: part for part, seat in zip(others, seated(new), strict=True) if seat and part not in kept}
    called = [(part.name, seat) for part, seat in zip(sounding, seated(score), strict=True) if part.name not in names]
    return replace(new, parts=(*kept, *(replace(free[seat], name=name) for name, seat in called if seat in free)))


def _performed(sheet: LeadSheet, feeling: Emotion, wishes: Wishes) -> Song:
    journey = Journey(feeling, arc=sheet.form).rounded()
    settings = _settings(sheet, wishes)
    key = Key(theory.parse_tonic(settings.key or ""), settings.mode or mapping.parameters(journey.start).mode)
    revision = _revision(sheet, key)
    # The chords are told as the user's own, so that no feeling breaks them.
    row = tuple(chord.numeral for chord in revision.chords if chord.onset % BAR == 0)
    settings = replace(settings, bars=sheet.bars, progressions={"verse": row})
    made = compose_score(journey, settings, revision)
    title = sheet.title or _name(journey.start)
    report = report_of(title, journey, settings, made, Heard(journey))
    report |= _origin(sheet, made.plan.sections[0].key, report["remarks"])
    report["settings"] = {name: wish for name, wish in report["settings"].items() if wishes.get(name) is not None}
    return Song(replace(made.score, title=title, texts=(report_text(report),)), report)


def _settings(sheet: LeadSheet, wishes: Mapping[str, Any]) -> Settings:
    """The settings of a re-performance: the sheet's tonic, and what is wished."""
    allowed = [field.name for field in fields(Settings) if field.name not in SETTLED]
    wished = {find(name, allowed, "a wish"): wish for name, wish in wishes.items() if wish is not None}
    return Settings(**{"key": sheet.key.tonic_name, **wished})


def _name(feeling: Emotion) -> str:
    """What a song is called after a feeling."""
    return thesaurus.describe(feeling).name.capitalize()


def _origin(sheet: LeadSheet, key: Key, remarks: Sequence[str]) -> Report:
    """What a report adds of the sheet: its keys, and a remark on what became of them."""
    before = [name for name, _ in groupby(key.name for _, key in sheet.keys)]
    way = "" if before == [key.name] else f", carried over from {' and '.join(before)} to {key.name}"
    return {
        "reperformed": {"title": sheet.title, "keys": before},
        "remarks": [f"the melody and the chords are a lead sheet's{way}", *remarks],
    }


def _revision(sheet: LeadSheet, key: Key) -> Revision:
    """The sheet in another key, as the composer takes it."""
    lead = (replace(note, pitch=_carried(note.pitch, sheet.key_at(note.onset + EARLY), key)) for note in sheet.melody)
    chords = (_carried_chord(chord, sheet.key_at(chord.onset).mode, key) for chord in sheet.chords)
    return Revision(lead=tuple(lead), chords=tuple(chords))


def _carried(pitch: int, source: Key, target: Key) -> int:
    """A pitch in the same place of another key, whose tonic is reached the shorter way."""
    above = (pitch - source.tonic) % 12
    shift = (target.tonic - source.tonic + 6) % 12 - 6
    return pitch - above + _place(above, source.mode, target.mode) + shift


@cache
def _place(above: int, source: str, target: str) -> int:
    """What semitones above the tonic (0..11) become in another mode, 0..12."""
    old, new = MODES[source], MODES[target]
    if above not in old and above in new:
        return above
    degree = min(range(7), key=lambda one: (abs(old[one] - above), one))
    return new[degree] + above - old[degree]


def _carried_chord(chord: Chord, mode: str, key: Key) -> Chord:
    """A chord as in C and some mode, in the key that is asked for."""
    tones = [_place(tone, mode, key.mode) for tone in chord.symbol.pitch_classes]
    bass = None if chord.symbol.bass is None else (_place(chord.symbol.bass, mode, key.mode) + key.tonic) % 12
    intervals = {(tone - tones[0]) % 12 for tone in tones}
    quality = min(QUALITIES, key=lambda name: len(intervals ^ {*QUALITIES[name]}))
    if mode == key.mode:  # qualities of equal tones stay what they are called
        quality = chord.symbol.quality
    symbol = ChordSymbol((tones[0] + key.tonic) % 12, quality, bass)
    return replace(chord, symbol=symbol, numeral=theory.numeral(symbol, key.tonic))


def recognisable(before: Sequence[Note], after: Sequence[Note]) -> float:
    """How alike two melodies are, whatever their tempo, key and mode: 0 (nothing in common)..1 (the same tune).

    From note to note a melody goes up or down by a class of interval (step, third, fourth or fifth, wider) and takes a
    class of time (five, against its middle one). The measure is the length of the longest common subsequence of these
    pairs, as a share of the longer melody's. Interval and duration classes, and their comparison as strings, follow
    Müllensiefen and Frieler ("Cognitive adequacy in the measurement of melodic similarity", Computing in Musicology
    13, 2004); since a third is a third in major and in minor, a change of mode costs nothing.

    Parameters: before and after, each in time order, one note at a time. Two of fewer than two notes are alike when
    they have as many.
    """
    one, other = _moves(before), _moves(after)
    if not one or not other:
        return float(len(before) == len(after))
    return _common(one, other) / max(len(one), len(other))


def _moves(melody: Sequence[Note]) -> list[tuple[int, int]]:
    """The class of interval and of time from each note to the next."""
    waits = [after.onset - note.onset for note, after in pairwise(melody)]
    usual = median(waits) if waits else 1.0
    return [
        (_leap(after.pitch - note.pitch), bisect_right(LENGTHS, wait / max(usual, 1e-6)))
        for (note, after), wait in zip(pairwise(melody), waits, strict=True)
    ]


def _leap(semitones: int) -> int:
    """The class of an interval: 0 a repetition, up to 4 a wide leap, negative downwards."""
    size = bisect_right(LEAPS, abs(semitones))
    return size if semitones > 0 else -size


def _common(one: Sequence[object], other: Sequence[object]) -> int:
    """The length of the longest common subsequence, a row at a time in the bits of a number (Hyyrö, 2004)."""
    places: dict[object, int] = {}
    for place, item in enumerate(one):
        places[item] = places.get(item, 0) | 1 << place
    full = row = (1 << len(one)) - 1
    for item in other:
        found = row & places.get(item, 0)
        row = (row + found | row - found) & full
    return len(one) - row.bit_count()
