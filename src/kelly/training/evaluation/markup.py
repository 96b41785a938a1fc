"""Markup: HTML in which every text is escaped unless it is markup already.

Conventions: an element takes texts, numbers and other elements as children; attributes come by name, "class_" for
"class" and "_" for "-", and are left out when None. Only `Markup` is written as it is, so that no name of a corpus or
of a file can become part of the page.
"""

from __future__ import annotations

from html import escape

__all__ = ["VOID", "Markup", "element"]

VOID = frozenset({"br", "col", "hr", "img", "link", "meta"})  # elements that hold nothing and are not closed


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


def element(tag: str, *children: object, **attributes: object) -> Markup:
    """An element with its children in order, None left out."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Markup(f"<{tag}{given}>")
    held = "".join(
        child if isinstance(child, Markup) else escape(str(child)) for child in children if child is not None
    )
    return Markup(f"<{tag}{given}>{held}</{tag}>")
