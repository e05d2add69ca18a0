"""Reads any example of a split in any order: shards mapped into memory, decoded a batch at a time.

A TFRecord file is a run of frames: length (uint64), its crc32c (uint32), the bytes, their crc32c.
The frames are walked once to learn where each example lies; from then on a batch is some slices of
the map, decoded by tfx-bsl in C++ (300 k examples/s seen on one core), so that training may shuffle
over all examples, resume anywhere, and keep nothing in memory but offsets and lengths.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tfx_bsl.coders import example_coder

from components.catalog import UserError
from components.datagen.schema import Manifest

SCAN = 4096  # examples decoded at once while the lengths are read
HEADER = struct.Struct("<QI")


class Records:
    """The examples of one split, numbered in shard order.

    Args:
        data_dir: `data/<problem>`.
        manifest: what lies there.
        split: train, dev or test.

    Raises:
        UserError: a shard is missing, cut short, or holds another number of examples than the
            manifest says.
    """

    def __init__(self, data_dir: str | Path, manifest: Manifest, split: str) -> None:
        self.manifest, self.split = manifest, split
        self.features = manifest.features
        self._decoder = example_coder.ExamplesToRecordBatchDecoder()
        self._maps: list[mmap.mmap] = []
        shards, starts, sizes = [], [], []
        for number, shard in enumerate(manifest.splits[split].shards):
            path = Path(data_dir) / shard.file
            frames = self._open(path, shard.examples)
            shards.append(np.full(len(frames), number, dtype=np.int32))
            starts.append(frames[:, 0])
            sizes.append(frames[:, 1])
        self._shard = np.concatenate(shards) if shards else np.zeros(0, np.int32)
        self._start = np.concatenate(starts) if starts else np.zeros(0, np.int64)
        self._size = np.concatenate(sizes) if sizes else np.zeros(0, np.int64)
        self.lengths = self._read_lengths()

    def __len__(self) -> int:
        return len(self._start)

    def batch(self, indices: Any) -> dict[str, np.ndarray]:
        """The examples `indices` as arrays: symbols [B, L] and labels [B, 1] int32, padded with 0
        to the longest of the batch; images [B, H, W, C] uint8."""
        columns = self._columns(indices)
        return {
            name: _array(columns.column(name), feature.modality, feature.shape)
            for name, feature in self.features.items()
        }

    def texts(self, feature: str) -> list[str]:
        """The untouched text of a feature in record order (dev and test hold `<feature>_text`).

        Raises KeyError if this split holds none.
        """
        name = f"{feature}_text"
        found: list[str] = []
        for start in range(0, len(self), SCAN):
            columns = self._columns(range(start, min(start + SCAN, len(self))))
            values = columns.column(name).flatten()
            found.extend(value.decode("utf-8") for value in values.to_pylist())
        return found

    def _columns(self, indices: Any) -> pa.RecordBatch:
        slices = [
            self._maps[self._shard[i]][self._start[i] : self._start[i] + self._size[i]]
            for i in indices
        ]
        return self._decoder.DecodeBatch(slices)

    def _open(self, path: Path, examples: int) -> np.ndarray:
        if not path.exists():
            raise UserError(f"{path} is missing; `dvc repro` makes it again")
        if path.stat().st_size == 0:
            self._maps.append(mmap.mmap(-1, 1))
            return np.zeros((0, 2), np.int64)
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._maps.append(mapped)
        frames, at, end = [], 0, len(mapped)
        while at + HEADER.size <= end:
            size, _ = HEADER.unpack_from(mapped, at)
            frames.append((at + HEADER.size, size))
            at += HEADER.size + size + 4
        if at != end or len(frames) != examples:
            raise UserError(
                f"{path} is damaged: {len(frames)} examples in {end} bytes, the manifest says "
                f"{examples}; delete the folder and `dvc repro` makes it again"
            )
        return np.array(frames, dtype=np.int64).reshape(-1, 2)

    def _read_lengths(self) -> dict[str, np.ndarray]:
        lengths: dict[str, np.ndarray] = {}
        symbols = []
        for name, feature in self.features.items():
            if feature.modality == "symbol":
                symbols.append(name)
                lengths[name] = np.zeros(len(self), dtype=np.int32)
            elif feature.modality == "image":
                patch = int(feature.options.get("patch", 1))
                positions = (feature.shape[0] // patch) * (feature.shape[1] // patch)
                lengths[name] = np.full(len(self), positions, dtype=np.int32)
            else:
                lengths[name] = np.ones(len(self), dtype=np.int32)
        if symbols:
            for start in range(0, len(self), SCAN):
                stop = min(start + SCAN, len(self))
                columns = self._columns(range(start, stop))
                for name in symbols:
                    offsets = columns.column(name).offsets.to_numpy()
                    lengths[name][start:stop] = np.diff(offsets)
        return lengths


def _array(column: Any, modality: str, shape: tuple[int, ...]) -> np.ndarray:
    offsets = column.offsets.to_numpy()
    if modality == "image":
        joined = b"".join(value.as_py() for value in column.flatten())
        return np.frombuffer(joined, dtype=np.uint8).reshape(len(column), *shape)
    sizes = np.diff(offsets)
    values = column.flatten().to_numpy(zero_copy_only=False)
    out = np.zeros((len(sizes), int(sizes.max(initial=1))), dtype=np.int32)
    out[np.arange(out.shape[1]) < sizes[:, None]] = values
    return out
