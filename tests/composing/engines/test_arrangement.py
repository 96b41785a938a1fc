"""Parts join as the energy rises, and each section has room for what leads on."""

import pytest

from kelly.emotion import thesaurus

NAMES = [node.name for node in thesaurus.names()][::8]


@pytest.mark.parametrize("name", NAMES)
def test_layers_lie_in_their_section(name, contexts_of):
    for context in contexts_of(name, seed=1):
        assert len({layer.part for layer in context.layers}) == len(context.layers)
        for layer in context.layers:
            assert 0 <= layer.onset < layer.end <= context.section.beats
            assert 0 < layer.level <= 1


@pytest.mark.parametrize("name", NAMES)
def test_the_fullest_section_has_more_parts_than_the_emptiest(name, contexts_of):
    counts = {context.energy: len(context.layers) for context in contexts_of(name, seed=1)}
    assert counts[max(counts)] >= counts[min(counts)] + 3


def test_a_loop_has_a_melody_and_no_seam(contexts_of):
    (loop,) = contexts_of("joy", bars=8)
    assert loop.layer_of("melody") is not None
    assert loop.layer_of("fills") is None
    assert loop.layer_of("transitions") is None
