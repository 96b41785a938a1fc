"""Tasks: what the workers do, from plain data to plain data.

Conventions: every task runs in a process of its own (`work`); what comes from outside is read in a folder that is
thrown away, under a name that says nothing, so that no message tells where it lies.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from kelly.errors import FileError, UsageError
from kelly.serving.requests import feeling_of, side_of, wishes_of

__all__ = ["Made", "Watch", "analysed", "composed", "heard", "imported", "rendered", "varied", "warmed"]

_FILE = "the file"
_LONGEST_TITLE = 200  # characters


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a job: title, MIDI file and, where Kelly composed it, report."""

    title: str
    midi: bytes
    report: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Watch:
    """Whom a task tells how far it is: URL of the store, job, and who runs it."""

    url: str
    job: str
    owner: str

    def say(self, stage: str, progress: float) -> None:
        """Say what is being done, and how much is done, 0..1; a store that is away just now is not told."""
        from sqlalchemy.exc import SQLAlchemyError

        from kelly.serving.store import jobs
        from kelly.serving.store.store import Store

        store = Store(self.url)
        try:
            with suppress(SQLAlchemyError):
                store.write_now(jobs.progressed, self.job, self.owner, stage, progress)
        finally:
            store.close()


def warmed() -> None:
    """Load what the other tasks use: a bar of music for a word."""
    import kelly
    from kelly.models import ears

    kelly.compose("joy", bars=1, neural=0.5)
    for name in ("voice", "music"):
        ears.shipped(name)


def composed(request: Mapping[str, Any], watch: Watch) -> Made:
    """Compose a song, as `schemas.songs.Wanted` has it."""
    import kelly
    from kelly.score import midi

    watch.say("reading", 0.05)
    feeling, side = feeling_of(request["feeling"]), side_of(request.get("to"))
    watch.say("composing", 0.15)
    song = kelly.compose(feeling, to=side, arc=request.get("arc"), **wishes_of(request))
    return Made(song.report["title"], midi.to_bytes(song.score), song.report)


def varied(request: Mapping[str, Any], source: bytes, watch: Watch) -> Made:
    """Make something else of a song, as `schemas.songs.Variation` has it."""
    from kelly.composing.report import read_report
    from kelly.composing.song import Song
    from kelly.score import midi

    watch.say("reading", 0.05)
    score = midi.from_bytes(source)
    feeling = None if request.get("feeling") is None else feeling_of(request["feeling"])
    watch.say("writing", 0.15)
    made = _VARIATIONS[request["kind"]](score, feeling, request)
    new = made.score if isinstance(made, Song) else made
    report = made.report if isinstance(made, Song) else read_report(new)
    return Made(new.title or score.title or "untitled", midi.to_bytes(new), report)


def _vary(score: Any, feeling: Any, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - one shape for all five
    import kelly

    return kelly.varied(score, request["part"], feeling=feeling, bars=_bars(request), **_drawn(request))


def _infill(score: Any, feeling: Any, request: Mapping[str, Any]) -> Any:  # noqa: ANN401
    import kelly

    return kelly.infilled(score, request["first"], request["last"], feeling=feeling, **_drawn(request))


def _continue(score: Any, feeling: Any, request: Mapping[str, Any]) -> Any:  # noqa: ANN401
    import kelly

    return kelly.continued(score, request.get("bars") or 8, feeling=feeling, **_drawn(request))


def _accompany(score: Any, feeling: Any, request: Mapping[str, Any]) -> Any:  # noqa: ANN401
    import kelly

    return kelly.accompanied(score, feeling=feeling, **_drawn(request))


def _reperform(score: Any, feeling: Any, request: Mapping[str, Any]) -> Any:  # noqa: ANN401
    import kelly
    from kelly.composing.song import meant

    wishes = wishes_of({**(request.get("wishes") or {}), "seed": request["seed"]})
    start = meant(feeling).journey.start
    if bars := _bars(request):
        return kelly.reperformed_bars(score, *bars, start, **wishes)
    return kelly.reperformed(score, start, **wishes)


def _bars(request: Mapping[str, Any]) -> tuple[int, int] | None:
    """Which bars alone are meant, if not all."""
    return None if request.get("first") is None else (request["first"], request["last"])


def _drawn(request: Mapping[str, Any]) -> dict[str, Any]:
    """Which take is drawn, and how freely."""
    import kelly

    return {"seed": request["seed"], "sampling": kelly.Sampling(**request.get("sampling") or {})}


_VARIATIONS: Mapping[str, Callable[[Any, Any, Mapping[str, Any]], Any]] = {
    "vary": _vary,
    "infill": _infill,
    "continue": _continue,
    "accompany": _accompany,
    "reperform": _reperform,
}


def imported(data: bytes) -> Made:
    """A MIDI file that somebody brought along.

    Raises: FileError, it is none, is too large, or has a report that is none; UsageError, there are no notes in it.
    """
    from kelly.score import midi

    score = _read(data)
    if not any(True for _ in score.notes()):
        raise UsageError("a song must have notes; the file has none")
    title = "".join(filter(str.isprintable, score.title[:_LONGEST_TITLE])).strip()
    return Made(title or "untitled", midi.to_bytes(score), _report(score))


def _report(score: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - a Score
    """The report in a file that may be anybody's."""
    from kelly.composing.report import read_report
    from kelly.serving.schemas.common import plain

    report = read_report(score)
    if report is None:
        return None
    if not all(isinstance(report.get(name, {}), dict) for name in ("emotion", "parameters")):
        raise FileError("the file's Kelly report is damaged: it says nothing of a feeling")
    try:
        return plain(dict(report))
    except ValueError as error:
        raise FileError(f"the file's Kelly report is damaged: {error}") from error


def _read(data: bytes) -> Any:  # noqa: ANN401 - a Score
    from kelly.score import midi

    if len(data) > midi.LONGEST_FILE:
        raise FileError(f"a MIDI file may have {midi.LONGEST_FILE:,} bytes; this one has {len(data):,}")
    return midi.from_bytes(data)


def heard(text: str, *, explain: bool) -> dict[str, Any]:
    """How a text is heard: what takes too long to be read beside others."""
    from kelly.listening.words import feel

    return feel(text, explain=explain).as_dict()


def analysed(data: bytes, seconds: float, kind: str | None = None, text: str | None = None) -> dict[str, Any]:
    """How a recording (of up to so many seconds) or a MIDI file is heard, with its course; and, if there is a text,
    how both together are.
    """
    with _file(data) as path:
        told = _score(data) if data.startswith(b"MThd") else _sound(path, seconds, kind, text)
    if text is not None and "together" not in told:
        raise UsageError("a text is heard together with a recording, not with a MIDI file")
    return told


def _sound(path: str, seconds: float, kind: str | None, text: str | None) -> dict[str, Any]:
    from kelly.listening.fusion import fused
    from kelly.listening.sound import hear
    from kelly.listening.words import feel
    from kelly.models import ears
    from kelly.sound import recording

    claimed = recording.duration(path) > 2 * seconds  # a header may be a little wrong
    wave = None if claimed else recording.read_at(path, ears.RATE, length=seconds + 1).samples[0]
    if wave is None or len(wave) > seconds * ears.RATE:
        raise UsageError(f"a recording may last {seconds:g} seconds; this one lasts longer")
    found = hear(wave, "", kind)
    told = found.as_dict(timeline=True)
    told["journey"] = _journey(found.journey()) if found.reading.heard else []
    return told if text is None else told | {"together": fused(feel(text), found.reading).as_dict()}


def _score(data: bytes) -> dict[str, Any]:
    from kelly.listening.listen import way
    from kelly.listening.score import follow, hear

    score = _read(data)
    reading, passages = hear(score), follow(score)
    rows = [
        {"time": round(one.start, 3), "end": round(one.end, 3), **_axes(one.reading.emotion), "name": None}
        for one in passages
    ]
    journey = _journey(way(reading, passages)) if reading.heard else []
    told = {"kind": "score", "seconds": round(score.duration, 3), "timeline": rows, "journey": journey}
    return {**reading.as_dict(), **told}


def _journey(way: Any) -> list[dict[str, float]]:  # noqa: ANN401 - a Journey
    points = way.points or ((0.0, way.start), (1.0, way.end))
    return [{"at": round(place, 6), **_axes(felt)} for place, felt in points]


def _axes(emotion: Any) -> dict[str, float]:  # noqa: ANN401 - an Emotion
    return {axis: round(getattr(emotion, axis), 4) for axis in ("valence", "arousal", "dominance")}


def rendered(source: bytes, form: str, target: str) -> None:
    """Write a song in another form (one of `_FORMS`) into a file, which appears whole or not at all."""
    from kelly.score import midi

    _FORMS[form](midi.from_bytes(source), Path(target))


def noted(source: bytes, origin: bytes, target: str) -> None:
    """Write the notes of a song into such a file, with the sections of the song (origin) that some bars are of."""
    from kelly.score import midi
    from kelly.serving import notes

    notes.write(midi.from_bytes(source), Path(target), midi.from_bytes(origin))


def _wav(score: Any, target: Path) -> None:  # noqa: ANN401 - a Score
    import kelly

    kelly.render(score).save(target)


def _svg(score: Any, target: Path) -> None:  # noqa: ANN401
    from kelly.composing.picture import draw

    draw(score, target)


def _musicxml(score: Any, target: Path) -> None:  # noqa: ANN401
    from kelly.composing import notating

    notating.write(score, target)


def _notes(score: Any, target: Path) -> None:  # noqa: ANN401
    from kelly.serving import notes

    notes.write(score, target)


def _stems(score: Any, target: Path) -> None:  # noqa: ANN401
    import zipfile

    from kelly.composing.sounding import each_stem
    from kelly.files import replacing

    with replacing(target) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        for part, audio in each_stem(score):
            with tempfile.TemporaryDirectory() as folder:
                audio.save(stem := Path(folder) / "stem.wav")
                archive.write(stem, _free(f"{_safe(part)}.wav", archive.namelist()))


def _free(file: str, taken: Sequence[str]) -> str:
    """The name of a file, with a number where there is one of that name, in whatever letters."""
    stem, dot, suffix = file.rpartition(".")
    there = {one.casefold() for one in taken}
    every = chain([file], (f"{stem} {number}{dot}{suffix}" for number in count(2)))
    return next(one for one in every if one.casefold() not in there)


def _safe(name: str) -> str:
    """A name of a part that can be the name of a file anywhere."""
    return "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in name)[:60].strip() or "part"


_FORMS: Mapping[str, Callable[[Any, Path], None]] = {
    "wav": _wav,
    "svg": _svg,
    "musicxml": _musicxml,
    "stems": _stems,
    "notes": _notes,
}


@contextmanager
def _file(data: bytes) -> Iterator[str]:
    """A file with these bytes in a folder of its own, by a name that tells nothing."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="kelly-") as folder:
        os.chdir(folder)
        try:
            Path(_FILE).write_bytes(data)
            yield _FILE
        finally:
            os.chdir(before)
