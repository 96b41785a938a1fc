"""Kelly Studio: the page, as it was built into the package.

Conventions: the names of assets hold a hash of what is in them, so that they may be kept for ever; the page that names
them is asked for each time. It takes nothing from anywhere but here.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from kelly.serving.problems import RefusedError

__all__ = ["MISSING", "PAGE", "router"]

router = APIRouter(include_in_schema=False)

PAGE = Path(str(resources.files("kelly.serving"))) / "page"
_POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; "  # of elements that are drawn to measure
    "font-src 'self'; "
    "img-src 'self' blob: data:; "
    "media-src 'self' blob:; "
    "connect-src 'self'; "
    "worker-src 'self' blob:; "  # the clock of what plays
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'"
)
_KEPT = {"cache-control": "public, max-age=31536000, immutable"}
_ASKED = {"cache-control": "no-cache"}
MISSING = "the page is not in this Kelly: build it with `make studio`, which needs Node.js, or install a wheel"


@router.get("/")
async def page() -> FileResponse:
    """The page."""
    return _file("index.html", _ASKED | {"content-security-policy": _POLICY})


@router.get("/icon.svg")
async def icon() -> FileResponse:
    """Its icon."""
    return _file("icon.svg", _ASKED)


@router.get("/assets/{name}")
async def asset(name: Annotated[str, InPath(pattern=r"^[\w-]+(\.[\w-]+)+$")]) -> FileResponse:
    """What it needs."""
    return _file(f"assets/{name}", _KEPT)


def _file(name: str, headers: dict[str, str]) -> FileResponse:
    path = PAGE / name
    if not path.is_file():
        raise RefusedError(404, MISSING if not (PAGE / "index.html").is_file() else "there is no such thing")
    return FileResponse(path, headers=headers)
