"""The node classifier's task: loops are what they are said to be, it tells them apart, and is judged fairly."""

import inspect
import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from kelly.composing.composer import compose_score
from kelly.emotion.thesaurus import CATEGORIES, TIERS, names
from kelly.emotion.thesaurus import nodes as all_nodes
from kelly.errors import FileError, UnknownNameError, UsageError
from kelly.models import networks
from kelly.models.nodes.heads import SIZES, SLOTS
from kelly.models.nodes.pictures import SPREAD
from kelly.training.data import loops
from kelly.training.evaluation import nodes as evaluation
from kelly.training.tasks import nodes
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import fit
from kelly.training.tasks.runs import settings

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]  # Lightning's, of torch's
SHORT = nodes.Settings(nodes.NodeRecipe(epochs=3, batch=12, chance_after=3), dropout=0.0, nearby=0.0, mixed=False)
PICKED = (0, 30, 110, 215)  # nodes, of which there are small sets here
LABELS = [node.label for node in all_nodes()]


@pytest.fixture
def context(tmp_path):
    return Context(cache=tmp_path / "cache")


def made_up(number, tonics=loops.TONICS, chosen=PICKED):
    """Loops that nobody composed: each node is a bright stripe, and all else noise."""
    rng = np.random.default_rng(number)
    pairs = np.array([(node, tonic) for node in chosen for tonic in tonics])
    pictures = rng.integers(100, 140, (len(pairs), 64, 128), dtype=np.uint8)
    for row, node in enumerate(pairs[:, 0]):
        stripe = 14 * chosen.index(node) + 4
        pictures[row, stripe : stripe + 8] += 100
    tempo = np.array([all_nodes()[node].emotion.arousal for node in pairs[:, 0]]) * 120 + 60
    seeds = np.array([loops.song_seed(number, *pair) for pair in pairs.tolist()])
    return loops.Loops(pictures, pairs[:, 0], pairs[:, 1], seeds, tempo, rng.normal(80, 1, len(pairs)), 0 * tempo)


@pytest.fixture
def small(monkeypatch):
    """Four nodes instead of 216, made up instead of composed."""

    def load(split, _, tonics=loops.TONICS):
        return made_up(loops.SETS[split], tuple(tonics))

    monkeypatch.setattr(nodes, "load", load)
    monkeypatch.setattr(evaluation, "load", load)


def test_a_loop_lasts_eight_seconds_and_plays_as_the_formulas_say():
    for label, tempo, minor in (("rage", 180, 1), ("grief", 96, 1), ("ecstasy", 180, 0)):
        node = all_nodes()[LABELS.index(label)]
        found = loops.seen(loops.items(0, [(LABELS.index(label), 5)])[0])
        assert found["tempo"] == pytest.approx(tempo)
        assert found["minor"] == minor
        score = loops.compose(node.emotion, 5, 5)
        assert score.keys[0].tonic == "F"
        assert 7 < score.duration < 13
        seen = loops.levels(found["picture"])
        assert seen.shape == (64, 128)
        assert (seen.max(0) > -40).all()  # it sounds to the very end


def test_dominance_is_heard_since_nothing_is_normalised():
    found = [loops.seen(loops.items(0, [(LABELS.index(label), 0)])[0]) for label in ("rage", "terror")]
    loud, soft = (10 * np.log10((10 ** (loops.levels(one["picture"]) / 10)).mean()) for one in found)
    assert loud > soft + 6
    assert found[0]["velocity"] > found[1]["velocity"] + 20


def test_nothing_but_numbers_a_tonic_and_a_seed_makes_a_loop():
    one, other = loops.items(0, [(3, 0)])[0], loops.items(1, [(3, 0)])[0]
    assert set(one.parameters) == {"feeling", "tonic", "seed", "font"}
    assert all(isinstance(number, float) for number in one.parameters["feeling"].values())
    assert one.parameters["seed"] != other.parameters["seed"]
    assert list(inspect.signature(compose_score).parameters) == ["journey", "settings", "revision"]


def test_no_two_loops_share_a_seed():
    asked = product(loops.SETS.values(), range(216), loops.TONICS)
    assert len({loops.song_seed(*one) for one in asked}) == 3 * 216 * 12


def test_loops_are_made_once_and_come_with_their_node_and_tonic(context, monkeypatch):
    monkeypatch.setattr(loops, "nodes", lambda: all_nodes()[:2])
    first = loops.load("dev", context, (2, 7))
    assert first.nodes.tolist() == [0, 0, 1, 1]
    assert first.tonics.tolist() == [2, 7, 2, 7]
    assert first.seeds.tolist() == [loops.song_seed(1, node, tonic) for node in (0, 1) for tonic in (2, 7)]
    assert first.pictures.shape == (4, 64, 128)
    monkeypatch.setattr(loops, "compose", None)  # from here on there is only the cache
    assert np.array_equal(loops.load("dev", context, (2, 7)).pictures, first.pictures)


def test_labels_say_node_category_name_tier_and_key():
    asked = made_up(0, (0, 9))
    told = nodes.labels(asked)
    for row, (node, tonic) in enumerate(zip(asked.nodes, asked.tonics, strict=True)):
        right = all_nodes()[node]
        found = dict(zip(SIZES, told[row], strict=True))
        assert found["node"] == node
        assert CATEGORIES[found["category"]] == right.category
        assert names()[found["name"]].name == right.name
        assert list(TIERS)[found["tier"]] == right.tier
        assert found["key"] == 2 * tonic


@pytest.mark.usefixtures("small")
def test_a_short_run_learns_and_its_rows_stand_beside_chance_and_ceiling(context, tmp_path):
    found = nodes.data(tmp_path, SHORT, context)
    assert len(found.train) == 48
    assert len(found.dev) == 16
    lowest = fit(nodes.task(SHORT), replace(found, chance=100.0), tmp_path / "run", 0, "cpu")
    assert lowest < 0.6 * sum(share * np.log(SIZES[head]) for head, share in SHORT.shares.items())
    rows = {(row.task, row.name): row for row in evaluation.measure(tmp_path, "dev", [tmp_path / "run"], context)}
    name = rows["full tier", "name top-1"]
    assert name.baselines == {"chance": pytest.approx(1 / 72)}
    assert (name.bar, name.ceiling) == (0.6, 1)
    assert name.value > 0.5
    assert rows["all nodes", "node top-1, share of the ceiling"].value == rows["all nodes", "node top-1"].value
    assert not any("unheard" in place for place, _ in rows)


@pytest.mark.usefixtures("small")
def test_tonics_that_are_left_out_are_neither_trained_on_nor_chosen_by(context, tmp_path):
    without = replace(SHORT, recipe=replace(SHORT.recipe, left_out=nodes.LEFT_OUT))
    found = nodes.data(tmp_path, without, context)
    heard = {int(key) // 2 for part in (found.train, found.dev) for key in part.tensors["labels"][:, 4]}
    assert not heard & set(nodes.LEFT_OUT)
    run = tmp_path / "run"
    fit(nodes.task(without), replace(found, chance=100.0), run, 0, "cpu")
    assert json.loads((run / "run.json").read_text())["left_out"] == list(nodes.LEFT_OUT)
    rows = evaluation.measure(tmp_path, "dev", [run], context)
    assert {row.task for row in rows} == {"full tier, unheard tonics", "all nodes, unheard tonics"}
    assert all(row.items == len(nodes.LEFT_OUT) * (4 if row.task.startswith("all") else 2) for row in rows)
    assert [row.bar for row in rows if "points lost" in row.name] == [3, 3, 3, None, None, None]


def test_points_lost_are_those_between_other_tonics_and_unheard_ones():
    asked = made_up(1, (0, 1))
    right = np.eye(216)[asked.nodes]
    half = np.where((asked.tonics == 1)[:, None] & (asked.nodes < 100)[:, None], np.roll(right, 1, 1), right)
    among = {"among": np.ones(len(asked), bool), "unheard": asked.tonics == 1}
    assert evaluation._lost({"node": half}, asked=asked, head="node", most=1, **among) == 50


def test_the_ceiling_is_worked_out_from_tempo_velocity_and_mode():
    known = made_up(0, chosen=(0, 3, 9))
    known.velocity[:] = 80 + 10 * (known.nodes == 9) + np.where(known.tonics % 2, 1, -1)
    known.tempo[:] = np.where(known.nodes == 0, 90, 120)
    told = evaluation.ceiling(known, known)
    assert evaluation.hits(told, known, "node").all()
    assert told["node"].sum(1) == pytest.approx(1)
    # Halfway in velocity (one standard deviation is 1) two nodes of one tempo are equally likely, the third is not.
    asked = replace(known, velocity=np.full(len(known), 85.0), tempo=np.full(len(known), 120.0))
    assert evaluation.ceiling(known, asked)["node"][0, [0, 3, 9]] == pytest.approx([0, 0.5, 0.5])
    # At a deviation from one, at nine from the other: e^-.5 against e^-40.5.
    asked = replace(asked, velocity=np.full(len(known), 81.0))
    assert evaluation.ceiling(known, asked)["node"][0, 3] == pytest.approx(1)


def test_among_five_is_easier_than_the_best():
    asked = made_up(0)
    told = {"node": np.tile(np.linspace(1, 0, 216), (len(asked), 1))}
    assert evaluation.hits(told, asked, "node").mean() == 0.25
    assert evaluation.hits(told, asked, "node", 31).mean() == 0.5


def test_a_part_of_a_picture_may_come_from_another_loop_of_its_node_alone():
    given = nodes.families(made_up(0))
    batch = given.take(torch.arange(0, 48, 5))
    assert batch["kin"].shape == (10, 12, 64, 128)
    own = batch["pictures"]
    assert torch.equal(nodes.spliced(own, batch["kin"], 0.0), own)
    lent = nodes.spliced(own, batch["kin"], 1.0)
    changed = (lent != own).float().mean((1, 2))
    assert 0.1 < float(changed.mean()) < 0.9
    # Where something has changed, it stands so in one and the same other loop of the node.
    from_one = ((lent[:, None] == batch["kin"]) | (lent == own)[:, None]).all((2, 3))
    assert bool(from_one.any(1).all())


def test_labels_are_spread_over_what_is_near_and_stay_shares_of_one():
    told = nodes._spread(0.5, 0.06)
    for head, place in SLOTS.items():
        assert told[:, place].sum(1).numpy() == pytest.approx(0 if head == "key" else 1, abs=1e-5)
    grief = told[LABELS.index("grief"), SLOTS["node"]]
    assert int(grief.argmax()) == LABELS.index("grief")
    assert grief[LABELS.index("sorrow")] > 100 * grief[LABELS.index("ecstasy")]
    assert torch.equal(nodes._spread(0.0, 0.06)[:, SLOTS["node"]], torch.eye(216))


def test_pictures_are_varied_a_little_and_by_the_step_alone():
    given = torch.zeros(6, 64, 128)
    given[:, 30] = 1.0
    still = replace(SHORT, masks=0, moved=0, gain=0.0)
    assert torch.equal(nodes.varied(given, still), given)
    moved = nodes.varied(given, replace(still, moved=2)).argmax(1)[:, 0]
    assert set(moved.tolist()) <= {28, 29, 30, 31, 32}
    louder = (nodes.varied(given, replace(still, gain=0.4)) - given).abs().amax((1, 2))
    assert 0 < float(louder.max()) <= 0.4 / SPREAD + 1e-6
    torch.manual_seed(5)
    hidden = nodes.varied(given, replace(still, masks=1))
    torch.manual_seed(5)
    assert torch.equal(nodes.varied(given, replace(still, masks=1)), hidden)
    assert int((hidden[:, 30] != given[:, 30]).all(1).sum()) <= 6
    assert float((hidden != given).float().mean()) < 0.3


@pytest.mark.usefixtures("small")
def test_without_a_run_the_shipped_model_is_asked(context, tmp_path, monkeypatch):
    class Told:
        def predict(self, picture):
            assert picture.shape == (64, 128)
            assert -1 < picture.mean() < 2
            return {head: np.full(size, 1 / size) for head, size in SIZES.items()}

    monkeypatch.setattr(evaluation, "shipped", lambda kind: Told() if kind is networks.EmotionNodeClassifier else None)
    assert evaluation.measure(tmp_path, "dev", [], context)[0].items == 24
    monkeypatch.setattr(evaluation, "shipped", lambda _: None)
    with pytest.raises(FileError, match="no node classifier is shipped"):
        evaluation.measure(tmp_path, "dev", [], context)
    with pytest.raises(FileError, match=r"is no run: it holds no run.json"):
        evaluation.measure(tmp_path, "dev", [tmp_path], context)
    with pytest.raises(UnknownNameError, match="split must be one of train, dev, test"):
        evaluation.measure(tmp_path, "all", [tmp_path], context)


@pytest.mark.parametrize(
    "text", ["dropout: 1", "gain: 2", "masks: -1", "epochs: 3", "recipe: {left_out: [12]}", "recipe: {epochs: 0}"]
)
def test_settings_that_make_no_sense_are_refused(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(UsageError):
        settings(nodes.Settings, path)


def test_a_recipe_file_may_leave_tonics_out(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("recipe: {left_out: [1, 6, 8], epochs: 4}\nmasks: 1\n")
    found = settings(nodes.Settings, path)
    assert found.recipe.left_out == (1, 6, 8)
    assert (found.recipe.epochs, found.masks) == (4, 1)
