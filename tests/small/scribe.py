"""A transformer without weights: what it expects follows from what it read by chance alone, so that rules are tested
under whatever a network may say."""

import zlib

import numpy as np

from kelly.models.transformer.layout import FIELDS, SIZES


class Scribe:
    """Stands in for `kelly.models.transformer.network.Network`; `read` keeps all that its memories read."""

    def __init__(self, places=256, seed=0, steep=2.0):
        self.places, self.seed, self.steep = places, seed, steep
        self.likes = {}  # what it says of some fields besides: (value, log odds) by name
        self.longest, self.read = 0, []

    def memory(self, guidance=1.0):
        return _Memory(self, guidance)


class _Memory:
    def __init__(self, network, guidance):
        self.network, self.guidance, self.words = network, guidance, []

    @property
    def length(self):
        return len(self.words)

    @property
    def room(self):
        return self.network.places - len(self.words)

    def forget(self, length=0):
        del self.words[length:]

    def read(self, words, told):
        assert 0 < len(words) <= self.room, "more words than there is room for"
        assert len(told) == len(words)
        assert np.isfinite(told.feelings).all()
        assert np.isfinite(told.changes).all()
        self.words += [tuple(int(one) for one in word) for word in words]
        self.network.read += [(tuple(int(one) for one in word), told, row) for row, word in enumerate(words)]
        self.network.longest = max(self.network.longest, len(self.words))

    def expect(self, word, field):
        known = repr((self.network.seed, self.words[-8:], [int(one) for one in word[:field]], field)).encode()
        rng = np.random.default_rng(zlib.crc32(known))
        told = np.round(self.network.steep * rng.standard_normal(SIZES[FIELDS[field]]), 3)
        value, more = self.network.likes.get(FIELDS[field], (0, 0.0))
        told[value] += more
        return told
