"""Metrics: what the service counts, for Prometheus; every name begins with `kelly_`."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

__all__ = ["Metrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The counters of a replica, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second number for each, which nobody asked for
        self.registry = of = CollectorRegistry()
        ProcessCollector("kelly", registry=of)
        self.requests = Counter(
            "kelly_requests", "Requests that were answered.", ["method", "route", "status"], registry=of
        )
        self.seconds = Histogram(
            "kelly_request_seconds", "Time to the end of an answer.", ["route"], buckets=_SECONDS, registry=of
        )
        self.underway = Gauge("kelly_requests_underway", "Requests that are being answered.", registry=of)
        self.refused = Counter("kelly_refused", "Requests that were refused, by their status.", ["status"], registry=of)
        self.jobs = Counter("kelly_jobs", "Jobs that ended, or were given back.", ["kind", "outcome"], registry=of)
        self.waiting = Gauge("kelly_jobs_waiting", "Jobs that wait in the store.", registry=of)
        self.busy = Gauge("kelly_workers_busy", "Workers that work.", registry=of)
        self.batch = Histogram("kelly_batch_size", "Texts read together.", buckets=(1, 2, 4, 8, 16, 32), registry=of)
        self.cache = Counter("kelly_cache", "Results looked up.", ["cache", "outcome"], registry=of)
        self.live = Gauge("kelly_live", "Listeners that are being answered live.", registry=of)

    def text(self) -> bytes:
        """All of them, as Prometheus reads it."""
        return generate_latest(self.registry)
