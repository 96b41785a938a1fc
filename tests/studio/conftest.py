"""What the tests of the page share: a service, a browser that looks at it, and an eye for who cannot see all of it."""

import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kelly.serving.routes.studio import PAGE
from serving.conftest import serving

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")


def silence(seconds):
    """A WAV file of nothing."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros((int(8000 * seconds), 1), np.int16), 8000, format="WAV")
    return file.getvalue()


NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1440, "height": 900}
SILENCE = silence(20.0)
TABLET = {"width": 1024, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """A service that answers the page; skips where that is not built."""
    if not (PAGE / "index.html").is_file():
        pytest.skip("the page is not built: make studio")
    with serving(tmp_path_factory.mktemp("studio"), "--workers", "1") as served:
        served.ready()
        yield served


@pytest.fixture(scope="session")
def browser():
    """Chromium; skips where there is none."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"none of {', '.join(NAMES)} is installed")
    options = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
    ]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    sync_api.expect.set_options(timeout=20_000)  # of a machine that does other things beside
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, studio):
    """Opens the page: opened("#/listen", viewport=PHONE). A script that fails there, or a message of the content
    policy, fails the test. Without sound=True songs sound like silence, which takes no time to render."""
    contexts, wrong = [], []

    def heard(message):
        if message.type == "error" and "Failed to load resource" not in message.text:  # which a test may want
            wrong.append(message.text)

    def open_(hash_="", *, sound=False, **options):
        context = browser.new_context(base_url=studio.url, **({"viewport": WIDE} | options))
        contexts.append(context)
        context.set_default_timeout(30_000)
        if not sound:
            context.route("**/v1/songs/*.wav", lambda route: route.fulfill(body=SILENCE, content_type="audio/wav"))
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", heard)
        page.goto(f"/{hash_}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not wrong


@pytest.fixture(scope="session")
def axe(root):
    """Says what of a page bars people from it, by axe-core: seriously, or wholly."""
    script = (root / "studio/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

    def barriers(page):
        page.evaluate(script)
        told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        grave = [one for one in told["violations"] if one["impact"] in {"serious", "critical"}]
        return [f"{one['id']}: {json.dumps([node['target'] for node in one['nodes']])}" for one in grave]

    return barriers


@pytest.fixture(scope="session")
def shots():
    """Keeps pictures of the page in the folder of KELLY_SHOTS, where that is set: shots(page, "listen")."""
    folder = os.environ.get("KELLY_SHOTS")

    def keep(page, name):
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return keep
