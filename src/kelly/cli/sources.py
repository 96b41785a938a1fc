"""What a song is made from: the feeling and the wishes on the command line, and where they contradict each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kelly.cli.options import read_text
from kelly.errors import FileError, UsageError
from kelly.files import read_bytes
from kelly.names import key

if TYPE_CHECKING:
    from kelly.composing.song import Feeling, Wishes
    from kelly.emotion.space import Emotion
    from kelly.listening.story import Story

__all__ = ["checked_breaks", "one_of", "side_b", "source", "story_in", "wishes"]


def source(
    text: str | None,
    emotion: str | None,
    vad: tuple[float, float, float] | None,
    intent: Path | None,
    story: Path | None,
    like: Path | None,
) -> Feeling:
    """The one feeling that was given: a Reading, an Emotion, a song intent, a story, or the journey of a recording.

    Raises UsageError when there is none, more than one, or it makes no sense; FileError when its file cannot be read.
    """
    given = {"TEXT": text, "--emotion": emotion, "--vad": vad, "--intent": intent, "--story": story, "--like": like}
    one_of("feeling", given)
    if like is not None:
        from kelly.listening.listen import journey

        return journey(like)
    if story is not None:
        return story_in(story)
    if text is not None:
        from kelly.listening.words import feel

        return feel(read_text(text))
    if intent is not None:
        from kelly.composing.intent import load

        return load(intent)
    from kelly.emotion import thesaurus
    from kelly.emotion.space import Emotion

    return Emotion(*vad) if vad is not None else thesaurus.lookup(emotion or "").emotion


def one_of(what: str, sources: Mapping[str, object]) -> None:
    """Raise UsageError unless exactly one of the sources, by their names on the command line, was given."""
    given = [name for name, value in sources.items() if value is not None]
    if len(given) != 1:
        *names, last = sources
        raise UsageError(f"give one {what}: {', '.join(names)} or {last}; got {' and '.join(given) or 'none'}")


def story_in(path: Path) -> Story:
    """The story in a text file, or on standard input when the path is "-".

    Raises FileError when the file cannot be read or is not UTF-8, UsageError as `feel`.
    """
    from kelly.listening.story import read_story
    from kelly.listening.words import LONGEST

    if str(path) == "-":
        return read_story(read_text("-"))
    try:
        return read_story(read_bytes(path, limit=4 * LONGEST).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileError(f"cannot read {str(path)!r}: it must be UTF-8 text; byte {error.start + 1} is not") from error


def side_b(to: str | None, arc: str | None, story: Path | None, like: Path | None) -> Emotion | None:
    """The feeling that `--to` names or describes.

    Raises as `listening.mood.mood`; UsageError when a story or a recording, which has its own way, is to go another.
    """
    from kelly.listening.mood import mood

    other = " and ".join(name for name, value in (("--to", to), ("--arc", arc)) if value is not None)
    own = "--story" if story is not None else "--like" if like is not None else ""
    if own and other:
        raise UsageError(f"{own} goes its own way through the song; it takes no --to and no --arc; got {other}")
    return None if to is None else mood(to)


def checked_breaks(rules: Sequence[str] | None, reasons: Sequence[str] | None) -> dict[str, str] | None:
    """The rules to break with their reasons, paired in order; None when there are none.

    Raises UsageError when a rule has no reason, a reason no rule, or a rule comes twice.
    """
    names, because = rules or [], reasons or []
    if len(names) != len(because):
        raise UsageError(f"each --break RULE needs one --because WHY; got {len(names)} and {len(because)}")
    paired = dict(zip((key(name) for name in names), because, strict=True))
    if len(paired) != len(names):
        raise UsageError(f"a rule can be broken once only; got --break {' --break '.join(names)}")
    return paired or None


def wishes(**given: Any) -> Wishes:  # noqa: ANN401 - the fields of Settings
    """What was asked for beside the feeling."""
    wished = {name: value for name, value in given.items() if value is not None}
    if "mute" in wished:
        pieces = (part.strip() for parts in wished["mute"] for part in parts.split(","))
        wished["mute"] = tuple(part for part in pieces if part)
    return wished  # type: ignore[return-value]  # typer gives each the type that its option declares
