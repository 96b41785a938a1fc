"""The models that can be trained, by the names that `kelly train` and the service know them by, and on what device."""

from __future__ import annotations

from kelly.models.layers import NETWORKS

__all__ = ["DEVICES", "MODELS"]

MODELS = ("words", "symbolic", "sound", "notes", "transformer", *NETWORKS)
DEVICES = ("auto", "cpu", "cuda", "mps")
