"""What a song is made from: the feeling and the wishes on the command line, and where they contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kelly.cli.options import read_text
from kelly.errors import UnknownNameError, UsageError

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
    """The feeling that `--to` names or describes; a name wins over the same word read as text.

    Raises UnknownNameError, with the names that are near, for one word that is neither, and UsageError for a text in
    which no word is known: a song cannot lead where nobody knows.
    """
    if to is None:
        return None
    from kelly.emotion import thesaurus
    from kelly.listening.words import feel

    try:
        return thesaurus.lookup(to).emotion
    except UnknownNameError:
        heard = feel(to)
        if not heard.words:
            if len(to.split()) == 1:
                raise
            raise UsageError(f"--to takes the name of a feeling or a text that tells one; got {to[:60]!r}") from None
        return heard.emotion


def checked_breaks(rules: Sequence[str] | None, reasons: Sequence[str] | None) -> dict[str, str] | None:
    """The rules to break with their reasons, paired in order; None when there are none.

    Raises UsageError when a rule has no reason, a reason no rule, or a rule comes twice.
    """
    names, because = rules or [], reasons or []
    if len(names) != len(because):
        raise UsageError(f"each --break RULE needs one --because WHY; got {len(names)} and {len(because)}")
    paired = dict(zip(names, because, strict=True))
    if len(paired) != len(names):
        raise UsageError(f"a rule can be broken once only; got --break {' --break '.join(names)}")
    return paired or None


def wishes(feeling: Feeling, **given: Any) -> Wishes:  # noqa: ANN401 - the fields of Settings
    """What was asked for beside the feeling; a song intent's own wishes stand where they are not contradicted."""
    from kelly.composing.intent import SongIntent

    wished = {name: value for name, value in given.items() if value is not None}
    if "mute" in wished:
        wished["mute"] = tuple(part.strip().casefold() for parts in wished["mute"] for part in parts.split(","))
    if isinstance(feeling, SongIntent):
        own = feeling.settings()
        if "breaks" in wished:
            wished["breaks"] = {**own.breaks, **wished["breaks"]}
        for length, other in (("bars", "minutes"), ("minutes", "bars")):
            if length in wished:
                wished.setdefault(other, None)
    return wished  # type: ignore[return-value]  # typer gives each the type that its option declares
