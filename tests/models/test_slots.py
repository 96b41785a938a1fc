"""Slots: what goes into a network means the same to training and to use, and comes back as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.errors import UsageError
from kelly.models.dynamics import slots as dynamics
from kelly.models.groove import slots as groove
from kelly.models.layers import NETWORKS
from kelly.models.melody import slots as melody
from kelly.models.nodes import heads

share = st.floats(0, 1)
signed = st.floats(-1, 1)
classes = st.frozensets(st.integers(0, 11))
beats = st.builds(
    melody.Beat,
    feeling=st.tuples(signed, signed, signed, signed),
    chord=classes,
    following=classes,
    before=classes,
    trace=st.tuples(*[share] * 12),
    beat=st.integers(0, 3),
    bar=st.integers(0, 3),
    highest=st.none() | st.integers(32, 96),
    energy=share,
    remaining=st.floats(0, 128),
)
C_MAJOR = melody.Beat(
    feeling=(0.5, -0.2, 0.1, 1.0),
    chord=frozenset({0, 4, 7}),
    following=frozenset({5, 9, 0}),
    before=frozenset({4}),
    trace=melody.follow(melody.SILENCE, {4}),
    beat=2,
    bar=3,
    highest=76,
    energy=0.75,
    remaining=8.0,
)


def test_the_layouts_fit_the_networks():
    assert NETWORKS["melody"].shape == (melody.SIZE,)
    assert NETWORKS["melody"].outputs == melody.PITCHES
    assert (NETWORKS["dynamics"].shape, NETWORKS["dynamics"].outputs) == ((dynamics.INPUTS,), dynamics.OUTPUTS)
    assert NETWORKS["groove"].outputs == groove.SIZE
    assert NETWORKS["nodes"].outputs == heads.SIZE


def test_each_slot_of_a_beat_holds_what_the_layout_says():
    row = melody.encode(C_MAJOR)
    assert np.flatnonzero(row[4:60] == 1).tolist() == [0, 4, 7, 12, 17, 21, 28, 50, 55]
    assert row[44] == pytest.approx(0.2)
    assert row[:4].tolist() == [0.5, -0.2, 0.1, 1.0]
    assert row[60:].tolist() == pytest.approx([12 / 32, 1, 0.5, 2 * np.exp(-1) - 1])


@given(beats)
def test_a_beat_comes_back(beat):
    row = melody.encode(beat)
    assert np.abs(row).max() <= 1
    back = melody.decode(row)
    assert np.allclose(melody.encode(back), row, atol=1e-12)
    assert (back.chord, back.following, back.before) == (beat.chord, beat.following, beat.before)
    assert (back.beat, back.bar, back.highest) == (beat.beat, beat.bar, beat.highest)
    assert back.remaining == pytest.approx(beat.remaining, abs=1e-6)


@given(classes, st.integers(1, 40))
def test_a_trace_forgets_a_fifth_each_beat(sounding, count):
    trace = melody.SILENCE
    for _ in range(count):
        trace = melody.follow(trace, sounding)
    assert np.allclose(trace, [(1 - 0.8**count) * (pitch in sounding) for pitch in range(12)])


def test_a_song_is_told_beat_by_beat_relative_to_its_tonic():
    places = [melody.Place(beat, 0, 0.5, 4 - beat) for beat in range(4)]
    g, d = {7, 11, 2}, {2, 6, 9}
    x, y = melody.sequence((0, 0, 0, 0), [{67}, {67, 71}, set(), {74}], [g, g, d, d], places, tonic=7)
    assert [np.flatnonzero(row).tolist() for row in y] == [[72], [72, 76], [], [79]]  # G goes up to C
    told = [melody.decode(row) for row in x]
    assert [beat.highest for beat in told] == [None, 72, 76, None]
    assert [sorted(beat.chord) for beat in told] == [[0, 4, 7], [0, 4, 7], [2, 7, 11], [2, 7, 11]]
    assert [sorted(beat.following) for beat in told] == [[0, 4, 7], [2, 7, 11], [2, 7, 11], [2, 7, 11]]
    assert [beat.trace[0] for beat in told] == pytest.approx([0, 0.2, 0.36, 0.288])
    assert [beat.remaining for beat in told] == pytest.approx([4, 3, 2, 1])


@given(st.integers(0, 11), st.lists(st.tuples(st.frozensets(st.integers(20, 100)), classes), max_size=8))
def test_a_song_in_another_key_is_the_same_song(tonic, beats_):
    places = [melody.Place(index % 4, index // 4 % 4, 0.5, 8) for index in range(len(beats_))]

    def told(by):
        moved = [
            ({pitch + melody.shift(by) * -1 for pitch in sung}, {pitch + by for pitch in chord})
            for sung, chord in beats_
        ]
        return melody.sequence((0, 0, 0, 0), [sung for sung, _ in moved], [chord for _, chord in moved], places, by)

    for one, other in zip(told(0), told(tonic), strict=True):
        assert np.allclose(one, other)


def test_a_song_whose_parts_differ_in_length_is_refused():
    with pytest.raises(UsageError, match="got 1, 0 and 0"):
        melody.sequence((0, 0, 0, 0), [{60}], [], [], 0)


@given(st.integers(0, 11))
def test_the_tonic_becomes_c_by_the_shorter_way(tonic):
    assert (tonic + melody.shift(tonic)) % 12 == 0
    assert -5 <= melody.shift(tonic) <= 6


@given(st.frozensets(st.integers(6, 121)), st.integers(0, 11))
def test_pitches_come_back_in_their_own_key(pitches, tonic):
    assert np.flatnonzero(melody.restored(melody.active(pitches, tonic), tonic)).tolist() == sorted(pitches)


@given(st.frozensets(st.integers(0, 127)), st.integers(0, 11))
def test_no_pitch_is_lost_at_the_ends(pitches, tonic):
    found = np.flatnonzero(melody.active(pitches, tonic))
    assert {(pitch - melody.shift(tonic)) % 12 for pitch in found.tolist()} == {pitch % 12 for pitch in pitches}


@given(st.integers(0, 11))
def test_what_no_output_speaks_of_has_no_probability(tonic):
    assert (melody.restored(np.ones(128), tonic) == 0).sum() == abs(melody.shift(tonic))


@pytest.mark.parametrize(
    "wrong",
    [
        {"feeling": (0, 0, 0)},
        {"feeling": (0, 0, 0, 2)},
        {"trace": (0.0,) * 11},
        {"energy": float("nan")},
        {"beat": 4},
        {"bar": -1},
        {"highest": 128},
        {"remaining": -1},
        {"remaining": float("inf")},
        {"chord": frozenset({12})},
    ],
)
def test_a_beat_that_cannot_be_is_refused(wrong):
    given_ = {name: getattr(C_MAJOR, name) for name in C_MAJOR.__slots__}
    with pytest.raises(UsageError):
        melody.Beat(**(given_ | wrong))


@pytest.mark.parametrize("read", [melody.decode, groove.decode, dynamics.decode, dynamics.read])
def test_another_number_of_slots_is_refused(read):
    with pytest.raises(UsageError, match="shape"):
        read(np.zeros(33))


@given(st.lists(signed, min_size=32, max_size=32))
def test_a_groove_comes_back(outputs):
    assert np.allclose(groove.encode(groove.decode(outputs)), outputs, atol=1e-12)


def test_the_groove_of_a_bar_is_its_offsets_and_accents():
    late = 1 / 16  # of a beat: a quarter of a sixteenth
    outputs, mask = groove.targets([0, 1 + late, 1 + late, 2, 3], [100, 70, 90, 60, 80], 1)
    assert np.flatnonzero(mask[0]).tolist() == [0, 4, 8, 12, 16, 20, 24, 28]
    played = groove.decode(outputs[0])
    assert played.offsets[[0, 4, 8, 12]].tolist() == pytest.approx([0, late, 0, 0])
    assert played.accents[[0, 4, 8, 12]].tolist() == pytest.approx([20, 0, -20, 0])


def test_a_hit_just_before_the_bar_line_belongs_to_the_next_bar():
    outputs, mask = groove.targets([3.95, 9.0, -1.0], [90, 80, 70], 2)
    assert np.argwhere(mask[:, :16]).tolist() == [[1, 0]]
    assert groove.decode(outputs).offsets[1, 0] == pytest.approx(-0.05)


@given(st.lists(st.tuples(st.floats(0, 15.8), st.integers(1, 127)), max_size=30))
def test_targets_of_a_groove_lie_in_its_range(hits):
    outputs, mask = groove.targets([at for at, _ in hits], [loud for _, loud in hits], 4)
    assert np.abs(outputs).max(initial=0) <= 1
    assert (outputs[~mask] == 0).all()


@given(st.lists(share, min_size=16, max_size=16))
def test_expression_comes_back(outputs):
    back = dynamics.encode(dynamics.decode(outputs))
    assert np.allclose(back[:8], outputs[:8], atol=1e-12)
    assert back[8:].sum() == pytest.approx(1)
    if sum(outputs[8:]) > 1e-6:
        assert np.allclose(back[8:] * sum(outputs[8:]), outputs[8:])


def test_expression_is_decoded_by_its_formulas():
    half = dynamics.decode(np.full(16, 0.5))
    assert (half.velocity, half.velocity_sd, half.deviation, half.deviation_sd) == (64, 16, 0, 1 / 16)
    assert (half.articulation, half.articulation_sd, half.pedal, half.tempo) == (1, 0.5, 0.5, 1)
    assert half.levels.tolist() == [1 / 8] * 8
    assert dynamics.decode(np.ones(16)).tempo == 2
    assert dynamics.decode(np.zeros(16)).deviation == -1 / 4
    assert dynamics.decode(np.zeros(16)).levels.tolist() == [1 / 8] * 8


def test_markings_are_told_from_velocities():
    assert dynamics.level([1, 16, 40, 64, 90, 127]).tolist() == [0, 0, 1, 3, 5, 7]


@given(st.lists(st.lists(share, min_size=26, max_size=26), min_size=1, max_size=5), st.integers(0, 5))
def test_written_notes_come_back(rows, role):
    slots = np.concatenate([np.array(rows), np.eye(6)[[role] * len(rows)]], 1)
    notes = dynamics.read(slots)
    assert (notes.role == role).all()
    assert np.allclose(dynamics.write(notes), slots, atol=1e-12)


def test_each_slot_of_a_note_is_scaled_as_the_layout_says():
    middle = dynamics.read(np.zeros(32))
    assert (middle.pitch, middle.bpm, middle.duration, middle.energy, middle.role) == (64, 120, 1, 0.5, 0)
    full = dynamics.read(np.ones(32))
    assert (full.pitch, full.bpm, full.duration, full.interval_after, full.simultaneous) == (128, 180, 16, 12, 8)
    assert (full.density, full.place_in_bar, full.tension) == (16, 1, 1)


def test_a_role_that_is_none_is_refused():
    notes = dynamics.read(np.zeros((2, 32)))
    given_ = {name: getattr(notes, name) for name in notes.__slots__}
    with pytest.raises(UsageError, match="melody, counter"):
        dynamics.write(dynamics.Written(**(given_ | {"role": np.array([0, 6])})))


def test_every_node_belongs_to_its_name_and_its_tier():
    from kelly.emotion.thesaurus import nodes

    at = [node.label for node in nodes()].index("grief:low")
    assert nodes()[at].name == [node.name for node in nodes()][:: len(heads.PARENTS)][heads.PARENTS["node", "name"][at]]
    assert heads.PARENTS["node", "tier"][at] == 2
    assert heads.PARENTS["name", "category"].tolist() == [i for i in range(8) for _ in range(9)]
    assert heads.SLOTS["key"] == slice(299, 323)
