"""A network that does what a test says, and a client on it."""

import io
import json
import wave
import zipfile
from dataclasses import dataclass, field

import httpx2

import kelly
from kelly.client.wire import Wire
from kelly.score import midi

HERE = "http://127.0.0.1:8000"
WELL = {"status": "ok", "device": "cpu"}
JOB, SONG = "a" * 24, "b" * 24
MIDI = midi.to_bytes(kelly.compose("joy", bars=1).score)


@dataclass
class Network:
    """A network on which each request gets the next of some answers, the last for good; an error is raised.

    asked, what was sent; pauses, how long was waited.
    """

    answers: list
    asked: list = field(default_factory=list)
    pauses: list = field(default_factory=list)

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        answer = answer(request) if callable(answer) else answer
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def client(self, url=HERE, token=None, **options):
        """A client on this network, which waits no moment."""
        calling = kelly.Client(url, token, **options)
        calling.close()
        transport = httpx2.MockTransport(self)
        calling._wire = Wire(url, token or "", transport=transport, pause=self.pauses.append, **options)
        return calling


def said(body, status=200, **headers):
    """An answer in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, content=json.dumps(body).encode(), headers={"content-type": "json"} | named)


def packed():
    """A WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((2, 2, 44100, 0, "NONE", ""))
        sound.writeframes(bytes(range(200)))
    return file.getvalue()


def zipped(data):
    """An archive with a file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Melody.wav", data)
    return file.getvalue()


def problem(status, detail="no", **headers):
    """An answer that tells what is wrong."""
    return said({"type": "urn:kelly:problem:x", "title": "X", "status": status, "detail": detail}, status, **headers)


def job(revision, state="running", progress=0.0, **more):
    """A job as it stands at a revision."""
    ended = 1.0 if state in {"done", "failed", "cancelled"} else None
    song = SONG if state == "done" else None
    row = {"id": JOB, "kind": "compose", "state": state, "stage": state, "progress": progress, "revision": revision}
    return row | {"created": 0.0, "ended": ended, "song": song, "problem": None, "links": {}} | more


@dataclass
class Composing:
    """A service that composes: what each of its streams of events brings, and how the job stands when it is asked
    after; both the last for good. A stream that holds an error breaks there.
    """

    streams: list
    looks: list
    followed: list = field(default_factory=list)  # what each stream was asked to begin after
    looked: int = 0
    cancelled: bool = False

    def __call__(self, request):
        at = request.url.path
        if request.method == "DELETE":
            self.cancelled = at == f"/v1/jobs/{JOB}"
            return said(job(9, "cancelled"))
        if request.method == "POST":
            return said(job(1, "queued"), 202)
        if at.endswith("/events"):
            self.followed.append(int(request.headers["last-event-id"]))
            found = self.streams[min(len(self.followed), len(self.streams)) - 1]
            return stream(found) if isinstance(found, list) else found
        if at.endswith(".mid"):
            return httpx2.Response(200, content=MIDI)
        self.looked += 1
        found = self.looks[min(self.looked, len(self.looks)) - 1]
        if isinstance(found, BaseException):
            raise found
        return said(found) if isinstance(found, dict) else found

    def client(self):
        """Its client, and how long that waited."""
        network = Network([self])
        return network.client(), network.pauses


def stream(found):
    """A stream of events."""

    def sent():
        for one in found:
            if isinstance(one, BaseException):
                raise one
            yield one if isinstance(one, bytes) else f"id: {one['revision']}\ndata: {json.dumps(one)}\n\n".encode()

    return httpx2.Response(200, content=sent(), headers={"content-type": "text/event-stream; charset=utf-8"})
