"""What the comparison with human music counts, and when it calls one side nearer (the benchmark `neural`)."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from small import asap as small_asap
from small import billboard as small_billboard
from small import groove as small_groove
from small import pop909 as small_pop909

HISTOGRAMS = arrays(np.float64, 6, elements=st.integers(0, 50)).filter(lambda counts: counts.sum() > 0)


@pytest.fixture(scope="module")
def neural(benchmark):
    """The benchmark's modules by name."""
    benchmark("neural")
    names = ("measures", "distances", "human", "songs", "comparison")
    return {name: sys.modules[f"neural.{name}"] for name in names}


@pytest.fixture(scope="module")
def measures(neural):
    return neural["measures"]


@pytest.fixture(scope="module")
def distances(neural):
    return neural["distances"]


@pytest.fixture(scope="module")
def human(neural):
    return neural["human"]


@pytest.fixture(scope="module")
def pieces(neural):
    """What four songs fall into."""
    return [neural["songs"].events(named, 0.0) for named in neural["songs"].pairs(4, 0)]


def named(measures, measure, bins):
    return [measures.MEASURES[measure].name(int(index)) for index in bins]


@given(one=HISTOGRAMS, other=HISTOGRAMS)
def test_a_distance_lies_between_nothing_and_one_and_goes_both_ways(distances, one, other):
    there, back = distances.distance(one, other), distances.distance(other, one)
    assert 0 <= there <= 1 + 1e-12
    assert there == pytest.approx(back)
    assert distances.distance(one, 3 * one) == pytest.approx(0, abs=1e-7)


def test_histograms_that_share_no_bin_are_one_apart(distances):
    assert distances.distance(np.array([1.0, 0, 0]), np.array([0, 2.0, 3.0])) == pytest.approx(1)


def test_the_distance_is_the_root_of_the_divergence_in_bits(distances):
    # half of both in one bin, the rest apart: 1/2 bit
    assert distances.distance(np.array([1.0, 1, 0]), np.array([1.0, 0, 1])) == pytest.approx(np.sqrt(0.5))


def test_human_music_is_taken_with_as_much_minor_as_the_songs_have(distances):
    human, songs = np.array([6.0, 2, 1, 1]), np.array([[1.0, 0, 9, 0], [0.0, 1, 0, 0]])
    assert distances.weighed(human, songs) == pytest.approx(np.array([[0.075, 0.025, 0.45, 0.45], [0.75, 0.25, 0, 0]]))


def test_what_is_played_lies_around_what_is_written_also_over_the_bar_line(distances):
    assert distances.spread(np.array([1.0, 0, 0, 0, 0]), np.array([1.0, 2, 1])).tolist() == [0.5, 0.25, 0, 0, 0.25]


def test_a_melody_is_counted_from_its_tonic(measures):
    pitch, tonic = np.array([62, 66, 69, 97]), np.array([2, 2, 2, 9])
    found = measures.melody(pitch, tonic, np.array([False, False, False, True]))
    assert named(measures, "pitch classes", found["pitch classes"]) == [
        "1 to 3, major",
        "3 to 5, major",
        "1 to 3, minor",
    ]
    assert named(measures, "intervals", found["intervals"]) == ["+4", "+3", "+24"]


def test_of_notes_that_begin_together_the_highest_is_the_melody(measures):
    onset, pitch = measures.line(np.array([1.0, 0.0, 1.0]), np.array([60, 62, 64]))
    assert (onset.tolist(), pitch.tolist()) == ([0.0, 1.0], [62, 64])


def test_a_chord_that_is_repeated_is_one_and_a_change_of_key_is_no_progression(measures):
    index, tonic = np.array([0, 0, 35, 0, 0, 25]), np.array([0, 0, 0, 0, 2, 2])
    found = measures.progression(index, tonic, np.zeros(6, bool))["chords"]
    assert named(measures, "chords", found) == [
        "I:maj to V:maj, major",
        "V:maj to I:maj, major",
        "I:maj to IV:maj, major",
    ]
    assert not len(measures.progression(index[:0], tonic[:0], np.zeros(0, bool))["chords"])


def test_accents_are_told_from_the_mean_of_their_own_part(measures):
    found = measures.loudness(np.array([60, 80, 100, 100]), np.array([0, 0, 1, 1]))
    assert named(measures, "accents", found["accents"]) == ["-8 ± 2", "+8 ± 2", "+0 ± 2", "+0 ± 2"]
    assert named(measures, "velocity", found["velocity"]) == ["60..63", "80..83", "100..103", "100..103"]


def test_a_note_just_before_the_bar_line_is_the_end_of_a_bar_and_ten_milliseconds_are_a_bin(measures):
    found = measures.places(np.array([4.0, 3.98, 5.5, 8 + 1 / 3, 4 + 10 / 500]))["onsets"]
    expected = ["beat 1 + 0/48", "beat 4 + 47/48", "beat 2 + 24/48", "beat 1 + 16/48", "beat 1 + 1/48"]
    assert named(measures, "onsets", found) == expected


def test_the_kept_histograms_are_small_and_whole(measures, human):
    kept = human.kept()
    assert human.FILE.stat().st_size < 100_000
    for name, measure in measures.MEASURES.items():
        shares = kept.of(name)
        assert shares.shape == (measure.bins,)
        assert shares.sum() == pytest.approx(1)
        assert 0 < kept.floor[name] < 0.5


def test_the_kept_histograms_look_like_music(measures, human):
    kept = human.kept()
    likeliest = {name: measures.MEASURES[name].name(int(kept.of(name).argmax())) for name in measures.JUDGED}
    assert likeliest["onsets"] == "beat 1 + 0/48"
    assert likeliest["intervals"] == "+0"
    chords = kept.of("chords")
    authentic, retrograde = (
        chords[np.ravel_multi_index((0, *pair), (2, 64, 64))] for pair in ((38, 0), (38, 25))
    )  # V7 to I and V7 to IV in major
    assert authentic > 5 * retrograde


def test_what_is_kept_is_what_was_written(human, tmp_path):
    kept = human.kept()
    human.write(kept, tmp_path / "human.npz")
    again = human.kept(tmp_path / "human.npz")
    assert again.pieces == kept.pieces
    assert again.floor == kept.floor
    assert all(np.array_equal(again.counts[source], kept.counts[source]) for source in kept.counts)


def read(human, root, corpus, path):
    """What is counted of the file of a corpus written in small, whatever its split."""
    items, made = human.SOURCES[corpus]
    (item,) = [item for item in items(root) if item.path.match(path)]
    return made(item)


@pytest.fixture
def trained_on(monkeypatch):
    """All songs are of the training split."""
    for corpus in ("pop909", "asap", "billboard"):
        monkeypatch.setattr(f"kelly.training.data.corpora.{corpus}.split_of", lambda *_: "train")


@pytest.mark.usefixtures("trained_on")
def test_a_song_of_pop909_gives_its_melody_chords_and_piano(human, measures, tmp_path):
    small_pop909.write(tmp_path)
    found = read(human, tmp_path, "pop909", "001.mid")
    assert len(found["intervals"]) == len(list(small_pop909.melody("001"))) - 1
    assert set(named(measures, "onsets", found["onsets"])) == {"beat 1 + 0/48"}
    assert set(named(measures, "velocity", found["velocity"])) == {"60..63"}
    assert named(measures, "chords", found["chords"][:2]) == ["I:maj to VI:min, major", "VI:min to IV:maj, major"]
    assert named(measures, "chords", found["chords"][-1:]) == ["bVI:maj to bVII:maj, minor"]


@pytest.mark.usefixtures("trained_on")
def test_songs_in_three_say_nothing_of_bars_of_four(human, tmp_path):
    small_pop909.write(tmp_path)
    assert not len(read(human, tmp_path, "pop909", "003.mid")["onsets"])


@pytest.mark.usefixtures("trained_on")
def test_a_performance_gives_the_places_of_its_notes_by_the_annotated_beats(human, measures, tmp_path):
    small_asap.write(tmp_path)
    found = read(human, tmp_path, "asap", "Faliks02.mid")
    # three bars of four with two high notes a beat and low ones; the bar with the free beat and the last are left out
    on_beats = [place for place in named(measures, "onsets", found["onsets"]) if place.endswith("+ 0/48")]
    assert len(on_beats) == 2 * (4 + 2)
    assert len(found["onsets"]) == 2 * (8 + 2)
    assert not len(read(human, tmp_path, "asap", "Shi05M.mid")["onsets"])


@pytest.mark.usefixtures("trained_on")
def test_a_song_that_holds_several_places_in_the_charts_counts_once(human, tmp_path):
    small_billboard.write(tmp_path)
    items, _ = human.SOURCES["billboard"]
    assert len(list(items(tmp_path))) == 2
    assert len(read(human, tmp_path, "billboard", "0010/salami_chords.txt")["chords"])


def test_of_groove_only_beats_in_four_that_are_trained_on_are_read(human, measures, tmp_path):
    small_groove.write(tmp_path)
    items, take_of = human.SOURCES["groove"]
    (item,) = items(tmp_path)
    found = take_of(item)
    assert named(measures, "drum onsets", found["drum onsets"][:2]) == ["beat 1 + 0/48", "beat 1 + 13/48"]


def test_all_names_are_felt_once_before_any_comes_again(neural):
    asked = neural["songs"].pairs(200, 7)
    assert len({name for name, _ in asked[:72]}) == 72
    assert len({seed for _, seed in asked}) == 200
    assert min(seed for _, seed in asked) == 7


def test_every_chord_that_kelly_writes_has_a_class(pieces):
    other = [index % 64 for one in pieces for index in one["chords"]]
    assert 63 not in other


def test_a_side_compared_with_itself_has_not_changed(neural, human, pieces):
    side = neural["comparison"].side(pieces)
    lines = neural["comparison"].judged(side, side, human.kept())
    assert [line[0] for line in lines] == list(neural["measures"].JUDGED)
    assert {line[-1] for line in lines} == {"no clear change"}
    assert {line[3] for line in lines} == {"+0.000"}


def test_a_side_that_is_human_music_is_nearer_and_one_without_any_of_it_farther(neural, human, pieces):
    kept = human.kept()
    rules = neural["comparison"].side(pieces)
    like = {name: np.tile(1e6 * kept.of(name), (len(pieces), 1)) for name in rules}
    unlike = {name: np.tile((kept.of(name) == 0).astype(float), (len(pieces), 1)) for name in rules}
    assert {line[-1] for line in neural["comparison"].judged(rules, like, kept)} == {"nearer"}
    far = [line[-1] for line in neural["comparison"].judged(rules, unlike, kept) if line[0] in {"chords", "intervals"}]
    assert set(far) == {"**farther**"}


def test_songs_that_no_longer_do_what_was_asked_have_lost_control(neural):
    asked = [(v, a, d, 0) for v in (-1.0, 0.0, 1.0) for a in (0.0, 0.5, 1.0) for d in (0.0, 0.5, 1.0)]
    axes = {"tempo (BPM)": 1, "notes / s": 1, "attacks / s": 1, "velocity, pitched": 2, "velocity, all": 2}
    axes["major - minor"] = 0
    held = [(one, {name: float(one[axis]) for name, axis in axes.items()}) for one in asked]
    lost = [(one, {**found, "tempo (BPM)": float(i * 7 % 27)}) for i, (one, found) in enumerate(held)]
    verdicts = {line[0]: line[-1] for line in neural["comparison"].control(held, lost)}
    assert verdicts.pop("arousal and tempo (BPM)") == "**fell**"
    assert set(verdicts.values()) == {"held"}


def test_the_bins_that_differ_most_come_first(neural, human, pieces):
    kept = human.kept()
    side = neural["comparison"].side(pieces)
    odd = {**side, "intervals": np.zeros_like(side["intervals"])}
    odd["intervals"][:, 48] = 1
    rows = [row for row in neural["comparison"].differing(odd, side, kept, 1) if row[0] == "intervals"]
    assert rows[0][1] == "+24"
    assert rows[0][3] == "100.0%"
