"""JAMS: what other programs read of a recording's course."""

import json

import numpy as np
import pytest

from kelly._version import __version__
from kelly.emotion.thesaurus import describe
from kelly.listening import sound
from kelly.listening.jams import jams
from kelly.models.ears import RATE

# What the schema of the format knows, of each object.
FILE = {"title", "artist", "release", "duration", "identifiers", "jams_version"}
ANNOTATION = {"namespace", "data", "annotation_metadata", "sandbox", "time", "duration"}
METADATA = {
    *("curator", "annotator", "version", "corpus", "annotation_tools", "annotation_rules", "validation"),
    "data_source",
}
OBSERVATION = {"time", "duration", "value", "confidence"}


def noise(seconds):
    return (0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def heard():
    return sound.hear(noise(7.3), "/music/of mine/noise.wav", "music")


@pytest.fixture(scope="module")
def told(heard):
    """The object as another program gets it."""
    return json.loads(json.dumps(jams(heard), allow_nan=False))


def test_every_object_has_the_fields_of_the_format(told):
    assert set(told) == {"file_metadata", "annotations", "sandbox"}
    assert set(told["file_metadata"]) == FILE
    for annotation in told["annotations"]:
        assert set(annotation) == ANNOTATION
        metadata = annotation["annotation_metadata"]
        assert set(metadata) == METADATA
        assert set(metadata["curator"]) == {"name", "email"}
        assert (metadata["version"], metadata["data_source"]) == (__version__, "program")
        assert isinstance(annotation["sandbox"], dict)
        assert all(set(one) == OBSERVATION for one in annotation["data"])


def test_the_file_is_named_with_its_length(told, heard):
    assert told["file_metadata"]["title"] == "noise.wav"
    assert told["file_metadata"]["duration"] == 7.3
    assert told["sandbox"] == {"kind": "music", "arc": heard.arc}


def test_the_course_is_valence_and_arousal_each_from_minus_one_to_one(told, heard):
    course, _ = told["annotations"]
    assert course["namespace"] == "mood_thayer"
    assert [one["time"] for one in course["data"]] == heard.times.tolist()
    assert [one["duration"] for one in course["data"]] == [0.5] * 14 + [0.3]
    values = np.array([one["value"] for one in course["data"]])
    assert (np.abs(values) <= 1).all()
    np.testing.assert_allclose(values[:, 0], heard.course[:, 0], atol=1e-4)
    np.testing.assert_allclose((values[:, 1] + 1) / 2, heard.course[:, 1], atol=1e-4)


def test_the_name_of_the_whole_is_its_tag(told, heard):
    _, names = told["annotations"]
    assert names["namespace"] == "tag_open"
    (tag,) = names["data"]
    assert tag["value"] == describe(heard.reading.emotion).label
    assert tag["confidence"] == pytest.approx(heard.reading.emotion.confidence, abs=1e-4)
    assert (tag["time"], tag["duration"]) == (0, 7.3)
    assert jams(heard, "grief:low")["annotations"][1]["data"][0]["value"] == "grief:low"


@pytest.mark.parametrize("seconds", [0.31, 0.5, 1.0001, 2.9996, 7.49])
def test_nothing_is_observed_after_the_end(seconds):
    told = jams(sound.hear(noise(seconds), kind="speech"))
    ends = [one["time"] + one["duration"] for one in told["annotations"][0]["data"]]
    assert ends[-1] == pytest.approx(told["file_metadata"]["duration"])


def test_a_pause_has_no_observations():
    wave = np.concatenate([noise(5), np.zeros(15 * RATE, np.float32), noise(5)])
    course, _ = jams(sound.hear(wave, kind="music"))["annotations"]
    times = np.array([one["time"] for one in course["data"]])
    assert times[0] == 0
    assert times[-1] == 24.5
    assert not ((times > 10) & (times < 15)).any()


@pytest.mark.parametrize("seconds", [0, 3])
def test_silence_has_none_at_all(seconds):
    told = jams(sound.hear(np.zeros(seconds * RATE, np.float32)))
    assert [one["data"] for one in told["annotations"]] == [[], []]
    assert told["file_metadata"]["duration"] == seconds
