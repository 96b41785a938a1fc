"""The gate: who is let in, what is refused, and what every answer has."""

import json
import logging

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse

from kelly.errors import FileError, UsageError
from kelly.serving import logs
from kelly.serving.gate import Gate
from kelly.serving.metrics import Metrics
from kelly.serving.problems import of_error
from kelly.serving.settings import Settings

TOKEN = "correct-horse-battery-staple"  # noqa: S105
HOSTS = ("127.0.0.1", "localhost")


async def echo(scope, receive, send):
    """An application that counts what it is sent."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await JSONResponse({"size": size, "method": scope["method"]})(scope, receive, send)


def asked(gate, path="/v1/songs", method="GET", body=(b"",), extra=(), **fields):
    """The answer of a gate: status, headers, body."""
    headers = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in fields.items()}}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [*((name.encode(), value.encode("latin-1")) for name, value in headers.items()), *extra],
    }
    pieces = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
    pieces[-1]["more_body"] = False
    sent = []

    async def receive():
        return pieces.pop(0) if pieces else await anyio.sleep_forever()

    async def send(message):
        sent.append(message)

    anyio.run(gate, scope, receive, send)
    fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], fields, b"".join(message.get("body", b"") for message in sent[1:])


def gate(app=echo, **options):
    return Gate(app, Settings(**{"hosts": HOSTS} | options), Metrics())


def told(answer):
    return json.loads(answer[2])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:1", "localhost:8000"])
def test_who_asks_by_a_name_of_the_service_is_let_in(host):
    assert asked(gate(), host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "127.0.0.1.evil.example", "", "[", "localhost.", "[::1", "127.0.0.2", "evil@127.0.0.1",
        "localhost/evil", "localhost?evil", "localhost#evil", "localhost:evil", "localhost,evil", "127.0.0.1\n",
    ],
)  # fmt: skip
def test_who_asks_by_another_name_is_refused(host):
    assert asked(gate(), host=host)[0] == 421
    assert asked(gate(), path="/healthz", host=host)[0] == 421


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://[", "", "http://127.0.0.1:8001", "x", "file://127.0.0.1:8000"]
)
def test_a_page_of_another_site_is_refused(origin):
    answer = asked(gate(), origin=origin)
    assert answer[0] == 403
    assert not [name for name in answer[1] if name.startswith("access-control")]


def test_a_page_of_its_own_is_let_in_and_a_link_may_lead_here():
    assert asked(gate(), origin="http://127.0.0.1:8000", sec_fetch_site="same-origin")[0] == 200
    assert asked(gate(), sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 200
    assert asked(gate(), sec_fetch_site="cross-site", sec_fetch_mode="no-cors")[0] == 403


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff", TOKEN]
)
def test_without_the_token_only_health_is_told(shown):
    guarded = gate(token=TOKEN)
    status, headers, _ = asked(guarded, authorization=shown)
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert asked(guarded, path="/healthz", authorization=shown)[0] == 200
    assert asked(guarded, authorization=f"Bearer {TOKEN}")[0] == 200


def test_while_the_service_ends_only_its_state_is_told():
    ending = gate()
    ending.draining = True
    status, headers, _ = asked(ending)
    assert (status, headers["retry-after"], headers["connection"]) == (503, "5", "close")
    assert asked(ending, path="/healthz")[0] == asked(ending, path="/metrics")[0] == 200


def test_an_id_that_a_caller_gives_is_kept_and_a_strange_one_is_not():
    assert asked(gate(), x_request_id="abc-123")[1]["x-request-id"] == "abc-123"
    for strange in ("a b", "a\xffb", "x" * 65, '"', ""):
        given = asked(gate(), x_request_id=strange)[1]["x-request-id"]
        assert given != strange
        assert len(given) == 24


def test_every_answer_is_boxed():
    for answer in (asked(gate()), asked(gate(), host="evil.example")):
        assert answer[1]["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer[1]["content-security-policy"]
        assert answer[1]["cache-control"] == "no-store"
        assert not {"server", "access-control-allow-origin"} & set(answer[1])


def test_a_head_is_as_large_as_it_may_be_and_no_larger():
    small = gate(headers=1000, target=100)
    assert asked(small, path="/" + "a" * 99)[0] == 200
    assert asked(small, path="/" + "a" * 100)[0] == 414
    used = len("/v1/songs") + len("host") + len("127.0.0.1:8000") + 4
    room = 1000 - used - len("x") - 4
    assert asked(small, x="a" * room)[0] == 200
    assert asked(small, x="a" * (room + 1))[0] == 431


def test_a_length_that_is_stated_in_two_ways_is_refused():
    assert asked(gate(), content_length="5", transfer_encoding="chunked")[0] == 400


def test_chunks_are_no_part_of_http_1_0():
    def old(scope, receive, send):
        return gate()(scope | {"http_version": "1.0"}, receive, send)

    assert asked(old, transfer_encoding="chunked")[0] == 400
    assert asked(old)[0] == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/form-data; boundary=x", 200),
        ("multipart/form-data; charset=UTF-8; boundary=x", 200),
        ('multipart/form-data; boundary="x; charset=undefined"', 200),
        ("multipart/form-data; boundary=x; charset=undefined", 415),
        ("multipart/form-data; boundary=x; charset*=utf-8''undefined", 200),  # which nobody reads as one
        ("multipart/form-data; boundary=x; charset=unicode_escape", 415),
    ],
)
def test_a_form_is_written_in_utf_8(kind, status):
    assert asked(gate(), "/v1/analyses", "POST", content_type=kind)[0] == status


def test_a_head_request_is_answered_as_a_get():
    assert told(asked(gate(), method="HEAD"))["method"] == "GET"


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=8), st.sampled_from([None, 0, 3, 100, 101, 10**18]))
@settings(deadline=None, max_examples=60)
def test_a_body_is_counted_as_it_comes_whatever_was_promised(pieces, promised):
    fields = {} if promised is None else {"content_length": str(promised)}
    status, _, body = asked(gate(body=100), method="POST", body=pieces, **fields)
    size = sum(map(len, pieces))
    if size > 100 or (promised or 0) > 100:
        assert status == 413
    else:
        assert (status, json.loads(body)["size"]) == (200, size)


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [
        ("/v1/analyses", "multipart/form-data; boundary=x", 200),
        ("/predict", "Multipart/Form-Data; boundary=x", 200),
        ("/v1/analyses", "application/json", 100),
        ("/v1/songs", "multipart/form-data; boundary=x", 100),
    ],
)
def test_only_files_may_be_large_and_only_where_they_are_taken(path, kind, most):
    limited = gate(body=100, upload=200)
    for size, status in ((most, 200), (most + 1, 413)):
        assert asked(limited, path, "POST", [b"a" * size], content_type=kind)[0] == status


def test_a_body_that_pauses_or_trickles_is_refused():
    async def paused(scope, _, send):
        async def never():
            await anyio.sleep_forever()

        await gate(pause=0.05)(scope, never, send)

    assert asked(paused, method="POST", content_length="5")[0] == 408

    async def trickled(scope, _, send):
        async def little():
            await anyio.sleep(0.03)
            return {"type": "http.request", "body": b"a", "more_body": True}

        await gate(pause=0.05, trickle=1000)(scope, little, send)

    assert asked(trickled, method="POST", content_length="5000")[0] == 408


def test_whoever_does_not_read_the_answer_is_cut_off():
    cut = []

    async def unread(scope, receive, send):
        async def full(message):
            if message["type"] == "http.response.body":
                await anyio.sleep_forever()
            await send(message)

        scope["state"] = {"cut": lambda: cut.append(True)}
        await gate(pause=0.05)(scope, receive, full)

    asked(unread)
    assert cut


def test_whoever_does_not_read_that_something_went_wrong_is_cut_off_too():
    cut = []

    async def broken(*_):
        raise RuntimeError

    async def unread(scope, receive, _):
        scope["state"] = {"cut": lambda: cut.append(True)}
        await gate(broken, pause=0.05)(scope, receive, lambda _: anyio.sleep_forever())

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"localhost")]}
    anyio.run(unread, scope, anyio.sleep_forever, None)
    assert cut


def test_more_than_may_be_answered_at_the_same_time_are_told_so_at_once():
    async def run():
        waiting, told = anyio.Event(), []

        async def slow(scope, receive, send):
            await waiting.wait()
            await JSONResponse({})(scope, receive, send)

        crowded = gate(slow, requests=5, uploads=1, watchers=1)

        async def one(path, kind=b"application/json"):
            scope = {
                "type": "http",
                "http_version": "1.1",
                "method": "GET",
                "path": path,
                "raw_path": path.encode(),
                "query_string": b"",
                "headers": [(b"host", b"localhost"), (b"content-type", kind)],
            }

            async def send(message):
                if message["type"] == "http.response.start":
                    told.append((path, kind[:4], message["status"]))

            await crowded(scope, anyio.sleep_forever, send)

        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(one, "/v1/jobs/x/events")
                group.start_soon(one, "/v1/analyses", b"multipart/form-data")
            for _ in range(4):
                group.start_soon(one, "/v1/songs")
            await anyio.wait_all_tasks_blocked()
            refused = sorted(told)
            group.start_soon(one, "/healthz")
            await anyio.wait_all_tasks_blocked()
            waiting.set()
        assert crowded.underway == 0
        return refused, told

    refused, told = anyio.run(run)
    assert refused == [
        ("/v1/analyses", b"mult", 429),
        ("/v1/jobs/x/events", b"appl", 429),
        ("/v1/songs", b"appl", 429),
    ]
    assert ("/healthz", b"appl", 200) in told


def test_what_nobody_foresaw_is_a_problem_without_details_and_its_text_is_not_logged(caplog):
    async def broken(*_):
        raise RuntimeError("I said this in confidence")

    with caplog.at_level(logging.ERROR, "kelly.serving"):
        status, headers, body = asked(gate(broken))
    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert json.loads(body)["detail"] == "something went wrong that is not your fault"
    line = logs._Lines().format(caplog.records[0])
    assert "confidence" not in line
    error = json.loads(line)["error"][0]
    assert error["type"] == "builtins.RuntimeError"
    assert error["at"][-1].endswith(" broken")


def test_what_libraries_log_is_cut_to_what_holds_no_values():
    record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "it failed\nfuture: 'my words'", (), None)
    assert json.loads(logs._Lines().format(record))["event"] == "it failed"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FileError("cannot write /somewhere/of/ours/song.wav: No space left on device"), 500),
        (FileError("cannot read the SoundFont '/somewhere/of/ours.sf2': it is damaged"), 500),
        (FileError("cannot read 'the file': it begins with b'/etc/'"), 422),
        (UsageError('genre must be one of lo-fi, pop; got "../../etc"'), 422),
    ],
)
def test_an_error_that_names_a_file_of_the_machine_is_not_told(error, status):
    assert of_error(error)[0] == status
    assert "ours" not in of_error(error)[1]
