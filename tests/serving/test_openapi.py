"""The description of the service holds: requests made up from it get answers that it describes, and never a mistake of
the service.
"""

from pathlib import Path

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
DESCRIBED = schemathesis.openapi.from_dict(application(Settings(folder=Path("nowhere"))).openapi())
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
