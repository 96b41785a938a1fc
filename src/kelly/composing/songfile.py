"""The text of a song file: plain YAML in, plain data out, and one line for whatever is wrong with either.

Conventions: one document, a mapping at its root, keys that are words, values that are texts, numbers, true/false,
nothing, lists or mappings. Anchors, aliases, tags and merge keys are refused, so a short file cannot unfold into a
large one; "no" is a word and 1:30 is not ninety, as in YAML 1.2. What the values mean is decided in `intent`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kelly.errors import IntentError

__all__ = ["Phase", "Share", "Text", "Word", "explained", "hint", "listed", "parse", "shown", "write"]

LARGEST = 256 * 1024  # bytes
DEEPEST = 8  # levels of lists and mappings; the schema needs four
MOST = 4000  # values in all; a story that is told at length needs half of them
# Each pattern is narrower than YAML 1.1's, so that what `write` leaves unquoted is read back as what it was.
NULL = re.compile(r"~|null|Null|NULL|")
TRUE = re.compile(r"true|True|TRUE")
FALSE = re.compile(r"false|False|FALSE")
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
DECIMAL = re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?|\.[0-9]+")
UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")

Text = Annotated[str, Field(max_length=4000, description="text of at most 4000 characters")]
Word = Annotated[str, Field(min_length=1, max_length=100, description="text of 1 to 100 characters")]
Share = Annotated[float, Field(ge=0, le=1, description="a number in 0..1")]


class Phase(BaseModel):
    """What the mappings of a song file share: frozen, and nothing in them that is unknown or of another kind."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        str_strip_whitespace=True,
        allow_inf_nan=False,
    )


def listed(value: Any) -> Any:  # noqa: ANN401 - anything a file may hold
    """A list as the tuple that a frozen mapping keeps; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def parse(text: str) -> dict[str, Any]:
    """The data of a song file's text, at most 256 kB of it.

    Raises: IntentError, the text is too long, not YAML, not a mapping, or uses what song files do without.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LARGEST:
        raise IntentError(f"a song file must have at most {LARGEST} bytes; got {size}")
    try:
        return _Builder(yaml.parse(text, Loader=yaml.SafeLoader)).document()
    except IntentError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: impossible character escapes
        raise IntentError(f"a song file must be YAML; {_problem(error)}") from error


def write(data: Mapping[str, Any]) -> str:
    """Plain data as the text of a song file; `parse` gives the data back."""
    text: str = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=100)
    return text


def hint(name: str, known: Sequence[str]) -> str:
    """What an error adds when a name is nearly one of the known."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def shown(value: object, longest: int = 60) -> str:
    """A value as errors quote it: on one line, cut when long."""
    text = repr(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."


def explained(error: ValidationError, schema: type[BaseModel]) -> str:
    """The first thing wrong with data that was validated against `schema`, in one line.

    The description of a field says what it allows; lists are counted from 1.
    """
    first = error.errors(include_url=False)[0]
    place, kind = tuple(first["loc"]), first["type"]
    names = [str(part + 1) if isinstance(part, int) else shown(part)[1:-1] for part in place]
    where = ".".join(name for name in names if name not in ("float", "str"))  # pydantic names a union's members
    fields, allowed = _described(place, schema)
    if kind == "extra_forbidden":
        return f"{where} is not known{hint(str(place[-1]), fields)} (known: {', '.join(fields)})"
    if kind == "missing":
        reason = "; a rule is broken for a reason" if place[-1] == "why" else ""
        return f"{where} is missing{reason}"
    if kind == "value_error":
        text = str(first["ctx"]["error"])
        return f"{where}: {text}" if where else text
    return f"{where} must be {allowed}; got {shown(first['input'])}"


def _described(place: Sequence[int | str], schema: type[BaseModel]) -> tuple[list[str], str]:
    """The names of the fields around a place in the schema, and what its own field allows."""
    allowed = "something else"
    for part in place:
        found = schema.model_fields.get(str(part))
        if found is not None:
            allowed = found.description or allowed
            inner = [kind for kind in (found.annotation, *get_args(found.annotation)) if isinstance(kind, type)]
            schema = next((kind for kind in inner if issubclass(kind, BaseModel)), schema)
    return list(schema.model_fields), allowed


def _problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    return where + shown(" ".join(str(what).split()), 100)


@dataclass(slots=True)
class _Builder:
    """Builds plain data from YAML's events, which unlike its nodes are never unfolded or interpreted."""

    events: Iterator[yaml.Event]
    count: int = field(default=0)

    def document(self) -> dict[str, Any]:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise IntentError("a song file must be a mapping with root, intent and technical; got nothing")
        data = self._value(next(self.events), (), 0)
        if not isinstance(data, dict):
            raise IntentError(f"a song file must be a mapping with root, intent and technical; got {shown(data)}")
        next(self.events)
        if not isinstance(next(self.events), yaml.StreamEndEvent):
            raise IntentError("a song file must hold one YAML document; got several")
        return data

    def _value(self, event: yaml.Event, path: tuple[str, ...], depth: int) -> Any:  # noqa: ANN401 - plain data
        self._check(event, path, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        return _scalar(cast("yaml.ScalarEvent", event), path)

    def _check(self, event: yaml.Event, path: tuple[str, ...], depth: int) -> None:
        self.count += 1
        where = _where(event, path)
        tag = getattr(event, "tag", None)
        if getattr(event, "anchor", None) is not None:  # an alias has one too
            raise IntentError(f"{where}: write values out; anchors (&) and aliases (*) are not allowed")
        if tag is not None:
            raise IntentError(f"{where}: values have no tags; got {shown(tag)}")
        if depth > DEEPEST:
            raise IntentError(f"{where}: values may be nested {DEEPEST} deep; this one is deeper")
        if self.count > MOST:
            raise IntentError(f"{where}: a song file may hold {MOST} values; this one holds more")

    def _mapping(self, path: tuple[str, ...], depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            self._check(event, path, depth)
            if not isinstance(event, yaml.ScalarEvent):
                raise IntentError(f"{_where(event, path)}: a key must be a word; got a list or mapping")
            key = _readable(event, path)
            inner = (*path, shown(key)[1:-1])
            if key in data:
                raise IntentError(f"{_where(event, inner)} must stand once; got it twice")
            data[key] = self._value(next(self.events), inner, depth + 1)
        return data

    def _sequence(self, path: tuple[str, ...], depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, str(len(items) + 1)), depth + 1))
        return items


def _scalar(event: yaml.ScalarEvent, path: tuple[str, ...]) -> str | float | bool | None:
    text = _readable(event, path)
    if event.style is not None:  # quoted or a block: text, whatever it looks like
        return text
    if NULL.fullmatch(text):
        return None
    if TRUE.fullmatch(text) or FALSE.fullmatch(text):
        return bool(TRUE.fullmatch(text))
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if DECIMAL.fullmatch(text) else text


def _readable(event: yaml.ScalarEvent, path: tuple[str, ...]) -> str:
    text = str(event.value)
    odd = UNREADABLE.search(text)
    if odd:
        raise IntentError(f"{_where(event, path)} must be readable text; got the character {odd.group()!a}")
    return text


def _where(event: yaml.Event, path: tuple[str, ...]) -> str:
    line = event.start_mark.line + 1 if event.start_mark else 1
    return f"{'.'.join(path)} (line {line})" if path else f"line {line}"
