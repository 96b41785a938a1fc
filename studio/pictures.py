"""Take the pictures of the page that the documentation shows, from a service and a folder of its own.

    make studio && .venv/bin/python studio/pictures.py [FOLDER]

FOLDER is docs/images when left out. It takes Chromium, Playwright (of the extra `dev`) and a minute.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parents[1] / "docs/images"
SAID = "I miss my grandmother, and I am grateful for every summer"
WIDE = {"width": 1280, "height": 820}


def main() -> None:
    """Take them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        sys.exit("Chromium is not installed")
    with tempfile.TemporaryDirectory() as songs, sync_playwright() as playwright:
        command = [Path(sys.executable).with_name("kelly"), "studio", "--no-browser", "--port", "0", "--folder", songs]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603
        options = ["--autoplay-policy=no-user-gesture-required", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        try:
            assert process.stderr is not None  # noqa: S101
            url = re.findall(r"http://\S+", process.stderr.readline())[0]
            browser = playwright.chromium.launch(executable_path=path, args=options)
            page = browser.new_page(base_url=url, viewport=WIDE, color_scheme="light")
            composing(page, folder)
            listening(page, folder)
            working(page, folder)
            browser.close()
        finally:
            process.terminate()
            process.wait(40)


def composing(page: Page, folder: Path) -> None:
    """Compose: a song, some way in, with bars chosen."""
    page.goto("/")
    page.get_by_label("What do you feel?").fill(SAID)
    page.locator(".words mark").first.wait_for()
    page.get_by_role("button", name="Compose", exact=True).click()
    play = page.get_by_role("button", name="Play", exact=True)
    play.wait_for()
    page.wait_for_function("!document.querySelector('.play').disabled")
    box = page.locator(".roll").bounding_box()
    assert box is not None  # noqa: S101
    page.mouse.click(box["x"] + 0.61 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_timeout(500)  # the playhead goes there
    kept(page, folder / "studio-compose.webp")


def listening(page: Page, folder: Path) -> None:
    """Listen: the sound of that song."""
    song = page.url.rpartition("song=")[2]
    sound = page.request.get(f"/v1/songs/{song}.wav").body()
    page.goto("/#/listen")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "summer.wav", "mimeType": "audio/wav", "buffer": sound}
    )
    page.get_by_role("link", name="Compose like this").wait_for()
    page.wait_for_timeout(1500)  # the waveform is drawn
    kept(page, folder / "studio-listen.webp")


def working(page: Page, folder: Path) -> None:
    """Workbench: a model's card."""
    page.goto("/#/workbench?view=models")
    page.get_by_role("link", name="voice").first.click()
    page.get_by_role("heading", name="How good").first.wait_for()
    page.wait_for_timeout(500)  # the drawings
    kept(page, folder / "studio-workbench.webp")


def kept(page: Page, file: Path) -> None:
    """Keep a picture of the page, small."""
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=50, method=6)
    print(file, f"{file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
