"""The recipe of the trained models holds: its commands are Kelly's, and whatever a stage needs is there or made."""

import re
import shlex
from itertools import product
from pathlib import Path

import pytest
import typer
import yaml

from kelly.cli.main import app
from kelly.models.layers import NETWORKS

ROOT = Path(__file__).parents[2]
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
NAMED = re.compile(r"\$\{([\w.]+)\}")


def looked_up(name, known):
    for part in name.split("."):
        known = known[part]
    return known


def filled(value, known):
    """A value of `dvc.yaml` with what it names in its place."""
    if isinstance(value, dict):
        return {filled(key, known): filled(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, known) for one in value]
    if isinstance(value, str) and (whole := NAMED.fullmatch(value)):
        return looked_up(whole[1], known)
    return NAMED.sub(lambda one: str(looked_up(one[1], known)), value) if isinstance(value, str) else value


def items(stage):
    """What a stage is repeated for: (suffix of its name, `item`), as DVC does."""
    if "foreach" in stage:
        return [(f"@{item}", item) for item in filled(stage["foreach"], PARAMS)]
    axes = filled(stage.get("matrix", {}), PARAMS)
    found = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    return [("@" + "-".join(map(str, item.values())) if item else "", item) for item in found]


def stages():
    """Each stage by its name, with nothing left to fill in."""
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"].items():
        body = {key: value for key, value in stage.get("do", stage).items() if key != "matrix"}
        for suffix, item in items(stage):
            yield name + suffix, filled(body, PARAMS | {"item": item})


STAGES = dict(stages())


def made(stage):
    """The files that a stage makes."""
    return [path for one in stage.get("outs", []) + stage.get("metrics", []) for path in one]


MAKERS = {path: name for name, stage in STAGES.items() for path in made(stage)}


def needed(name):
    """The stages that must have run before one, and that one."""
    return {name}.union(*(needed(MAKERS[path]) for path in STAGES[name]["deps"] if path in MAKERS))


@pytest.mark.parametrize("name", STAGES)
def test_its_command_is_one_that_kelly_knows(name):
    program, command, *arguments = shlex.split(STAGES[name]["cmd"].partition(" > ")[0])
    assert program == "kelly"
    typer.main.get_command(app).commands[command].make_context(command, arguments)  # parses, and does not run


@pytest.mark.parametrize("name", STAGES)
def test_what_a_stage_needs_is_in_the_repository_or_made_by_another(name):
    assert [path for path in STAGES[name]["deps"] if path not in MAKERS and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", STAGES)
def test_runs_recipes_and_labels_that_a_command_names_are_waited_for(name):
    line, _, told = STAGES[name]["cmd"].partition(" > ")
    words = shlex.split(line)
    out = words[words.index("--out") + 1] if "--out" in words else None
    asked = [word for word in words if word.startswith((f"{PARAMS['runs']}/", "recipes/")) and word != out]
    begun = [yaml.safe_load((ROOT / one).read_text()).get("begin", "") for one in asked if one.startswith("recipes/")]
    asked += [run for run in begun if run.startswith(f"{PARAMS['runs']}/")]
    assert [one for one in asked if not {one, f"{one}/weights.safetensors"} & set(STAGES[name]["deps"])] == []
    assert all(path.startswith(out or told) for path in made(STAGES[name]))


def test_the_models_that_a_stage_makes_are_those_that_ship():
    assert [path for path in MAKERS if path.startswith("src/") and not (ROOT / path).exists()] == []


def test_no_file_is_made_by_two_stages():
    assert len(MAKERS) == sum(len(made(stage)) for stage in STAGES.values())


def test_nothing_is_deleted_before_it_is_made_anew():
    settings = [how for stage in STAGES.values() for one in stage.get("outs", []) for how in one.values()]
    assert all(how == {"cache": False, "persist": True} for how in settings)


def test_the_six_networks_are_made_together_of_one_seed_each():
    lines = [STAGES[name]["cmd"].split() for name in needed("networks")]
    trained = sorted(line[2] for line in lines if line[:2] == ["kelly", "train"] and line[2] in NETWORKS)
    assert trained == sorted(NETWORKS)
    assert {line[2] for line in lines if line[:2] == ["kelly", "export"]} == set(NETWORKS)


def test_every_model_is_measured():
    measured = {stage["cmd"].split()[2] for stage in STAGES.values() if stage["cmd"].startswith("kelly evaluate")}
    assert measured == {"words", "symbolic", "sound", "notes", "transformer", *NETWORKS}


def test_every_recipe_is_used():
    assert {path.as_posix() for stage in STAGES.values() for path in map(Path, stage["deps"])} >= {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "recipes").iterdir()
    }
