"""Image classification: an image in, the name of its class out.

Raw rows: `image` [bytes, uint8, height * width * channels, row major], `label` [string or integer].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen.task import Option, RowError, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`image`, `label` -> standard rows. Raises RowError on an image of another size."""
    import math

    import pyarrow as pa
    import pyarrow.compute as pc

    image = batch.column("image").cast(pa.binary())
    label = batch.column("label").cast(pa.string())
    shape = image_shape(problem)
    sizes = pc.binary_length(image)
    wrong = pc.index(pc.not_equal(sizes, math.prod(shape)), True).as_py()
    if wrong >= 0:
        raise RowError(
            wrong,
            f"an image of {sizes[wrong].as_py()} bytes; expected {math.prod(shape)} "
            f"(height x width x channels = {' x '.join(map(str, shape))})",
        )
    return pa.RecordBatch.from_pydict({"inputs": image, "targets": label, "targets_text": label})


def image_shape(problem: Problem) -> tuple[int, ...]:
    """(height, width, channels) of the problem's images."""
    return tuple(problem.option("image_shape"))


TASK = Task(
    columns=("image", "label"),
    inputs="image",
    targets="class_label",
    vocabularies={"targets": "label"},
    metrics=("accuracy", "accuracy_top5"),
    dev_metric="accuracy",
    rows=rows,
    image_shape=image_shape,
    options={
        "image_shape": Option("list[int]", (28, 28, 1), "height, width and channels of an image"),
        "patch": Option("int", 4, "pixels a side of the square that takes one position"),
    },
)
