"""Reads shards back for the tests, checksums included, with no code of the writer."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx_bsl.coders import example_coder

from components.datagen.schema import Manifest


def slow_crc32c(data: bytes) -> int:
    """CRC-32C bit by bit, from its polynomial (RFC 3720, appendix B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    return ((crc >> 15 | (crc << 17) & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def read_tfrecord(content: bytes, check: bool = False) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        header = content[at : at + 8]
        (size,) = struct.unpack("<Q", header)
        record = content[at + 12 : at + 12 + size]
        if check:
            sums = content[at + 8 : at + 12], content[at + 12 + size : at + 16 + size]
            assert sums[0] == struct.pack("<I", masked(slow_crc32c(header)))
            assert sums[1] == struct.pack("<I", masked(slow_crc32c(record)))
        yield record
        at += 16 + size


def read_split(folder: Path, split: str) -> list[dict[str, Any]]:
    """The examples of a split in order, as NumPy arrays by feature name."""
    examples = []
    for shard in Manifest.load(folder).splits[split].shards:
        for record in read_tfrecord((folder / shard.file).read_bytes()):
            examples.append(example_coder.ExampleToNumpyDict(record))
    return examples


def texts(folder: Path, split: str, name: str) -> list[str]:
    return [example[name][0].decode() for example in read_split(folder, split)]


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
