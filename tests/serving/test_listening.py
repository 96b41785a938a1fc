"""Feelings and analyses over HTTP: the answers of the package."""

import io

import numpy as np
import pytest
import soundfile

import kelly
from kelly.score import midi


@pytest.fixture(scope="module")
def voice():
    time = np.arange(3 * 16_000) / 16_000
    wave = 0.3 * np.sin(2 * np.pi * 220 * time) * (1 + np.sin(2 * np.pi * 3 * time))
    packed = io.BytesIO()
    soundfile.write(packed, wave, 16_000, format="WAV")
    return packed.getvalue()


def test_a_text_is_read_as_the_package_reads_it(caller):
    for text in ("I miss her so much", "I can't stop crying, but somehow I'm relieved", "The bus is late. " * 100):
        answer = caller.post("/v1/feelings", json={"text": text})
        assert answer.status_code == 200
        assert answer.json() == kelly.feel(text).as_dict()


def test_words_are_explained_where_that_is_asked(caller):
    told = caller.post("/v1/feelings", json={"text": "a sad day", "explain": True}).json()
    assert told["influences"]


def test_a_voice_is_heard_alone_and_with_words(caller, voice):
    alone = caller.post("/v1/feelings", files={"audio": voice}).json()
    both = caller.post("/v1/feelings", files={"audio": voice}, data={"text": "I am so sad"}).json()
    assert alone["reader"] == "sound"
    assert both["words"][0]["word"] == "sad"


def test_a_recording_is_heard_as_it_goes_on(caller, voice):
    told = caller.post("/v1/analyses", files={"file": voice}).json()
    assert told["kind"] in {"speech", "singing", "music"}
    assert len(told["timeline"]) == 6
    assert caller.post("/v1/songs", json={"feeling": {"journey": told["journey"]}, "bars": 4}).status_code == 202


@pytest.mark.parametrize(("before", "after"), [(3, 0), (3, 3)])
def test_where_nothing_sounds_there_is_no_place(caller, voice, before, after):
    wave, rate = soundfile.read(io.BytesIO(voice))
    packed = io.BytesIO()
    soundfile.write(packed, np.concatenate([np.zeros(before * rate), wave[: after * rate]]), rate, format="WAV")
    told = caller.post("/v1/analyses", files={"file": packed.getvalue()}).json()
    assert told["timeline"][0]["valence"] is None
    assert bool(told["kind"]) == bool(after)
    assert caller.post("/predict", files={"file": packed.getvalue()}).status_code == 200


def test_a_score_is_heard_as_it_goes_on(caller):
    data = midi.to_bytes(kelly.compose("joy", bars=8).score)
    told = caller.post("/v1/analyses", files={"file": data}).json()
    assert told["kind"] == "score"
    assert told["timeline"]
    assert told["journey"]


def test_predict_keeps_its_contract(caller, voice):
    told = caller.post("/predict", files={"file": ("a.wav", voice, "audio/wav")}).json()
    assert set(told) == {"emotions", "valence", "arousal", "dominance", "primary_emotion", "confidence"}
    assert told["emotions"][told["primary_emotion"]] == max(told["emotions"].values())
    assert caller.get("/health").json() == {"status": "ok", "device": "cpu"}


def test_the_catalogue_lists_names_and_models(caller):
    told = caller.get("/v1/emotions").json()["emotions"]
    assert (len(told), sum(one["blend"] for one in told)) == (80, 8)
    models = caller.get("/v1/models").json()["models"]
    assert all(not model["damaged"] for model in models)
