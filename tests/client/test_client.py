"""A client of a service that runs: what `kelly.` does, `client.` does too."""

import inspect
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import pytest
import soundfile

import kelly
from kelly.client.errors import MissingError
from kelly.client.wire import Wire
from kelly.composing.intent import reference
from kelly.errors import FileError, SoundError, UsageError
from kelly.listening import listen
from kelly.models import shelf
from kelly.score import midi
from kelly.score.notes import Note, Part
from serving.conftest import serving

GRIEF = kelly.Emotion(-0.9, 0.3, 0.25, 0.8, 0.7)
WAY = kelly.Journey.through([(0, GRIEF), (0.5, kelly.Emotion(0, 0.9, 0.5)), (1, kelly.Emotion(0.6, 0.6, 0.73))])
# What the package has and a client has not, and the page about the service says so: functions, or arguments of them.
LACKING = {
    **dict.fromkeys(("improvise", "load_intent", "read_midi", "read_story", "write_midi"), ()),
    **dict.fromkeys(("render", "stems"), ("soundfont", "rate")),
}
STORY = "I was alone. Then you came, and I laughed. Now I am at peace."


def same(made, here):
    """Whether two songs or scores are one MIDI file."""
    scores = [getattr(one, "score", one) for one in (made, here)]
    return midi.to_bytes(scores[0]) == midi.to_bytes(scores[1])


def as_read(score):
    """A score as its file has it."""
    return midi.from_bytes(midi.to_bytes(score))


@pytest.fixture(scope="module")
def band():
    return kelly.compose("so happy today", bars=4).score


def test_a_song_is_the_song_of_the_package(client):
    assert client.compose("I miss you", seed=7) == kelly.compose("I miss you", seed=7)


def test_a_song_that_leads_elsewhere_is_the_same_file_and_report(client):
    wishes = {"to": "serenity", "arc": "slow-reveal", "bars": 32, "mute": ["drums"], "progressions": {"verse": ["F"]}}
    made, here = client.compose("terror", **wishes), kelly.compose("terror", **wishes)
    assert same(made, here)
    assert made.report == here.report


@pytest.mark.parametrize(
    "feeling",
    [GRIEF, kelly.feel("I can't stop crying"), WAY, kelly.Journey(GRIEF, arc="spiral"), kelly.read_story(STORY)],
    ids=lambda feeling: type(feeling).__name__,
)
def test_a_song_is_composed_for_whatever_the_package_takes(client, feeling):
    made, here = client.compose(feeling, bars=20), kelly.compose(feeling, bars=20)
    assert same(made, here)
    assert made.report == here.report


def test_a_song_of_an_intent_keeps_it(client):
    made, here = client.compose(reference()), kelly.compose(reference())
    assert same(made, here)
    assert made.intent == here.intent == reference()


def test_how_far_a_song_is_is_told(client):
    heard = []
    client.compose("joy", bars=4, seed=11, progress=heard.append)
    assert [one.share for one in heard] == sorted(one.share for one in heard)
    assert (heard[0].state, heard[-1].state, heard[-1].share) == ("queued", "done", 1)


def test_a_job_that_nobody_waits_for_any_more_is_ended(client, service):
    jobs = []

    def listener(now):
        jobs.append(now.job)
        if now.state == "running":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.compose("rage", minutes=10, fit=0.001, tries=64, progress=listener)
    with service.caller() as caller:
        job = caller.get(f"/v1/jobs/{jobs[0]}").json()
    assert job["state"] == "cancelled" or job["stage"] == "stopping"


def test_a_song_whose_answer_is_lost_on_the_way_is_composed_once(service):
    answers = []

    class Lossy(httpx2.HTTPTransport):
        def handle_request(self, request):
            answer = super().handle_request(request)
            if request.method == "POST":
                answer.read()
                answers.append(answer.json()["id"])
                if len(answers) < 3:
                    raise httpx2.ReadError("connection lost")
            return answer

    with kelly.Client(service.url) as client:
        client._wire = Wire(service.url, transport=Lossy())
        assert client.compose("hope", bars=1, seed=77).report["seed"] == 77
        client.close()
    assert answers == [answers[0]] * 3


def test_a_file_larger_than_the_service_takes_is_refused_in_one_line(client, tmp_path):
    with (path := tmp_path / "long.wav").open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(FileError, match=r"long\.wav.*67,108,864 bytes"):
        client.listen(path)


def test_a_text_is_read_as_the_package_reads_it(client):
    for text in ("I can't stop crying, but somehow I'm relieved", "The bus is late. " * 100, "grief"):
        there, here = client.feel(text), kelly.feel(text)
        assert there.as_dict() == here.as_dict()
        assert there.emotion.vad == pytest.approx(here.emotion.vad, abs=5e-5)
        assert (there.text, there.heard) == (here.text, here.heard)
    assert client.feel("a sad day", explain=True).influences


def test_a_file_is_heard_as_the_package_hears_it(client, band, tmp_path):
    time = np.arange(3 * 16_000) / 16_000
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(2 * np.pi * 220 * time) * (1 + np.sin(6 * np.pi * time)), 16_000)
    midi.write(band, tmp_path / "a.mid")
    for path in (tmp_path / "a.wav", str(tmp_path / "a.mid")):
        there, here = client.listen(path), listen.listen(path)
        assert there.as_dict() == here.as_dict()
        assert there.text == here.text
    (tmp_path / "b.wav").write_bytes(b"this is no sound")
    for missing in ("b.wav", "c.wav"):
        with pytest.raises(FileError, match=missing):
            client.listen(tmp_path / missing)


def test_a_song_sounds_as_its_file_does(client):
    song = client.compose("calm", bars=1)
    there, here = client.render(song), kelly.render(as_read(song.score))
    assert there.rate == here.rate
    assert np.abs(there.samples - here.samples).max() < 1 / 32767
    parts, own = client.stems(song.score), kelly.stems(as_read(song.score))
    assert list(parts) == list(own)
    assert all(np.abs(parts[name].samples - own[name].samples).max() < 1 / 32767 for name in own)


def test_a_part_that_only_doubles_another_is_in_the_file_but_once(client):
    notes = (Note(0.0, 1.0, 60, 80),)
    doubled = kelly.Score((Part("Melody", 0, 0, notes), Part("Double", 0, 0, notes), Part("Bass", 1, 32, notes)))
    assert list(client.stems(doubled)) == ["Melody", "Bass"]


def test_what_has_no_notes_cannot_sound(client):
    with pytest.raises(SoundError, match="notes"):
        client.render(kelly.Score(()))
    with pytest.raises(UsageError, match="a score must be"):
        client.render("song.mid")


def test_a_song_of_the_service_is_not_brought_to_it_again(client):
    song = client.compose("trust", bars=2, seed=3)
    newest = next(client.songs())
    assert client.id_of(song) == client.id_of(kelly.compose("trust", bars=2, seed=3)) == newest.id
    client.accompanied(song.score.only(["Melody"]))
    kinds = [entry.kind for entry, _ in zip(client.songs(), range(3), strict=False)]
    assert kinds == ["accompany", "import", "compose"]


def test_a_score_is_varied_as_the_package_varies_it(client, band):
    free = kelly.Sampling(temperature=1.2, top_k=8)
    read = as_read(band)
    pairs = [
        (client.varied(band, "melody", seed=2), kelly.varied(read, "melody", seed=2)),
        (client.infilled(band, 2, 3, GRIEF, sampling=free), kelly.infilled(read, 2, 3, GRIEF, sampling=free)),
        (client.continued(band, 1, "rage"), kelly.continued(read, 1, "rage")),
        (client.accompanied(band.only(["Melody"])), kelly.accompanied(as_read(band.only(["Melody"])))),
    ]
    for there, here in pairs:
        assert isinstance(there, kelly.Score)
        assert same(there, here)


def test_a_score_is_performed_again_as_the_package_does_it(client, band):
    wishes = {"seed": 5, "genre": "jazz", "key": "D", "breaks": {"avoid-tonic-resolution": "it is not over"}}
    there, here = (by.reperformed(band, GRIEF, **wishes) for by in (client, kelly))
    assert same(there, here)
    assert there.report == here.report


def test_what_cannot_be_varied_is_said_as_the_package_says_it(client, band):
    with pytest.raises(UsageError) as here:
        kelly.varied(band, "trumpet")
    with pytest.raises(UsageError) as there:
        client.varied(band, "trumpet")
    assert str(there.value) == str(here.value)
    with pytest.raises(UsageError, match="bars: "):
        client.compose("joy", bars=5000)


def test_songs_are_kept_and_come_page_by_page(client, monkeypatch):
    monkeypatch.setattr("kelly.client.client._PAGE", "2")
    made = [client.compose("serenity", bars=1, seed=seed) for seed in range(5)]
    entries = [entry for entry, _ in zip(client.songs(), range(5), strict=False)]
    assert [client.song(entry.id) for entry in entries] == made[::-1]
    assert entries[0].emotion.valence == made[0].report["emotion"]["valence"]
    assert entries[0].parameters == made[4].report["parameters"]
    kept = [entry.id for entry in client.songs()]
    assert len(set(kept)) == len(kept)


def test_a_song_that_kelly_did_not_compose_has_notes_but_no_report(client, band):
    made = client.continued(band, 1)
    name = client.id_of(made)
    assert same(client.score(name), made)
    with pytest.raises(UsageError, match="score"):
        client.song(name)


def test_a_song_that_the_service_forgot_is_brought_to_it_again(client):
    song = client.compose("dread", bars=1)
    name = client.id_of(song)
    client.forget(name)
    with pytest.raises(MissingError, match="no such song"):
        client.song(name)
    assert client.id_of(song) != name
    client.forget(client.id_of(song))
    assert client.render(song).duration > 1
    client.forget(client.id_of(song))
    assert client.prefer(song, client.compose("dread", bars=1, seed=1), "first").first == client.id_of(song)


def test_a_preference_is_kept(client, band):
    songs = [client.compose("rage", bars=1, seed=seed) for seed in range(2)]
    told = client.prefer(songs[0], client.id_of(songs[1]), "second", GRIEF)
    assert told == next(client.preferences())
    assert (told.first, told.nearer, told.asked.vad) == (client.id_of(songs[0]), "second", GRIEF.vad)
    client.prefer(songs[0], band, "neither")
    assert [one.nearer for one in client.preferences()][:2] == ["neither", "second"]


def test_it_has_the_functions_of_the_package_with_their_arguments(root):
    page = (root / "docs/how-to/serve.md").read_text(encoding="utf-8")
    for name in (name for name in kelly.__all__ if inspect.isfunction(getattr(kelly, name))):
        here, there = getattr(kelly, name), getattr(kelly.Client, name, None)
        if there is None:
            assert name in LACKING
            assert f"`{name}`" in page
            continue
        wanted = inspect.signature(here).parameters
        offered = {
            key: one for key, one in inspect.signature(there).parameters.items() if key not in ("self", "progress")
        }
        assert offered == {key: one for key, one in wanted.items() if key not in LACKING.get(name, ())}, name


def test_the_catalogue_is_that_of_the_package(client):
    assert client.emotions() == (*kelly.thesaurus.names(), *kelly.thesaurus.blends())
    assert client.models() == shelf.models()
    assert client.health().status == "ok"


def test_a_client_serves_several_threads(client):
    texts = [f"day {number} without you" for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(client.feel, texts))
    assert [one.as_dict() for one in told] == [kelly.feel(text).as_dict() for text in texts]


def test_proxies_and_passwords_of_the_surroundings_are_not_used(service, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with kelly.Client(service.url) as client:
        assert client.health().status == "ok"


def test_a_song_outlives_the_service_that_began_it(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with serving(tmp_path, "--port", port) as first:
        first.ready()
        with kelly.Client(first.url) as client:
            later = []

            def ended(now):
                if now.state == "running" and not later:
                    assert first.end() == 0
                    later.append(serving(tmp_path, "--port", port))
                    later[0].__enter__()

            try:
                assert same(client.compose("awe", bars=4, progress=ended), kelly.compose("awe", bars=4))
            finally:
                for block in later:
                    block.__exit__(None, None, None)
