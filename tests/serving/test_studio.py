"""What a page that draws songs asks for: options, notes, sections as asked and as heard, cards, and events that end."""

import io
import json

import pytest

import kelly
from kelly.score import midi
from kelly.score.notes import Note, Part, Score


@pytest.fixture
def song(jobs):
    """A song, composed as the package composes it."""
    return jobs.song(feeling={"emotion": "grief"}, bars=20, seed=5)


@pytest.fixture(scope="module")
def same():
    """That song, by the package."""
    return kelly.compose("grief", bars=20, seed=5)


def brought(caller, score):
    """The id of a score that was brought along."""
    answer = caller.post("/v1/songs/imports", files={"file": io.BytesIO(midi.to_bytes(score))})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_every_option_is_taken_by_a_song(caller, jobs):
    told = caller.get("/v1/options").json()
    first = {name: told[name][0] for name in ("mode", "key")} | {"genre": told["genre"][-1]["name"]}
    wanted = {"arc": told["arc"][-1]["name"], "mute": [row["name"] for row in told["mute"][2:]]}
    broken = {told["breaks"][0]["name"]: told["breaks"][0]["reason"]}
    ends = {name: row["least"] for name, row in told["numbers"].items() if name not in {"minutes", "fit", "tries"}}
    job = jobs.ended(
        caller.post(
            "/v1/songs",
            json={"feeling": {"emotion": "grief"}, **first, **wanted, **ends, "breaks": broken, "bars": 4, "seed": 3},
        )
    )
    assert job["state"] == "done", job
    for name, row in told["numbers"].items():
        beyond = {"feeling": {"emotion": "grief"}, name: row["most"] * 2 + 1}
        assert caller.post("/v1/songs", json=beyond).status_code == 422, name
        assert row["usual"] is None or row["least"] <= row["usual"] <= row["most"]


def test_the_notes_of_a_song_are_those_of_its_file(caller, song, same):
    told = caller.get(f"/v1/songs/{song}/notes").json()
    score = midi.from_bytes(caller.get(f"/v1/songs/{song}.mid").content)
    notes = [(part["name"], *(round(note[of], 5) for of in ("onset", "duration")), note["pitch"], note["velocity"])
             for part in told["parts"] for note in part["notes"]]  # fmt: skip
    assert notes == [
        (part.name, round(note.onset, 5), round(note.duration, 5), note.pitch, note.velocity)
        for part in score.parts
        for note in part.notes
    ]
    assert {part["name"] for part in told["parts"] if part["drums"]} == {p.name for p in score.parts if p.is_drums}
    assert told["tempos"][0]["bpm"] == pytest.approx(same.report["sections"][0]["tempo"], abs=0.01)
    assert told["title"] == same.report["title"]


def test_sections_are_told_as_they_were_asked_and_as_they_are_heard(caller, song):
    told = caller.get(f"/v1/songs/{song}/notes").json()["sections"]
    asked = caller.get(f"/v1/songs/{song}.json").json()["sections"]
    assert [one["emotion"] for one in told] == [one["emotion"] for one in asked]
    assert [one["chords"] for one in told] == [one["chords"] for one in asked]
    assert len(told) > 1
    for one in told:
        assert -1 <= one["heard"]["valence"] <= 1
        assert one["heard"]["miss"] >= 0


def test_a_song_that_was_brought_along_has_notes_and_no_sections(caller):
    name = brought(caller, Score((Part("Melody", 0, 0, (Note(0.5, 1.0, 60, 90),)),), title="mine"))
    told = caller.get(f"/v1/songs/{name}/notes").json()
    assert told["parts"] == [
        {
            "name": "Melody",
            "program": 0,
            "drums": False,
            "notes": [{"onset": 0.5, "duration": 1, "pitch": 60, "velocity": 90}],
        }
    ]
    assert (told["beats"], told["seconds"], told["sections"]) == (1.5, 0.75, [])


DAMAGED = [
    {"emotion": {}},
    {"emotion": {"name": 1}, "parameters": {"key": []}, "sections": "many"},
    {"emotion": {}, "sections": [{"start": "x"}]},
    {"emotion": {}, "sections": [{"start": 1e308, "emotion": {"valence": 9, "arousal": 0, "dominance": 0}}]},
    {"emotion": {}, "sections": [{"start": 1e308, "emotion": {"valence": 0, "arousal": 0, "dominance": 0}}]},
]


@pytest.mark.parametrize("report", DAMAGED, ids=range(len(DAMAGED)))
def test_a_report_that_is_damaged_hides_no_song(caller, report):
    notes = tuple(Note(beat, 1.0, 60 + beat, 90) for beat in range(8))
    name = brought(caller, Score((Part("Melody", 0, 0, notes),), texts=("kelly " + json.dumps(report),)))
    told = caller.get(f"/v1/songs/{name}/notes")
    assert (told.status_code, told.json()["sections"]) == (200, [])
    view = caller.get(f"/v1/songs/{name}").json()
    assert (view["emotion"], view["parameters"]) == (None, None)
    assert name in [one["id"] for one in caller.get("/v1/songs").json()["songs"]]


def test_a_song_of_the_history_is_heard_as_its_file_is(caller, song):
    data = caller.get(f"/v1/songs/{song}.mid").content
    told = caller.get(f"/v1/songs/{song}/analysis")
    assert told.status_code == 200
    assert told.json() == caller.post("/v1/analyses", files={"file": data}).json()
    assert len(told.json()["timeline"]) > 1


def test_a_model_is_told_with_its_card(caller):
    names = [model["name"] for model in caller.get("/v1/models").json()["models"]]
    for name in names:
        told = caller.get(f"/v1/models/{name}").json()
        assert (told["name"], told["damaged"]) == (name, [])
        assert told["card"].startswith("# ")
    assert caller.get("/v1/models/tuba").status_code == 404


def test_the_events_of_a_job_that_is_not_there_are_not_found(caller):
    assert caller.get(f"/v1/jobs/{'0' * 24}/events").status_code == 404


def test_whoever_knows_how_a_job_ended_is_told_not_to_come_again(jobs, song):
    answer = jobs.calling.post("/v1/songs", json={"feeling": {"emotion": "grief"}, "bars": 20, "seed": 5})
    job = jobs.ended(answer)
    events = job["links"]["events"]
    again = jobs.calling.get(events, headers={"Last-Event-ID": str(job["revision"])})
    assert (again.status_code, again.text, job["song"]) == (204, "", song)
    missed = jobs.calling.get(events, headers={"Last-Event-ID": "0"})
    assert missed.status_code == 200
    assert "event: done" in missed.text


def test_what_comes_as_something_else_is_refused_as_that(caller):
    text = {"content": b'{"feeling": {"emotion": "grief"}}', "headers": {"Content-Type": "text/plain"}}
    for path in ("/v1/feelings", "/v1/songs", "/v1/preferences", "/v1/corpora/checks", "/v1/trainings"):
        assert caller.post(path, **text).status_code == 415, path
    for path in ("/v1/songs", "/v1/preferences"):
        assert caller.post(path, files={"file": b"MThd"}).status_code == 415, path
    for path in ("/v1/analyses", "/predict", "/v1/songs/imports"):
        assert caller.post(path, json={}).status_code == 415, path
