"""The description of the service holds: requests made up from it get answers that it describes, and never a mistake of
the service; its examples are what it describes, and are taken.
"""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kelly.serving.app import application
from kelly.serving.settings import Settings

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TOLD = application(Settings(folder=Path("nowhere"))).openapi()
DESCRIBED = schemathesis.openapi.from_dict(TOLD)
OPERATIONS = {found.ok().label: found.ok() for found in DESCRIBED.get_all_operations()}


CASES = [
    (name, mode)
    for name, operation in OPERATIONS.items()
    for mode in schemathesis.GenerationMode
    if mode.is_positive or operation.body or list(operation.iter_parameters())
]


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_every_answer_is_as_described(name, mode, service):
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None, phases=[Phase.generate])
    def answered(case):
        case.call_and_validate(base_url=service.url, checks=CHECKS)

    answered()


SCHEMAS = TOLD["components"]["schemas"]
ROUTES = {(method, path): told for path, methods in TOLD["paths"].items() for method, told in methods.items()}
EXAMPLES = {f"{name}-{at}": (name, one) for name in SCHEMAS for at, one in enumerate(SCHEMAS[name].get("examples", ()))}
JSON, ID = "application/json", "[0-9a-f]{24}"


def schemas_of(told):
    """The schemas of what an operation takes and gives as JSON."""
    given = [answer for status, answer in told["responses"].items() if status < "3"]
    found = (one.get("content", {}).get(JSON, {}) for one in (told.get("requestBody", {}), *given))
    return [one["schema"] for one in found if one]


def asked(path):
    """The examples of the body of a POST."""
    body = ROUTES["post", path]["requestBody"]["content"][JSON]["schema"]
    return SCHEMAS[body["$ref"].rpartition("/")[2]]["examples"]


def test_whatever_the_description_points_to_is_there():
    pointed = set(re.findall('"#/components/schemas/([^"]+)"', json.dumps(TOLD)))
    assert pointed <= set(SCHEMAS)


def test_operations_are_called_by_short_names_of_their_own():
    names = [told["operationId"] for told in ROUTES.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch("[a-z]+(_[a-z]+)?", name)] == []


def test_whatever_is_asked_and_answered_has_an_example():
    schemas = (schema for told in ROUTES.values() for schema in schemas_of(told))
    named = [schema["$ref"].rpartition("/")[2] for schema in schemas if "$ref" in schema]
    assert len(named) > 25
    assert [name for name in named if not SCHEMAS[name].get("examples")] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_what_they_are_examples_of(example):
    name, value = EXAMPLES[example]
    there = {"$ref": f"#/components/schemas/{name}", "components": TOLD["components"]}
    jsonschema_rs.validator_for(there).validate(value)
    known = SCHEMAS[name]["properties"].keys()
    assert value.keys() <= known  # else it says what nobody will


@pytest.mark.parametrize("example", asked("/v1/feelings"))
def test_examples_of_texts_are_read(example, caller):
    answer = caller.post("/v1/feelings", json=example)
    assert answer.status_code == 200, answer.text
    assert bool(answer.json()["influences"]) == example.get("explain", False)


@pytest.mark.parametrize("example", asked("/v1/songs"))
def test_examples_of_songs_are_composed(example, jobs):
    job = jobs.ended(jobs.calling.post("/v1/songs", json=example), 120)
    assert job["state"] == "done", job


@pytest.mark.parametrize("example", asked("/v1/songs/{name}/variations"))
def test_examples_of_variations_are_made(example, jobs):
    song = jobs.song(seed=11, mute=["chords", "bass"] if example["kind"] == "accompany" else [])
    job = jobs.ended(jobs.calling.post(f"/v1/songs/{song}/variations", json=example), 120)
    assert (job["state"], job["source"]) == ("done", song), job


@pytest.mark.parametrize("example", asked("/v1/preferences"))
def test_examples_of_preferences_are_kept(example, jobs):
    told = example | {"first": jobs.song(seed=11), "second": jobs.song(seed=12)}
    assert jobs.calling.post("/v1/preferences", json=told).status_code == 201
    twice = jobs.calling.post("/v1/preferences", json=told | {"second": told["first"]})
    assert (twice.status_code, "two songs" in twice.json()["detail"]) == (422, True)


@pytest.mark.parametrize("path", ["/v1/trainings", "/v1/corpora/checks"])
def test_examples_of_the_workbench_are_understood(path, caller):
    for example in asked(path):
        answer = caller.post(path, json=example)
        lacking = answer.json()["detail"]  # it is the folder, or the training, that is not on this machine
        assert (answer.status_code, "errors" in answer.json()) in {(422, False), (404, False)}, lacking
