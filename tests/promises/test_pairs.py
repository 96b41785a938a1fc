"""72 names, 72 songs: no two of them are the same music under two titles (2,556 pairs)."""

import dataclasses

import pytest

from kelly.emotion import thesaurus

BARS = 28  # a phrase for each section of the form; the benchmark takes songs of default length


@pytest.fixture(scope="module")
def portraits(benchmark):
    pairs = benchmark("pairs")
    return {node.name: pairs.portray(node.name, seed=0, bars=BARS) for node in thesaurus.names()}


def test_any_two_names_differ_in_at_least_two_traits(portraits, benchmark):
    found = benchmark("pairs").compare(portraits)
    assert len(found) == 2556
    assert {pair: traits for pair, traits in found.items() if len(traits) < 2} == {}


def test_most_pairs_differ_in_most_traits(portraits, benchmark):
    pairs = benchmark("pairs")
    found = pairs.compare(portraits)
    assert sum(map(len, found.values())) / len(found) > 0.7 * len(pairs.TRAITS)


def test_a_song_does_not_differ_from_itself(portraits, benchmark):
    assert benchmark("pairs").differences(portraits["grief"], portraits["grief"]) == []


@pytest.mark.parametrize(
    ("trait", "change"),
    [
        ("tempo", lambda p: {"tempo": p.tempo * 1.031}),
        ("velocity", lambda p: {"velocity": p.velocity - 3.1}),
        ("register", lambda p: {"register": p.register + 1.1}),
        ("density", lambda p: {"density": p.density * 1.081}),
        ("mode", lambda p: {"named": {**p.named, "mode": ["lydian"]}}),
        ("instrument", lambda p: {"named": {**p.named, "instrument": -1}}),
    ],
)
def test_each_trait_counts_from_its_threshold_on(portraits, benchmark, trait, change):
    grief = portraits["grief"]
    assert benchmark("pairs").differences(grief, dataclasses.replace(grief, **change(grief))) == [trait]
