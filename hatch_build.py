"""Build the page of the studio into the wheel, where Node.js is there to build it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = "src/kelly/serving/page"


class PageHook(BuildHookInterface):
    """Builds the page unless it is built; without it a wheel can do all but show it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it before files are gathered; an editable install takes what `make studio` has built."""
        if version == "editable":
            return
        build_data["artifacts"].append(f"{PAGE}/**")
        root = Path(self.root)
        if (root / PAGE / "index.html").is_file():
            return
        npm = shutil.which("npm")
        if npm is None or not (root / "studio").is_dir():
            self.app.display_warning("Kelly Studio is left out: its page needs Node.js (npm) to be built")
            return
        # Not `ci`: some platforms of an optional tool are left out of the lock where a registry lacks them.
        for step in (["install", "--no-save"], ["run", "build"]):
            subprocess.run([npm, *step], cwd=root / "studio", check=True)  # noqa: S603 - our own scripts
