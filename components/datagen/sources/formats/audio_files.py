"""audio_files: WAV or FLAC files by glob or out of an archive, labelled by folder or by file name.

    yes/0a7c2a8d.wav               label: the folder (Speech Commands, Warden 2018, 1804.03209)
    7_jackson_32.wav               columns: {label: "name:^(\\\\d)_"}    (Free Spoken Digit Dataset)

Splits of one archive are said with `members`: "*_[0-4].wav", "*_[5-9].wav", "*_[1-4][0-9].wav".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from components.catalog import UserError, closest
from components.datagen.sources.files import Input
from components.datagen.sources.gather import PLACE, batches
from components.datagen.sources.source import RECORDINGS, Source
from components.datagen.sources.whole_files import WholeFile, folder_of, groups, whole_files

BEGINNINGS = (b"RIFF", b"fLaC")
FROM_NAME = "name:"


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with `audio`, a file's bytes as stored (`binary`), and `string` columns.

    A value of `source.columns` is "audio"; "label", the name of the file's folder; or "name:REGEX",
    the first group of the regular expression where it first matches the file's own name. A column
    that it leaves out has its own name. Files come sorted by name, an archive's in its own order.

    The iterator raises UserError if a value is none of these, and, with the file's name, if
    its name does not match, it lies in no folder, is neither WAV nor FLAC, or there is none.
    """
    sources = [_where(column, source.columns.get(column, column)) for column in columns]
    names = [str(number) for number in range(len(columns))]
    for path, group in groups(inputs, source):
        rows = (
            {name: _value(file, where) for name, where in zip(names, sources, strict=True)}
            | {PLACE: file.name}
            for file in whole_files(group, path, RECORDINGS, "audio")
        )
        yield from batches(rows, names, columns, file=path)


def checked_audio(data: bytes, name: str) -> bytes:
    """The bytes. Raises UserError if they do not begin like WAV or FLAC."""
    if not data.startswith(BEGINNINGS):
        raise UserError(f"{name}: neither WAV nor FLAC; it begins {data[:8]!r}")
    return data


def _where(column: str, value: str | int) -> str | re.Pattern[str]:
    """ "audio", "label" or the regular expression. Raises UserError."""
    if value in ("audio", "label"):
        return str(value)
    if not str(value).startswith(FROM_NAME):
        raise UserError(
            f"format audio_files: columns: {column}: {value!r}; expected 'name:REGEX', whose first "
            f"group is cut out of the file's name, 'audio' or 'label'; "
            f"{closest(str(value), ('audio', 'label'))}"
        )
    expression = str(value).removeprefix(FROM_NAME)
    try:
        found = re.compile(expression)
    except re.error as error:
        raise UserError(
            f"format audio_files: columns: {column}: {expression!r} is no regular expression "
            f"({error})"
        ) from error
    if not found.groups:
        raise UserError(
            f"format audio_files: columns: {column}: {expression!r} has no group; put what is the "
            r"value in parentheses, e.g. 'name:^(\d)_'"
        )
    return found


def _value(file: WholeFile, where: str | re.Pattern[str]) -> bytes | str:
    if where == "audio":
        return checked_audio(file.data, file.name)
    if isinstance(where, str):
        return folder_of(file)
    match = where.search(file.path.name)
    if match is None or match.group(1) is None:
        raise UserError(f"{file.name}: the name does not match {where.pattern!r}")
    return match.group(1)
