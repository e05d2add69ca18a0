"""Lines of a range of a file's bytes, for splits that papers cut by bytes and not by lines."""

from __future__ import annotations

from collections.abc import Iterator

from components.catalog import UserError
from components.datagen.sources.files import File


def lines_between(
    file: File, start: int, end: int, *, size: int, encoding: str
) -> Iterator[list[str]]:
    """The lines of the bytes start to end - 1, some thousand at a time, without what ends them (LF);
    the first and the last may be parts of lines.

    size: what the file must have. encoding: one in which a line's end is the byte 10.

    Raises UserError, after the last line, if the file has another size.
    """
    at, rest = 0, b""
    for chunk in file.chunks:
        wanted = chunk[max(start - at, 0) : max(end - at, 0)]
        at += len(chunk)
        *lines, rest = (rest + wanted).split(b"\n")
        if lines:
            yield [line.decode(encoding) for line in lines]
    if at != size:
        raise UserError(f"{file.name}: expected {size:,} bytes, found {at:,}")
    if rest:
        yield [rest.decode(encoding)]
