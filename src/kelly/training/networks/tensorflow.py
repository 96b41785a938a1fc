"""TensorFlow's checkpoints, read without TensorFlow.

Conventions: a checkpoint ("tensor bundle", second version) is an index and one file of data. The index is a sorted
table in LevelDB's form: blocks of entries whose keys share their beginnings with the one before, found through a last
block, which the footer points to. A value is a protocol buffer (BundleEntryProto): type (1), shape (2), offset (4),
size (5). Only uncompressed blocks and float32 in one file are read; all else is a FileError.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from kelly.errors import FileError

__all__ = ["checkpoint"]

Field = int | bytes

_FOOTER, _MAGIC = 48, bytes.fromhex("57fb808b247547db")
_FLOAT = 1  # of TensorFlow's types
_FIXED = {1: 8, 5: 4}  # bytes of a field, by its wire type


def checkpoint(index: bytes, data: bytes) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """The float32 tensors of a checkpoint, by name, in the table's order.

    Parameters: index and data, the bytes of both files. Raises: FileError, they are no such files, or damaged.
    """
    if len(index) < _FOOTER or not index.endswith(_MAGIC):
        raise FileError("the index of a TensorFlow checkpoint must end in its mark; it is another file or cut off")
    try:
        yield from _tensors(index, data)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise FileError(f"the TensorFlow checkpoint is damaged: {error}") from error


def _tensors(index: bytes, data: bytes) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    for _, handle in _entries(index, _handle(index[-_FOOTER:], skip=2)):
        for key, value in _entries(index, _handle(handle)):
            if key:  # the first is the table's own header
                yield from _tensor(key.decode(), dict(_fields(value)), data)


def _tensor(name: str, entry: dict[int, Field], data: bytes) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    if entry.get(1) != _FLOAT:
        return
    start, size = _whole(entry.get(4, 0)), _whole(entry.get(5, 0))
    if start + size > len(data):
        raise ValueError(f"{name} lies beyond the end of the data")
    sizes = [
        _whole(dict(_fields(_told(one))).get(1, 0)) for field, one in _fields(_told(entry.get(2, b""))) if field == 2
    ]
    yield name, np.frombuffer(data[start : start + size], "<f4").reshape(sizes)


def _handle(coded: bytes, skip: int = 0) -> tuple[int, int]:
    """Offset and size of a block, after `skip` other numbers."""
    place, numbers = 0, list[int]()
    for _ in range(skip + 2):
        number, place = _varint(coded, place)
        numbers.append(number)
    return numbers[-2], numbers[-1]


def _entries(index: bytes, handle: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block."""
    start, size = handle
    if start + size >= len(index) or index[start + size]:  # the byte after a block says how it is compressed
        raise ValueError("a block is compressed, or lies beyond the end")
    block = index[start : start + size]
    restarts = int.from_bytes(block[-4:], "little")
    end, place, key = size - 4 - 4 * restarts, 0, b""
    while place < end:
        shared, place = _varint(block, place)
        own, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + own]
        place += own
        yield key, block[place : place + length]
        place += length


def _fields(message: bytes) -> Iterator[tuple[int, Field]]:
    """Fields of a protocol buffer: number and value."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        size, place = _varint(message, place) if kind == 2 else (_FIXED[kind], place)
        yield tag >> 3, message[place : place + size]
        place += size


def _varint(coded: bytes, place: int) -> tuple[int, int]:
    """A number in sevens of bits, the lowest first, and where the next thing begins."""
    number = shift = 0
    while True:
        byte = coded[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
        if shift > 63:
            raise ValueError("a number has more than ten bytes")


def _whole(value: Field) -> int:
    if not isinstance(value, int):
        raise TypeError("a number was expected")
    return value


def _told(value: Field) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("bytes were expected")
    return value
