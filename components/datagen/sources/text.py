"""Text files as blocks of whole lines, checked and counted, and lines as Arrow arrays.

Only `\\n` and `\\r\\n` end a line: U+2028, form feeds and lone carriage returns belong to the text.
Nothing here loops over lines.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources.chunks import Damaged, peek
from components.datagen.sources.files import File

BLOCK = 1 << 20
LONGEST_LINE = 1 << 26


def blocks(file: File, encoding: str) -> Iterator[tuple[int, bytes]]:
    """(number of the first line, whole lines in UTF-8, each ended by `\\n`), about 1 MiB each.

    Raises UserError with file and line if the file is empty, not in `encoding`, cut off or broken,
    or has a line of more than 64 MiB.
    """
    utf8 = _is_utf8(encoding)
    chunks, offset = _utf8_chunks(file, encoding, utf8)
    line, size = 1, 0
    pending: list[bytes] = []
    try:
        for chunk in chunks:
            pending.append(chunk)
            size += len(chunk)
            if size < BLOCK:
                continue
            end = chunk.rfind(b"\n") + 1
            if not end:
                if size > LONGEST_LINE:
                    line += b"".join(pending).count(b"\n")
                    raise UserError(f"{file.name}, line {line}: more than 64 MiB with no line end")
                continue
            pending[-1] = chunk[:end]
            whole = b"".join(pending)
            pending, size = [chunk[end:]], len(chunk) - end
            if utf8:
                _check_utf8(file.name, whole, line, offset)
            offset += len(whole)
            yield line, _newlines(whole)
            line += whole.count(b"\n")
    except Damaged as error:
        last = line - 1 + b"".join(pending).count(b"\n")
        raise UserError(f"{error}, after line {last}") from error
    if size:
        whole = b"".join(pending)
        if utf8:
            _check_utf8(file.name, whole, line, offset)
        whole = _newlines(whole)
        yield line, whole if whole.endswith(b"\n") else whole + b"\n"
    elif line == 1:
        raise UserError(f"{file.name}: the file is empty")


class Lines:
    """The lines of one file, handed out as string arrays of as many lines as asked for.

    name: the file's name for messages. taken: lines handed out so far.
    """

    def __init__(self, file: File, encoding: str) -> None:
        self.name = file.name
        self.taken = 0
        self._blocks = blocks(file, encoding)
        self._block = b""
        self._ends = np.empty(0, np.int64)
        self._next = 0

    def take(self, count: int) -> pa.StringArray:
        """The next `count` lines without their ends; fewer only at the end of the file."""
        parts = []
        while count > 0 and self._available():
            part = self._cut(min(count, len(self._ends) - self._next))
            parts.append(part)
            count -= len(part)
            self.taken += len(part)
        if len(parts) == 1:
            return parts[0]
        return pa.concat_arrays(parts) if parts else pa.array([], pa.string())

    def count_all(self) -> int:
        """How many lines the file has, by reading what is left of it."""
        count = self.taken + len(self._ends) - self._next
        return count + sum(block.count(b"\n") for _, block in self._blocks)

    def _available(self) -> bool:
        if self._next == len(self._ends):
            _, self._block = next(self._blocks, (0, b""))
            self._ends = np.flatnonzero(np.frombuffer(self._block, np.uint8) == ord("\n"))
            self._next = 0
        return len(self._ends) > 0

    def _cut(self, count: int) -> pa.StringArray:
        ends = self._ends[self._next : self._next + count]
        start = int(self._ends[self._next - 1]) + 1 if self._next else 0
        self._next += count
        text = self._block[start : int(ends[-1])].translate(None, b"\n")
        offsets = np.zeros(count + 1, np.int32)
        offsets[1:] = ends - start - np.arange(count)
        return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    except LookupError:
        raise UserError(f"encoding: there is no {encoding!r}; expected e.g. utf-8") from None


def _utf8_chunks(file: File, encoding: str, utf8: bool) -> tuple[Iterator[bytes], int]:
    """The text's bytes in UTF-8, and at which byte of the file they start: after its mark."""
    if not utf8:
        return _transcoded(file.chunks, file.name, encoding), 0
    head, chunks = peek(file.chunks, len(codecs.BOM_UTF8))
    if head != codecs.BOM_UTF8:
        return chunks, 0
    return _without(chunks, len(head)), len(head)


def _newlines(block: bytes) -> bytes:
    return block.replace(b"\r\n", b"\n") if b"\r" in block else block


def _without(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[size:]
        size = max(0, size - len(chunk))


def _check_utf8(name: str, block: bytes, line: int, offset: int) -> None:
    """Raises UserError at the first byte that is not UTF-8.

    Arrow checks without a copy; Python, which can tell the place, is asked only after a failure.
    """
    ends = pa.py_buffer(np.array([0, len(block)], np.int32))
    try:
        pa.StringArray.from_buffers(1, ends, pa.py_buffer(block)).validate(full=True)
    except pa.ArrowInvalid:
        try:
            block.decode()
        except UnicodeDecodeError as error:
            _not_in(name, "UTF-8", block, error.start, line, offset)


def _not_in(name: str, encoding: str, data: bytes, at: int, line: int, offset: int) -> None:
    line += data.count(b"\n", 0, at)
    raise UserError(
        f"{name}, line {line}: not {encoding} "
        f"(byte 0x{data[at]:02x} at byte offset {offset + at}); "
        "if the file is in another encoding, say which with encoding"
    )


def _transcoded(chunks: Iterator[bytes], name: str, encoding: str) -> Iterator[bytes]:
    """The text in UTF-8. Raises UserError with line and byte offset if it is not in `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, fed = 1, 0
    ended = False
    while not ended:
        chunk = next(chunks, b"")
        ended = not chunk
        try:
            text = decoder.decode(chunk, ended)
        except UnicodeDecodeError as error:
            data = bytes(error.object)  # what the decoder kept of the last chunk, then this chunk
            before = data[: error.start].decode(encoding, "ignore")
            offset = fed + len(chunk) - len(data) + error.start
            raise UserError(
                f"{name}, line {line + before.count(chr(10))}: not {encoding} (byte "
                f"0x{data[error.start]:02x} at byte offset {offset})"
            ) from None
        fed += len(chunk)
        line += text.count("\n")
        if text:
            yield text.encode()
