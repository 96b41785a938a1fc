"""Waiting for a song: by its events, whatever becomes of them, and never for one that nobody wants any more."""

import httpx2
import pytest

import kelly
from client.network import MIDI, Composing, Network, job, problem, said
from kelly.client.errors import CancelledError, ServiceError, UnreachableError
from kelly.errors import UsageError

BROKEN = httpx2.ReadError("connection lost")
AWAY = httpx2.ConnectError("[Errno 111] Connection refused")


def composed(service, **options):
    client, pauses = service.client()
    return client.compose("joy", bars=1, **options), pauses


def test_a_song_is_waited_for_by_its_events():
    service = Composing([[job(2), b": ping\n\n", job(3, progress=0.5), job(4, "done", 1.0)]], [])
    heard = []
    song, pauses = composed(service, progress=heard.append)
    assert song.report["parameters"]["bars"] == 1
    assert [(one.state, one.share) for one in heard] == [("queued", 0), ("running", 0), ("running", 0.5), ("done", 1)]
    assert (service.looked, pauses) == (0, [])


def test_a_stream_that_breaks_is_taken_up_where_it_broke():
    service = Composing([[job(2), job(3), BROKEN], [job(5), b"data: {half"], [job(6, "done")]], [job(4), job(5)])
    composed(service)
    assert service.followed == [1, 4, 5]


@pytest.mark.parametrize("other", [problem(404), httpx2.Response(200, content=b"<html>"), [BROKEN], [b"data: 3\n\n"]])
def test_where_there_is_no_stream_the_job_is_asked_after_now_and_then(other):
    service = Composing([other], [*(job(revision) for revision in range(2, 9)), job(9, "done")])
    _, pauses = composed(service)
    assert len(service.followed) == 3
    assert service.looked == 8
    assert 0.5 <= min(pauses) < max(pauses) <= 2


def test_a_service_that_is_started_anew_meanwhile_is_waited_for():
    service = Composing([[job(2), BROKEN], [job(3, "done")]], [problem(503, retry_after="5"), AWAY, AWAY, job(2)])
    composed(service)
    assert service.followed == [1, 2]
    assert not service.cancelled


def test_a_service_that_stays_away_is_given_up_after_a_minute():
    service = Composing([[job(2), BROKEN]], [AWAY])
    client, pauses = service.client()
    with pytest.raises(UnreachableError):
        client.compose("joy")
    assert 50 < sum(pauses) <= 60


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), ZeroDivisionError()])
def test_who_stops_waiting_ends_the_job(stop):
    service = Composing([[job(2), job(3), job(4, "done")]], [])

    def listener(now):
        if now.state == "running":
            raise stop

    with pytest.raises(type(stop)):
        composed(service, progress=listener)
    assert service.cancelled


def test_ctrl_c_between_two_looks_ends_the_job():
    service = Composing([problem(404)], [job(2)])
    client, _ = service.client()

    def interrupted(_):
        raise KeyboardInterrupt

    client._wire.pause = interrupted
    with pytest.raises(KeyboardInterrupt):
        client.compose("joy")
    assert service.cancelled


def test_a_job_that_fails_says_why():
    why = {"type": "urn:kelly:problem:invalid", "title": "X", "status": 422, "detail": "there is no such chord"}
    with pytest.raises(UsageError, match="there is no such chord"):
        composed(Composing([[job(2, "failed", problem=why)]], []))
    why |= {"status": 504, "detail": "it took longer than 600 seconds"}
    with pytest.raises(ServiceError, match="it took longer than 600 seconds"):
        composed(Composing([[job(2, "failed", problem=why)]], []))


@pytest.mark.parametrize("why", [{"detail": "no"}, {"status": "high"}, "no", 3, [1]])
def test_a_job_that_fails_for_no_reason_that_can_be_read_is_told_in_one_line(why):
    with pytest.raises(ServiceError, match="does not understand"):
        composed(Composing([[job(2, "failed", problem=why)]], []))


def test_a_job_that_somebody_else_ends_says_so():
    service = Composing([[job(2, "cancelled")]], [])
    with pytest.raises(CancelledError):
        composed(service)
    assert not service.cancelled


def test_a_song_that_is_there_already_is_not_waited_for():
    network = Network([said(job(1, "done"), 202), httpx2.Response(200, content=MIDI)])
    assert network.client().compose("joy").report["title"] == kelly.compose("joy", bars=1).report["title"]
    assert len(network.asked) == 2
