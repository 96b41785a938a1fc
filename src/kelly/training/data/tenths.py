"""Tenths: the split of corpora that have none of their own and that Kelly was not made with.

Conventions: who owns such a corpus trains on it and measures on it, so all three splits are needed. A tenth of the
groups (songs, works, performers) is the test split, another tenth the dev split, by the SHA-256 of the corpus's name
and the group's: the same on every machine, whatever else lies in the folder. `splits` is for corpora that Kelly's
makers had.
"""

from __future__ import annotations

from kelly.training.data.splits import share

__all__ = ["split_by_hash"]


def split_by_hash(corpus: str, group: str) -> str:
    """The split of a group, and so of all its records: "train", "dev" or "test".

    Examples
    --------
    >>> split_by_hash("deam", "115") == split_by_hash("deam", "115")
    True
    """
    place = share(corpus, group)
    return "test" if place < 0.1 else "dev" if place < 0.2 else "train"
