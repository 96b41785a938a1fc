"""What the tests of the workbench share: a service, and a folder of corpora."""

import pytest

from serving.workbench.bench import allow, bench


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A service for all tests that leave it as it is."""
    with bench(tmp_path_factory.mktemp("bench")) as served:
        yield served


@pytest.fixture
def root(tmp_path):
    """Corpora of which nothing is learned until the test allows it."""
    place = tmp_path / "my corpora"
    place.mkdir()
    allow(place, 0)
    yield place
    allow(place, 1000)
