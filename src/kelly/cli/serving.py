"""The commands `kelly serve` and `kelly studio`: the service over HTTP, and its page in a browser."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import webbrowser
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from kelly.cli.output import note
from kelly.errors import UsageError
from kelly.files import make_folder, read_bytes
from kelly.names import quoted

if TYPE_CHECKING:
    from kelly.serving.settings import Settings

__all__ = ["register", "serve", "studio"]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HOST = re.compile(r"[\w.-]+", re.ASCII)
_SHORTEST = 16  # characters of a token
_REPLICAS = 1000
_LEVELS = ("debug", "info", "warning", "error")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    app.command(short_help="Open the page to look and listen: Kelly Studio.")(studio)
    app.command(short_help="Answer over HTTP what the commands do.")(serve)


def studio(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, metavar="N", help="Where to listen; 8000, or else a free one.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where songs and jobs are kept.")
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Option("--runs", metavar="DIR", exists=True, file_okay=False, help="Runs to show too; repeatable."),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it, or only say where it is.")] = True,
) -> None:
    """Open Kelly Studio, the page to look and listen, in the browser; it ends with Ctrl-C."""
    from kelly.serving.settings import Settings

    settings = Settings(workers=os.cpu_count() or 1, hosts=_LOOPBACK)
    if folder is not None:
        settings = replace(settings, folder=folder.absolute())
    settings = replace(settings, runs=tuple(place.absolute() for place in runs or ()))
    from kelly.serving import logs, server
    from kelly.serving.app import application
    from kelly.serving.routes.studio import MISSING, PAGE

    if not (PAGE / "index.html").is_file():
        raise UsageError(MISSING)
    make_folder(settings.folder)
    app = application(settings)
    app.state.service.store.open()
    logs.begin("warning")

    def told(address: str) -> None:
        note(address)
        if browser:
            # in a thread: some browsers are only back when they are closed
            Thread(target=webbrowser.open, args=(address.split(maxsplit=1)[0],), daemon=True).start()

    server.serve(app, _LOOPBACK[0], _free(8000) if port is None else port, told)


def _free(port: int) -> int:
    """A port if it is free here, else 0, which takes any."""
    with socket.socket() as tried:
        return port if tried.connect_ex((_LOOPBACK[0], port)) else 0


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; elsewhere than here it needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="0 takes a free one.")] = 8000,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where songs and jobs are kept.")
    ] = None,
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="sqlite:///FILE or postgresql://USER@HOST/NAME; else in DIR.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Holds the token that callers show; else KELLY_TOKEN does.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", metavar="HOST", help="A name callers may use; repeatable.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, metavar="N", help="Processes that compose; one for each core.")
    ] = None,
    ray: Annotated[bool, typer.Option("--ray", help="Serve on Ray, in as many replicas as there is work for.")] = False,
    replicas: Annotated[
        str | None, typer.Option(metavar="LEAST-MOST", help="With --ray: how many replicas; 1-4 when left out.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option("--limit", metavar="NAME=VALUE", help="Another limit, such as upload=10MB; repeatable."),
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Option("--runs", metavar="DIR", exists=True, file_okay=False, help="Runs to tell of too; repeatable."),
    ] = None,
    log: Annotated[str, typer.Option(metavar="LEVEL", help=f"{', '.join(_LEVELS)}.")] = "info",
) -> None:
    """Answer over HTTP what the commands do, until SIGTERM or Ctrl-C."""
    from kelly.serving.settings import Settings, limited

    if replicas is not None and not ray:
        raise UsageError("--replicas is for --ray")
    if ray and not port:
        raise UsageError("--ray needs a port of its own: give --port N")
    if log not in _LEVELS:
        raise UsageError(f"--log takes {', '.join(_LEVELS)}; got {log}")
    settings = Settings(store=store or "", workers=workers or os.cpu_count() or 1, token=_token(token_file))
    if folder is not None:
        settings = replace(settings, folder=folder.absolute())
    settings = limited(settings, limit or ())
    settings = replace(settings, runs=tuple(place.absolute() for place in runs or ()))
    settings = _guarded(settings, host, tuple(map(_named, name or ())))
    from kelly.serving import cluster, logs, server  # which take seconds: what is wrong is told before
    from kelly.serving.app import application

    make_folder(settings.folder)
    if ray:
        cluster.serve(settings, host, port, note, _span(replicas or "1-4"), log)
        return
    app = application(settings)
    app.state.service.store.open()  # what is wrong with it is told before anybody calls
    logs.begin(log)
    server.serve(app, host, port, note)


def _named(name: str) -> str:
    """A name as it stands in a request. Raises: UsageError, it is none, or has a port."""
    if not _HOST.fullmatch(name):
        raise UsageError(f"--name takes the name of a host, without a port, such as kelly.example; got {quoted(name)}")
    return name.lower()


def _span(replicas: str) -> tuple[int, int]:
    """The fewest and the most replicas. Raises: UsageError, they are not said so."""
    least, _, most = replicas.partition("-")
    if not (least.isdecimal() and (most or least).isdecimal() and 1 <= int(least) <= int(most or least) <= _REPLICAS):
        raise UsageError(f"--replicas takes LEAST-MOST, such as 1-4, up to {_REPLICAS}; got {replicas}")
    return int(least), int(most or least)


def _guarded(settings: Settings, host: str, names: tuple[str, ...]) -> Settings:
    """The settings with the names that fit an address. Raises: UsageError, it is public and there is no token."""
    if host in _LOOPBACK:
        return replace(settings, hosts=(*_LOOPBACK, *names))
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and not settings.token:
        raise UsageError(
            f"{host or 'it'} can be reached from other machines: give a token by --token-file or KELLY_TOKEN"
        )
    hosts = (host, *_LOOPBACK, *names) if local else (*names, *_LOOPBACK) if names else ()
    return replace(settings, hosts=hosts, local=local)


def _token(file: Path | None) -> str:
    """The token that callers show, if any. Raises: UsageError, it is too short; FileError."""
    token = (
        os.environ.get("KELLY_TOKEN", "")
        if file is None
        else read_bytes(file, limit=4096).decode(errors="replace").strip()
    )
    if (token or file is not None) and len(token) < _SHORTEST:
        raise UsageError(f"a token must have {_SHORTEST} characters or more; got {len(token)}")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError("a token must be of letters, digits and signs of ASCII, without blanks")
    return token
