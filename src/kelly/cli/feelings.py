"""The commands about feelings: `kelly feel` and `kelly emotions`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kelly.cli import options, prose
from kelly.cli.output import as_json, note, say
from kelly.cli.sources import one_of, story_in
from kelly.errors import UsageError

if TYPE_CHECKING:
    from kelly.emotion.space import Emotion
    from kelly.emotion.thesaurus import Node
    from kelly.listening.reading import Reading

__all__ = ["emotions", "feel", "register"]

NEAREST = 8


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command(short_help="Read a text as an emotion.")(feel)
    app.command(short_help="List the names of feelings.")(emotions)


def feel(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What is felt, in quotes; - reads it from standard input.")
    ] = None,
    timeline: Annotated[
        Path | None,
        typer.Option(metavar="FILE.txt", help="A story or lyric, to be read sentence by sentence; - as above."),
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(metavar="VOICE.wav", help="The voice that says it: both are heard as one.")
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Read a text as an emotion, and say which words it went by; or a story, and say where it leads."""
    one_of("text", {"TEXT": text, "--timeline": timeline})
    if audio is not None and timeline is not None:
        raise UsageError("--audio is for TEXT: a story and a voice are not heard as one")
    if timeline is not None:
        story = story_in(timeline)
        _tell(story.as_dict(), prose.timeline, heard=story.summary.heard, json=json, quiet=quiet)
    else:
        import kelly

        reading = kelly.feel(options.read_text(text or ""), explain=True)
        if audio is None:
            _tell(reading.as_dict(), prose.reading, heard=reading.heard, json=json, quiet=quiet)
            return
        told = _with_voice(reading, audio, quiet=quiet)
        _tell(told, prose.both, heard=told["emotion"]["confidence"] > 0, json=json, quiet=quiet)


def _with_voice(words: Reading, audio: Path, *, quiet: bool) -> dict[str, Any]:
    """What is heard in words and a voice together, and in each of them; the voice may be music, and is heard so."""
    from kelly.listening.fusion import apart, fused
    from kelly.listening.sound import listen

    recording = listen(audio)
    voice = recording.reading
    if not voice.heard:
        note(f"{audio}: the voice is silent; the words are read alone", quiet=quiet)
    elif recording.kind == "music":
        note(f"{audio}: it sounds like music, not like a voice alone, and is heard as music", quiet=quiet)
    distance = apart(words, voice) if words.heard and voice.heard else (0.0, 0.0, 0.0)
    alone = {"words": words.as_dict(), "voice": voice.as_dict()}
    parts = {name: {key: one[key] for key in ("emotion", "spread")} for name, one in alone.items()}
    parts["voice"]["kind"] = recording.kind
    return {
        **fused(words, voice).as_dict(),
        "from": parts,
        "apart": dict(zip(("valence", "arousal", "dominance"), (round(one, 4) for one in distance), strict=True)),
    }


def _tell(
    told: dict[str, Any], say_it: Callable[[dict[str, Any]], Iterable[str]], *, heard: bool, json: bool, quiet: bool
) -> None:
    if not heard:
        note(prose.UNHEARD, quiet=quiet)
    if json:
        as_json(told)
    else:
        say(say_it(told), quiet=quiet)


def emotions(
    near: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="V A D", help="List those nearest to a point, nearest first."),
    ] = None,
    category: Annotated[str | None, typer.Option(metavar="NAME", help="List one category only.")] = None,
    json: options.Json = False,
) -> None:
    """List the names of feelings, or those nearest to a point."""
    from kelly.emotion import thesaurus
    from kelly.emotion.space import Emotion

    point = None if near is None else Emotion(*near)
    among = (*thesaurus.names(), *thesaurus.blends()) if category is None else thesaurus.by_category(category)
    rows = _rows(among, point)
    if json:
        as_json({"emotions": rows})
    else:
        say(prose.emotions(rows))


def _rows(nodes: Iterable[Node], point: Emotion | None) -> list[dict[str, Any]]:
    """Nodes as plain data: all of them, or the nearest to a point with their distance."""
    from kelly.emotion.space import distance

    if point is None:
        return [_row(node) for node in nodes]
    apart = {node: round(distance(node.emotion, point), 4) for node in nodes}
    return [_row(node) | {"distance": apart[node]} for node in sorted(apart, key=apart.__getitem__)[:NEAREST]]


def _row(node: Node) -> dict[str, Any]:
    point = dict(zip(("valence", "arousal", "dominance"), node.emotion.vad, strict=True))
    intensity = round(node.emotion.intensity, 4)
    return {"name": node.name, "category": node.category, "blend": node.blend, **point, "intensity": intensity}
