"""Image files to pixels of one shape, by Pillow. Standard library only at import."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's name of the images that have so many channels."""


def decoded(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """The file's pixels, uint8 `shape` = [height, width, channels]; another size is resized.

    Transparent parts are white where the shape has no channel for them. Raises ValueError that says
    what was found if the bytes are no image that Pillow reads to its end.
    """
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    height, width, channels = shape
    try:
        with Image.open(io.BytesIO(data)) as file:
            file.load()
            image: Image.Image = file
            if file.mode.startswith("I;16"):  # Pillow would cut them off at 255, not scale them
                image = Image.fromarray((np.asarray(file) >> 8).astype(np.uint8))
            if file.mode in ("RGBA", "LA", "P") and channels != 4:
                see_through = file.convert("RGBA")
                white = Image.new("RGBA", file.size, "white")
                image = Image.alpha_composite(white, see_through)
            image = image.convert(MODES[channels])
            if image.size != (width, height):
                image = image.resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(image, np.uint8).reshape(shape)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Pillow would name the object in memory, by its address.
        unknown = isinstance(error, UnidentifiedImageError)
        reason = "of no format that Pillow knows" if unknown else str(error)
        raise ValueError(
            f"{len(data)} bytes that begin {data[:8]!r} are no image that can be read ({reason})"
        ) from error
