"""MIDI files: a Score written as a workstation expects it, and any file read back as a Score.

Conventions: files are type 1 at `PPQ` ticks a beat. Track 0 conducts (title, texts, tempo, meter, key, markers); then
comes one track a part with its name, program, controls, bends and notes. Texts are UTF-8. On one channel equal
pitches never overlap, even between two parts: the earlier note ends where the later begins, and of two notes at one
tick the louder stays. Bends lie in two semitones either way; the range is stated in the file wherever bends are.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from kelly.errors import FileError, UsageError
from kelly.files import read_bytes, write_atomically
from kelly.score.notes import PPQ, Bend, Control, KeySignature, Marker, Meter, Note, Part, Score, Tempo
from kelly.score.smf import MAX_TICK, META, Event, decode, encode

__all__ = ["from_bytes", "read", "to_bytes", "write"]

TEXT, TRACK_NAME, MARKER, TEMPO, METER, KEY = 0x01, 0x03, 0x06, 0x51, 0x58, 0x59
NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, BEND = 0x80, 0x90, 0xB0, 0xC0, 0xE0
# What comes first at one tick: the way to sound is set before a note, and a note ends before the next begins.
RANKS = {META: 0, PROGRAM: 1, CONTROL: 2, BEND: 3, NOTE_OFF: 4, NOTE_ON: 5}
MICROSECONDS_A_MINUTE = 60_000_000
BEND_CENTRE = 8192
BEND_CENTS = 200
# Registered parameter 0,0 (bend range) set to two semitones, then deselected so that later data entry cannot change it.
BEND_RANGE = ((101, 0), (100, 0), (6, BEND_CENTS // 100), (38, 0), (101, 127), (100, 127))
PARAMETER_CONTROLS = {6, 38, 98, 99, 100, 101}
LINE_OF_FIFTHS = "FCGDAEB"
LONGEST_FILE = 8 * 2**20  # a million notes; every byte costs a hundred in memory


def write(score: Score, path: str | os.PathLike[str]) -> None:
    """Write the score as a MIDI file, whole or not at all.

    Raises: FileError, as `write_atomically`; UsageError, as `to_bytes`.
    """
    write_atomically(path, to_bytes(score))


def read(path: str | os.PathLike[str]) -> Score:
    """Read a MIDI file (type 0 or 1, any resolution).

    Raises: FileError, the file cannot be read, is not MIDI, or ends too early.
    """
    data = read_bytes(path, limit=LONGEST_FILE)
    try:
        return from_bytes(data)
    except FileError as error:
        raise FileError(f"cannot read {os.fspath(path)!r}: {error}") from error


def to_bytes(score: Score) -> bytes:
    """The score as a MIDI file; equal scores give equal bytes.

    Times are rounded to ticks (never below 0) and durations to at least one; velocities are clipped to 1..127, bends
    to two semitones and control values to 0..127; a pitch outside 0..127 moves by octaves; a key of more than seven
    signs is respelt.

    Raises: UsageError, a time, tempo, meter, key, channel, program or controller that no MIDI file can hold.
    """
    tracks = [_part_track(part, sounded) for part, sounded in zip(score.parts, _sounded(score.parts), strict=True)]
    return encode([_conductor(score), *tracks], PPQ)


def settled(score: Score) -> Score:
    """The score as a file will hold it: times on the grid, no equal pitches overlapping on a channel.

    A part that is left out of a settled score takes nothing from the others with it.

    Raises: UsageError, a time that no MIDI file can hold.
    """
    rows = zip(score.parts, _sounded(score.parts), strict=True)
    parts = (replace(part, notes=tuple(sorted(map(_in_beats, notes)))) for part, notes in rows)
    return replace(score, parts=tuple(parts))


def from_bytes(data: bytes) -> Score:
    """The score in a MIDI file's bytes.

    A track that uses several channels or programs becomes several parts. A note without an end stops at the next note
    of its pitch or at the track's end. Equal part names are numbered. Registered parameters other than the bend
    range, aftertouch, lyrics and system-exclusive messages are left out.

    Raises: FileError, not MIDI, of type 2, or cut off.
    """
    division, tracks = decode(data)
    ppq: float = division
    if division & 0x8000:  # frames a second x ticks a frame; read as 120 quarter notes a minute
        ppq = (0x100 - (division >> 8)) * max(1, division & 0xFF) / 2
        tracks = [[event for event in track if not _is_meta(event, TEMPO)] for track in tracks]
    beats = max((track[-1].tick for track in tracks if track), default=0) / ppq
    if beats * PPQ > MAX_TICK:
        raise FileError(f"the MIDI file is broken: it claims to last {beats:.0f} beats")
    programs = _first_programs(tracks)
    parts = [part for track in tracks for part in _parts(track, ppq, programs)]
    return replace(_conducted(tracks, ppq), parts=tuple(_with_own_names(parts)))


@dataclass(slots=True)
class _Sounded:
    """A note in ticks, whose end may still move."""

    start: int
    end: int
    pitch: int
    velocity: int


def _sounded(parts: Sequence[Part]) -> list[list[_Sounded]]:
    """The notes of each part in ticks, in time order, no equal pitches overlapping on a channel."""
    notes = [(index, _in_ticks(note)) for index, part in enumerate(parts) for note in part.notes]
    notes.sort(key=lambda entry: (entry[1].start, -entry[1].velocity))
    kept: list[list[_Sounded]] = [[] for _ in parts]
    last: dict[tuple[int, int], _Sounded] = {}
    for index, note in notes:
        place = parts[index].channel, note.pitch
        earlier = last.get(place)
        if earlier is not None:
            if earlier.start == note.start:
                continue
            earlier.end = min(earlier.end, note.start)
        last[place] = note
        kept[index].append(note)
    return kept


def _in_ticks(note: Note) -> _Sounded:
    start = _tick(note.onset)
    end = max(start + 1, _tick(note.onset + note.duration))
    return _Sounded(start, end, _octave_folded(int(note.pitch)), min(max(int(note.velocity), 1), 127))


def _in_beats(note: _Sounded) -> Note:
    return Note(note.start / PPQ, (note.end - note.start) / PPQ, note.pitch, note.velocity)


def _octave_folded(pitch: int) -> int:
    if pitch > 127:
        return pitch - 12 * -(-(pitch - 127) // 12)
    return pitch if pitch >= 0 else pitch % 12


def _tick(beats: float) -> int:
    """Beats as whole ticks, halves up, never below 0."""
    if not math.isfinite(beats) or beats * PPQ > MAX_TICK:
        raise UsageError(f"a time must be a finite number of beats up to {MAX_TICK // PPQ}; got {beats!r}")
    return max(0, math.floor(beats * PPQ + 0.5))


def _part_track(part: Part, notes: Iterable[_Sounded]) -> list[Event]:
    channel = _within("channel", part.channel, 0, 15)
    events = [
        Event(0, META, _text(TRACK_NAME, part.name)),
        Event(0, PROGRAM | channel, bytes((_within("program", part.program, 0, 127),))),
    ]
    if part.bends:
        events += [Event(0, CONTROL | channel, bytes(pair)) for pair in BEND_RANGE]
    for control in part.controls:
        controller = _within("controller", control.controller, 0, 127)
        value = min(max(int(control.value), 0), 127)
        events.append(Event(_tick(control.onset), CONTROL | channel, bytes((controller, value))))
    for bend in part.bends:
        events.append(Event(_tick(bend.onset), BEND | channel, _bend_bytes(bend.cents)))
    for note in notes:
        events.append(Event(note.start, NOTE_ON | channel, bytes((note.pitch, note.velocity))))
        events.append(Event(note.end, NOTE_OFF | channel, bytes((note.pitch, 0))))
    return _ordered(events)


def _conductor(score: Score) -> list[Event]:
    events = [Event(0, META, _text(TRACK_NAME, score.title))] if score.title else []
    events += [Event(0, META, _text(TEXT, text)) for text in score.texts]
    changes = {(METER, _tick(meter.onset)): _meter_bytes(meter) for meter in score.meters}
    changes |= {(KEY, _tick(key.onset)): _key_bytes(key) for key in score.keys}
    changes |= {(TEMPO, _tick(tempo.onset)): _tempo_bytes(tempo.bpm) for tempo in score.tempos}
    events += [Event(tick, META, bytes((kind,)) + data) for (kind, tick), data in changes.items()]
    events += [Event(_tick(marker.onset), META, _text(MARKER, marker.text)) for marker in score.markers]
    return _ordered(events)


def _ordered(events: list[Event]) -> list[Event]:
    """The events by tick, then by rank, else as they stood."""
    return sorted(
        events, key=lambda event: (event.tick, RANKS[event.status if event.status == META else event.status & 0xF0])
    )


def _text(kind: int, text: str) -> bytes:
    return bytes((kind,)) + text.encode("utf-8", "replace")


def _bend_bytes(cents: float) -> bytes:
    if not math.isfinite(cents):
        raise UsageError(f"a bend must be a finite number of cents; got {cents!r}")
    steps = math.floor(min(max(cents / BEND_CENTS, -1.0), 1.0) * BEND_CENTRE + 0.5)
    value = min(BEND_CENTRE + steps, 2 * BEND_CENTRE - 1)
    return bytes((value & 0x7F, value >> 7))


def _tempo_bytes(bpm: float) -> bytes:
    if not (math.isfinite(bpm) and bpm > 0 and _microseconds(bpm) < 2**24):
        raise UsageError(f"a tempo must lie above {MICROSECONDS_A_MINUTE / 2**24:.2f} BPM; got {bpm!r}")
    return _microseconds(bpm).to_bytes(3, "big")


def _microseconds(bpm: float) -> int:
    return max(1, math.floor(MICROSECONDS_A_MINUTE / bpm + 0.5))


def _meter_bytes(meter: Meter) -> bytes:
    if not 1 <= meter.numerator <= 255 or meter.denominator not in (1, 2, 4, 8, 16, 32, 64):
        raise UsageError(f"a meter is 1..255 over a power of two up to 64; got {meter.numerator}/{meter.denominator}")
    # 24 MIDI clocks a metronome click and 8 thirty-second notes a quarter: the usual reading of a clock.
    return bytes((meter.numerator, meter.denominator.bit_length() - 1, 24, 8))


def _key_bytes(key: KeySignature) -> bytes:
    """Sharps (flats negative) and mode; a key of more than seven signs takes its enharmonic twin's."""
    letter, signs = key.tonic[:1], key.tonic[1:]
    if len(letter) != 1 or letter not in LINE_OF_FIFTHS or signs not in ("", "#", "b"):
        raise UsageError(f'a tonic is a letter A..G, alone or with "#" or "b"; got {key.tonic!r}')
    sharps = LINE_OF_FIFTHS.index(letter) - 1 + {"": 0, "#": 7, "b": -7}[signs] - (3 if key.minor else 0)
    if abs(sharps) > 7:
        sharps -= int(math.copysign(12, sharps))
    return bytes((sharps & 0xFF, int(key.minor)))


def _within(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise UsageError(f"a {name} must lie in {low}..{high}; got {value!r}")
    return int(value)


@dataclass(slots=True)
class _Channel:
    """What one channel of a track holds while it is read; times in ticks."""

    program: int
    notes: dict[int, list[_Sounded]] = field(default_factory=dict)  # by program
    controls: list[tuple[int, int, int]] = field(default_factory=list)
    bends: list[tuple[int, float]] = field(default_factory=list)
    open: dict[int, _Sounded] = field(default_factory=dict)  # by pitch
    parameter: tuple[int, int] = (127, 127)
    bend_cents: float = BEND_CENTS

    def take(self, tick: int, kind: int, data: bytes) -> None:
        """Read one channel message."""
        if kind == NOTE_ON and data[1]:
            self.start(tick, *data)
        elif kind in (NOTE_OFF, NOTE_ON):
            self.stop(tick, data[0])
        elif kind == CONTROL and data[0] in PARAMETER_CONTROLS:
            self.set_parameter(*data)
        elif kind == CONTROL:
            self.controls.append((tick, *data))
        elif kind == PROGRAM:
            self.program = data[0]
        elif kind == BEND:
            value = data[0] | data[1] << 7
            self.bends.append((tick, (value - BEND_CENTRE) / BEND_CENTRE * self.bend_cents))

    def start(self, tick: int, pitch: int, velocity: int) -> None:
        """Begin a note; one of its pitch that still sounds ends here."""
        same = self.open.get(pitch)
        if same is not None and same.start == tick:
            same.velocity = max(same.velocity, velocity)
            return
        self.stop(tick, pitch)
        note = _Sounded(tick, tick, pitch, velocity)
        self.open[pitch] = note
        self.notes.setdefault(self.program, []).append(note)

    def stop(self, tick: int, pitch: int) -> None:
        """End the note that sounds at this pitch, if any; it lasts a tick at least."""
        note = self.open.pop(pitch, None)
        if note is not None:
            note.end = max(tick, note.start + 1)

    def set_parameter(self, controller: int, value: int) -> None:
        """Follow the registered parameters, of which only the bend range (0, 0) matters."""
        msb, lsb = self.parameter
        if controller in (98, 99):
            self.parameter = (127, 127)
        elif controller >= 100:
            self.parameter = (value, lsb) if controller == 101 else (msb, value)
        elif self.parameter == (0, 0):
            self.bend_cents = 100 * value if controller == 6 else self.bend_cents // 100 * 100 + value


def _parts(track: list[Event], ppq: float, programs: dict[int, int]) -> Iterator[Part]:
    """The parts of one track, by channel and program; `programs` are those of channels that the track does not set."""
    channels: dict[int, _Channel] = {}
    for tick, status, data in track:
        if status != META:
            number = status & 0x0F
            if number not in channels:
                channels[number] = _Channel(programs.get(number, 0))
            channels[number].take(tick, status & 0xF0, data)
    end = track[-1].tick if track else 0
    several = sum(max(1, len(channel.notes)) for channel in channels.values()) > 1
    name = _track_name(track)
    for number, channel in sorted(channels.items()):
        for pitch in list(channel.open):
            channel.stop(end, pitch)
        called = f"channel {number + 1}" if several or not name else name
        controls = tuple(Control(tick / ppq, controller, value) for tick, controller, value in channel.controls)
        bends = tuple(Bend(tick / ppq, cents) for tick, cents in channel.bends)
        for program, sounded in (channel.notes or {channel.program: []}).items():
            notes = (
                Note(note.start / ppq, (note.end - note.start) / ppq, note.pitch, note.velocity) for note in sounded
            )
            yield Part(called, number, program, tuple(notes), controls, bends)


def _conducted(tracks: list[list[Event]], ppq: float) -> Score:
    """Title, texts, markers and the maps of tempo, meter and key, wherever in the file they stand."""
    metas = sorted((event for track in tracks for event in track if event.status == META), key=lambda event: event.tick)
    tempos = {0.0: Tempo(0.0, 120.0)}
    meters = {0.0: Meter(0.0)}
    keys: dict[float, KeySignature] = {}
    for tick, _, (kind, *data) in metas:
        at = tick / ppq
        if kind == TEMPO and len(data) == 3 and any(data):
            tempos[at] = Tempo(at, _bpm(int.from_bytes(data, "big")))
        elif kind == METER and len(data) >= 2 and data[0] and data[1] <= 6:
            meters[at] = Meter(at, data[0], 2 ** data[1])
        elif kind == KEY and len(data) == 2 and (data[0] + 7) % 256 <= 14 and data[1] <= 1:
            keys[at] = KeySignature(at, *_key(data[0] - (256 if data[0] > 7 else 0), minor=bool(data[1])))
    return Score(
        parts=(),
        tempos=tuple(tempos.values()),
        meters=tuple(meters.values()),
        keys=tuple(keys.values()),
        markers=tuple(Marker(event.tick / ppq, _read_text(event)) for event in metas if event.data[0] == MARKER),
        texts=tuple(_read_text(event) for event in metas if event.data[0] == TEXT),
        title=_track_name(tracks[0]) if tracks else "",
    )


def _bpm(microseconds: int) -> float:
    """The tempo with the fewest decimals that is written as so many microseconds a beat (82, not 82.00003)."""
    exact = MICROSECONDS_A_MINUTE / microseconds
    candidates = (round(exact, digits) for digits in range(7))
    return next((bpm for bpm in candidates if bpm > 0 and _microseconds(bpm) == microseconds), exact)


def _key(sharps: int, *, minor: bool) -> tuple[str, bool]:
    place = sharps + 1 + (3 if minor else 0)
    return LINE_OF_FIFTHS[place % 7] + {-1: "b", 0: "", 1: "#"}[place // 7], minor


def _first_programs(tracks: list[list[Event]]) -> dict[int, int]:
    """The first program of each channel: some files set all programs in a track of their own."""
    changes = sorted(
        (event for track in tracks for event in track if event.status & 0xF0 == PROGRAM), key=lambda event: event.tick
    )
    return {event.status & 0x0F: event.data[0] for event in reversed(changes)}


def _track_name(track: list[Event]) -> str:
    return next((_read_text(event) for event in track if _is_meta(event, TRACK_NAME)), "")


def _is_meta(event: Event, kind: int) -> bool:
    return event.status == META and event.data[0] == kind


def _read_text(event: Event) -> str:
    try:
        return event.data[1:].decode("utf-8")
    except UnicodeDecodeError:
        return event.data[1:].decode("latin-1")


def _with_own_names(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, each with a name of its own."""
    counts: dict[str, int] = {}
    for part in parts:
        name, count = part.name, counts.get(part.name, 0)
        while name in counts:
            count += 1
            name = f"{part.name} {count}"
        counts[part.name] = max(count, 1)
        counts.setdefault(name, 1)
        yield replace(part, name=name)
