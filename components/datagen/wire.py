"""Protobuf's wire format (https://protobuf.dev/programming-guides/encoding) for columns of values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from components.datagen import ragged

if TYPE_CHECKING:
    import pyarrow as pa


def varints(values: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(uint8 bytes, offsets int64 [rows + 1]) of rows of whole numbers in [0, 2^31)."""
    sizes = np.ones(len(values), np.int64)
    for bits in (7, 14, 21, 28):
        sizes += values >= 1 << bits
    places = ragged.offsets_of(sizes)
    data = np.empty(int(places[-1]), np.uint8)
    for byte in range(5):
        rows = np.flatnonzero(sizes > byte)
        more = np.where(sizes[rows] > byte + 1, 0x80, 0)
        data[places[rows] + byte] = values[rows] >> 7 * byte & 0x7F | more
    return data, places[offsets]


@cache
def varint(value: int) -> bytes:
    """One whole number from 0 on."""
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def delimited(tag: int, content: bytes) -> bytes:
    """A field that says how long it is."""
    return bytes([tag]) + varint(len(content)) + content


@cache
def ids_header(name: str, size: int) -> bytes:
    """All of the entry of a feature of ids in `Features.feature` but its last `size` bytes, which
    are the ids as varints."""
    body = bytes([0x0A]) + varint(size) if size else b""  # Int64List.value, packed
    listed = bytes([0x1A]) + varint(len(body) + size) + body  # Feature.int64_list
    value = b"\x12" + varint(len(listed) + size) + listed
    key = delimited(0x0A, name.encode())
    return b"\x0a" + varint(len(key) + len(value) + size) + key + value


def by_length(lengths: np.ndarray, made: Callable[[int], bytes]) -> pa.LargeBinaryArray:
    """`made` of each length, called once for each that differs."""
    import pyarrow as pa

    found = pa.array(lengths).dictionary_encode()
    table = pa.array([made(length) for length in found.dictionary.to_pylist()], pa.large_binary())
    return table.take(found.indices)


def joined(parts: Sequence[pa.LargeBinaryArray]) -> pa.LargeBinaryArray:
    """The parts of each row in a row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.large_binary()))


def lengths_of(rows: Sequence[pa.LargeBinaryArray]) -> np.ndarray:
    """int64 [rows]: the bytes of all parts of each row."""
    import pyarrow.compute as pc

    return sum(pc.binary_length(part).to_numpy() for part in rows)  # type: ignore[return-value]
