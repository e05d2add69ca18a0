"""sgm: the SGML of WMT test sets, one file a column, one row a `<seg>`.

Whitespace runs become one space and the five XML entities are resolved, so that the text looks like
the training text. Sets have a few thousand segments: a file is held in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import unescape

import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources import batch
from components.datagen.sources.files import File, Input
from components.datagen.sources.locate import one_a_column
from components.datagen.sources.source import Source
from components.datagen.sources.text import blocks

TAG = re.compile(r"<(doc|seg)\b([^>]*)>", re.IGNORECASE)
END = re.compile(r"</seg\s*>", re.IGNORECASE)
ID = re.compile(r"\b(?:docid|id)\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
ENTITIES = {"&quot;": '"', "&apos;": "'"}


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with one `string` column a file.

    Raises UserError if there is not one path a column, and from the iterator, with file and line,
    if a segment is not closed or two files have not the same segments in the same order.
    """
    return _read(one_a_column(inputs, columns, "sgm"), source, columns)


@dataclass(frozen=True)
class _Segment:
    id: str
    line: int
    text: str


def _read(
    sets: Sequence[tuple[Input, ...]], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    for entries in sets:
        files = [entry.only() for entry in entries]
        sides = [_segments(file, source.encoding) for file in files]
        for other, file in zip(sides[1:], files[1:], strict=True):
            _check_aligned(sides[0], files[0].name, other, file.name)
        for start in range(0, len(sides[0]), batch.ROWS):
            arrays = [
                pa.array([one.text for one in side[start : start + batch.ROWS]], pa.string())
                for side in sides
            ]
            yield batch.make(arrays, columns, file=files[0].name, unit="segment", first=start + 1)


def _segments(file: File, encoding: str) -> list[_Segment]:
    text = b"".join(block for _, block in blocks(file, encoding)).decode()
    found: list[_Segment] = []
    document, line, counted = "", 1, 0
    for tag in TAG.finditer(text):
        named = ID.search(tag[2])
        if tag[1].lower() == "doc":
            document = named[1] if named else ""
            continue
        line += text.count("\n", counted, tag.start())
        counted = tag.start()
        end = END.search(text, tag.end())
        following = TAG.search(text, tag.end())
        if not end or (following and following.start() < end.start()):
            raise UserError(f"{file.name}, line {line}: this <seg> is not closed")
        words = " ".join(text[tag.end() : end.start()].split())
        id = f"{document}:{named[1]}" if named else document
        found.append(_Segment(id, line, unescape(words, ENTITIES)))
    if not found:
        raise UserError(f"{file.name}: has no <seg>; expected a WMT test set in SGML")
    return found


def _check_aligned(
    left: list[_Segment], left_name: str, right: list[_Segment], right_name: str
) -> None:
    for one, other in zip(left, right, strict=False):
        if one.id.lower() != other.id.lower():
            raise UserError(
                f"misaligned test set: {left_name}, line {one.line} is segment {one.id}, but "
                f"{right_name}, line {other.line} is {other.id}"
            )
    if len(left) != len(right):
        short = (left_name, right_name)[len(left) > len(right)]
        raise UserError(
            f"misaligned test set: {left_name} has {len(left)} segments and {right_name} "
            f"{len(right)}; segment {min(len(left), len(right)) + 1} is missing in {short}"
        )
