"""What the page about the service shows in Python runs, with the service of the tests in its place."""

import re


def test_the_python_of_the_page_runs(root, service, tmp_path, monkeypatch):
    page = (root / "docs/how-to/serve.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```py\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code.replace("http://127.0.0.1:8000", service.url), "serve.md", "exec"), {})  # noqa: S102 - our own page
    assert {path.name for path in tmp_path.iterdir()} == {"song.mid", "song.wav", "longer.mid"}
