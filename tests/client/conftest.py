"""What the tests of the client share: a service in a process of its own, and its client."""

import pytest

import kelly
from serving.conftest import serving


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """A service for all tests that leave it as it is."""
    with serving(tmp_path_factory.mktemp("service")) as served:
        served.ready()
        yield served


@pytest.fixture
def client(service):
    """A client of that service."""
    with kelly.Client(service.url) as calling:
        yield calling
