"""librispeech: chapters of read speech with a transcript each (Panayotov et al. 2015, LibriSpeech).

    dev-clean/2277/149896/2277-149896.trans.txt     2277-149896-0000 HE WAS IN A FEVERED STATE ...
    dev-clean/2277/149896/2277-149896-0000.flac

From the archives as they are published, or from folders: `dev-clean/*/*/*.trans.txt`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources.files import File, Input
from components.datagen.sources.formats.audio_files import checked_audio
from components.datagen.sources.gather import PLACE, batches, offered
from components.datagen.sources.source import RECORDINGS, Source
from components.datagen.sources.text import blocks
from components.datagen.sources.whole_files import (
    all_members,
    beside,
    groups,
    is_archive,
    whole_files,
)

COLUMNS = ("audio", "text")
TRANSCRIPT = ".trans.txt"
# A chapter has some 20 MiB of FLAC; so much that waits has lost its transcript.
MOST_WAITING = 1 << 29


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with `audio`, the FLAC's bytes as stored (`binary`; WAV too), and `text`, `string`.

    Of folders, the files that are not transcripts may be among `paths` or not. An archive is read
    once, straight through; what is held is the audio that came before its transcript.

    The iterator raises UserError if the task wants another column, and, with file and line, at
    a line without text, audio without a line, and a line without audio.
    """
    names = offered(columns, source.columns, COLUMNS, "librispeech")
    for path, group in groups(inputs, source):
        rows = (row for entry in _entries(group, path) for row in _rows(entry, source.encoding))
        yield from batches(rows, names, columns, file=path)


def _entries(group: tuple[Input, ...], path: str) -> list[Input]:
    found = [entry for entry in map(all_members, group) if _packed(entry) or _is_transcript(entry)]
    if not found:
        raise UserError(f"{path}: holds no transcript; expected files *{TRANSCRIPT}")
    return found


def _packed(entry: Input) -> bool:
    return bool(entry.member) or is_archive(entry.name)


def _is_transcript(entry: Input) -> bool:
    return entry.path.name.endswith(TRANSCRIPT)


def _rows(entry: Input, encoding: str) -> Iterator[dict[str, bytes | str]]:
    return _of_archive(entry, encoding) if _packed(entry) else _of_chapter(entry, encoding)


def _of_chapter(entry: Input, encoding: str) -> Iterator[dict[str, bytes | str]]:
    """The rows of a transcript on disk, with the audio beside it."""
    folder = entry.path.parent
    left = {path.stem: path.name for path in sorted(folder.iterdir()) if path.suffix in RECORDINGS}
    for file in entry.files():
        for name, text, place in _lines(file, encoding):
            audio = left.pop(name, f"{name}{RECORDINGS[-1]}")
            where = f"{place}: {audio}"
            data = checked_audio(beside(folder, audio, place), where)
            yield {"audio": data, "text": text, PLACE: where}
    for audio in left.values():
        raise UserError(f"{folder / audio}: {entry.name} has no line for it")


def _of_archive(entry: Input, encoding: str) -> Iterator[dict[str, bytes | str]]:
    """The rows of an archive, each as soon as both its parts have come by."""
    audio: dict[PurePosixPath, tuple[bytes, str]] = {}
    texts: dict[PurePosixPath, tuple[str, str]] = {}
    waiting = 0
    for file in whole_files([entry], entry.name, (*RECORDINGS, ".txt"), "audio"):
        if file.path.name.endswith(TRANSCRIPT):
            for name, text, place in _lines(File(file.name, iter([file.data])), encoding):
                key = file.path.parent / name
                if key in audio:
                    data, audio_name = audio.pop(key)
                    waiting -= len(data)
                    yield {"audio": data, "text": text, PLACE: audio_name}
                else:
                    texts[key] = text, place
        elif file.path.suffix in RECORDINGS:
            checked_audio(file.data, file.name)
            key = file.path.parent / file.path.stem
            if key in texts:
                yield {"audio": file.data, "text": texts.pop(key)[0], PLACE: file.name}
                continue
            audio[key] = file.data, file.name
            waiting += len(file.data)
            if waiting > MOST_WAITING:
                break
    for key, (_, name) in audio.items():
        raise UserError(f"{name}: no line {key.name!r} in a transcript *{TRANSCRIPT} beside it")
    for key, (_, place) in texts.items():
        raise UserError(f"{place}: the archive has no file {key}{RECORDINGS[-1]}")


def _lines(file: File, encoding: str) -> Iterator[tuple[str, str, str]]:
    """(id, text, place) of each line."""
    for first, block in blocks(file, encoding):
        for number, line in enumerate(block[:-1].decode().split("\n"), first):
            place = f"{file.name}, line {number}"
            name, _, text = line.strip().partition(" ")
            if not text:
                raise UserError(f"{place}: {line!r}; expected an id, a blank and the text")
            yield name, text.strip(), place
