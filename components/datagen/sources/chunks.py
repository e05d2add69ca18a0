"""Bytes of a file in pieces, decompressed on the way.

Decompression is done here and not by `gzip.open` and its kin because those drop the bytes before a
cut, and then nobody can say after which line a file is cut off.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from components.catalog import UserError

# 64 KiB of gzip are 64 MiB at most when unpacked, which bounds the memory.
CHUNK = 1 << 16
# suffix: (what it is called, first bytes, decompressor)
COMPRESSED: dict[str, tuple[str, bytes, Callable[[], Any]]] = {
    ".gz": ("gzip", b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    ".tgz": ("gzip", b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    ".bz2": ("bzip2", b"BZh", bz2.BZ2Decompressor),
    ".tbz2": ("bzip2", b"BZh", bz2.BZ2Decompressor),
    ".xz": ("xz", b"\xfd7zXZ\x00", lzma.LZMADecompressor),
    ".txz": ("xz", b"\xfd7zXZ\x00", lzma.LZMADecompressor),
}


class Damaged(UserError):
    """A file that cannot be unpacked to its end. `reason` lacks the place, which readers add."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.reason = reason


class ChunkReader:
    """Chunks as a file object of which one can `read` a number of bytes; fewer only at the end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._kept = b""

    def read(self, size: int) -> bytes:
        parts = [self._kept]
        missing = size - len(self._kept)
        while missing > 0 and (chunk := next(self._chunks, None)) is not None:
            parts.append(chunk)
            missing -= len(chunk)
        data = b"".join(parts)
        self._kept = data[size:]
        return data[:size]


def file_chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes as they are stored. Raises UserError if the system does not give them."""
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first `size` bytes (fewer if there are fewer), and the same chunks from the start."""
    parts: list[bytes] = []
    failure: list[Damaged] = []
    try:
        while sum(map(len, parts)) < size and (chunk := next(chunks, None)) is not None:
            parts.append(chunk)
    except Damaged as error:  # raised again below, once what came before it has been read
        failure.append(error)

    def replay() -> Iterator[bytes]:
        yield from parts
        if failure:
            raise failure[0]
        yield from chunks

    return b"".join(parts)[:size], replay()


def unpacked(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The chunks, decompressed if the first bytes or the end of the name say that they are packed.

    Raises UserError if the name ends in .gz and the like and the bytes are something else. The
    iterator raises Damaged where the packed bytes are cut off or broken.
    """
    head, chunks = peek(chunks, 10)
    suffix = "." + name.rpartition(".")[2].lower()
    if suffix in COMPRESSED and head:
        kind, magic, _ = COMPRESSED[suffix]
        if not head.startswith(magic):
            raise UserError(f"{name}: not {kind}, although its name says so; it begins {head!r}")
    for kind, magic, machine in COMPRESSED.values():
        # "BZh" may also begin a text; the digits of pi follow it in every bzip2 block.
        if head.startswith(magic) and (kind != "bzip2" or head[4:10] == b"1AY&SY"):
            return _decompressed(chunks, name, kind, machine)
    return chunks


def _decompressed(
    chunks: Iterable[bytes], name: str, kind: str, new_machine: Callable[[], Any]
) -> Iterator[bytes]:
    machine = new_machine()
    for data in chunks:
        while data:
            if machine.eof:  # another stream may follow: files are often joined by `cat`
                data = data.lstrip(b"\0")
                if not data:
                    break
                machine = new_machine()
            try:
                piece = machine.decompress(data)
            except (zlib.error, lzma.LZMAError, OSError) as error:
                raise Damaged(name, f"the {kind} data are broken ({error})") from error
            if piece:
                yield piece
            data = machine.unused_data if machine.eof else b""
    if not machine.eof:
        raise Damaged(name, f"the {kind} data end too early (the file is cut off)")
