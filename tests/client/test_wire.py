"""A network fails in many ways: each is waited out, or told in one line."""

import json
import math
import socket
import traceback

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kelly
from client.network import HERE, MIDI, WELL, Network, job, packed, problem, said, zipped
from kelly.client.errors import BusyError, DeniedError, LostError, MissingError, ServiceError, UnreachableError
from kelly.errors import FileError, SoundError, UsageError

LOST = (
    httpx2.ReadError("[Errno 104] Connection reset by peer"),
    httpx2.WriteError("broken pipe"),
    httpx2.RemoteProtocolError("Server disconnected without sending a response."),
)


def test_where_no_service_is_one_line_names_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with kelly.Client(url) as client, pytest.raises(UnreachableError) as caught:
        client.health()
    assert str(caught.value) == f"no service can be reached at {url} (connection refused)"


@pytest.mark.parametrize("error", [httpx2.ConnectError("[Errno 111] Connection refused"), *LOST])
def test_an_error_shows_nothing_of_the_network_beneath(error):
    with pytest.raises(kelly.KellyError) as caught:
        Network([error]).client().health()
    assert "httpx2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("error", LOST)
def test_a_lost_connection_is_taken_up_again(error):
    network = Network([error, error, said(WELL)])
    assert network.client().health().status == "ok"
    assert network.pauses == [0.25, 0.5]


def test_what_was_lost_on_the_way_is_asked_for_by_the_same_key_and_anything_else_by_another():
    kept = {"id": "c" * 24, "created": 1.0, "first": "0" * 24, "second": "1" * 24, "nearer": "first", "asked": None}
    network = Network([LOST[0], said(kept, 201)])
    client = network.client()
    for _ in range(2):
        client.prefer("0" * 24, "1" * 24, "first")
    lost, again, another = (request.headers["idempotency-key"] for request in network.asked)
    assert lost == again != another
    assert network.asked[0].content == network.asked[1].content


def test_a_connection_that_is_always_lost_is_given_up():
    network = Network([LOST[0]])
    with pytest.raises(LostError, match=f"the connection to {HERE} was lost"):
        network.client().health()
    assert sum(network.pauses) <= 2


def test_a_service_that_keeps_silent_is_given_up():
    network = Network([httpx2.ReadTimeout("")])
    with pytest.raises(UnreachableError, match="did not answer within 3 seconds"):
        network.client(timeout=3).health()
    assert len(network.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_says_so(status):
    network = Network([problem(status, retry_after="3"), problem(status, retry_after="3"), said(WELL)])
    assert network.client().health().status == "ok"
    assert all(3 <= pause < 4 for pause in network.pauses)


def test_a_service_that_stays_busy_is_given_up_within_a_minute():
    network = Network([problem(429, "too many ask at the same time", retry_after="7")])
    with pytest.raises(BusyError, match="too many ask at the same time") as caught:
        network.client().health()
    assert 40 < sum(network.pauses) <= 60
    assert (caught.value.status, caught.value.again) == (429, 7)


def test_a_busy_service_that_names_no_time_is_not_overrun():
    network = Network([problem(503, retry_after="0")])
    with pytest.raises(BusyError):
        network.client().health()
    assert min(network.pauses) >= 0.25
    assert 40 < sum(network.pauses) <= 60


def test_nobody_waits_an_hour():
    network = Network([problem(503, retry_after="3600")])
    with pytest.raises(BusyError):
        network.client().health()
    assert network.pauses == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, DeniedError) for status in (401, 403)),
        (404, MissingError),
        *((status, UsageError) for status in (413, 415, 422)),
        *((status, ServiceError) for status in (400, 421, 500, 504)),
    ],
)
def test_a_problem_is_an_error_with_its_detail(status, kind):
    network = Network([problem(status, "this is\nwhy", x_request_id="ab12")])
    with pytest.raises(kind, match="this is why") as caught:
        network.client().feel("sad")
    assert type(caught.value) is kind
    assert getattr(caught.value, "status", status) == status
    assert getattr(caught.value, "request", "ab12") == "ab12"
    assert len(network.asked) == 1


def test_a_file_that_is_refused_is_an_error_of_the_file_and_a_sound_of_the_sound(tmp_path):
    (path := tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(FileError, match=r"a\.wav.*damaged"):
        Network([problem(422, "it is damaged")]).client().listen(path)
    with pytest.raises(SoundError, match="no notes"):
        Network([problem(422, "it has no notes")]).client().render(kelly.Score(()))


def test_a_file_is_sent_without_its_name(tmp_path):
    (path := tmp_path / "my-secret-diary.wav").write_bytes(b"sound")
    network = Network([problem(422)])
    with pytest.raises(FileError):
        network.client().listen(path)
    assert b"diary" not in network.asked[0].content


def test_a_redirect_is_not_followed():
    network = Network([httpx2.Response(307, headers={"location": "http://elsewhere.test/"})])
    with pytest.raises(ServiceError, match="elsewhere"):
        network.client(token="t" * 16).health()
    assert len(network.asked) == 1


def test_a_token_is_shown_to_this_address_alone_and_never_told():
    network = Network([said(WELL)])
    client = network.client("https://kelly.test/music", "s3cret-s3cret-s3cret")
    client.health()
    assert network.asked[0].headers["authorization"] == "Bearer s3cret-s3cret-s3cret"
    assert str(network.asked[0].url) == "https://kelly.test/music/health"
    assert "s3cret" not in repr(client)


def test_a_token_does_not_go_in_the_clear_to_another_machine_unless_that_is_allowed():
    with pytest.raises(UsageError, match="in the clear"):
        kelly.Client("http://192.0.2.1:8000", "t" * 16)
    for url in ("http://localhost:8000", "http://[::1]:8000", "https://192.0.2.1"):
        kelly.Client(url, "t" * 16).close()
    kelly.Client("http://192.0.2.1:8000", "t" * 16, insecure=True).close()


@pytest.mark.parametrize(
    "url",
    [
        *("", "127.0.0.1:8000", "ftp://a.test", "http://", "http://a.test?x=1", "http://a\n.test", None),
        *("http://a..test", f"http://{64 * 'a'}.test"),
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(UsageError, match="an address is like"):
        kelly.Client(url)


def test_a_password_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(UsageError) as caught:
        kelly.Client("http://me:hunter2@a.test")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "größe", "\x7f"])
def test_what_can_be_no_token_is_refused_and_not_repeated(token):
    with pytest.raises(UsageError, match="a token is a word") as caught:
        kelly.Client(HERE, token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda client: client.feel(b"sad"), "texts and numbers; got b'sad'"),
        (lambda client: client.feel(math.nan), "numbers must be finite"),
        (lambda client: client.prefer("a" * 24, "b" * 24, "first", "grief"), 'must be an Emotion; got "grief"'),
        (lambda client: client.render("song.mid"), "a score must be a Score or a Song"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line_and_not_sent(wrong, why):
    network = Network([said(WELL)])
    with pytest.raises(UsageError, match=why):
        wrong(network.client())
    assert network.asked == []


def test_what_is_no_id_is_refused_before_it_is_part_of_an_address():
    for name in ("", "../jobs", "A" * 24, "a" * 25, None):
        with pytest.raises(UsageError, match="24 hexadecimal digits"):
            Network([said(WELL)]).client().song(name)


def test_a_client_that_is_closed_says_so():
    with kelly.Client(HERE) as client:
        pass
    with pytest.raises(UsageError, match="closed"):
        client.health()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.binary(max_size=40) | JUNK.map(lambda data: json.dumps(data).encode())
WHOLE = st.sampled_from([MIDI, wav := packed(), zipped(wav)])
DAMAGED = st.tuples(WHOLE, st.integers(0, 200), st.binary(max_size=4), st.integers(0, 4)).map(
    lambda row: row[0][: row[1]] + row[2] + row[0][row[1] + row[3] :]
)
FIELDS = sorted({*job(1), *kelly.feel("sad").as_dict(), "next", "songs", "emotions", "models", *WELL})
TOLD = st.dictionaries(st.sampled_from(FIELDS), JUNK).map(lambda data: json.dumps(data).encode())
QUESTIONS = [
    lambda client: client.health(),
    lambda client: client.feel("sad"),
    lambda client: client.compose("sad", bars=1),
    lambda client: client.song("0" * 24),
    lambda client: client.render(kelly.Score(())),
    lambda client: client.stems(kelly.Score(())),
    lambda client: list(client.songs()),
    lambda client: client.emotions(),
    lambda client: client.models(),
    lambda client: client.prefer("0" * 24, "1" * 24, "first"),
]


@pytest.mark.parametrize("question", QUESTIONS)
@settings(max_examples=40)
@given(body=BODIES | TOLD | DAMAGED, status=st.sampled_from([200, 200, 200, 204, 301, 404, 422, 500, 503]))
def test_whatever_stands_at_the_address_what_is_wrong_is_told_in_one_line(question, body, status):
    kind = {"content-type": "application/json", "retry-after": "0", "location": "x"}
    network = Network([lambda _: httpx2.Response(status, content=body, headers=kind)] * 20 + [problem(500)])
    told = ""
    try:
        question(network.client())
    except kelly.KellyError as error:
        told = str(error)
    assert len(told.splitlines()) <= 1
