"""Write the description of the service, from which the page's types are made, into openapi.json beside this script."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from kelly.serving.app import application
from kelly.serving.settings import Settings

__all__ = ["FILE", "described"]

FILE = Path(__file__).with_name("openapi.json")


def described() -> dict[str, Any]:
    """The description, but for the version, which would change it with every release."""
    with tempfile.TemporaryDirectory() as folder:
        told = application(Settings(folder=Path(folder))).openapi()
    del told["info"]["version"]
    return told


if __name__ == "__main__":
    FILE.write_text(json.dumps(described(), indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
