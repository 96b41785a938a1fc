"""The house: imports go down, what is public is described, importing is quick, no file names a machine."""

import ast
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

HEAVY = ("torch", "onnxruntime", "matplotlib", "symusic", "pretty_midi", "soundfile", "mido", "pydantic", "typer")
TEXT = {".cff", ".cfg", ".csv", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|mnt|tmp|opt)/\w|\b[A-Z]:\\Users")


def python(code, *flags):
    return subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, check=True, timeout=60)


def modules(root):
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((root / "src/kelly").rglob("*.py"))}


def public(tree):
    """Every function, method and class that a reader may call: (name, node)."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                yield from ((f"{node.name}.{name}", inner) for name, inner in public(node))


def unannotated(function):
    spec = function.args
    given = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
    return [arg.arg for arg in given if arg.annotation is None and arg.arg not in ("self", "cls")]


def test_an_import_goes_down_the_floors_never_up(root):
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-logo", "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_public_says_what_it_does(root):
    silent = [
        f"{path.relative_to(root)}: {name}"
        for path, tree in modules(root).items()
        for name, node in [("the module", tree), *public(tree)]
        if ast.get_docstring(node) is None
    ]
    assert silent == []


def test_everything_public_says_what_it_takes_and_gives(root):
    bare = [
        f"{path.relative_to(root)}: {name}"
        for path, tree in modules(root).items()
        for name, node in public(tree)
        if isinstance(node, ast.FunctionDef) and (node.returns is None or unannotated(node))
    ]
    assert bare == []


def test_importing_kelly_takes_less_than_three_tenths_of_a_second():
    clock = "import time; start = time.perf_counter(); import kelly; print(time.perf_counter() - start)"
    assert min(float(python(clock).stdout) for _ in range(3)) < 0.3


def test_importing_kelly_loads_nothing_heavy():
    loaded = python("import sys, kelly; print(*sorted({name.partition('.')[0] for name in sys.modules}))")
    assert set(HEAVY).isdisjoint(loaded.stdout.split())


def test_the_version_is_written_once(root):
    from kelly._version import __version__

    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    assert f"## [{__version__}]" in (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {__version__}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["py.typed", "emotion/thesaurus.csv", "emotion/blends.csv", "emotion/synonyms.csv"])
def test_tables_and_types_ship_with_the_package(name):
    assert resources.files("kelly").joinpath(name).is_file()


def test_no_file_names_a_machine_path(root):
    folders = ["src", "tests", "docs", "benchmarks", "scripts", ".ci"]
    files = [path for path in root.iterdir() if path.is_file()]
    files += [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
    told = [
        f"{path.relative_to(root)}: {found.group()}"
        for path in files
        if path.suffix in TEXT and (found := MACHINE.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert told == []
