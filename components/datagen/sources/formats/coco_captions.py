"""coco_captions: images with several captions each (Chen et al. 2015, 1504.00325).

COCO's own captions_*.json, or one file with Karpathy's splits (Karpathy and Fei-Fei 2015,
1412.2306: dataset_coco.json, dataset_flickr8k.json), of which `members` says the split.

    paths: [captions_val2014.json, val2014.zip]
    paths: [dataset_coco.json, "*2014/*.jpg"]      members: ["train,restval"]
    paths: [dataset_coco.json]                     the images lie beside it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from components.catalog import UserError, closest
from components.datagen.sources.files import Input
from components.datagen.sources.formats.folder_images import checked_image
from components.datagen.sources.gather import PLACE, batches, offered
from components.datagen.sources.json_file import load, of_kind, part
from components.datagen.sources.source import IMAGES, Source
from components.datagen.sources.whole_files import beside, is_archive, nearest, whole_files

COLUMNS = ("image", "captions")


@dataclass(frozen=True)
class _Image:
    path: str
    captions: str
    place: str


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with `image`, the file's bytes as stored (`binary`), and `captions`, `string`: all
    captions of the image, tabs between them, runs of whitespace inside one as one blank.

    paths: the JSON; then, unless they lie beside it, the images as a glob or archive, which the
    rows then follow in their order. members: of Karpathy's file the splits, commas between; of a
    JSON in an archive its name there.

    The iterator raises UserError if the task wants another column or there are more paths, and
    if the JSON is not of that form, `members` names no split of it, or, with the nearest name, an
    image is not there or cannot be read.
    """
    names = offered(columns, source.columns, COLUMNS, "coco_captions")
    if len(source.paths) > 2 or len(inputs[0]) != 1:
        raise UserError(
            "format coco_captions: expected one JSON file and, after it, the path of its images; "
            f"found {', '.join(source.paths)}"
        )
    entry, chosen = inputs[0][0], ""
    if not is_archive(entry.name):
        groups = inputs if len(source.paths) == 1 else inputs[:1]
        chosen = ",".join(group[0].member for group in groups if group[0].member)
        entry = replace(entry, member="")
    wanted = _images(entry, chosen, source.encoding)
    rows = _beside(wanted, entry) if len(source.paths) == 1 else _found(wanted, inputs[1], source)
    yield from batches(rows, names, columns, file=entry.name)


def _beside(wanted: dict[str, _Image], entry: Input) -> Iterator[Mapping[str, bytes | str]]:
    if is_archive(entry.name):
        raise UserError(f"{entry.name}: give the images as the second path, as the JSON is packed")
    for image in wanted.values():
        data = beside(entry.path.parent, image.path, image.place)
        yield _row(image, data, f"{image.place}: {image.path}")


def _found(
    wanted: dict[str, _Image], group: tuple[Input, ...], source: Source
) -> Iterator[Mapping[str, bytes | str]]:
    if len(source.members) < 2:  # the one that there is belongs to the JSON
        group = tuple(replace(entry, member="") for entry in group)
    # By the file's own name first: comparing each path with each would take hours.
    left: dict[str, list[_Image]] = {}
    for image in wanted.values():
        left.setdefault(PurePosixPath(image.path).name, []).append(image)
    others: list[PurePosixPath] = []
    for file in whole_files(group, source.paths[1], IMAGES, "image"):
        same = left.get(file.path.name, [])
        fitting = [one for one in same if f"/{file.path}".endswith(f"/{one.path}")]
        if fitting:
            same.remove(fitting[0])
            yield _row(fitting[0], file.data, f"{fitting[0].place}: {file.name}")
        else:
            others.append(file.path)
    for image in (image for images in left.values() for image in images):
        depth = len(PurePosixPath(image.path).parts)
        names = ["/".join(path.parts[-depth:]) for path in others]
        raise UserError(
            f"{image.place}: {source.paths[1]} has no image {image.path!r}; "
            f"{nearest(image.path, names)}"
        )


def _row(image: _Image, data: bytes, name: str) -> dict[str, bytes | str]:
    return {"image": checked_image(data, name), "captions": image.captions, PLACE: name}


def _images(entry: Input, splits: str, encoding: str) -> dict[str, _Image]:
    """The images by path, in the order of the file."""
    file = entry.only()
    content = load(file, encoding)
    images = part(content, "images", list, file.name)
    if images and isinstance(images[0], dict) and "sentences" in images[0]:
        listed = _karpathy(images, splits, file.name)
    elif splits:
        raise UserError(
            f"{file.name}: members: {splits!r}, but only Karpathy's files hold several splits"
        )
    else:
        annotations = part(content, "annotations", list, file.name)
        listed = _coco(images, annotations, file.name)
    found: dict[str, _Image] = {}
    for path, captions, place in listed:
        if path in found:
            raise UserError(f"{place}: {path!r} is there already, at {found[path].place}")
        if not captions:
            raise UserError(f"{place}: {path!r} has no caption")
        joined = "\t".join(" ".join(caption.split()) for caption in captions)
        found[path] = _Image(path, joined, place)
    return found


def _karpathy(images: list[Any], splits: str, name: str) -> Iterator[tuple[str, list[str], str]]:
    rows = [(of_kind(row, dict, name), f"{name}, images[{i}]") for i, row in enumerate(images)]
    known = {part(row, "split", str, place) for row, place in rows}
    wanted = [split.strip() for split in splits.split(",")] if splits else []
    if not wanted:
        raise UserError(
            f"{name}: say with members which split is meant, e.g. 'train,restval'; "
            f"{closest('', known)}"
        )
    for split in wanted:
        if split not in known:
            raise UserError(f"{name}: there is no split {split!r}; {closest(split, known)}")
    for row, place in rows:
        if row["split"] in wanted:
            path = PurePosixPath(row.get("filepath", ""), part(row, "filename", str, place))
            sentences = part(row, "sentences", list, place)
            yield str(path), [part(one, "raw", str, place) for one in sentences], place


def _coco(
    images: list[Any], annotations: list[Any], name: str
) -> Iterator[tuple[str, list[str], str]]:
    places = [f"{name}, images[{i}]" for i in range(len(images))]
    identities = [part(row, "id", int, place) for row, place in zip(images, places, strict=True)]
    captions: dict[int, list[str]] = {identity: [] for identity in identities}
    for number, row in enumerate(annotations):
        place = f"{name}, annotations[{number}]"
        identity = part(row, "image_id", int, place)
        if identity not in captions:
            raise UserError(f"{place}: image_id {identity} is the id of no image")
        captions[identity].append(part(row, "caption", str, place))
    for row, identity, place in zip(images, identities, places, strict=True):
        yield part(row, "file_name", str, place), captions[identity], place
