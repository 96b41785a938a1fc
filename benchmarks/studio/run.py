"""Studio: how soon the page is there, and whether it keeps up while it is drawn on and played.

Conventions: times in milliseconds, in the Chromium of the system without a screen, on the service of this machine. The
load is what the page fetches before it can be used, each file as gzip would send it. A frame is due every 16.7 ms; the
frames of a drag are those that the trace has drawn while the pointer moves once a frame for three seconds. A long task
is one that keeps the main thread for more than 50 ms; while it plays none may take 100. The song has 5,000 notes of ten
parts.

    python benchmarks/studio/run.py [--keep DATE]
"""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Browser, Page, sync_playwright
from results import asked, publish, table

from kelly.score import midi
from kelly.score.notes import Note, Part, Score

PARTS, NOTES = 10, 500
SECONDS = 3.0
FRAME = 1000 / 60
CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline.frame"]
LOADS = 5


def main() -> None:
    """Measure, and print."""
    given = asked(__doc__).parse_args()
    with served() as url, opened() as browser:
        sizes, ready = loaded(browser, url)
        rows = [
            ("what is loaded first, gzip", f"{sum(sizes.values()) / 1000:.0f} kB", "400 kB"),
            ("from the address to a page that can be used", f"{statistics.median(ready):.0f} ms", "1000 ms"),
        ]
        page = browser.new_page(base_url=url, viewport={"width": 1440, "height": 900})
        song = brought(page)
        page.goto(f"/#/compose?song={song}")
        page.locator(".roll canvas").first.wait_for()
        page.get_by_role("button", name="Play", exact=True).click(timeout=60_000)
        page.wait_for_timeout(1000)  # the roll has been painted, and the sound begun
        for what, deed in (
            ("playing", lambda: page.wait_for_timeout(1000 * SECONDS)),
            ("each part's sound is loaded while it plays", lambda: parted(page)),
            ("the point is dragged over the map", lambda: moved(page, ".map svg")),
            ("bars are selected in the roll", lambda: moved(page, ".roll")),
            ("the roll is zoomed and moved", lambda: zoomed(page)),
        ):
            frames, longest = traced(browser, page, deed)
            rate, late = told(frames)
            rows.append((f"{what}: frames a second", f"{rate:.0f}", "60"))
            rows.append((f"{what}: frames that came late", f"{late:.1%}", "0 %"))
            rows.append((f"{what}: longest task", f"{longest:.0f} ms", "100 ms"))
    publish(__file__, table(("", "measured", "aim"), rows), given.keep)


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The address of a service of our own, once it is ready."""
    with tempfile.TemporaryDirectory() as folder:
        kelly = Path(sys.executable).with_name("kelly")
        command = [kelly, "studio", "--no-browser", "--port", "0", "--folder", folder]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603
        try:
            assert process.stderr is not None  # noqa: S101
            found = re.match(r"kelly: (http://\S+)", process.stderr.readline())
            if found is None:
                sys.exit("the service did not start")
            yield found[1]
        finally:
            process.terminate()
            process.wait(40)


@contextlib.contextmanager
def opened() -> Iterator[Browser]:
    """Chromium."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        sys.exit("Chromium is not installed")
    options = ["--autoplay-policy=no-user-gesture-required"]
    options += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


def loaded(browser: Browser, url: str) -> tuple[dict[str, int], list[float]]:
    """What is loaded first, bytes by address, and how long it takes until one can write."""
    sizes: dict[str, int] = {}
    ready = []
    for attempt in range(LOADS + 1):
        context = browser.new_context(base_url=url)
        page = context.new_page()
        answers: list[Any] = []
        page.on("response", lambda answer, kept=answers: kept.append(answer))
        begun = time.perf_counter()
        page.goto("/", wait_until="commit")
        page.get_by_label("What do you feel?").fill("a")
        if attempt:  # the service has its own first time
            ready.append(1000 * (time.perf_counter() - begun))
        page.wait_for_load_state("networkidle")
        own = [answer for answer in answers if "/v1/" not in answer.url]
        sizes = {answer.url: len(gzip.compress(answer.body())) for answer in own}
        context.close()
    return sizes, ready


def brought(page: Page) -> str:
    """The id of a song with many notes."""
    parts = tuple(
        Part(f"Part {number}", number if number < 9 else 10, 8 * number, tuple(_line(number)))
        for number in range(PARTS)
    )
    data = midi.to_bytes(Score(parts, title="Five thousand notes"))
    file = {"name": "many.mid", "mimeType": "audio/midi", "buffer": io.BytesIO(data).getvalue()}
    answer = page.request.post("/v1/songs/imports", multipart={"file": file})
    song: str = answer.json()["id"]
    return song


def _line(number: int) -> Iterator[Note]:
    for beat in range(NOTES):
        yield Note(beat / 2, 0.45, 36 + 4 * number + (7 * beat) % 24, 80)


def moved(page: Page, place: str) -> None:
    """Drag over a place, once a frame."""
    box = page.locator(place).bounding_box()
    assert box is not None  # noqa: S101
    spots = [0.1 + 0.8 * abs((step / 60) % 2 - 1) for step in range(int(60 * SECONDS))]
    at = [(box["x"] + x * box["width"], box["y"] + (0.3 + x / 2) * box["height"]) for x in spots]
    page.mouse.move(*at[0])
    page.mouse.down()
    begun = time.perf_counter()
    for step, (x, y) in enumerate(at):
        page.mouse.move(x, y)
        time.sleep(max(0.0, begun + step / 60 - time.perf_counter()))
    page.mouse.up()


def parted(page: Page) -> None:
    """Mute a part, for which each part's own sound is loaded."""
    page.locator(".mixer .switch").first.click()
    page.locator(".parting", has_text="loaded").wait_for()
    page.locator(".parting", has_not_text="loaded").wait_for(state="attached", timeout=120_000)


def zoomed(page: Page) -> None:
    """Zoom into the roll and out again, then move along."""
    page.locator(".roll").hover()
    page.keyboard.down("Control")
    begun = time.perf_counter()
    for step in range(int(60 * SECONDS)):
        if step == 120:
            page.keyboard.up("Control")
            page.keyboard.down("Shift")
        page.mouse.wheel(0, -40 if step < 80 else 30)
        time.sleep(max(0.0, begun + step / 60 - time.perf_counter()))
    page.keyboard.up("Shift")


def traced(browser: Browser, page: Page, deed: Any) -> tuple[list[float], float]:  # noqa: ANN401 - takes and gives nothing
    """When frames were drawn while something is done, and the longest task of the page's main thread, both in ms."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    deed()
    rows = json.loads(browser.stop_tracing())["traceEvents"]
    main = {(row["pid"], row["tid"]) for row in rows if row.get("name") == "FunctionCall"}
    tasks = [row for row in rows if row.get("name", "").endswith("RunTask") and (row["pid"], row["tid"]) in main]
    frames = sorted(row["ts"] / 1000 for row in rows if row.get("name") == "DrawFrame")
    return frames, max((row.get("dur", 0) / 1000 for row in tasks), default=0.0)


def told(frames: list[float]) -> tuple[float, float]:
    """Frames a second, and the share of those that came half a frame late or more."""
    gaps = [after - before for before, after in itertools.pairwise(frames)]
    if not gaps:
        return 0.0, 1.0
    return 1000 * len(gaps) / sum(gaps), sum(gap > 1.5 * FRAME for gap in gaps) / len(gaps)


if __name__ == "__main__":
    main()
