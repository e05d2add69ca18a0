"""idx_images: images and labels in the two files of the MNIST layout (LeCun et al. 1998).

Big-endian: two zero bytes, the type (8 = uint8), the number of dimensions, each dimension's size as
int32, then the values, row major. Images have 3 dimensions (n, height, width) or 4 (channels last).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources import batch
from components.datagen.sources.chunks import ChunkReader
from components.datagen.sources.files import Input
from components.datagen.sources.locate import one_a_column
from components.datagen.sources.source import Source


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with the images as `binary` (uint8, row major) and the labels as `int64`.

    columns: (images, labels). The schema's metadata hold `image_shape`, "28,28,1" for MNIST.

    Raises UserError if there are not two paths, and from the iterator if a file is no IDX file of
    the right kind, is shorter or longer than it says, or the two hold different numbers.
    """
    return _read(one_a_column(inputs, columns, "idx_images"), columns)


@dataclass
class _Idx:
    name: str
    reader: ChunkReader
    shape: tuple[int, ...]

    def take(self, start: int, count: int) -> bytes:
        """Entries [start, start + count). Raises UserError if the file ends before."""
        size = prod(self.shape[1:])
        data = self.reader.read(count * size)
        if len(data) < count * size:
            raise UserError(
                f"{self.name}: ends in entry {start + len(data) // size + 1} of the "
                f"{self.shape[0]} that its header promises"
            )
        return data


def _read(sets: Sequence[tuple[Input, ...]], columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    for image_entry, label_entry in sets:
        images, labels = _open(image_entry, (3, 4), "images"), _open(label_entry, (1,), "labels")
        total = images.shape[0]
        if total != labels.shape[0]:
            raise UserError(
                f"{images.name} holds {total} images, but {labels.name} {labels.shape[0]} labels"
            )
        shape = images.shape[1:] if len(images.shape) == 4 else (*images.shape[1:], 1)
        for start in range(0, total, batch.ROWS):
            count = min(batch.ROWS, total - start)
            arrays = [
                _binary(images.take(start, count), count),
                pa.array(np.frombuffer(labels.take(start, count), np.uint8).astype(np.int64)),
            ]
            yield batch.make(
                arrays,
                columns,
                file=images.name,
                unit="image",
                first=start + 1,
                metadata={"image_shape": ",".join(map(str, shape))},
            )
        for file in (images, labels):
            if file.reader.read(1):
                raise UserError(f"{file.name}: goes on after the {total} entries of its header")


def _open(entry: Input, dimensions: tuple[int, ...], what: str) -> _Idx:
    file = entry.only()
    reader = ChunkReader(file.chunks)
    magic = reader.read(4)
    expected = " or ".join(f"0x0000080{number}" for number in dimensions)
    if len(magic) < 4 or magic[:3] != b"\0\0\x08" or magic[3] not in dimensions:
        raise UserError(
            f"{file.name}: not an IDX file of {what}; expected the magic number {expected}, "
            f"got 0x{magic.hex()}"
        )
    header = reader.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise UserError(f"{file.name}: ends inside its IDX header")
    shape = struct.unpack(f">{magic[3]}i", header)
    if min(shape) < 1:
        raise UserError(f"{file.name}: its IDX header has the impossible sizes {shape}")
    return _Idx(file.name, reader, shape)


def _binary(data: bytes, count: int) -> pa.Array:
    offsets = np.arange(count + 1, dtype=np.int64) * (len(data) // count)
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), count, buffers)
