"""Scripts where a name is expected: in the title of a song, of its parts and markers, and in a report that is forged.

A title comes back as text, escaped where it stands in XML, and every answer forbids a browser to guess what it is, to
run anything, and to let it out of its box. A forged report that is no plain data is refused.
"""

import json
import time
import xml.etree.ElementTree as ET

import midi
from against import Answer, Service, holds, main

SCRIPT = "<script>alert(1)</script>"
_TITLES = (
    SCRIPT,
    '"><svg onload=alert(1)>',
    "]]><script>alert(1)</script>",
    "&lt;x&gt; &amp; '\"",
    "{{7*7}} ${7*7}",
    "%n%s",
)
_FORMS = ("mid", "json", "svg", "musicxml")


def attack(service: Service) -> str:
    """Compose, bring along, and fetch in every form."""
    for title in _TITLES:
        _look(service, _composed(service, title), title)
        _look(service, _brought(service, title), title)
    deep = '{"a":' * 5_000 + "1" + "}" * 5_000
    for report in (
        '{"emotion": NaN}',
        '{"emotion": "<b>"}',
        f'{{"emotion": {deep}}}',
        '{"emotion": {"valence": 1e999}}',
        "[]",
    ):
        told = service.file("/v1/songs/imports", _song(SCRIPT, report), "a.mid").refused(422)
    return told


def _composed(service: Service, title: str) -> str:
    intent = {"title": title, "intent": {"primary_mood": "grief"}, "technical": {"bars": 4}}
    answer = service.json("/v1/songs", json.dumps({"feeling": {"intent": intent}}))
    holds(answer.status == 202, f"the title {title!r}: {answer.told}")
    end = time.monotonic() + 60
    while (job := json.loads(service.ask("GET", answer.headers["location"]).body))["ended"] is None:
        holds(time.monotonic() < end, "the song was not composed in a minute")
        time.sleep(0.1)
    holds(job["state"] == "done", f"the song was not composed: {job['problem']}")
    return f"/v1/songs/{job['song']}"


def _brought(service: Service, title: str) -> str:
    answer = service.file("/v1/songs/imports", _song(title), f"{title}.mid")
    holds(answer.status == 201, f"the title {title!r}: {answer.told}")
    return answer.headers["location"]


def _song(title: str, report: str | None = None) -> bytes:
    texts = [midi.text(3, title), midi.text(6, title), midi.text(1, title)]
    return midi.file([*texts, *([midi.text(1, f"kelly {report}")] if report else []), midi.note(60, 480)])


def _look(service: Service, place: str, title: str) -> None:
    _boxed(service.ask("GET", place), "application/json")
    for form in _FORMS:
        answer = service.ask("GET", f"{place}.{form}")
        if answer.status in {404, 422, 500}:  # a song that was brought along has no report
            continue
        holds(answer.status == 200, f"{form}: {answer.told}")
        _boxed(answer, {"mid": "audio/", "json": "application/json", "svg": "image/svg+xml"}.get(form, "application/"))
        if form in {"svg", "musicxml"}:
            names = {node.tag.rpartition("}")[2].lower() for node in ET.fromstring(answer.body).iter()}
            holds(not names & {"script", "foreignobject", "iframe"}, f"{form} of {title!r} has a script in it")
            holds(
                b"onload=" not in answer.body or b"&lt;svg onload=" in answer.body, f"{form} of {title!r} has a handler"
            )
    service.ask("DELETE", place)


def _boxed(answer: Answer, kind: str) -> None:
    fields = answer.headers
    holds(fields["content-type"].startswith(kind), f"it came as {fields['content-type']}")
    holds(fields["x-content-type-options"] == "nosniff", "a browser may guess what it is")
    holds("sandbox" in fields["content-security-policy"], "a browser may run what is in it")


if __name__ == "__main__":
    main(attack)
