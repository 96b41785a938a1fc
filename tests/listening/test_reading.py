"""A reading as plain data: what `--json` prints."""

import json

from kelly.emotion.space import Emotion
from kelly.listening.lexical import read as feel
from kelly.listening.reading import emotion_dict


def test_a_reading_survives_json():
    data = feel("My father died and I'm not happy").as_dict()
    assert json.loads(json.dumps(data)) == data
    told = {
        "emotion",
        "readings",
        "words",
        "wound",
        "wound_words",
        "emphasis",
        "reader",
        "spread",
        "names",
        "influences",
    }
    assert set(data) == told
    assert data["wound"] == "loss"
    assert [word["negated"] for word in data["words"]] == [False, True]


def test_every_reading_has_a_name_and_a_weight():
    data = feel("I'm happy and sad").as_dict()
    fields = {"name", "category", "tier", "valence", "arousal", "dominance", "weight"}
    assert [set(reading) for reading in data["readings"]] == [fields, fields]
    assert data["readings"][0]["weight"] >= data["readings"][1]["weight"]


def test_an_emotion_is_told_by_its_numbers_and_its_nearest_name():
    told = emotion_dict(Emotion(-0.9, 0.3, 0.25, confidence=0.5))
    assert told == {
        "valence": -0.9,
        "arousal": 0.3,
        "dominance": 0.25,
        "confidence": 0.5,
        "intensity": 0.6864,
        "name": "grief",
        "category": "sadness",
        "tier": "full",
    }
