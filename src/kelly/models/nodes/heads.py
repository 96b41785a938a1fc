"""Heads of the node classifier: what its 323 outputs mean, slot by slot.

Conventions: five heads stand one after another (`SLOTS`): 216 nodes (in the order of `thesaurus.nodes()`), 8
categories, 72 names, 3 tiers (full, mid, low), 24 keys (tonic x {major, minor}: 2 * tonic + minor, C is 0). They are
hierarchical: before its softmax a name's output is added to the logarithm of its category's probability, and a node's
to those of its name and its tier, so that the small heads carry the large ones. `PARENTS` holds these relations.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from kelly.emotion.thesaurus import CATEGORIES, TIERS, names, nodes

__all__ = ["ORDER", "PARENTS", "SIZE", "SIZES", "SLOTS"]

SIZES: Mapping[str, int] = MappingProxyType({"node": 216, "category": 8, "name": 72, "tier": 3, "key": 24})
SIZE = sum(SIZES.values())
ORDER = ("category", "tier", "key", "name", "node")  # in which they can be worked out: a head after its parents


def _slots() -> Mapping[str, slice]:
    slots, start = {}, 0
    for head, size in SIZES.items():
        slots[head] = slice(start, start + size)
        start += size
    return MappingProxyType(slots)


def _parents() -> Mapping[tuple[str, str], npt.NDArray[np.int64]]:
    named = [node.name for node in names()]
    return MappingProxyType(
        {
            ("name", "category"): np.array([CATEGORIES.index(node.category) for node in names()], np.int64),
            ("node", "name"): np.array([named.index(node.name) for node in nodes()], np.int64),
            ("node", "tier"): np.array([list(TIERS).index(node.tier) for node in nodes()], np.int64),
        }
    )


SLOTS = _slots()
PARENTS = _parents()  # (head, parent head) -> for each output of the head, the index of its parent
