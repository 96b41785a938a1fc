"""Motifs are invented in their contour and developed as each transform's name says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kelly.composing.chance import stream
from kelly.composing.mapping import parameters
from kelly.composing.motif import CONTOURS, TRANSFORMS, Motif, Step, contour, invent, transform
from kelly.emotion.space import Emotion

PLAIN = Motif((Step(0, 1, 0), Step(1, 1, 2), Step(2, 2, 4), Step(4, 0.5, 3), Step(4.5, 1.5, 1), Step(6, 2, 0)), 8)
FEELINGS = st.builds(Emotion, st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))


@given(FEELINGS, st.sampled_from(list(CONTOURS)), st.integers(0, 200))
def test_an_invented_motif_fills_two_bars_without_overlap(feeling, shape, seed):
    motif = invent(parameters(feeling), shape, stream(seed))
    assert motif.length == 8
    for before, after in zip(motif.steps, motif.steps[1:], strict=False):
        assert before.onset + before.duration <= after.onset + 1e-9
    assert motif.steps[-1].onset + motif.steps[-1].duration <= 8 + 1e-9


def test_more_arousal_means_more_notes():
    def mean(arousal):
        wanted = parameters(Emotion(0, arousal, 0.5))
        return sum(len(invent(wanted, "wave", stream(seed)).steps) for seed in range(40)) / 40

    assert mean(0) < mean(0.35) < mean(0.7) < mean(1)


@pytest.mark.parametrize("how", list(TRANSFORMS))
@given(seed=st.integers(0, 50), feeling=FEELINGS)
def test_every_transform_keeps_the_length_and_some_notes(how, seed, feeling):
    motif = transform(invent(parameters(feeling), "arch", stream(seed)), how, stream(seed, "x"))
    assert motif.length == 8
    assert motif.steps
    assert all(0 <= s.onset < 8 and s.duration > 0 for s in motif.steps)


@pytest.mark.parametrize("how", list(TRANSFORMS))
def test_every_transform_changes_something(how):
    assert transform(PLAIN, how, stream(5)) != PLAIN


def degrees(motif):
    return [step.degree for step in motif.steps]


def test_transforms_do_what_they_are_called():
    rng = stream(1)
    assert degrees(transform(PLAIN, "invert", rng)) == [0, -2, -4, -3, -1, 0]
    assert degrees(transform(PLAIN, "retrograde", rng)) == [0, 1, 3, 4, 2, 0]
    slow = transform(PLAIN, "augment", rng)
    assert [(s.onset, s.duration) for s in slow.steps] == [(0, 2), (2, 2), (4, 4)]
    fast = transform(PLAIN, "diminish", rng)
    assert degrees(fast)[:6] == degrees(PLAIN)
    assert fast.steps[5].onset == 3
    assert (
        len({s.degree - p.degree for s, p in zip(transform(PLAIN, "transpose", rng).steps, PLAIN.steps, strict=True)})
        == 1
    )
    assert [s.onset for s in transform(PLAIN, "displace", rng).steps] == [0.5, 1.5, 2.5, 4.5, 5.0, 6.5]
    assert (
        len(transform(PLAIN, "simplify", rng).steps) < len(PLAIN.steps) < len(transform(PLAIN, "ornament", rng).steps)
    )


def test_contours_go_where_their_names_say():
    assert contour("ascending", 0) < contour("ascending", 1)
    assert contour("descending", 0) > contour("descending", 1)
    assert contour("arch", 0.5) > max(contour("arch", 0), contour("arch", 1))
    assert contour("inverse-arch", 0.5) < min(contour("inverse-arch", 0), contour("inverse-arch", 1))
    assert contour("static", 0.3) == 0
    assert contour("collapse", 0.5) - contour("collapse", 1) > 1
