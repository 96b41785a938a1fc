"""Songs over HTTP: asked for, watched, fetched in every form, varied, listed and forgotten."""

import io
import json
import statistics
import time
import zipfile

import kelly
from kelly.score import midi
from kelly.score.notes import Note, Part, Score
from kelly.sound import recording
from serving.conftest import wait


def test_a_song_over_http_is_the_song_of_the_package(caller, jobs):
    song = jobs.song(feeling={"text": "I miss you so much"}, bars=8, seed=7)
    answer = caller.get(f"/v1/songs/{song}.mid")
    assert answer.headers["content-type"] == "audio/midi"
    assert answer.content == midi.to_bytes(kelly.compose("I miss you so much", bars=8, seed=7).score)


def test_every_way_to_say_a_feeling_composes(caller, jobs):
    place = {"valence": -0.5, "arousal": 0.2, "dominance": 0.3}
    ways = [
        {"text": "what a day"},
        {"emotion": "hope:mid"},
        {"vad": place},
        {"story": "I was alone. Then you came, and I laughed."},
        {"journey": [{"at": 0, **place}, {"at": 1, **place, "valence": 0.9}]},
        {"intent": {"intent": {"primary_mood": "grief"}, "technical": {"bars": 4}}},
    ]
    for way in ways:
        job = jobs.ended(caller.post("/v1/songs", json={"feeling": way, "bars": 4}))
        assert job["state"] == "done", (way, job)


def test_a_song_comes_as_notes_sound_picture_print_and_report(caller, jobs, tmp_path):
    song = caller.get(f"/v1/songs/{jobs.song()}").json()
    links = song["links"]
    assert midi.from_bytes(caller.get(links["mid"]).content).title == song["title"]
    assert caller.get(links["json"]).json()["emotion"] == song["emotion"]
    (tmp_path / "song.wav").write_bytes(caller.get(links["wav"]).content)
    assert abs(recording.duration(tmp_path / "song.wav") - song["parameters"]["seconds"]) < 5
    assert caller.get(links["svg"]).text.startswith("<?xml")
    assert "score-partwise" in caller.get(links["musicxml"]).text
    stems = zipfile.ZipFile(io.BytesIO(caller.get(links["stems"]).content))
    assert "Melody.wav" in stems.namelist()


def test_stems_whose_names_would_be_one_file_are_files_of_their_own(caller):
    note = (Note(0.0, 4.0, 60, 90),)
    parts = tuple(Part(name, channel, notes=note) for channel, name in enumerate(("Lead", "lead", "A/B", "A-B")))
    there = caller.post("/v1/songs/imports", files={"file": midi.to_bytes(Score(parts))}).json()
    files = zipfile.ZipFile(io.BytesIO(caller.get(there["links"]["stems"]).content)).namelist()
    assert files == ["Lead.wav", "lead 2.wav", "A-B.wav", "A-B 2.wav"]


def test_part_of_a_sound_can_be_fetched(caller, jobs):
    at = f"/v1/songs/{jobs.song()}.wav"
    whole, part = caller.get(at), caller.get(at, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]


def test_a_download_that_broke_off_goes_on_where_it_was(caller, jobs):
    at = f"/v1/songs/{jobs.song()}.wav"
    whole = caller.get(at)
    rest = caller.get(at, headers={"Range": "bytes=1000-", "If-Range": whole.headers["etag"]})
    assert (rest.status_code, rest.content) == (206, whole.content[1000:])


def test_a_job_tells_how_far_it_is_until_it_has_ended(caller):
    answer = caller.post("/v1/songs", json={"feeling": {"emotion": "joy"}, "bars": 8, "seed": 11})
    with caller.stream("GET", answer.json()["links"]["events"]) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in stream.iter_lines() if line.startswith("data:"))
        events = [json.loads(line.removeprefix("data:")) for line in lines]
    assert [event["revision"] for event in events] == sorted({event["revision"] for event in events})
    assert events[-1]["state"] == "done"
    assert caller.get(events[-1]["links"]["song"]).status_code == 200


def test_a_job_that_runs_is_ended_within_a_second(caller):
    long = {"feeling": {"emotion": "rage"}, "minutes": 10, "fit": 0.001, "tries": 64}
    took = []
    for seed in range(3):
        at = caller.post("/v1/songs", json=long | {"seed": seed}).headers["location"]
        wait(lambda at=at: caller.get(at).json()["state"] == "running")
        asked = time.monotonic()
        assert caller.delete(at).status_code == 200
        job = wait(lambda at=at: (job := caller.get(at).json())["ended"] and job, 10)
        took.append(time.monotonic() - asked)
        assert job["state"] == "cancelled"
        again = caller.delete(at)
        assert again.status_code == 409
        assert again.json()["type"] == "urn:kelly:problem:conflict"
    assert statistics.median(took) < 1  # one may meet a machine that is busy with something else


def test_what_was_asked_for_before_is_there_at_once(caller, jobs):
    asked = {"feeling": {"emotion": "awe"}, "bars": 4, "seed": 5}
    first = jobs.song(**asked)
    again = caller.post("/v1/songs", json=asked).json()
    assert (again["state"], again["song"]) == ("done", first)


def test_a_request_with_a_key_is_done_once(caller):
    key, asked = {"Idempotency-Key": "once"}, {"feeling": {"emotion": "hope"}, "bars": 4, "seed": 123}
    one, two = (caller.post("/v1/songs", json=asked, headers=key) for _ in range(2))
    assert one.json()["id"] == two.json()["id"]
    assert one.headers["location"] == two.headers["location"]
    other = caller.post("/v1/songs", json=asked | {"seed": 124}, headers=key)
    assert other.status_code == 422
    assert "another" in other.json()["detail"]


def test_songs_are_varied(caller, jobs):
    song = jobs.song(feeling={"text": "so happy today"}, bars=8)
    ways = [
        {"kind": "vary", "part": "melody"},
        {"kind": "infill", "first": 3, "last": 4},
        {"kind": "continue", "bars": 2},
        {"kind": "reperform", "feeling": {"emotion": "grief"}},
    ]
    for way in ways:
        job = jobs.ended(caller.post(f"/v1/songs/{song}/variations", json=way))
        assert job["state"] == "done", (way, job)
        made = caller.get(f"/v1/songs/{job['song']}").json()
        assert (made["parent"], made["kind"]) == (song, way["kind"])


def test_a_melody_that_was_brought_along_can_be_accompanied(caller, jobs):
    data = midi.to_bytes(kelly.compose("calm", bars=4).score.only(["Melody"]))
    song = caller.post("/v1/songs/imports", files={"file": ("mine.mid", data, "audio/midi")})
    assert song.status_code == 201
    job = jobs.ended(caller.post(f"/v1/songs/{song.json()['id']}/variations", json={"kind": "accompany"}))
    assert job["state"] == "done"
    assert caller.post("/v1/songs/imports", files={"file": b"no music"}).status_code == 422


def test_the_history_comes_in_pages(caller, jobs):
    made = [jobs.song(feeling={"emotion": "serenity"}, seed=seed) for seed in range(3)]
    found, before = [], None
    while len(found) < 3:
        page = caller.get("/v1/songs", params={"limit": 1} | ({"before": before} if before else {})).json()
        found += [song["id"] for song in page["songs"]]
        before = page["next"]
    assert found == made[::-1]


def test_a_song_is_forgotten(caller, jobs):
    song = jobs.song(feeling={"emotion": "dread"})
    assert caller.delete(f"/v1/songs/{song}").status_code == 204
    assert caller.get(f"/v1/songs/{song}.mid").status_code == 404
    assert caller.delete(f"/v1/songs/{song}").status_code == 404


def test_a_song_is_forgotten_with_its_sounds_and_pictures(service, caller, jobs):
    kept, gone = (jobs.song(feeling={"emotion": "dread"}, seed=seed) for seed in range(2))
    for song in (kept, gone):
        for form in (".svg", ".wav"):
            assert caller.get(f"/v1/songs/{song}{form}").status_code == 200

    def of(song):
        return [file.name for file in (service.folder / "renderings").iterdir() if song in file.name]

    assert (len(of(kept)), len(of(gone))) == (2, 2)
    caller.delete(f"/v1/songs/{gone}")
    assert (len(of(kept)), len(of(gone))) == (2, 0)


def test_a_preference_is_kept(caller, jobs):
    first, second = (jobs.song(feeling={"emotion": "rage"}, seed=seed) for seed in range(2))
    told = {"first": first, "second": second, "nearer": "second"}
    assert caller.post("/v1/preferences", json=told).status_code == 201
    assert caller.get("/v1/preferences").json()["preferences"][0]["nearer"] == "second"
    assert caller.post("/v1/preferences", json=told | {"first": "0" * 24}).status_code == 404
