"""folder_images: image files in folders, each folder a class (as ImageNet and torchvision do).

paths: photos/*/*.jpg          cat/1.jpg, cat/2.jpg, dog/1.jpg
paths: photos.zip              all images in it, or those that `members` matches
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from components.catalog import UserError
from components.datagen.sources.files import Input
from components.datagen.sources.gather import PLACE, batches, offered
from components.datagen.sources.source import IMAGES, Source
from components.datagen.sources.whole_files import WholeFile, folder_of, groups, whole_files

COLUMNS = ("image", "label")


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with `image`, a file's bytes as stored (`binary`), and `label`, its folder's name.

    Files come sorted by name, an archive's in its own order. What is no image by its ending is
    passed over where a glob found it.

    The iterator raises UserError if the task wants another column, and, with the file's name,
    if Pillow cannot read it as an image, it lies in no folder, or there is no image.
    """
    names = offered(columns, source.columns, COLUMNS, "folder_images")
    for path, group in groups(inputs, source):
        rows = (
            {
                "image": checked_image(file.data, file.name),
                "label": folder_of(file) if "label" in names else "",
                PLACE: file.name,
            }
            for file in _images(group, path)
        )
        yield from batches(rows, names, columns, file=path)


def checked_image(data: bytes, name: str) -> bytes:
    """The bytes. Raises UserError unless Pillow knows the header and finds nothing broken.

    Pixels are not decoded: of a PNG this checks every checksum, of a JPEG its header only.
    """
    from PIL import Image

    broken: tuple[Any, ...] = (
        OSError,
        SyntaxError,
        ValueError,
        struct.error,
        Image.DecompressionBombError,
    )
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.verify()
    except broken as error:
        reason = "" if isinstance(error, Image.UnidentifiedImageError) else f" ({error})"
        raise UserError(
            f"{name}: not an image that can be read{reason}; "
            f"it has {len(data)} bytes and begins {data[:8]!r}"
        ) from error
    return data


def _images(group: tuple[Input, ...], path: str) -> Iterator[WholeFile]:
    return whole_files(group, path, IMAGES, "image")
