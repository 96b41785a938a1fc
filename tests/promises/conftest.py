"""What the promises share: the scripts that measure them, so that a promise is tested by what the benchmark reports."""

import importlib.util
import sys

import pytest


@pytest.fixture(scope="session")
def benchmark(root):
    """The script of a benchmark as a module: benchmark("pairs")."""

    def load(name):
        title = f"benchmark_{name}"
        if title not in sys.modules:
            spec = importlib.util.spec_from_file_location(title, root / "benchmarks" / name / "run.py")
            module = importlib.util.module_from_spec(spec)
            sys.modules[title] = module  # dataclasses look their module up while it is being run
            spec.loader.exec_module(module)
        return sys.modules[title]

    return load


@pytest.fixture(scope="session")
def hearing(benchmark):
    """What can be measured in a file; the benchmarks' own ears."""
    benchmark("controllability")
    return sys.modules["hearing"]
