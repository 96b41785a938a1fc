"""The page as the service answers it: whole, within its content policy, and only for who may see it."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from kelly.serving.routes import studio as routes
from serving.conftest import serving, wait
from studio.conftest import sync_api

expect = sync_api.expect
TOKEN = "a-token-of-more-than-sixteen"  # noqa: S105


@pytest.fixture(scope="module")
def guarded(studio, tmp_path_factory):  # noqa: ARG001 - which skips where the page is not built
    """A service that asks for a token."""
    with serving(tmp_path_factory.mktemp("guarded"), "--workers", "1", KELLY_TOKEN=TOKEN) as served:
        served.ready()
        yield served


def test_the_page_is_asked_for_each_time_and_its_assets_are_kept(studio):
    with studio.caller() as caller:
        page = caller.get("/")
        assert page.headers["cache-control"] == "no-cache"
        assert "script-src 'self';" in page.headers["content-security-policy"]
        assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
        assert assets
        for asset in assets:
            answer = caller.get(asset)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        assert caller.get("/icon.svg").headers["content-type"] == "image/svg+xml"


def test_what_is_loaded_first_is_small(browser, studio):
    context = browser.new_context(base_url=studio.url)
    page = context.new_page()
    answers = []
    page.on("response", lambda answer, kept=answers: kept.append(answer))
    page.goto("/", wait_until="networkidle")
    assert sum(len(gzip.compress(answer.body())) for answer in answers) < 400_000
    context.close()


def test_the_page_asks_nobody_else(browser, studio):
    context = browser.new_context(base_url=studio.url)
    page = context.new_page()
    asked = []
    page.on("request", lambda request, kept=asked: kept.append(request.url))
    for hash_ in ("", "#/listen", "#/workbench?view=models", "#/workbench?view=service"):
        page.goto(f"/{hash_}", wait_until="networkidle")
    assert {url for url in asked if not url.startswith(studio.url)} == set()
    context.close()


@pytest.mark.parametrize("path", ["/assets/..%2Findex.html", "/assets/.npmrc", "/assets/nothing.js", "/index.html"])
def test_nothing_else_is_answered(studio, path):
    with studio.caller() as caller:
        assert caller.get(path).status_code in {404, 422}


def test_a_page_that_is_not_built_says_how_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(routes, "PAGE", tmp_path)
    with pytest.raises(routes.RefusedError, match="make studio"):
        routes._file("index.html", {})


def test_a_service_with_a_token_lets_a_browser_in_that_shows_it(browser, guarded):
    context = browser.new_context(base_url=guarded.url)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Token").fill("not-the-token-at-all")
    page.get_by_role("button", name="Go in").click()
    expect(page.get_by_role("alert")).to_contain_text("Ask whoever runs it")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Go in").click()
    page.get_by_label("What do you feel?").fill("joy")
    expect(page.locator(".told")).to_contain_text("Heard as")
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".roll")).to_be_visible()  # its events came, and its notes
    assert page.evaluate("document.cookie") == ""
    assert TOKEN not in json.dumps(context.cookies())
    page.reload()
    expect(page.get_by_label("What do you feel?")).to_be_visible()
    context.close()


def test_a_cookie_of_another_token_opens_nothing(guarded):
    with guarded.caller() as caller:
        assert caller.get("/").status_code == 200
        assert caller.get("/v1/songs", headers={"cookie": "kelly=" + "0" * 64}).status_code == 401
        assert caller.get("/v1/songs", headers={"cookie": f"kelly={TOKEN}"}).status_code == 401
        begun = caller.post("/v1/sessions", headers={"authorization": f"Bearer {TOKEN}"})
        assert begun.status_code == 204
        for word in ("HttpOnly", "SameSite=strict"):
            assert word in begun.headers["set-cookie"]
        assert caller.get("/v1/songs").status_code == 200
        assert caller.delete("/v1/sessions").status_code == 204
        assert caller.get("/v1/songs").status_code == 401


def test_the_cookie_goes_over_tls_alone_where_a_proxy_speaks_it(guarded):
    with guarded.caller() as caller:
        for way, secure in (("https", True), ("https, http", True), ("http", False)):
            headers = {"authorization": f"Bearer {TOKEN}", "x-forwarded-proto": way}
            assert ("Secure" in caller.post("/v1/sessions", headers=headers).headers["set-cookie"]) == secure


def test_kelly_studio_says_where_it_is_and_ends_when_it_is_told(studio, tmp_path):  # noqa: ARG001
    command = [Path(sys.executable).with_name("kelly"), "studio", "--no-browser", "--folder", str(tmp_path / "songs")]
    process = subprocess.Popen([*command, "--port", "0"], stderr=subprocess.PIPE, text=True)
    try:
        line = wait(process.stderr.readline)
        url = re.fullmatch(r"kelly: (http://127\.0\.0\.1:\d+) \(Ctrl-C ends it\)\n", line)[1]
        assert "Kelly Studio" in httpx2.get(url, timeout=30).text
        process.terminate()
        assert process.wait(40) == 0
    finally:
        process.kill()
        process.wait(10)
        process.stderr.close()
