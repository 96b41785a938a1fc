import csv
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import pytest

from kelly.cli import doctor
from kelly.errors import SoundError
from kelly.models import shelf
from kelly.training import machine

SMI = "NVIDIA H200, 143771, 9.0\nNVIDIA A100-SXM4-40GB, 40960, 8.0\n"
TOPOLOGY = "\t\x1b[4mGPU0\tGPU1\tCPU Affinity\x1b[0m\nGPU0\t X \tNV18\t0-15\nGPU1\tNV18\t X \t0-15\n\nLegend:\n"


@pytest.fixture
def missing(monkeypatch):
    """Let modules seem not to be installed."""
    there = importlib.util.find_spec

    def without(*names):
        monkeypatch.setattr(doctor, "find_spec", lambda name: None if name in names else there(name))

    return without


@pytest.fixture
def torch(monkeypatch):
    """A torch that sees two cards and says that they reach each other."""
    properties = SimpleNamespace(name="H200", total_memory=150 * 10**9, major=9, minor=0)
    cuda = SimpleNamespace(
        is_available=lambda: True,
        device_count=lambda: 2,
        get_device_properties=lambda _: properties,
        can_device_access_peer=lambda *_: True,
    )
    stub = SimpleNamespace(cuda=cuda)
    monkeypatch.setitem(sys.modules, "torch", stub)
    return stub


@pytest.fixture
def smi(monkeypatch):
    """An nvidia-smi that knows two cards."""
    answers = {"topo": TOPOLOGY, "--qu": SMI}

    def run(command, **_):
        return SimpleNamespace(stdout=answers[command[1][:4]])

    monkeypatch.setattr(shutil, "which", lambda name: f"bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)
    return answers


def jobs(told):
    return {job["job"]: job for job in told["jobs"]}


def test_this_machine_can_do_the_base_jobs(kelly):
    done = kelly("doctor", "--json")
    assert done.code == 0
    ready = jobs(done.json)
    assert not any(ready[job]["missing"] for job in ("feel", "compose", "render"))
    assert done.json["cores"] >= 1
    assert done.json["memory"] > 2**28


def test_it_is_told_in_words_too(kelly):
    done = kelly("doctor")
    assert (done.code, done.err) == (0, "")
    assert "\n  compose                          ready\n" in done.out
    assert "\n  words       " in done.out


def test_a_job_says_what_it_lacks_and_what_brings_it(kelly, missing):
    missing("torch", "ray")
    done = kelly("doctor")
    assert done.code == 0
    assert re.search(r"lacks torch.*: pip install torch==2.13.0, then pip install 'kelly-music\[train\]'", done.out)
    assert "lacks ray: pip install ray\n" in done.out


def test_what_measures_and_labels_needs_torch_and_lightning(kelly, missing):
    missing("torch", "lightning")
    told = jobs(kelly("doctor", "--json").json)
    assert all({"torch", "lightning"} <= {*told[job]["missing"]} for job in ("label", "evaluate"))


@pytest.mark.parametrize(("module", "job"), [("onnxruntime", "feel"), ("yaml", "compose"), ("soxr", "render")])
def test_a_broken_base_job_is_exit_code_1(kelly, missing, module, job):
    missing(module)
    done = kelly("doctor", "--json")
    assert done.code == 1
    assert jobs(done.json)[job]["remedy"] == "pip install --force-reinstall kelly-music"


def test_without_a_soundfont_nothing_is_rendered(kelly, monkeypatch):
    def none():
        raise SoundError("no SoundFont found")

    monkeypatch.setattr("kelly.sound.soundfont.find", none)
    done = kelly("doctor")
    assert done.code == 1
    assert "SoundFont  no SoundFont found\n" in done.out
    assert "lacks soundfont: pip install pretty_midi, or set KELLY_SOUNDFONT" in done.out


@pytest.mark.parametrize(("name", "code"), [("words", 1), ("groove", 0)])
def test_a_damaged_model_is_told_and_that_of_words_is_in_the_way(kelly, monkeypatch, name, code):
    monkeypatch.setattr(shelf, "models", lambda: (shelf.Model(name, "CC0", (), 10, ("model.onnx",)),))
    done = kelly("doctor")
    assert done.code == code
    assert "damaged: model.onnx" in done.out


def test_without_models_feelings_are_read_by_the_lexicon(kelly, monkeypatch):
    monkeypatch.setattr(shelf, "models", tuple)
    assert kelly("doctor").code == 0


def test_whatever_is_sick_the_rest_is_told(kelly, monkeypatch):
    def sick(*_, **__):
        raise MemoryError

    for place in ("kelly.training.machine.cards", "kelly.models.shelf.models", "kelly.sound.soundfont.find"):
        monkeypatch.setattr(place, sick)
    done = kelly("doctor", "--json")
    assert done.code == 1
    assert (done.json["cores"], done.json["cards"]) == (None, [])
    assert kelly("doctor").out.startswith("Kelly ")


def test_cards_are_told_by_torch(torch, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert machine.cards() == (machine.Card("H200", 150 * 10**9, "9.0", usable=True),) * 2
    assert machine.links(2) == (machine.Link(0, 1, "peer"),)
    torch.cuda.can_device_access_peer = lambda *_: False
    assert machine.links(2) == (machine.Link(0, 1, "host"),)


@pytest.mark.usefixtures("torch", "smi")
def test_links_are_named_as_the_driver_names_them(kelly):
    assert machine.links(2) == (machine.Link(0, 1, "NV18"),)
    told = kelly("doctor").out
    assert "card 1: H200, 139.7 GiB memory, compute capability 9.0\n" in told
    assert "links: 0-1 NV18\n" in told


@pytest.mark.usefixtures("smi")
def test_without_torch_the_driver_is_asked(kelly, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    first, second = machine.cards()
    assert (first.name, first.memory, first.capability) == ("NVIDIA H200", 143771 * 2**20, "9.0")
    assert not second.usable
    assert (
        "card 0: NVIDIA H200, 140.4 GiB memory, compute capability 9.0; torch does not see it\n" in kelly("doctor").out
    )


@pytest.mark.parametrize("answer", ["", "No devices were found\n", "a, [N/A], [N/A]\n", ",,,\n"])
def test_strange_answers_of_the_driver_are_survived(smi, monkeypatch, answer):
    monkeypatch.setitem(sys.modules, "torch", None)
    smi.update({"--qu": answer, "topo": answer})
    assert all(card.memory is None for card in machine.cards())
    assert machine.links(2) == ()


@pytest.mark.parametrize("error", [OSError("gone"), subprocess.TimeoutExpired("nvidia-smi", 1)])
def test_a_driver_that_does_not_answer_is_survived(smi, monkeypatch, error):
    def fail(*_, **__):
        raise error

    smi.clear()
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(subprocess, "run", fail)
    assert machine.cards() == ()


def test_the_memory_of_a_container_counts(tmp_path, monkeypatch):
    (tmp_path / "limit").write_text("1000000\n")
    (tmp_path / "none").write_text("max\n")
    monkeypatch.setattr(machine, "LIMITS", (tmp_path / "none", tmp_path / "limit", tmp_path / "absent"))
    assert machine.memory() == 1_000_000


def test_the_table_of_libraries_is_that_of_the_package(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with (root / "src/kelly/cli/libraries.csv").open(encoding="utf-8") as rows:
        told = {row["library"]: row["brought_by"] for row in csv.DictReader(rows)}
    wanted = {"kelly": project["dependencies"], "train": project["optional-dependencies"]["train"]}
    for by, libraries in wanted.items():
        assert {re.split("[^A-Za-z0-9_-]", line)[0] for line in libraries} == {
            name for name in told if told[name] == by
        }
