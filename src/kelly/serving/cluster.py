"""Cluster: the same application on Ray Serve, in as many replicas as there is work for.

Conventions: replicas keep nothing to themselves: songs, jobs and answers lie in the store that all of them share, so a
request may be answered by another replica than the one before it, and a replica that is lost loses nothing that was
acknowledged. Ray's own proxy speaks HTTP: limits on heads and on connections are its own, all others are the
application's.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from fastapi import FastAPI

from kelly.errors import FileError, KellyError, UsageError
from kelly.serving import logs
from kelly.serving.app import application
from kelly.serving.settings import Settings

__all__ = ["serve"]

_UNDERWAY = 64  # requests that a replica answers at the same time, at most
_TARGET = 8  # above so many for each, there are more replicas
_NAME = "kelly"


def serve(
    settings: Settings, host: str, port: int, told: Callable[[str], None], replicas: tuple[int, int], level: str
) -> None:
    """Serve on Ray until SIGTERM or Ctrl-C: on the cluster of RAY_ADDRESS, else on this machine.

    Parameters: settings; host and port; told, whom the address is told; replicas, the fewest and the most; level, from
    which on they log.
    Raises: KellyError, Ray is not installed; UsageError, machines that share no disk are to share SQLite; FileError,
    the replicas do not start.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report its use to its makers
    if "RAY_ADDRESS" not in os.environ:  # a cluster of our own: whoever reached its ports could run anything
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    ray, serving = _ray()
    ray.init(ignore_reinit_error=True, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    try:
        if settings.url.startswith("sqlite") and len(ray.nodes()) > 1:
            raise UsageError("several machines share one store: give --store postgresql://USER@HOST/NAME")
        serving.start(http_options={"host": host, "port": port})

        def built() -> FastAPI:  # on each replica, by Ray, which asks for a function
            logs.begin(level)
            return application(settings)

        made = serving.deployment(serving.ingress(built)()).options(
            name=_NAME,
            max_ongoing_requests=_UNDERWAY,
            autoscaling_config={
                "min_replicas": replicas[0],
                "max_replicas": replicas[1],
                "target_ongoing_requests": _TARGET,
            },
            graceful_shutdown_timeout_s=settings.grace,
        )
        try:
            serving.run(made.bind(), name=_NAME, route_prefix="/")
        except RuntimeError as error:
            raise FileError("the replicas do not start: ray's own log tells why") from error
        told(f"http://{host}:{port} on Ray, {replicas[0]} to {replicas[1]} replicas (Ctrl-C ends it)")
        _until_told()
    finally:
        serving.shutdown()
        ray.shutdown()


def _until_told() -> None:
    """Wait for SIGTERM or Ctrl-C."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1.0):  # with a timeout, so that signals are seen
        pass


def _ray() -> tuple[Any, Any]:
    try:
        return import_module("ray"), import_module("ray.serve")
    except ModuleNotFoundError as error:
        raise KellyError("--ray needs Ray, which is not installed: pip install 'kelly-music[cluster]'") from error
