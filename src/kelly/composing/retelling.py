"""Retelling: the intent that says what a song's report tells, to compose the song from again or to edit.

Conventions: a report is plain data as `report` makes it. A song that leads from A to B is said in words, as a person
would: names of feelings, an arc, the chords. A story is kept in numbers, since no name says a way through seven points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from kelly.composing.intent import EXPOSED, Aim, BrokenRule, SongIntent, Technical
from kelly.composing.settings import ROLES
from kelly.composing.storyline import Form, Line, Point, Storyline
from kelly.emotion import journey as journeys
from kelly.emotion.space import RANGES

__all__ = ["intent_of"]

KEPT = (
    *("seed", "key", "mode", "tempo", "genre", "bars", "minutes"),
    *("complexity", "humanise", "dynamics", "neural", "triggers"),
)


def intent_of(report: Mapping[str, Any]) -> SongIntent:
    """The intent that says what a song's report tells.

    Of a story, or a journey through points, it keeps the way and what was asked for: composed again by this version it
    gives the same bytes. Of any other song it is a start for editing, which gives a song of the same plan, not the same
    notes: rules that the feeling broke by itself are left to it; an arc of the user's own making, and mutes, are not
    said.
    """
    return _kept(report) if "story" in report or "points" in report["journey"] else _nearest(report)


def _kept(report: Mapping[str, Any]) -> SongIntent:
    """The way through the points, and the settings that were given."""
    asked = report["settings"]
    return SongIntent(
        title=report["title"],
        story=_storyline(report["journey"], report.get("story", ())),
        technical=Technical(
            **{name: asked[name] for name in KEPT if name in asked},
            groove_feel=asked.get("feel"),
            mute=tuple(asked.get("mute", ())),
            rule_to_break=tuple(BrokenRule(rule=rule, why=why) for rule, why in asked.get("breaks", {}).items()),
            progressions={role: tuple(row[:64]) for role, row in asked.get("progressions", {}).items()},
        ),
    )


def _storyline(way: Mapping[str, Any], told: Sequence[Mapping[str, Any]]) -> Storyline:
    points = way.get("points") or [{"at": 0.0, **{name: way["from"][name] for name in RANGES}}]
    axes = ("at", "valence", "arousal", "dominance", "confidence", "text", "start", "end")
    return Storyline(
        points=tuple(Point(**point) for point in points),
        arc=way["arc"],
        sections=tuple(Form(**stretch) for stretch in way.get("stretches", ())),
        passages=tuple(Line(**{name: row[name] for name in axes}) for row in told),
    )


def _nearest(report: Mapping[str, Any]) -> SongIntent:
    """The feelings by their nearest names, and the form, chords and rules that came of them."""
    journey, music = report["journey"], report["parameters"]
    chords: dict[str, tuple[str, ...]] = {}
    for section in report["sections"]:
        if section["role"] in ROLES:
            chords.setdefault(section["role"], tuple(section["chords"][:64]))
    tonic, mode = music["key"].split()
    start, end = (f"{side['name']}:{side['tier']}" for side in (journey["from"], journey["to"]))
    asked = [rule for rule in report["rule_breaks"] if rule["asked"]]
    return SongIntent(
        title=report["title"],
        intent=Aim(
            primary_mood=start,
            to=None if end == start else end,
            secondary_tension=min(max(round((music["complexity"] - 0.3) / 0.7, 3), 0.0), 1.0),
            vulnerability=_exposure(music["humanise"], music["dynamics"]),
            narrative_arc=journey["arc"] if journey["arc"] in journeys.arcs() else None,
        ),
        technical=Technical(
            genre=music["genre"],
            tempo=music["tempo"],
            key=tonic,
            mode=mode,
            groove_feel=music["feel"],
            bars=music["bars"],
            seed=report["seed"],
            rule_to_break=tuple(BrokenRule(rule=rule["name"], why=rule["reason"]) for rule in asked),
            progressions=chords,
        ),
    )


def _exposure(humanise: float, dynamics: float) -> Literal["low", "medium", "high"]:
    """The vulnerability whose playing is nearest to what was heard."""
    apart = {name: abs(humanise - h) + abs(dynamics - d) for name, (h, d) in EXPOSED.items()}
    return cast("Literal['low', 'medium', 'high']", min(apart, key=lambda name: round(apart[name], 6)))
