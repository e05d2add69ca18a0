"""Shards: columns of ids to tf.Example to TFRecord files, one shard at a go.

A feature travels as flat values and offsets until tfx-bsl turns the whole batch into serialized
examples; a `tf.train.Example` object for each would take ten times as long.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components.datagen.schema import Shard

if TYPE_CHECKING:
    import pyarrow as pa

    Column = tuple[np.ndarray | pa.Array, np.ndarray]

# tensorflow/tsl/lib/hash/crc32c.h: a stored checksum is rotated and shifted by this constant, so
# that the checksum of a string that holds checksums stays useful.
MASK_DELTA = 0xA282EAD8


def shard_name(split: str, index: int, count: int) -> str:
    """`train-00000-of-00004.tfrecord`"""
    return f"{split}-{index:05d}-of-{count:05d}.tfrecord"


def serialize(columns: Mapping[str, Column]) -> list[bytes]:
    """One serialized tf.Example a row, its features in the order of their names.

    columns: name -> (flat values, offsets [rows + 1]); integers become int64 lists, an Arrow array
        of strings or binaries becomes a bytes list.

    An Example holds a map, and protobuf writes a map's entries in an order that differs between
    processes (seen with tfx-bsl 1.21). So each column is encoded by itself and the entries are put
    together here: equal columns give equal bytes.
    """
    entries = [_entries(name, *columns[name]) for name in sorted(columns)]
    # `map` all the way: a Python statement a row would cost more than the encoding.
    bodies = list(map(b"".join, zip(*entries, strict=True)))
    headers = map(_message_header, map(len, bodies))
    return list(map(bytes.__add__, headers, bodies))


def _entries(name: str, values: np.ndarray | pa.Array, offsets: np.ndarray) -> list[bytes]:
    """The map entry of one feature for each row."""
    import pyarrow as pa
    from tfx_bsl.coders import example_coder

    if isinstance(values, np.ndarray):
        values = pa.array(values.astype(np.int64, copy=False))
    elif pa.types.is_string(values.type):
        values = values.cast(pa.binary())
    column = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
    batch = pa.RecordBatch.from_arrays([column], names=[name])
    examples = example_coder.RecordBatchToExamples(batch)
    return [example[_message_header_size(len(example)) :] for example in examples]


@cache
def _message_header(size: int) -> bytes:
    """Tag 1, length-delimited, and the size as a varint: what `Example.features` begins with."""
    varint = bytearray()
    while size >= 0x80:
        varint.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([0x0A, *varint, size])


@cache
def _message_header_size(whole: int) -> int:
    """Bytes of the header of a message that is `whole` bytes long with it."""
    for size in range(2, 12):
        if len(_message_header(whole - size)) == size:
            return size
    raise ValueError(f"no message is {whole} bytes long with its header")


def frame(examples: Sequence[bytes]) -> bytes:
    """The bytes of a TFRecord file: length, its checksum, the record, its checksum; for each.

    Reference: tensorflow/core/lib/io/record_writer.h.
    """
    from google_crc32c import value as crc32c

    count = len(examples)
    sums = np.fromiter(map(crc32c, examples), np.uint32, count)
    footers = _masked(sums).astype("<u4").tobytes()
    parts = [b""] * (3 * count)
    parts[0::3] = map(_header, map(len, examples))
    parts[1::3] = examples
    parts[2::3] = [footers[at : at + 4] for at in range(0, 4 * count, 4)]
    return b"".join(parts)


def write_shard(path: Path, examples: Sequence[bytes]) -> Shard:
    """Writes a TFRecord file, whole or not at all, and returns its entry of the manifest.

    Raises OSError (disk full).
    """
    content = frame(examples)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    return Shard(path.name, len(examples), len(content), hashlib.sha256(content).hexdigest())


@cache
def _header(length: int) -> bytes:
    from google_crc32c import value as crc32c

    packed = struct.pack("<Q", length)
    return packed + _masked(np.array([crc32c(packed)], np.uint32)).astype("<u4").tobytes()


def _masked(crc: np.ndarray) -> np.ndarray:
    """uint32 [rows] to uint32 [rows]; sums wrap around."""
    return (crc >> 15 | crc << 17) + np.uint32(MASK_DELTA)
