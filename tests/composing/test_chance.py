"""A seed means the same numbers for ever, and weights decide what they promise."""

import pytest

from kelly.composing.chance import best, chance, pick, sharpened, shuffle, stream, sway, uniform


def test_a_stream_is_known_by_its_seed_and_names():
    # Stored numbers: if they change, every song of every seed changes.
    assert round(stream(7, "melody", "verse").random(), 12) == 0.404541417404


def test_streams_of_other_names_or_seeds_differ():
    drawn = {stream(seed, name).random() for seed in range(20) for name in ("bass", "pad", "drums")}
    assert len(drawn) == 60


def test_pick_follows_the_weights():
    rng = stream(1, "test")
    drawn = [pick({"often": 3.0, "rarely": 1.0, "never": 0.0}, rng) for _ in range(2000)]
    assert drawn.count("never") == 0
    assert drawn.count("often") == pytest.approx(1500, abs=80)


def test_pick_takes_the_heaviest_when_all_round_to_nothing():
    assert pick({"a": 1e-9, "b": 2e-6, "c": 1e-9}, stream(1)) == "b"


def test_sharpened_keeps_the_order_and_lifts_the_best_to_one():
    weights = sharpened({"a": 0.001, "b": 0.002}, 2)
    assert weights == {"a": 0.25, "b": 1.0}
    assert best(weights) == "b"


def test_certainties():
    rng = stream(2)
    assert all(chance(1, rng) for _ in range(50))
    assert not any(chance(0, rng) for _ in range(50))


def test_ranges():
    rng = stream(3)
    swayed = [sway(rng) for _ in range(4000)]
    assert max(map(abs, swayed)) <= 1
    assert sum(abs(x) < 1 / 3 for x in swayed) / 4000 == pytest.approx(0.68, abs=0.04)
    assert all(2 <= uniform(2, 5, rng) < 5 for _ in range(200))


def test_shuffle_keeps_every_item():
    assert sorted(shuffle(range(30), stream(4))) == list(range(30))
    assert shuffle(range(30), stream(4)) != list(range(30))
