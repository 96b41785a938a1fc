"""Picture: a song as a piano roll, coloured by what is felt.

Conventions: time runs to the right in beats; every part has a lane of its own, pitch upwards; drums have a row for each
instrument. A note has the colour of its section's feeling (see `colours`) and is brighter the harder it is struck.
Above the lanes stand the sections and their chords, below them the drums and how loud the whole is written. A score
without a Kelly report, of which no feeling is known, is drawn in grey. What is shown is taken from `lanes`.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kelly.composing.colours import GROUND, colour, colours
from kelly.composing.lanes import Lane, Stretch, bar_marks, lanes, loudness, stretches
from kelly.composing.report import read_report
from kelly.composing.song import Song
from kelly.errors import FileError, UsageError
from kelly.files import write_atomically
from kelly.score.notes import Note, Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw"]

WIDTH, HEIGHT, DPI = 16.0, 9.0, 100  # inches, pixels an inch
LEFT, RIGHT = 0.098, 0.986  # where lanes begin and end, as shares of the width
HEADLINE, CHORDS, TOP = (0.842, 0.888), (0.796, 0.838), 0.790  # from bottom to top, as shares of the height
DRUMS, DYNAMICS = (0.118, 0.205), (0.056, 0.110)
GREY = (0.60, 0.62, 0.68)
INK, SOFT, FAINT = "#f1eee8", "#a9abb6", "#6d707d"
NARROW, BROAD = 12, 30  # semitones a lane shows at least, and beyond which it grows no higher
HIT = 0.16  # beats that the stroke of a drum is drawn long
SLIM = 1.3 / (DPI * WIDTH * (RIGHT - LEFT))  # the share of a lane's width that a box is wide at least: 1.3 points
LETTER = 0.0078  # inches a letter is wide for each point of its size


def draw(music: Song | Score, path: str | os.PathLike[str]) -> None:
    """Draw a song or a score as a piano roll of 1600 x 900 points.

    Parameters: music; path, a file ending in .png or .svg, which appears whole or not at all.

    Raises
    ------
    UsageError : the file's name ends otherwise.
    FileError : there is no note to draw, the score's Kelly report is damaged, or the file cannot be written.
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise UsageError(f"a picture is .png or .svg; got {os.fspath(path)!r}")
    score = music.score if isinstance(music, Song) else music
    report = (music.report if isinstance(music, Song) else read_report(score)) or {}
    if not score.end:
        raise FileError("there is nothing to draw: the score has no notes")
    try:
        shown, sections = lanes(score, report), stretches(score, report)
        title, subtitle = _headings(score, report)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise FileError(f"the score's Kelly report is damaged: {type(error).__name__} {error}") from error
    figure = _figure(score, shown, sections)
    _text(figure, 0.012, 0.951, title, size=25, color=INK)
    _text(figure, 0.0135, 0.911, subtitle, size=12.5, color=SOFT)
    write_atomically(path, _saved(figure, kind))


def _saved(figure: Figure, kind: str) -> bytes:
    import matplotlib as mpl

    told = {"Date": None, "Creator": "Kelly"} if kind == "svg" else {"Software": "Kelly"}
    packed = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "kelly"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a script that the font lacks is drawn as boxes
        figure.savefig(packed, format=kind, dpi=DPI, metadata=told)
    return packed.getvalue()


def _headings(score: Score, report: Mapping[str, Any]) -> tuple[str, str]:
    """What stands above the picture: the title, and the feeling and the music in one line."""
    seconds = round(score.duration)
    length = f"{seconds // 60}:{seconds % 60:02d}"
    if not report:
        return _line(score.title, 60) or "Untitled", f"{score.tempos[0].bpm:.4g} BPM  ·  {length}"
    way, music = report["journey"], report["parameters"]
    stations = [section["emotion"] for section in report["sections"]] if "points" in way else [way["from"], way["to"]]
    feeling = " → ".join(name for name, _ in groupby(station["name"] for station in stations))
    key = _printed(music["key"].partition(" ")[0]) + " " + music["key"].partition(" ")[2]
    facts = [feeling, key, f"{music['tempo']:.4g} BPM", music["genre"], f"{music['bars']} bars", length]
    return _line(report["title"], 60), _line("  ·  ".join([*facts, f"seed {report['seed']}"]), 160)


def _line(text: str, most: int) -> str:
    """A text on one line of at most so many letters."""
    plain = " ".join(str(text).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _printed(chord: str) -> str:
    """A chord or key with printed accidentals: Bbm7b5 as B♭m7♭5."""
    return chord.replace("#", "♯").replace("b", "♭")


def _figure(score: Score, shown: Sequence[Lane], sections: Sequence[Stretch]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor=GROUND)
    FigureCanvasAgg(figure)
    if _is_felt(sections):
        _legend(figure, sections)
    _headline(_panel(figure, HEADLINE, sections, tint=0), sections)
    _chords(_panel(figure, CHORDS, sections, tint=0.0), sections)
    pitched = [lane for lane in shown if not lane.drums]
    beaten = [lane for lane in shown if lane.drums]
    for lane, place in zip(pitched, _places(pitched, DRUMS[1] + 0.006 if beaten else DRUMS[0]), strict=True):
        _roll(_panel(figure, place, sections), lane, sections)
        _name(figure, place, lane.name, lane.instrument)
    for lane in beaten:
        _strokes(_panel(figure, DRUMS, sections), lane, sections)
        _name(figure, DRUMS, lane.name)
    _level(_panel(figure, DYNAMICS, sections), score, sections)
    _name(figure, DYNAMICS, "Dynamics")
    _bars(figure, score, sections)
    return figure


def _places(pitched: Sequence[Lane], bottom: float) -> list[tuple[float, float]]:
    """Bottom and top of each lane: the more semitones it needs and the more it plays, the higher it is."""
    busy = [len({int(note.onset // 4) for note in lane.notes}) for lane in pitched]
    needs = [min(high - low, BROAD) for low, high in map(_reach, pitched)]
    spans = np.array([max(need * (0.5 + bars / max(busy)), NARROW) for need, bars in zip(needs, busy, strict=True)])
    edges = TOP - np.concatenate([[0.0], np.cumsum(spans)]) / max(spans.sum(), 1) * (TOP - bottom)
    return [(low + 0.005, high) for high, low in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]


def _reach(lane: Lane) -> tuple[float, float]:
    """The pitches at the bottom and the top of a lane."""
    pitches = [note.pitch for note in lane.notes]
    low, high = min(pitches) - 1.5, max(pitches) + 1.5
    missing = max(0.0, NARROW - (high - low)) / 2
    return low - missing, high + missing


def _panel(figure: Figure, place: tuple[float, float], sections: Sequence[Stretch], tint: float = 0.13) -> Axes:
    """An empty lane, tinted with the colours of the sections, with a line where one begins."""
    axes = figure.add_axes((LEFT, place[0], RIGHT - LEFT, place[1] - place[0]))
    axes.set_axis_off()
    axes.set_xlim(min(0.0, sections[0].start), sections[-1].end)
    for section in sections if tint else ():
        axes.axvspan(section.start, section.end, color=_colour(section), alpha=tint, lw=0)
        axes.axvline(section.start, color=GROUND, lw=1.6, zorder=1)
    return axes


def _colour(section: Stretch) -> tuple[float, float, float]:
    return colour(section.valence, section.arousal) if section.feeling else GREY


def _is_felt(sections: Sequence[Stretch]) -> bool:
    return any(section.feeling for section in sections)


def _roll(axes: Axes, lane: Lane, sections: Sequence[Stretch]) -> None:
    """The notes of a pitched lane as bars."""
    low, high = _reach(lane)
    axes.set_ylim(low, high)
    tall = max(0.45, 2.1 * (high - low) / (axes.get_position().height * HEIGHT * DPI))
    lengths = [note.duration for note in lane.notes]
    _boxes(axes, lane.notes, sections, [note.pitch for note in lane.notes], lengths, tall)


def _strokes(axes: Axes, lane: Lane, sections: Sequence[Stretch]) -> None:
    """The strokes of the drums: a row for each instrument that is played, low ones below."""
    rows = {pitch: row for row, pitch in enumerate(sorted({note.pitch for note in lane.notes}))}
    axes.set_ylim(-0.8, len(rows) - 0.2)
    _boxes(axes, lane.notes, sections, [rows[note.pitch] for note in lane.notes], [HIT] * len(lane.notes))


def _boxes(
    axes: Axes,
    notes: Sequence[Note],
    sections: Sequence[Stretch],
    heights: Sequence[int],
    lengths: Sequence[float],
    tall: float = 0.4,
) -> None:
    """Notes as filled boxes, coloured by section, brighter where they are struck harder."""
    from matplotlib.collections import PolyCollection

    left = np.array([note.onset for note in notes])
    right = left + np.maximum(np.array(lengths) - 0.03, SLIM * np.ptp(axes.get_xlim()))
    middle = np.array(heights, dtype=np.float64)
    corners = [(left, middle - tall), (left, middle + tall), (right, middle + tall), (right, middle - tall)]
    shapes = np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
    where = np.searchsorted([section.start for section in sections], left + 0.05, side="right") - 1
    palette = np.array([_colour(section) for section in sections])
    force = np.clip((np.array([note.velocity for note in notes]) - 20) / 90, 0, 1)[:, None]
    ground = np.array(GROUND)
    shade = ground + (palette[np.clip(where, 0, None)] - ground) * (0.7 + 0.3 * force)
    glow = shade + (1 - shade) * 0.5 * np.clip(force - 0.6, 0, 1)
    # Snapped to whole points, slim boxes would vanish here and there; clipped, a slim one at the end.
    axes.add_collection(PolyCollection(list(shapes), facecolors=glow, linewidths=0, snap=False, clip_on=False))


def _level(axes: Axes, score: Score, sections: Sequence[Stretch]) -> None:
    """How loud the song is written, as a filled curve in the colours of the sections."""
    level = loudness(score)
    smooth = np.convolve(np.pad(level, 4, mode="edge"), np.hanning(11)[1:-1] / np.hanning(11).sum(), mode="valid")
    beats = 0.5 * np.arange(len(level))
    axes.set_ylim(0, 1.08)
    for section in sections:
        inside = beats[(beats > section.start) & (beats < section.end)]
        own = np.concatenate([[section.start], inside, [section.end]])
        axes.fill_between(own, np.interp(own, beats, smooth), color=_colour(section), alpha=0.7, lw=0)
    axes.plot(beats, smooth, color=INK, lw=0.9, alpha=0.8)


def _headline(axes: Axes, sections: Sequence[Stretch]) -> None:
    """The names of the sections on their colours, with what is felt where that changes and fits."""
    changes = len({section.feeling for section in sections}) > 1
    for section in sections:
        axes.axvspan(section.start, section.end, color=_colour(section), lw=0)
        axes.axvline(section.start, color=GROUND, lw=1.6, zorder=1)
        name = _line(section.name, 24)
        name = name[:1].upper() + name[1:]
        both = f"{name} · {section.feeling}" if changes and section.feeling else name
        room = _inches(section, sections)
        text, size = next(
            (
                (text, size)
                for text, size in ((both, 11), (both, 9), (name, 11), (name, 9), (name, 7))
                if _fits(text, size, room)
            ),
            ("", 7),
        )
        axes.text(
            (section.start + section.end) / 2,
            0.47,
            text,
            size=size,
            color=GROUND,
            ha="center",
            va="center",
            transform=axes.get_xaxis_transform(),
            weight="bold",
            parse_math=False,
        )


def _inches(section: Stretch, sections: Sequence[Stretch]) -> float:
    whole = sections[-1].end - min(0.0, sections[0].start)
    return (section.end - section.start) / whole * (RIGHT - LEFT) * WIDTH


def _fits(text: str, size: float, inches: float) -> bool:
    return (len(text) + 1) * size * LETTER * 1.12 <= inches


def _chords(axes: Axes, sections: Sequence[Stretch]) -> None:
    """The chords in two rows, as large as all of them find room; in a long song some are left out."""
    axes.set_ylim(0, 2)
    beats_an_inch = (sections[-1].end - min(0.0, sections[0].start)) / ((RIGHT - LEFT) * WIDTH)
    chords = [(onset, _printed(_line(chord, 12))) for section in sections for onset, chord in section.chords]
    for size in (10.0, 8.5, 7.5):
        placed = _two_rows(chords, size * LETTER * beats_an_inch)
        if len(placed) == len(chords):
            break
    for onset, text, row in placed:
        axes.text(onset, 1.5 - row, text, size=size, color=INK if row == 0 else SOFT, va="center", parse_math=False)


def _two_rows(chords: Sequence[tuple[float, str]], letter: float) -> list[tuple[float, str, int]]:
    """Chords with a row, 0 or 1 by turns, where they find room beside their neighbour; without those that find none."""
    free = [-1e9, -1e9]
    placed: list[tuple[float, str, int]] = []
    for onset, text in chords:
        turn = 1 - placed[-1][2] if placed else 0
        row = turn if onset >= free[turn] else 1 - turn
        if onset >= free[row]:
            free[row] = onset + (len(text) + 1.6) * letter
            placed.append((onset, text, row))
    return placed


def _bars(figure: Figure, score: Score, sections: Sequence[Stretch]) -> None:
    """Numbers of bars and times along the bottom, and faint lines up through all lanes."""
    axes = _panel(figure, (DYNAMICS[0], TOP), sections, tint=0)
    for beat, number in bar_marks(score):
        seconds = round(float(score.seconds([beat])[0]))
        axes.axvline(beat, color="white", lw=0.5, alpha=0.16)
        axes.text(
            beat, -0.012, f"{number}", size=8.5, color=SOFT, ha="left", va="top", transform=axes.get_xaxis_transform()
        )
        axes.text(
            beat,
            -0.035,
            f"{seconds // 60}:{seconds % 60:02d}",
            size=7.5,
            color=FAINT,
            ha="left",
            va="top",
            transform=axes.get_xaxis_transform(),
        )
    _text(figure, LEFT - 0.008, 0.0445, "bar", size=8.5, color=SOFT, ha="right")
    _text(figure, LEFT - 0.008, 0.0275, "time", size=7.5, color=FAINT, ha="right")


def _name(figure: Figure, place: tuple[float, float], name: str, instrument: str = "") -> None:
    """The name of a lane left of it, with the instrument below where there is room."""
    middle = (place[0] + place[1]) / 2
    both = instrument and place[1] - place[0] > 0.034
    _text(figure, LEFT - 0.008, middle + (0.009 if both else 0), _line(name, 18), size=10.5, color=INK, ha="right")
    if both:
        _text(figure, LEFT - 0.008, middle - 0.0105, _line(instrument, 24), size=7.5, color=SOFT, ha="right")


def _text(figure: Figure, x: float, y: float, text: str, *, size: float, color: str, ha: str = "left") -> None:
    figure.text(x, y, text, size=size, color=color, ha=ha, va="center", parse_math=False)


def _legend(figure: Figure, sections: Sequence[Stretch]) -> None:
    """What the colours mean: the valence-arousal plane, and the song's way over it."""
    axes = figure.add_axes((RIGHT - 0.13, 0.908, 0.13, 0.072))
    v, a = np.meshgrid(np.linspace(-1, 1, 90), np.linspace(0, 1, 40))
    axes.imshow(colours(v, a), extent=(-1, 1, 0, 1), origin="lower", aspect="auto", interpolation="bilinear")
    axes.set_axis_off()
    axes.plot(
        [s.valence for s in sections],
        [s.arousal for s in sections],
        color="white",
        lw=1,
        marker="o",
        ms=3.5,
        mec=GROUND,
    )
    axes.set_xlim(-1.04, 1.04)
    axes.set_ylim(-0.07, 1.07)
    for y, label in ((0.968, "aroused"), (0.919, "calm")):
        _text(figure, RIGHT - 0.134, y, label, size=8, color=SOFT, ha="right")
    _text(figure, RIGHT - 0.13, 0.899, "unpleasant", size=8, color=SOFT)
    _text(figure, RIGHT, 0.899, "pleasant", size=8, color=SOFT, ha="right")
