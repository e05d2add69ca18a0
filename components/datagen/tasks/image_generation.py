"""Image generation: nothing in, an image out, byte by byte in reading order.

Parmar et al. 2018 (arXiv 1802.05751), with every intensity a symbol; scored in bits per dimension,
which are those of the images themselves only where `shrink` is 1. Raw rows: `image`, `label`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.catalog import UserError
from components.datagen.task import Option, Task
from components.datagen.tasks.image_classification import (
    IMAGE_OPTIONS,
    check_shape,
    image_shape,
    uint8_images,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem

OPTIONS = {
    "image_shape": IMAGE_OPTIONS["image_shape"],
    "encoded": IMAGE_OPTIONS["encoded"],
    "shrink": Option("int", 1, "squares of so many pixels a side become their mean", low=1),
}


def pixels(images: pa.Array, problem: Problem) -> pa.Array:
    """The bytes to be written: uint8 [height / shrink * width / shrink * channels] a row."""
    import numpy as np
    import pyarrow as pa

    by = problem.option("shrink")
    found = uint8_images(images, problem)
    rows, height, width, channels = found.shape
    cut = found[:, : height // by * by, : width // by * by].astype(np.float32)
    squares = cut.reshape(rows, height // by, by, width // by, by, channels)
    small = np.rint(squares.mean((2, 4))).astype(np.uint8)
    return pa.array([image.tobytes() for image in small], pa.binary())


def shown(images: pa.Array) -> pa.Array:
    """A reference in words: images are not compared as texts."""
    import pyarrow as pa

    return pa.array([f"{len(data)} bytes" for data in images.to_pylist()], pa.string())


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`image` -> standard rows without inputs."""
    import pyarrow as pa

    written = pixels(batch.column("image"), problem)
    return pa.RecordBatch.from_pydict(
        {"inputs": written, "targets": written, "targets_text": shown(written)}
    )


def check(where: str, problem: Problem) -> None:
    """Raises UserError on the shape of no image, and if nothing is left of one after `shrink`."""
    check_shape(where, problem)
    height, width, _ = image_shape(problem)
    if problem.option("shrink") > min(height, width):
        raise UserError(
            f"{where}.shrink: expected at most the shorter side of an image of {height} x {width} "
            f"pixels, {min(height, width)}, found {problem.option('shrink')}"
        )


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """All images are of one size: none has an end."""
    by = problem.option("shrink")
    height, width, channels = image_shape(problem)
    return {"targets": {"eos": False, "image": [height // by, width // by, channels]}}


TASK = Task(
    columns=("image", "label"),
    inputs="nothing",
    targets="symbol",
    vocabularies={"targets": "bytes"},
    fixed=("targets",),
    metrics=("bits_per_dim",),
    dev_metric="bits_per_dim",
    rows=rows,
    feature_options=feature_options,
    options=OPTIONS,
    check=check,
)
