"""Listening live over a WebSocket: what the package hears, moment by moment; every session ends as it should."""

import json
import signal
import socket
import struct
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from kelly.listening.following import Follower
from kelly.serving.routes.live import LEAD, PACE
from kelly.serving.settings import Settings
from serving.conftest import serving, wait

OPENING = {"rate": 48_000, "format": "f32le"}
WORD = "a-word-that-nobody-guesses"


def noise(seconds, rate=48_000, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


def joined(service, **options):
    """A caller's end of a WebSocket."""
    at = service.url.replace("http", "ws") + "/v1/live"
    return connect(at, proxy=None, open_timeout=60, **options)


def bare(service, more=()):
    """A socket that has become a WebSocket."""
    there = socket.create_connection(service.url.removeprefix("http://").split(":"))
    head = ["GET /v1/live HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
    head += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    head += [f"{name}: {value}" for name, value in dict(more).items()]
    there.sendall("\r\n".join([*head, "", ""]).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):  # what is sent before it is lost
        answer += there.recv(1)
    assert b" 101 " in answer
    return there


def frame(kind, data):
    """A frame of a WebSocket, masked with zeros."""
    return struct.pack("!BBHI", 0x80 | kind, 0x80 | 126, len(data), 0) + data


@contextmanager
def listening(service, opening=OPENING, **options):
    """A session that has begun."""
    with joined(service, **options) as live:
        live.send(json.dumps(opening))
        assert json.loads(live.recv(10)) == {"ready": True, **opening}
        yield live


def sent(live, wave, size=4800):
    """Send a wave as blocks of float32."""
    for start in range(0, len(wave), size):
        live.send(wave[start : start + size].astype("<f4").tobytes())


def ended(live):
    """Say that no more comes; the moments, and the reading of the whole."""
    live.send('{"end": true}')
    told = [json.loads(message) for message in live]
    assert (live.close_code, live.close_reason) == (1000, "")
    return told[:-1], told[-1]


def closed(live):
    """How a session is closed: its code and reason."""
    with suppress(ConnectionClosed):
        while True:
            live.recv(10)
    return live.close_code, live.close_reason


def expected(wave, rate=48_000):
    """What the package hears in a wave."""
    follower = Follower(rate)
    moments = follower.hear(wave) + follower.end()
    whole = {"end": True, "seconds": round(follower.seconds, 3), **follower.reading().as_dict()}
    return [moment.as_dict() for moment in moments], whole


def listeners(caller):
    """How many listen live, as the service counts."""
    rows = caller.get("/metrics").text.splitlines()
    return next(float(row.split()[1]) for row in rows if row.startswith("kelly_live "))


@pytest.fixture(autouse=True)
def nobody(caller):
    """Nobody listens any more when a test has ended."""
    yield
    wait(lambda: listeners(caller) == 0, 10)


def test_a_sound_is_heard_as_the_package_hears_it(service):
    wave = np.concatenate([noise(2), np.zeros(72_000, np.float32), noise(1, seed=1)])
    with listening(service) as live:
        sent(live, wave, 1000)
        moments, whole = ended(live)
    assert (moments, whole) == expected(wave)
    assert {moment["name"] is None for moment in moments} == {True, False}
    assert whole["emotion"]["confidence"] > 0


def test_whole_numbers_are_samples_too(service):
    wave = np.round(noise(2, 16_000) * 2**15).astype("<i2")
    with listening(service, {"rate": 16_000, "format": "s16le"}) as live:
        live.send(wave[:20_000].tobytes())
        live.send(wave[20_000:].tobytes())
        told = ended(live)
    assert told == expected(wave.astype(np.float32) / 2**15, 16_000)


def test_a_moment_is_told_as_soon_as_its_frame_is_there(service):
    with listening(service, {"rate": 22_050, "format": "f32le"}) as live:
        live.send(noise(1, 22_050)[:1024].tobytes())
        assert json.loads(live.recv(10))["time"] == round(1024 / 22_050, 3)


def test_nothing_sent_is_nothing_felt(service):
    with listening(service) as live:
        moments, whole = ended(live)
    assert moments == []
    assert whole["seconds"] == 0
    assert whole["emotion"]["confidence"] == 0


def test_two_at_once_are_heard_as_each_would_be_alone(service, caller):
    waves = [noise(3), 3 * noise(3, seed=5) * np.linspace(0, 1, 3 * 48_000, dtype=np.float32)]
    with listening(service) as one, listening(service) as other:
        assert listeners(caller) == 2
        for start in range(0, len(waves[0]), 9600):
            for live, wave in zip((one, other), waves, strict=True):
                sent(live, wave[start : start + 9600], 4000)
        told = [ended(one), ended(other)]
    assert told == [expected(wave) for wave in waves]


@pytest.mark.parametrize(
    ("opening", "code", "reason"),
    [
        (b"\0\0\0\0", 1003, "the first message must be text"),
        ("", 1007, "no JSON"),
        ("{", 1007, "no JSON"),
        ("[" * 30_000, 1007, "no JSON"),
        ("3", 1008, "the first message: "),
        ('{"end": true}', 1008, "rate: Field required"),
        ('{"rate": 48000}', 1008, "format: Field required"),
        ('{"rate": 48000, "format": "mp3"}', 1008, "format: Input should be 'f32le' or 's16le'"),
        ('{"rate": 7999, "format": "f32le"}', 1008, "rate: Input should be greater than or equal to 8000"),
        ('{"rate": 192001, "format": "f32le"}', 1008, "rate: Input should be less than or equal to 192000"),
        ('{"rate": 1e999, "format": "f32le"}', 1008, "rate: "),
        ('{"rate": 48000, "format": "f32le", "\\n<script>": 1}', 1008, "Extra inputs are not permitted"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_opening_that_is_none_is_refused(service, opening, code, reason):
    with joined(service) as live:
        live.send(opening)
        told = closed(live)
    assert told[0] == code
    assert reason in told[1]
    assert len(told[1].splitlines()) == 1
    assert "script" not in told[1]


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        ("how do you feel?", 1003, 'after the first message come samples, or {"end": true}'),
        (json.dumps(OPENING), 1003, "after the first message come samples"),
        ('{"end": false}', 1003, "after the first message come samples"),
        ("[" * 30_000, 1003, "after the first message come samples"),
        (b"", 1007, "whole samples of 4 bytes; got 0 bytes"),
        (b"\0" * 4801, 1007, "whole samples of 4 bytes; got 4801 bytes"),
        (np.float32([0, np.nan]).tobytes(), 1007, "samples must be numbers in about -1..1, 100 at the most; got nan"),
        (np.float32([-np.inf, 0]).tobytes(), 1007, "got inf"),
        (np.float32([1e30]).tobytes(), 1007, "got 1e+30"),
        (b"\0" * (Settings().frames + 4), 1009, ""),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_are_no_samples_ends_a_session(service, message, code, reason):
    with listening(service) as live:
        sent(live, noise(0.5))
        live.send(message)
        told = closed(live)
    assert told[0] == code
    assert reason in told[1]


@given(messages=st.lists(st.binary(max_size=5000) | st.text(max_size=50), max_size=6), first=st.booleans())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_the_session_ends_with_a_code_that_says_why(service, messages, first):
    with joined(service) as live:
        with suppress(ConnectionClosed):
            for message in ([json.dumps(OPENING)] if first else []) + messages + ["{}"]:
                live.send(message)
        assert closed(live)[0] in {1003, 1007, 1008}
    assert '"event": "unexpected"' not in service.log.read_text()


@pytest.mark.parametrize("when", ["before the opening", "after it", "amid samples", "after the end"])
def test_who_goes_away_abruptly_leaves_nothing_behind(service, caller, when):
    for _ in range(3):
        with bare(service) as there:
            if when != "before the opening":
                there.sendall(frame(1, b'{"rate": 8000, "format": "s16le"}'))
            if when in {"amid samples", "after the end"}:
                there.sendall(frame(2, b"\0" * 48_000) + frame(2, b"\0" * 48_000)[:30_000])
            if when == "after the end":
                there.sendall(b"\0" * 18_008 + frame(1, b'{"end": true}'))
            wait(lambda: listeners(caller) == 1 or when == "after the end", 10)
            there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, and no goodbye
        wait(lambda: listeners(caller) == 0, 10)
    with listening(service) as live:
        assert ended(live)[0] == []


def test_who_sends_faster_than_it_sounds_is_slowed(service):
    seconds = LEAD + 6
    wave = np.zeros(round(seconds * 8000), "<i2")
    began = time.monotonic()
    with listening(service, {"rate": 8000, "format": "s16le"}) as live:
        for start in range(0, len(wave), 8000):
            live.send(wave[start : start + 8000].tobytes())
        _, whole = ended(live)
    assert whole["seconds"] == seconds
    assert time.monotonic() - began >= (seconds - LEAD) / PACE


def test_who_sends_as_fast_as_it_sounds_waits_for_nothing(service):
    late = []
    with listening(service, {"rate": 22_050, "format": "f32le"}) as live:
        for block in np.split(noise(2, 22_050)[: 2048 * 21], 21):
            began = time.monotonic()
            live.send(block.tobytes())
            live.recv(10)
            late.append(time.monotonic() - began)
            time.sleep(max(0.0, 2048 / 22_050 - late[-1]))
    assert np.median(late) < 2048 / 22_050


def test_a_page_of_another_site_hears_nothing(service):
    for origin in ("http://elsewhere.example", "null", service.url.replace("http", "https") + ".example"):
        with pytest.raises(InvalidStatus) as refused:
            joined(service, origin=origin)
        assert refused.value.response.status_code == 403
    with listening(service, origin=service.url) as live:
        assert ended(live)[0] == []


def test_whoever_calls_it_by_another_name_hears_nothing(service):
    at = service.url.removeprefix("http://")
    with (
        socket.create_connection(at.split(":")) as there,
        pytest.raises(InvalidStatus) as refused,
    ):
        connect("ws://elsewhere.example/v1/live", sock=there, proxy=None)
    assert refused.value.response.status_code == 421


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A service of few words: two may listen, not for long, and they must show a token."""
    limits = [f"--limit={limit}" for limit in ("live=2", "quiet=2s", "session=5s", "head=1s", "pause=1s")]
    with serving(tmp_path_factory.mktemp("strict"), "--workers=1", *limits, KELLY_TOKEN=WORD) as served:
        yield served


SHOWN = {"Authorization": f"Bearer {WORD}"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"additional_headers": {"Authorization": f"Bearer {WORD}x"}},
        {"additional_headers": {"Authorization": WORD}},
        {"subprotocols": ["kelly", f"bearer.{WORD}"]},
    ],
    ids=["none", "another", "bare", "as a subprotocol"],
)
def test_where_a_token_is_asked_for_nobody_listens_without_it(strict, options):
    with pytest.raises(InvalidStatus) as refused:
        joined(strict, **options)
    assert refused.value.response.status_code == 401
    assert WORD not in strict.log.read_text()


def test_who_shows_the_token_is_heard(strict):
    with listening(strict, additional_headers=SHOWN) as live:
        sent(live, noise(1))
        assert ended(live) == expected(noise(1))


def test_when_too_many_listen_the_next_is_told_to_come_again(strict):
    with listening(strict, additional_headers=SHOWN), listening(strict, additional_headers=SHOWN) as other:
        with joined(strict, additional_headers=SHOWN) as third:
            assert closed(third) == (1013, "too many listen live; try again later")
        assert ended(other)[0] == []
        with listening(strict, additional_headers=SHOWN) as third:
            assert ended(third)[0] == []


@pytest.mark.parametrize("opened", [False, True])
def test_who_sends_nothing_for_long_is_sent_away(strict, opened):
    with joined(strict, additional_headers=SHOWN) as live:
        if opened:
            live.send(json.dumps(OPENING))
        assert closed(live) == (1008, "nothing came for 2 seconds")


def test_a_session_has_an_end(strict):
    with listening(strict, additional_headers=SHOWN) as live:
        with suppress(ConnectionClosed):
            for _ in range(200):
                sent(live, noise(0.1))
                live.recv(10)
                time.sleep(0.05)
        assert closed(live) == (1008, "a session lasts 5 seconds at most")


def test_who_does_not_read_the_answers_holds_nothing(strict):
    with strict.caller(headers=SHOWN) as caller, bare(strict, SHOWN) as there:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        there.sendall(frame(1, b'{"rate": 8000, "format": "s16le"}'))
        wait(lambda: listeners(caller) == 1, 10)
        flood(there, lambda: listeners(caller) == 1)
        wait(lambda: listeners(caller) == 0, 10)


def flood(there, on):
    """Send sound and read nothing, as long as that is let."""
    end, block, left = time.monotonic() + 60, frame(2, b"\0" * 64_000), b""
    there.settimeout(0.2)
    while on():
        assert time.monotonic() < end
        left = left or block
        try:
            left = left[there.send(left) :]
        except TimeoutError:
            time.sleep(0.05)
        except OSError:
            return


def test_when_the_service_ends_listeners_are_told(tmp_path):
    with serving(tmp_path, "--workers=1") as served:
        served.ready()
        with listening(served) as live, joined(served) as silent:
            sent(live, noise(0.5))
            served.process.send_signal(signal.SIGTERM)
            assert closed(live) == (1001, "the service is about to end")
            assert closed(silent) == (1001, "the service is about to end")
        assert served.process.wait(15) == 0
