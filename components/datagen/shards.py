"""Shards: columns of ids to tf.Example to TFRecord files, one shard at a go.

A row's parts (headers, ids as varints, checksums) are columns of bytes that Arrow joins; what comes
out is the content of a file. A `tf.train.Example` object for each would take ten times as long.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components.datagen import ragged
from components.datagen.ids import Words
from components.datagen.schema import Shard
from components.datagen.wire import by_length, ids_header, joined, lengths_of, varint

if TYPE_CHECKING:
    import pyarrow as pa

    Column = Words | tuple[np.ndarray | pa.Array, np.ndarray]

# tensorflow/tsl/lib/hash/crc32c.h: a stored checksum is rotated and shifted by this constant, so
# that the checksum of a string that holds checksums stays useful.
MASK_DELTA = 0xA282EAD8


def shard_name(split: str, index: int, count: int) -> str:
    """`train-00000-of-00004.tfrecord`"""
    return f"{split}-{index:05d}-of-{count:05d}.tfrecord"


def serialize(columns: Mapping[str, Column]) -> pa.LargeBinaryArray:
    """One serialized tf.Example a row, its features in the order of their names.

    columns: name -> `Words`, or (flat values, offsets [rows + 1]); integers become int64 lists, an
        Arrow array of strings or binaries becomes a bytes list.

    An Example holds a map, and protobuf writes a map's entries in an order that differs between
    processes (seen with tfx-bsl 1.21). So each column is encoded by itself and the entries are put
    together here: equal columns give equal bytes.
    """
    parts = [part for name in sorted(columns) for part in _parts(name, columns[name])]
    header = by_length(lengths_of(parts), _message_header)
    return joined([header, *parts])


def _parts(name: str, column: Column) -> list[pa.LargeBinaryArray]:
    """What, joined, is the map entry of one feature for each row."""
    import pyarrow as pa

    if not isinstance(column, Words):
        return [pa.array(_entries(name, *column), pa.large_binary())]
    packed = column.varints()
    return [by_length(lengths_of([packed]), partial(ids_header, name)), packed]


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
    """Tag 1, length-and the size as a varint: what `Example.features` begins with."""
    return b"\x0a" + varint(size)


@cache
def _message_header_size(whole: int) -> int:
    """Bytes of the header of a message that is `whole` bytes long with it."""
    for size in range(2, 12):
        if len(_message_header(whole - size)) == size:
            return size
    raise ValueError(f"no message is {whole} bytes long with its header")


def frame(examples: pa.LargeBinaryArray) -> pa.LargeBinaryArray:
    """Each example as it stands in a TFRecord file: length, its checksum, the record, its checksum.

    Reference: tensorflow/core/lib/io/record_writer.h.
    """
    from google_crc32c import value as crc32c

    count = len(examples)
    sums = np.fromiter(map(crc32c, examples.to_pylist()), np.uint32, count)
    footers = _masked(sums).astype("<u4").view(np.uint8)
    headers = by_length(lengths_of([examples]), _header)
    return joined([headers, examples, ragged.binary(footers, 4 * np.arange(count + 1))])


def write_shard(path: Path, examples: Sequence[bytes] | pa.LargeBinaryArray) -> Shard:
    """Writes a TFRecord file of examples; otherwise as `write_records`."""
    import pyarrow as pa

    if not isinstance(examples, pa.Array):
        examples = pa.array(examples, pa.large_binary())
    return write_records(path, frame(examples))


def write_records(path: Path, records: pa.LargeBinaryArray) -> Shard:
    """Writes a TFRecord file, whole or not at all, and returns its entry of the manifest.

    Raises OSError (disk full).
    """
    data, offsets = ragged.bytes_of(records)
    content = data[offsets[0] : offsets[-1]].data
    unfinished = path.with_suffix(f".{os.getpid()}.partial")
    with open(unfinished, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    return Shard(path.name, len(records), len(content), hashlib.sha256(content).hexdigest())


@cache
def _header(length: int) -> bytes:
    from google_crc32c import value as crc32c

    packed = struct.pack("<Q", length)
    return packed + _masked(np.array([crc32c(packed)], np.uint32)).astype("<u4").tobytes()


def _masked(crc: np.ndarray) -> np.ndarray:
    """uint32 [rows] to uint32 [rows]; sums wrap around."""
    return (crc >> 15 | crc << 17) + np.uint32(MASK_DELTA)
