"""Spool: the standard rows of a split on disk, in chunks that Beam works on one by one.

Sources can be anything (a gz that cannot be split, a download, a Python function); what Beam sees
are Arrow files of a few thousand rows in a fixed order, so that any runner with any number of
workers does the same work on the same pieces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_ROWS = 16_384
CHUNK_BYTES = 16 << 20
COLUMNS = b"columns"
"""Key of a chunk file's metadata: which stored column each column is, as JSON."""


@dataclass
class Spool:
    """What was read of one split.

    chunks: (file, rows) in reading order.
    targets, inputs: content hashes of the rows' columns, uint64 [rows] (see `write_spool`).
    empty: bool [rows], whether one side holds nothing but blanks.
    labels: the distinct targets, where `targets` is a class label.
    bytes: size of all columns.
    """

    split: str
    chunks: list[tuple[Path, int]] = field(default_factory=list)
    inputs: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    targets: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    empty: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    labels: tuple[str, ...] = ()
    bytes: int = 0

    @property
    def rows(self) -> int:
        return len(self.empty)

    def column(self, name: str, wanted: np.ndarray | None = None) -> Iterator[str]:
        """The values of a column in reading order; of the rows in the mask `wanted` only."""
        start = 0
        for path, rows in self.chunks:
            values = read_chunk(path).column(name)
            if wanted is not None:
                import pyarrow as pa

                values = values.filter(pa.array(wanted[start : start + rows]))
            yield from values.to_pylist()
            start += rows


def write_spool(
    split: str,
    batches: Iterable[pa.RecordBatch],
    folder: Path,
    *,
    labelled: bool,
    stable: bool = False,
) -> Spool:
    """Writes standard rows as chunk files into `folder`; keeps their hashes. Raises OSError.

    stable: the hashes are the same in every process, for what is chosen by them; else they only
        tell rows apart, and cost a fourth.
    """
    import pyarrow.compute as pc

    spool = Spool(split)
    inputs, targets, empty, labels = [], [], [], set()
    hashes = _stable_hashes if stable else _hashes
    for number, chunk in enumerate(_chunks(batches)):
        path = folder / f"{split}-{number:06d}.arrow"
        _write_chunk(path, chunk)
        spool.chunks.append((path, chunk.num_rows))
        spool.bytes += chunk.nbytes
        inputs.append(hashes(chunk.column("inputs")))
        targets.append(hashes(chunk.column("targets")))
        empty.append(_empty(chunk))
        if labelled:
            labels.update(pc.unique(chunk.column("targets")).to_pylist())
    if spool.chunks:
        spool.inputs, spool.targets = np.concatenate(inputs), np.concatenate(targets)
        spool.empty = np.concatenate(empty)
    spool.labels = tuple(sorted(labels))
    return spool


def read_chunk(path: Path | str) -> pa.RecordBatch:
    """The record batch of a chunk file, mapped into memory."""
    import pyarrow as pa

    stored = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    names = json.loads(stored.schema.metadata[COLUMNS])
    return pa.RecordBatch.from_arrays([stored.column(name) for name in names.values()], [*names])


def _write_chunk(path: Path, chunk: pa.RecordBatch) -> None:
    """A column that holds the same memory as another is kept once: texts are often the inputs."""
    import pyarrow as pa

    first: dict[tuple[int, ...], str] = {}
    names = {
        name: first.setdefault(_identity(column), name)
        for name, column in zip(chunk.schema.names, chunk.columns, strict=True)
    }
    stored = chunk.select(list(first.values()))
    stored = stored.replace_schema_metadata({COLUMNS: json.dumps(names).encode()})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, stored.schema) as writer:
        writer.write_batch(stored)


def _chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        for start in range(0, batch.num_rows, CHUNK_ROWS):
            piece = batch.slice(start, CHUNK_ROWS)
            waiting.append(piece)
            rows, size = rows + piece.num_rows, size + piece.nbytes
            if rows >= CHUNK_ROWS or size >= CHUNK_BYTES:
                yield _joined(waiting)
                waiting, rows, size = [], 0, 0
    if rows:
        yield _joined(waiting)


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """All rows in one batch; columns that are the same in every batch stay the same one."""
    import pyarrow as pa

    made: dict[tuple[tuple[int, ...], ...], pa.Array] = {}
    columns = []
    for place in range(batches[0].num_columns):
        parts = [batch.column(place) for batch in batches]
        key = tuple(map(_identity, parts))
        if key not in made:
            made[key] = pa.concat_arrays(parts)
        columns.append(made[key])
    return pa.RecordBatch.from_arrays(columns, schema=batches[0].schema)


def _identity(column: pa.Array) -> tuple[int, ...]:
    """Equal for arrays that hold the same memory."""
    addresses = (buffer.address if buffer else 0 for buffer in column.buffers())
    return (column.type.id, column.offset, len(column), *addresses)


def _hashes(column: pa.Array) -> np.ndarray:
    """64 bits of SipHash with this process's key, as Python hashes bytes.

    Among 10^8 rows some two collide with probability 3e-4.
    """
    import pyarrow as pa

    values = column.cast(pa.binary()).to_pylist()
    return np.fromiter(map(hash, values), np.int64, len(values)).view(np.uint64)


def _stable_hashes(column: pa.Array) -> np.ndarray:
    """64 bits of BLAKE2b."""
    import pyarrow as pa

    digest = hashlib.blake2b
    values = column.cast(pa.binary()).to_pylist()
    joined = b"".join(digest(value, digest_size=8).digest() for value in values)
    return np.frombuffer(joined, "<u8")


def _empty(batch: pa.RecordBatch) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = np.zeros(batch.num_rows, bool)
    for name in ("inputs", "targets"):
        column = batch.column(name)
        if pa.types.is_string(column.type):
            column = pc.utf8_trim_whitespace(column)
        found |= pc.equal(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return found
