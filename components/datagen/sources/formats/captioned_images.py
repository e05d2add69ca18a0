"""captioned_images: JSON lines that name images and what is said of them, with the images beside.

    {"image": "dev/17.png", "captions": "There is a black box."}        or a list of captions

    paths: [captions.jsonl, images.tar]
    paths: [captions.jsonl, "images/*/*.png"]
    paths: [captions.jsonl]                         the images lie beside it

Lines that name the same image are captions of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources.files import File, Input
from components.datagen.sources.formats.folder_images import checked_image
from components.datagen.sources.gather import PLACE, batches
from components.datagen.sources.json_file import of_kind, part
from components.datagen.sources.source import IMAGES, Source
from components.datagen.sources.text import blocks
from components.datagen.sources.whole_files import beside, is_archive, nearest, whole_files

COLUMNS = ("image", "captions")


@dataclass
class _Image:
    place: str
    captions: list[str] = field(default_factory=list)


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with `image`, the file's bytes as stored (`binary`), and `captions`, `string`: all
    captions of the image, tabs between them, runs of whitespace inside one as one blank.

    paths: the JSON lines; then, unless they lie beside it, the images as a glob or archive, which
    the rows then follow in their order. source.columns: {the task's column: the key in the lines}.

    The iterator raises UserError if the task wants another column or there are more paths, and,
    with the line, if it is not such an object, or, with the nearest name, its image is not there or
    cannot be read.
    """
    for column in columns:
        if column not in COLUMNS:
            raise UserError(
                f"format captioned_images has {' and '.join(COLUMNS)}, but the task wants "
                f"{', '.join(columns)}"
            )
    if len(source.paths) > 2 or len(inputs[0]) != 1:
        raise UserError(
            "format captioned_images: expected one file of JSON lines and, after it, the path of "
            f"its images; found {', '.join(source.paths)}"
        )
    entry = inputs[0][0]
    if not is_archive(entry.name):
        entry = replace(entry, member="")  # what there is belongs to the images
    wanted = _images(entry.only(), source)
    rows = _beside(wanted, entry) if len(source.paths) == 1 else _found(wanted, inputs[1], source)
    yield from batches(rows, columns, columns, file=entry.name)


def _beside(wanted: dict[str, _Image], entry: Input) -> Iterator[Mapping[str, bytes | str]]:
    if is_archive(entry.name):
        raise UserError(
            f"{entry.name}: give the images as the second path, as the lines are packed"
        )
    for path, image in wanted.items():
        yield _row(image, beside(entry.path.parent, path, image.place), f"{image.place}: {path}")


def _found(
    wanted: dict[str, _Image], group: tuple[Input, ...], source: Source
) -> Iterator[Mapping[str, bytes | str]]:
    left = dict(wanted)
    depths = sorted({len(PurePosixPath(path).parts) for path in wanted}, reverse=True)
    others: list[PurePosixPath] = []
    for file in whole_files(group, source.paths[1], IMAGES, "image"):
        ends = ("/".join(file.path.parts[-depth:]) for depth in depths)
        name = next((end for end in ends if end in left), "")
        if name:
            image = left.pop(name)
            yield _row(image, file.data, f"{image.place}: {file.name}")
        else:
            others.append(file.path)
    for path, image in left.items():
        depth = len(PurePosixPath(path).parts)
        names = ["/".join(other.parts[-depth:]) for other in others]
        raise UserError(
            f"{image.place}: {source.paths[1]} has no image {path!r}; {nearest(path, names)}"
        )


def _row(image: _Image, data: bytes, name: str) -> dict[str, bytes | str]:
    return {
        "image": checked_image(data, name),
        "captions": "\t".join(image.captions),
        PLACE: name,
    }


def _images(file: File, source: Source) -> dict[str, _Image]:
    """The images by path, in the order of the lines."""
    keys = {column: str(source.columns.get(column, column)) for column in COLUMNS}
    found: dict[str, _Image] = {}
    for first, block in blocks(file, source.encoding):
        for number, line in enumerate(block[:-1].decode().split("\n"), first):
            place = f"{file.name}, line {number}"
            row = _object(line, place)
            path = str(PurePosixPath(part(row, keys["image"], str, place)))
            image = found.setdefault(path, _Image(place))
            image.captions.extend(_captions(row, keys["captions"], place))
    return found


def _object(line: str, place: str) -> Mapping[str, Any]:
    try:
        return of_kind(json.loads(line), dict, place)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place}: not JSON ({error}): {line[:60]!r}") from error


def _captions(row: Mapping[str, Any], key: str, place: str) -> list[str]:
    """One or several captions, none of them empty."""
    several = isinstance(row.get(key), list)
    texts = row[key] if several else [part(row, key, str, place)]
    captions = [" ".join(of_kind(text, str, f"{place}: {key!r}").split()) for text in texts]
    if not captions or not all(captions):
        raise UserError(f"{place}: {key!r} is empty; expected a caption")
    return captions
