"""Connections: how long they may say nothing, how many there are, and how they end."""

import asyncio
import http.client
import re
import resource
import select
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial
from unittest import mock

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from websockets.protocol import State
from websockets.server import ServerProtocol

from kelly.errors import UsageError
from kelly.serving.connections import BURST, PIECE, Connection, room
from kelly.serving.gate import Gate
from kelly.serving.metrics import Metrics
from kelly.serving.settings import Settings
from kelly.serving.sockets import PIECES, Socket

SHORT = {"head": 0.3, "idle": 0.5, "pause": 0.3, "connections": 3, "headers": 2000, "body": 1000}
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


async def home(_):
    return PlainTextResponse("here")


async def taken(request):
    return PlainTextResponse(str(len(await request.body())))


async def long(_):
    return StreamingResponse(b"a" * 65_536 for _ in range(10_000))


async def live(websocket):
    await websocket.accept()
    while True:
        await websocket.send_text(await websocket.receive_text())


@contextmanager
def served(**limits):
    """The port of a service with short limits, and whom it sent away."""
    settings, away = Settings(**SHORT | limits), []
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/taken", taken, methods=["POST"]),
            Route("/long", long),
            WebSocketRoute("/live", live),
        ]
    )
    app.add_middleware(Gate, settings=settings, metrics=Metrics())
    config = uvicorn.Config(
        app,
        ws=Socket,
        http=partial(Connection, settings, settings.connections, away.append),
        log_config=None,
        server_header=False,
        backlog=BURST,
        h11_max_incomplete_event_size=settings.headers,
        timeout_keep_alive=settings.idle,
    )
    server = uvicorn.Server(config)
    there = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([there],))
    thread.start()
    try:
        yield there.getsockname()[1], away
    finally:
        server.should_exit = True
        thread.join(20)
        there.close()


@contextmanager
def connected(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        yield one


def rest(one):
    """All that comes until the other side has ended."""
    return b"".join(iter(lambda: one.recv(65_536), b""))


def status(one):
    """The status of the next answer."""
    answer = http.client.HTTPResponse(one)
    answer.begin()
    answer.read()
    return answer.status


def said(port, data):
    with connected(port) as one:
        one.sendall(data)
        return rest(one)


@pytest.mark.parametrize("data", [b"G", ASK[:-2], ASK + b"GET "])
def test_a_head_that_is_begun_and_not_ended_is_refused(data):
    with served() as (port, away):
        assert b"HTTP/1.1 408 Request Timeout" in said(port, data)
        assert away == [408]


def test_a_connection_that_says_nothing_is_closed_in_silence():
    with served() as (port, _):
        assert said(port, b"") == b""
        assert said(port, ASK).count(b"HTTP/1.1") == 1


def test_a_head_may_take_its_time_anew_after_every_answer():
    with served(idle=5) as (port, _), connected(port) as one:
        for _ in range(3):
            time.sleep(0.2)
            for piece in (ASK[:10], ASK[10:]):
                time.sleep(0.1)
                one.sendall(piece)
            assert status(one) == 200


def test_a_live_connection_outlives_the_time_for_a_head():
    with served() as (port, _), connected(port) as one:
        one.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n")
        assert one.recv(4096).startswith(b"HTTP/1.1 101")
        time.sleep(0.6)
        one.sendall(b"\x81\x82\x00\x00\x00\x00hi")
        assert one.recv(4096) == b"\x81\x02hi"
        one.sendall(b"\x88\x80\x00\x00\x00\x00")
        assert rest(one) == b"\x88\x00"


def test_a_service_may_end_while_a_live_connection_is_closing():
    live = Socket.__new__(Socket)  # as it is between the good-byes of both ends
    live.conn = ServerProtocol(state=State.CLOSING)
    live.transport = mock.Mock()
    live.queue, live.close_sent, live.handshake_complete = asyncio.Queue(), False, True
    live.stop_keepalive = mock.Mock()
    live.shutdown()
    live.transport.close.assert_called_once()


@pytest.mark.parametrize(
    "fields",
    [
        b"".join(b"X-%d: a\r\n" % number for number in range(140)),
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        b"Sec-WebSocket-Protocol: ,;\r\n",
    ],
)
def test_an_upgrade_that_cannot_be_taken_is_refused_at_once_and_not_held(fields):
    with served(headers=20_000) as (port, away):
        answer = said(port, b"GET /live HTTP/1.1\r\nHost: x\r\n" + UPGRADE + fields + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in answer
        assert away == [400]


@contextmanager
def talking(port, before=b"", after=b""):
    """A live connection, asked for together with what stands before and after."""
    with connected(port) as one:
        one.sendall(before + b"GET /live HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n" + after)
        while b"HTTP/1.1 101" not in one.recv(4096):
            pass
        yield one


def test_a_live_connection_that_came_after_a_request_outlives_the_time_for_a_head():
    with served() as (port, _), talking(port, ASK, b"early") as one:
        time.sleep(0.6)
        one.sendall(b"\x81\x82\x00\x00\x00\x00hi")
        assert one.recv(4096) == b"\x81\x02hi"


def test_who_does_not_read_the_answers_to_pings_is_not_heard():
    pings = (b"\x89\xfd" + bytes(4 + 125)) * 500
    with served() as (port, _), talking(port) as one:
        one.settimeout(1.0)
        with pytest.raises(TimeoutError):
            one.sendall(pings * 1000)  # more than lies between two programs


def test_pings_are_answered_and_do_not_stop_what_is_live():
    with served() as (port, _), talking(port) as one:
        for _ in range(300):
            one.sendall((b"\x89\xfd" + bytes(4 + 125)) * 20)
            size = 0
            while size < 20 * 127:
                size += len(one.recv(65_536))
        one.sendall(b"\x81\x82\x00\x00\x00\x00hi")
        assert one.recv(4096) == b"\x81\x02hi"


@pytest.mark.parametrize(("pieces", "code"), [(PIECES - 1, None), (PIECES, 1009)])
def test_a_message_comes_in_so_many_pieces_at_most(pieces, code):
    with served() as (port, _), talking(port) as one:
        one.sendall(b"\x01\x82\x00\x00\x00\x00hi" + b"\x00\x80\x00\x00\x00\x00" * (pieces - 1))
        one.sendall(b"\x80\x80\x00\x00\x00\x00")
        told = one.recv(4096)
        assert told == b"\x81\x02hi" if code is None else (told[0], int.from_bytes(told[2:4], "big")) == (0x88, code)


def test_one_connection_too_many_is_told_so_and_the_next_is_taken_when_there_is_room():
    with served(head=5) as (port, away):
        with connected(port) as one, connected(port), connected(port):
            one.sendall(ASK)
            assert status(one) == 200
            answer = said(port, ASK)
            assert answer.startswith(b"HTTP/1.1 503 Service Unavailable")
            assert b"retry-after: 2" in answer
            one.sendall(ASK)
            assert status(one) == 200
        end = time.monotonic() + 5
        while not (answer := said(port, ASK[:-2] + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 200"):
            assert time.monotonic() < end, answer
        assert 503 in away


@pytest.mark.parametrize("size", [1_001, 100_000, 5_000_000])
def test_the_answer_to_who_sends_too_much_is_not_lost(size):
    with served() as (port, _):
        head = b"POST /taken HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
        assert said(port, head + bytes(size)).startswith(b"HTTP/1.1 413 ")


def test_what_cannot_be_read_is_refused_once_and_nothing_after_it_is_heard():
    with served() as (port, away):
        assert said(port, b"\x00\r\n\r\n" + ASK).count(b"HTTP/1.1 ") == 1
        assert said(port, ASK + b"X: " + b"a" * 100_000).startswith(b"HTTP/1.1 200 OK")
        assert said(port, b"X" * 100_000).startswith(b"HTTP/1.1 431 ")
        assert away == [400, 431, 431]


def test_who_says_no_more_after_a_body_that_nobody_wanted_is_closed_in_silence():
    with served() as (port, away), connected(port) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        assert status(one) == 200
        one.sendall(b"unwanted!")
        assert rest(one) == b""
        assert away == []


def test_what_comes_is_read_a_little_at_a_time_so_that_others_have_their_turn(monkeypatch):
    sizes, read = [], Connection.data_received
    monkeypatch.setattr(Connection, "data_received", lambda one, data: sizes.append(len(data)) or read(one, data))
    with served(body=10**6) as (port, _):
        head = b"POST /taken HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n"
        assert said(port, head + bytes(500_000)).endswith(b"500000")
    assert max(sizes) == PIECE


def test_a_length_that_is_too_small_makes_no_second_request_of_the_rest():
    with served() as (port, _):
        answer = said(port, b"POST /taken HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab\x00\x00\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"HTTP/1.1 400 Bad Request" in answer


def test_requests_that_come_together_are_answered_in_order():
    with served() as (port, _):
        answer = said(port, ASK * 3 + b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200", b"200", b"404"]


def test_an_answer_that_is_not_read_is_given_up():
    with served() as (port, _), connected(port) as one:
        one.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        assert one.recv(100).startswith(b"HTTP/1.1 200 OK")
        end = time.monotonic() + 20
        while not select.select([], [], [one], 0)[2] and time.monotonic() < end:  # nothing is read meanwhile
            try:
                one.sendall(b"\r\n")
            except ConnectionError:
                break
            time.sleep(0.1)
        assert time.monotonic() < end


def test_an_upgrade_that_is_none_or_not_wanted_is_refused_as_a_problem():
    with served() as (port, _):
        for path, fields, status in ((b"/", UPGRADE, 404), (b"/live", UPGRADE.partition(b"Sec")[0], 400)):
            answer = said(port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    ("soft", "hard", "told"),
    [(256, 4096, (1000, 1448)), (1024, 1024, (576, 1024)), (4096, 4096, (1000, None)), (256, -1, (1000, 1448))],
)
def test_there_are_as_many_connections_as_the_system_has_files_for(monkeypatch, soft, hard, told):
    asked = [None]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: asked.append(both[0]))
    assert (room(Settings()), asked[-1]) == told


def test_where_there_is_no_room_for_any_connection_that_is_told(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (300, 300))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)  # else the tests after this one were held to it
    with pytest.raises(UsageError, match="open files"):
        room(Settings())
