"""Client: a service of Kelly's, used as the package is used.

Conventions: what has a name of the package's does what that does, with the same arguments and results; what a network
makes of them is said where it differs. A song is kept by the service, which gives it an id; a client remembers the ids
of the songs it met (`KNOWN` of them), and brings a song along that the service does not know.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

from kelly.client import answers, asking, following
from kelly.client.errors import MissingError
from kelly.client.values import Entry, Health, Preference, Told
from kelly.client.wire import Question, Wire
from kelly.composing.improvising.sampling import USUAL, Sampling
from kelly.composing.report import read_report
from kelly.composing.song import Feeling, Intent, Song, Wishes, score_of
from kelly.emotion.space import Emotion
from kelly.emotion.thesaurus import Node
from kelly.errors import FileError, KellyError, SoundError, UsageError
from kelly.files import read_bytes
from kelly.listening.reading import Reading
from kelly.listening.retelling import reading_of
from kelly.models.shelf import Model
from kelly.names import quoted
from kelly.score import midi
from kelly.score.notes import Score
from kelly.sound.audio import Audio

__all__ = ["Client"]

KNOWN = 10_000
_LONGEST = 2**28  # bytes of a file that is sent; the service has its own limit
_PAGE = "100"

T = TypeVar("T")


class Client:
    """A service of Kelly's (`kelly serve`), with the functions of the package as methods.

    It may be used by several threads, and in a `with` block, which closes its connections. While it waits for a song,
    Ctrl-C ends the song's job too.

    It lacks `improvise`, whose notes come as they are played, and what needs no service: `read_story`, `load_intent`,
    `read_midi`, `write_midi` and `thesaurus`. `render` and `stems` take no soundfont and no rate: the service plays its
    own SoundFont, at 44,100 Hz.

    Parameters
    ----------
    url : the service's address, such as "http://127.0.0.1:8000".
    token : what the service asks for, if it asks for one; it goes to this address and nowhere else.
    timeout : seconds that an answer may take, .001 to 86,400; a song may take as long as it takes.
    insecure : whether the token may go unencrypted (http) to another machine, over a network that is trusted.

    Raises
    ------
    UsageError : by the client and by all methods: an argument is not what it may be, here or in the service's eyes.
    kelly.client.errors.ServiceError : by all methods: there is no such service (UnreachableError, with its child
        LostError), it wants another token (DeniedError), knows nothing of that name (MissingError), has too much to
        do for a minute (BusyError), or could not do it.

    Examples
    --------
    With `kelly serve` running:

    >>> import kelly
    >>> with kelly.Client("http://127.0.0.1:8000") as client:  # doctest: +SKIP
    ...     song = client.compose("I miss you so much", bars=8, seed=7)
    ...     client.render(song).save("song.wav")
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = 90.0, *, insecure: bool = False) -> None:
        self._wire = Wire(url, token or "", timeout, insecure=insecure)
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Client {self._wire.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; the client can be used no more."""
        self._wire.close()

    def feel(self, text: str, *, explain: bool = False) -> Reading:
        """Hear what a text feels, as `kelly.feel`.

        The reading's numbers are rounded to four digits; it lacks names that weigh less than .01, which word names a
        wound, and how sure each word's feeling is.
        """
        told = self._wire.told(Question("POST", "/v1/feelings", body={"text": text, "explain": explain}))
        return self._reading(told, text)

    def listen(self, path: str | os.PathLike[str]) -> Reading:
        """Hear what feeling a recording or a MIDI file carries, as `kelly.listen`; numbers are rounded as in `feel`.

        Raises: FileError, the file cannot be read, is neither, or is larger or longer than the service takes.
        """
        data = read_bytes(path, limit=_LONGEST)
        try:
            told = self._wire.told(Question("POST", "/v1/analyses", file=("file", data)), unfit=FileError)
        except FileError as error:
            raise FileError(f"cannot hear {os.fspath(path)!r}: {error}") from error
        return self._reading(told, os.fspath(path))

    def compose(
        self,
        feeling: Feeling,
        *,
        to: str | Emotion | None = None,
        arc: str | None = None,
        progress: Told | None = None,
        **wishes: Unpack[Wishes],
    ) -> Song:
        """Compose a song for a feeling, as `kelly.compose`, and wait for it.

        The MIDI file is the very one that `kelly.compose` gives; the score is that file's, where times lie on its grid.
        Of a story only what was heard in it is sent, and the passages that a report tells. A wish of a song intent can
        be another, but not None.

        Parameters: as `kelly.compose`; progress, a function that is called with a `kelly.client.values.Progress`
        each time that there is news; what it raises ends the job.
        """
        asked = asking.wanted(feeling, to, arc, wishes)
        given = feeling if isinstance(feeling, Intent) and to is None and arc is None and not wishes else None
        return self._fetched(self._made("/v1/songs", asked, progress), given)

    def render(self, music: Song | Score) -> Audio:
        """Render a song or a score, as `kelly.render`, with the SoundFont of the service; samples have 16 bits.

        Raises: SoundError, there is nothing to sound, or it is too long.
        """
        return self._sounding(music, ".wav", answers.audio)

    def stems(self, music: Song | Score) -> dict[str, Audio]:
        """Render every part by itself, as `kelly.stems`: audio by name of the part, as `render` gives it."""
        return self._sounding(music, "/stems.zip", lambda data: answers.stems(data, score_of(music)))

    def continued(
        self,
        score: Score | Song,
        bars: int = 8,
        feeling: Feeling | None = None,
        seed: int = 0,
        sampling: Sampling = USUAL,
        *,
        progress: Told | None = None,
    ) -> Score:
        """A score with more bars after its last, as `kelly.continued`; progress as in `compose`."""
        return self._varied(score, asking.variation("continue", feeling, seed, sampling, bars=bars), progress)

    def infilled(
        self,
        score: Score | Song,
        first: int,
        last: int,
        feeling: Feeling | None = None,
        seed: int = 0,
        sampling: Sampling = USUAL,
        *,
        progress: Told | None = None,
    ) -> Score:
        """A score with some bars written anew, as `kelly.infilled`; progress as in `compose`."""
        asked = asking.variation("infill", feeling, seed, sampling, first=first, last=last)
        return self._varied(score, asked, progress)

    def varied(
        self,
        score: Score | Song,
        part: str,
        feeling: Feeling | None = None,
        seed: int = 0,
        sampling: Sampling = USUAL,
        bars: tuple[int, int] | None = None,
        *,
        progress: Told | None = None,
    ) -> Score:
        """A score with a part written anew, as `kelly.varied`; progress as in `compose`."""
        span = {} if bars is None else {"first": bars[0], "last": bars[1]}
        return self._varied(score, asking.variation("vary", feeling, seed, sampling, part=part, **span), progress)

    def accompanied(
        self,
        score: Score | Song,
        feeling: Feeling | None = None,
        seed: int = 0,
        sampling: Sampling = USUAL,
        *,
        progress: Told | None = None,
    ) -> Score:
        """A score with chords and a bass to what is there, as `kelly.accompanied`; progress as in `compose`."""
        return self._varied(score, asking.variation("accompany", feeling, seed, sampling), progress)

    def reperformed(
        self, score: Score, feeling: Emotion, *, progress: Told | None = None, **wishes: Unpack[Wishes]
    ) -> Song:
        """Perform a score's melody and chords again in another feeling, as `kelly.reperformed`; progress as in
        `compose`.
        """
        return self._fetched(self._variation(score, asking.performance(feeling, wishes), progress))

    def reperformed_bars(
        self,
        score: Score,
        first: int,
        last: int,
        feeling: Emotion,
        *,
        progress: Told | None = None,
        **wishes: Unpack[Wishes],
    ) -> Score:
        """Perform some bars of a score again in another feeling, as `kelly.reperformed_bars`; progress as in
        `compose`.
        """
        return self._varied(score, asking.performance(feeling, wishes, first=first, last=last), progress)

    def songs(self) -> Iterator[Entry]:
        """The songs that the service keeps, the newest first; pages are fetched as they are needed."""
        return self._pages("songs", answers.entry)

    def song(self, name: str) -> Song:
        """The song of an id. Raises: UsageError, Kelly did not compose it: `score` gives its notes."""
        return self._fetched(_id(name))

    def score(self, name: str) -> Score:
        """The notes of the song of an id, whoever wrote them."""
        return self._downloaded(_id(name))

    def id_of(self, music: Song | Score) -> str:
        """The id of a song or a score at the service, to which it is brought where it is not there."""
        return self._of(music, self._there)

    def forget(self, name: str) -> None:
        """Let the service forget the song of an id."""
        self._wire.ask(Question("DELETE", f"/v1/songs/{_id(name)}"))

    def prefer(
        self,
        first: Song | Score | str,
        second: Song | Score | str,
        nearer: Literal["first", "second", "neither"],
        asked: Emotion | None = None,
    ) -> Preference:
        """Say which of two songs, or of the songs of two ids, is nearer to what was meant.

        Parameters: first; second; nearer, "first", "second" or "neither"; asked, the feeling that was meant.
        """
        names = [_id(one) if isinstance(one, str) else self.id_of(one) for one in (first, second)]
        body: dict[str, Any] = {"first": names[0], "second": names[1], "nearer": nearer}
        if asked is not None:
            body["asked"] = asking.place_of(asked)
        told = self._wire.told(Question("POST", "/v1/preferences", body=body, makes=True))
        with self._wire.understood():
            return answers.preference(told)

    def preferences(self) -> Iterator[Preference]:
        """What was preferred so far, the newest first; pages are fetched as they are needed."""
        return self._pages("preferences", answers.preference)

    def emotions(self) -> tuple[Node, ...]:
        """The names of feelings, with their places, that the service knows, and then the blends."""
        told = self._wire.told(Question("GET", "/v1/emotions"))
        with self._wire.understood():
            return tuple(answers.node(row) for row in told["emotions"])

    def models(self) -> tuple[Model, ...]:
        """The trained models of the service, with the licence of their weights."""
        told = self._wire.told(Question("GET", "/v1/models"))
        with self._wire.understood():
            return tuple(answers.model(row) for row in told["models"])

    def health(self) -> Health:
        """Whether the service is well, and what it computes on."""
        told = self._wire.told(Question("GET", "/health"))
        with self._wire.understood():
            return Health(str(told["status"]), str(told["device"]))

    def _reading(self, told: Mapping[str, Any], text: str) -> Reading:
        with self._wire.understood():
            return reading_of(told, text)

    def _made(self, path: str, asked: Mapping[str, Any], progress: Told | None) -> str:
        """The id of a song that is to be made."""
        told = self._wire.told(Question("POST", path, body=asked, makes=True))
        return following.song_of(self._wire, told, progress)

    def _there(self, name: str) -> str:
        """An id that the service knows. Raises: MissingError, it does not."""
        self._wire.ask(Question("GET", f"/v1/songs/{name}"))
        return name

    def _varied(self, music: Song | Score, asked: Mapping[str, Any], progress: Told | None) -> Score:
        return self._downloaded(self._variation(music, asked, progress))

    def _variation(self, music: Song | Score, asked: Mapping[str, Any], progress: Told | None) -> str:
        return self._of(music, lambda name: self._made(f"/v1/songs/{name}/variations", asked, progress))

    def _sounding(self, music: Song | Score, form: str, heard: Callable[[bytes], T]) -> T:
        """A rendering of a song."""
        answer = self._of(
            music,
            lambda name: self._wire.ask(Question("GET", f"/v1/songs/{name}{form}"), unfit=SoundError),
            SoundError,
        )
        with self._wire.understood():
            return heard(answer.content)

    def _of(self, music: Song | Score, use: Callable[[str], T], unfit: type[KellyError] = UsageError) -> T:
        """What comes of a song by its id; one that the service has forgotten is brought to it again."""
        data = midi.to_bytes(score_of(music))
        name = self._remembered(data)
        if name is not None:
            try:
                return use(name)
            except MissingError:
                pass
        return use(self._brought(data, unfit))

    def _brought(self, data: bytes, unfit: type[KellyError] = UsageError) -> str:
        told = self._wire.told(Question("POST", "/v1/songs/imports", file=("file", data), makes=True), unfit=unfit)
        with self._wire.understood():
            return self._remember(data, str(told["id"]))

    def _fetched(self, name: str, given: Intent | None = None) -> Song:
        score = self._downloaded(name)
        with self._wire.understood():
            report = read_report(score)
        if report is None:
            raise UsageError(f"the song {name} has no report, since Kelly did not compose it: score() gives its notes")
        return Song(score, report, given)

    def _downloaded(self, name: str) -> Score:
        answer = self._wire.ask(Question("GET", f"/v1/songs/{name}.mid"))
        with self._wire.understood():
            score = answers.score(answer.content)
            self._remember(midi.to_bytes(score), name)
        return score

    def _pages(self, what: str, shown: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
        before: dict[str, str] = {}
        while True:
            told = self._wire.told(Question("GET", f"/v1/{what}", {"limit": _PAGE, **before}))
            with self._wire.understood():
                page, after = [shown(row) for row in told[what]], told["next"]
            yield from page
            if after is None or not page:
                return
            before = {"before": str(after)}

    def _remember(self, data: bytes, name: str) -> str:
        """Remember the id of a MIDI file, and forget the one that was not met longest."""
        key = hashlib.sha256(data).digest()
        with self._lock:
            self._known[key] = name
            self._known.move_to_end(key)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return name

    def _remembered(self, data: bytes) -> str | None:
        key = hashlib.sha256(data).digest()
        with self._lock:
            name = self._known.get(key)
            if name is not None:
                self._known.move_to_end(key)
        return name


def _id(name: str) -> str:
    """An id. Raises: UsageError, it is none."""
    if not isinstance(name, str) or len(name) != 24 or not set(name) <= set("0123456789abcdef"):
        raise UsageError(f"an id has 24 hexadecimal digits; got {quoted(name)}")
    return name
