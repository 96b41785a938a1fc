"""What a song is made from: the feeling and the wishes on the command line, and where they contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kelly.cli.options import read_text
from kelly.errors import UsageError
from kelly.names import key

if TYPE_CHECKING:
    from kelly.composing.song import Feeling, Wishes
    from kelly.emotion.space import Emotion

__all__ = ["checked_breaks", "side_b", "source", "wishes"]


def source(
    text: str | None, emotion: str | None, vad: tuple[float, float, float] | None, intent: Path | None
) -> Feeling:
    """The one feeling that was given: a Reading, an Emotion or a song intent.

    Raises UsageError when there is none, more than one, or it makes no sense; FileError when the intent cannot be read.
    """
    sources = {"TEXT": text, "--emotion": emotion, "--vad": vad, "--intent": intent}
    given = [name for name, value in sources.items() if value is not None]
    if len(given) != 1:
        raise UsageError(f"give one feeling: TEXT, --emotion, --vad or --intent; got {' and '.join(given) or 'none'}")
    if text is not None:
        from kelly.listening.words import feel

        return feel(read_text(text))
    if intent is not None:
        from kelly.composing.intent import load

        return load(intent)
    from kelly.emotion import thesaurus
    from kelly.emotion.space import Emotion

    return Emotion(*vad) if vad is not None else thesaurus.lookup(emotion or "").emotion


def side_b(to: str | None) -> Emotion | None:
    """The feeling that `--to` names or describes; raises as `listening.mood.mood`."""
    from kelly.listening.mood import mood

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
