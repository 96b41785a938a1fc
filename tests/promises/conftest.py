"""What the promises share: the scripts that measure them, so that a promise is tested by what the benchmark reports."""

import sys

import pytest


@pytest.fixture(scope="session")
def hearing(benchmark):
    """What can be measured in a file; the benchmarks' own ears."""
    benchmark("controllability")
    return sys.modules["hearing"]
