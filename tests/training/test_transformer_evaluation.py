"""The transformer measured: field by field, beside an n-gram and without its feelings."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")

from safetensors.torch import save_file

from kelly.errors import CorpusError, FileError, UsageError
from kelly.models.transformer.layout import BAR, END, FIELDS, NOTE, SIZES, USED
from kelly.training import workbench
from kelly.training.data.corpora import nottingham, pop909
from kelly.training.data.pieces import pieces
from kelly.training.evaluation import transformer as evaluation
from kelly.training.evaluation.table import lines
from kelly.training.networks.compound import Size
from kelly.training.tasks import transformer
from kelly.training.tasks.context import Context
from kelly.training.tasks.fitting import measured
from kelly.training.tasks.runs import claim
from small import nottingham as tunes
from small import pop909 as small

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("one_thread")]

TINY = Size(width=32, heads=2, layers=1, inner=16)
OURS = transformer.Settings(corpora=("pop909",))
SPLITS = {"001": "train", "002": "dev", "003": "dev"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    place = tmp_path_factory.mktemp("data")
    small.write(place)
    return place


@pytest.fixture
def context(tmp_path_factory):
    return Context(tmp_path_factory.getbasetemp() / "cache of pieces")


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """A network that is made at once; two songs to be told, and one to learn from."""
    monkeypatch.setattr(transformer, "WIDTHS", {"small": TINY})
    monkeypatch.setattr(pop909, "split_of", lambda _, name: SPLITS[name])


def run(folder, seed=0, chosen=OURS, change=lambda _: None):
    """A run whose network learned nothing."""
    chosen_settings = {name: one for name, one in asdict(chosen).items() if name != "recipe"}
    claim(folder, {"network": "transformer", "seed": seed, **asdict(chosen.recipe), **chosen_settings})
    torch.manual_seed(seed)
    network = transformer.task(chosen).network()
    with torch.no_grad():
        change(network)
    save_file(network.state_dict(), folder / "weights.safetensors")
    return folder


def told(measures):
    """Rows by the set and the name."""
    return {(one.task, one.name.removesuffix(", nats a word")): one for one in measures}


# --- runs -----------------------------------------------------------------------------------------------------------


def test_the_whole_is_the_dev_loss_and_the_sum_of_the_fields(corpus, context, tmp_path):
    rows = told(evaluation.measure(corpus, "dev", [run(tmp_path / "run")], context))
    data = transformer.data(corpus, OURS, context)
    task = transformer.task(OURS)
    torch.manual_seed(0)
    loss, _ = measured(task, task.network(), data.dev)
    whole = rows["words", "whole"]
    assert whole.value == pytest.approx(loss, rel=1e-5)
    assert whole.value == pytest.approx(sum(rows["words", name].value for name in FIELDS))
    for name in ("n-gram", "no feeling"):
        assert whole.baselines[name] == pytest.approx(sum(rows["words", one].baselines[name] for one in FIELDS))
    assert whole.baselines["n-gram"] < 0.7 * data.chance
    assert whole.lower
    assert whole.items == sum(len(one.words) + 1 for one in pieces(corpus, context, ["pop909"]) if one.split == "dev")


def test_what_feelings_are_worth_is_what_is_lost_without_them(corpus, context, tmp_path):
    blind = run(tmp_path / "blind", change=lambda network: network.told.weight[:, :67].zero_())
    for folder, apart in ((run(tmp_path / "run"), True), (blind, False)):
        rows = told(evaluation.measure(corpus, "dev", [folder], context))
        worth = rows["words, less no feeling", "whole"].value
        assert worth == pytest.approx(rows["words", "whole"].value - rows["words", "whole"].baselines["no feeling"])
        assert (abs(worth) > 1e-4) == apart


def test_runs_that_were_trained_without_feelings_have_their_own_rows(corpus, context, tmp_path):
    # The same weights: what was trained without is then what is not told.
    felt, unfelt = run(tmp_path / "felt"), run(tmp_path / "unfelt", chosen=replace(OURS, feelings=False))
    rows = told(evaluation.measure(corpus, "dev", [felt, unfelt], context))
    for name in evaluation.NAMES:
        own, beside = rows["words, trained without feelings", name], rows["words", name].baselines
        assert own.value == pytest.approx(beside["no feeling"])
        assert beside["trained without feelings"] == pytest.approx(beside["no feeling"])
        assert own.baselines == {"n-gram": beside["n-gram"]}
    less = [rows[f"words, less {name}", "whole"].value for name in ("no feeling", "trained without feelings")]
    assert less[0] == pytest.approx(less[1])
    alone = told(evaluation.measure(corpus, "dev", [unfelt], context))
    assert {task.partition(", 95")[0] for task, _ in alone} == {"words, trained without feelings"}


def test_each_corpus_is_told_by_itself_where_there_are_several(corpus, context, tmp_path, monkeypatch):
    tunes.write(tmp_path)
    pieces_of = tmp_path / "pop909"
    pieces_of.symlink_to(corpus / "pop909")
    monkeypatch.setattr(nottingham, "split_of", lambda *_: "dev")
    felt, unfelt = (
        run(tmp_path / name, chosen=replace(OURS, corpora=("pop909", "nottingham"), feelings=name == "felt"))
        for name in ("felt", "unfelt")
    )
    rows = told(evaluation.measure(tmp_path, "dev", [felt, unfelt], context))
    all_of_them, alone = rows["words", "whole"], told(evaluation.measure(corpus, "dev", [felt, unfelt], context))
    each = [rows[f"words, {name}", "whole"] for name in ("nottingham", "pop909")]
    assert sum(one.items for one in each) == all_of_them.items
    assert sum(one.items * one.value for one in each) == pytest.approx(all_of_them.items * all_of_them.value)
    assert not any(name != "whole" for task, name in rows if "nottingham" in task)
    for title in ("words{}", "words{}, 95 % to", "words{}, less no feeling", "words, trained without feelings{}"):
        assert rows[title.format(", pop909"), "whole"].value == pytest.approx(alone[title.format(""), "whole"].value)


def test_seeds_are_told_apart_and_their_mean_is_drawn(corpus, context, tmp_path):
    both = [run(tmp_path / f"run-{seed}", seed) for seed in range(2)]
    alone = [told(evaluation.measure(corpus, "dev", [one], context))["words", "pitch"].value for one in both]
    rows = told(evaluation.measure(corpus, "dev", both, context))
    assert rows["words", "pitch"].values == pytest.approx(alone)
    assert alone[0] != alone[1]
    assert rows["words, 95 % from", "pitch"].value <= np.mean(alone) <= rows["words, 95 % to", "pitch"].value
    turned = told(evaluation.measure(corpus, "dev", both[::-1], context))
    assert turned["words, 95 % to", "pitch"].value == pytest.approx(rows["words, 95 % to", "pitch"].value)


def test_intervals_span_the_songs(corpus, context, tmp_path, monkeypatch):
    folder = run(tmp_path / "run")
    both = told(evaluation.measure(corpus, "dev", [folder], context))
    alone = []
    for song in ("002", "003"):
        monkeypatch.setattr(pop909, "split_of", lambda _, name, song=song: "dev" if name == song else "train")
        alone.append(told(evaluation.measure(corpus, "dev", [folder], context)))
    # Of two songs a drawn set may be twice the one or twice the other: the ends of the interval.
    for task in ("words", "words, less no feeling"):
        ends = sorted(one[task, "velocity"].value for one in alone)
        for end, value in zip(("from", "to"), ends, strict=True):
            row = both[f"{task}, 95 % {end}", "velocity"]
            assert (row.items, row.value) == (2, pytest.approx(value))
    ends = sorted(one["words", "velocity"].baselines["no feeling"] for one in alone)
    assert both["words, 95 % to", "velocity"].baselines["no feeling"] == pytest.approx(ends[1])
    assert not any("95 %" in task for task, _ in alone[0])


def test_runs_are_read_as_far_as_the_shortest_window(corpus, context, tmp_path):
    long, short = run(tmp_path / "long"), run(tmp_path / "short", 1, replace(OURS, window=64))
    items = [
        told(evaluation.measure(corpus, "dev", runs, context))["words", "whole"].items
        for runs in ([long], [short], [long, short])
    ]
    assert items[0] > items[1] == items[2]


def test_the_corpora_are_those_that_the_runs_learned_from(corpus, context, tmp_path):
    other = run(tmp_path / "run", chosen=replace(OURS, corpora=("emopia",)))
    with pytest.raises(CorpusError, match="emopia"):
        evaluation.measure(corpus, "dev", [other], context)
    assert evaluation.measure(corpus, "dev", [other, run(tmp_path / "second")], context)


def test_the_workbench_measures_it(corpus, context, tmp_path):
    results = workbench.evaluate("transformer", corpus, "dev", [run(tmp_path / "run")], context)
    assert any("no feeling" in line and "n-gram" in line and "velocity" in line for line in lines(results))


# --- what is there, and what is not ---------------------------------------------------------------------------------


def test_pieces_that_were_withheld_are_measured_with_an_n_gram_of_others_or_without(
    corpus, context, tmp_path, monkeypatch
):
    notes, folder = [], run(tmp_path / "run")
    small.write(tmp_path / "withheld", ["003"])
    monkeypatch.setattr(pop909, "split_of", lambda _, name: "test" if name == "003" else "train")
    noted = replace(context, note=notes.append)
    alone = told(evaluation.measure(tmp_path / "withheld", "test", [folder], noted))["words", "whole"]
    assert set(alone.baselines) == {"no feeling"}
    assert any("no n-gram" in note for note in notes)
    beside = told(evaluation.measure(tmp_path / "withheld", "test", [folder], context, corpus))["words", "whole"]
    assert beside.values == alone.values
    assert set(beside.baselines) == {"n-gram", "no feeling"}
    with pytest.raises(CorpusError, match="no train split"):
        evaluation.measure(tmp_path / "withheld", "test", [folder], context, tmp_path / "withheld")


def test_what_is_missing_is_one_clear_error(corpus, context, tmp_path):
    with pytest.raises(UsageError, match="is measured by its runs: give one or more with --run"):
        evaluation.measure(corpus, "dev", [], context)
    with pytest.raises(CorpusError, match="of the test split"):
        evaluation.measure(corpus, "test", [run(tmp_path / "run")], context)
    with pytest.raises(FileError, match="no run"):
        evaluation.measure(corpus, "dev", [tmp_path], context)
    save_file(torch.nn.Linear(2, 2).state_dict(), tmp_path / "run/weights.safetensors")
    with pytest.raises(FileError, match="does not fit the network"):
        evaluation.measure(corpus, "dev", [tmp_path / "run"], context)
    (tmp_path / "run/weights.safetensors").unlink()
    with pytest.raises(FileError, match="no finished run"):
        evaluation.measure(corpus, "dev", [tmp_path / "run"], context)


# --- the n-gram -----------------------------------------------------------------------------------------------------


def word(family, **values):
    row = np.zeros(len(FIELDS), np.int64)
    row[0] = family
    for name, value in values.items():
        row[FIELDS.index(name)] = value
    return row


def rows_of(*tempos):
    return np.array([word(BAR, tempo=tempo, meter=1) for tempo in tempos])


def chances(train, asked, name):
    return np.exp(-evaluation.ngram(train, asked)[:, FIELDS.index(name)])


def test_an_n_gram_by_hand():
    # Too few counts for discounts of their own: a half each. 5 was met after nothing, and after 5 in two contexts.
    uniform = 1 / SIZES["tempo"]
    below = (2 - 0.5) / 2 + 0.5 / 2 * uniform
    after_nothing, after_five = 0.5 + 0.5 * below, (2 - 0.5) / 2 + 0.5 / 2 * below
    found = chances([rows_of(5, 5, 5)], [rows_of(5, 5, 9, 9)], "tempo")
    assert found[0] == pytest.approx(0.5 + 0.5 * after_nothing)
    assert found[1] == pytest.approx(0.5 + 0.5 * after_five)
    assert found[2] == pytest.approx(0.5 * 0.5 / 2 * 0.5 / 2 * uniform)
    assert found[3] == pytest.approx(0.5 / 2 * uniform)  # 9 was never met: it says nothing of what comes after


def test_an_n_gram_takes_off_what_chen_and_goodman_say():
    # Bars of one piece each: 10 once, 11 twice, 12 three times, 13 four times, and others: n1..n4 are 4, 2, 2 and 1.
    tempos = [10, 11, 11, 12, 12, 12, 13, 13, 13, 13, 20, 21, 22, 23, 23, 24, 24, 24]
    share = 4 / (4 + 2 * 2)
    taken = [1 - 2 * share * 2 / 4, 2 - 3 * share * 2 / 2, 3 - 4 * share * 1 / 2]
    seen = [1, 2, 3, 4, 1, 1, 1, 2, 3]
    told = chances([rows_of(one) for one in tempos], [rows_of(13), rows_of(10)], "tempo")
    left = sum(taken[min(count, 3) - 1] for count in seen) / sum(seen)
    # Below, each value was met in one context, the same for all: discounts of a half, twice.
    below = 0.5 / 9 + 0.5 * (0.5 / 9 + 0.5 / SIZES["tempo"])
    assert told[0] == pytest.approx((4 - taken[2]) / sum(seen) + left * below)
    assert told[1] == pytest.approx((1 - taken[0]) / sum(seen) + left * below)


def test_each_piece_begins_anew():
    one, two = rows_of(5, 6), rows_of(7, 5)
    apart = evaluation.ngram([one, two], [one, two])
    assert apart[2:] == pytest.approx(evaluation.ngram([one, two], [two]))
    joined = evaluation.ngram([one, two], [np.concatenate([one, two])])
    assert joined[2, FIELDS.index("tempo")] > apart[2, FIELDS.index("tempo")] + 0.1


def test_a_note_is_told_from_those_before_it_even_across_a_bar_line():
    def piece(*pitches):
        bars = [(word(BAR, tempo=9, meter=1), word(NOTE, **NOTES | {"pitch": pitch})) for pitch in pitches]
        return np.array([row for bar in bars for row in bar])

    train = [piece(*[60, 62] * 30), piece(*[70, 77] * 30)]
    found = chances(train, [piece(60, 62, 60), piece(70, 77, 60)], "pitch")
    assert found[5] > 0.9
    assert found[11] < 0.1


def test_what_comes_next_is_told_from_the_place_in_the_bar():
    bar = [word(BAR, tempo=9, meter=1), *(word(NOTE, **NOTES | {"position": position}) for position in (1, 13))]
    piece = np.array(bar * 30)
    assert (chances([piece], [piece], "family")[3:] > 0.9).all()


def test_words_cost_nothing_in_fields_that_they_do_not_use():
    words = np.array([word(BAR, tempo=9, meter=1), word(NOTE, **NOTES), word(END)])
    costs = evaluation.ngram([words], [words])
    for row, family in zip(costs, (BAR, NOTE, END), strict=True):
        used = {"family", *USED.get(family, ())}
        assert [name for name, cost in zip(FIELDS, row, strict=True) if cost > 0] == [
            name for name in FIELDS if name in used
        ]


def test_what_was_never_met_is_any_value():
    told = evaluation.ngram([rows_of(5)], [np.array([word(BAR, tempo=9, meter=1), word(NOTE, **NOTES)])])
    assert told[1, FIELDS.index("pitch")] == pytest.approx(np.log(SIZES["pitch"]))


def test_what_was_never_met_after_a_bar_is_not_impossible():
    """Of these counts the formula takes nothing from what was met twice, which would leave nothing to others."""
    train = [np.array([word(BAR, tempo=int(one), meter=1) for one in "3323331333213232"])]
    asked = [np.array([word(BAR, tempo=a, meter=1), word(BAR, tempo=b, meter=1)]) for a in (1, 2, 3) for b in range(20)]
    assert np.isfinite(evaluation.ngram(train, asked)).all()


NOTES = {"seat": 1, "position": 1, "pitch": 60, "duration": 3, "velocity": 20}
a_note = st.builds(
    lambda **values: word(NOTE, **values),
    **{name: st.integers(1, min(4, SIZES[name] - 1)) for name in USED[NOTE]},
)
a_bar = st.builds(lambda tempo, meter: word(BAR, tempo=tempo, meter=meter), st.integers(1, 3), st.integers(1, 3))
a_piece = st.tuples(a_bar, a_note, st.lists(st.one_of(a_bar, a_note), max_size=30)).map(
    lambda parts: np.array([*parts[:2], *parts[2]])
)


@pytest.mark.parametrize("name", FIELDS)
@settings(max_examples=20)
@given(train=st.lists(a_piece, min_size=1, max_size=4), before=a_piece, last=a_note, bar=a_bar)
def test_the_chances_of_all_values_of_a_field_are_one(name, train, before, last, bar):
    row = bar if name in USED[BAR] else last
    asked = []
    for value in range(SIZES[name]):
        changed = row.copy()
        changed[FIELDS.index(name)] = value
        asked.append(np.vstack([before, changed]))
    found = chances(train, asked, name).reshape(len(asked), -1)[:, -1]
    assert found.sum() == pytest.approx(1)
    assert (found > 0).all()
