"""Image classification: an image in, the name of its class out.

Raw rows: `image`, `label` [string or integer]. An image is uint8 [height, width, channels], row
major, or with the option `encoded` the bytes of a PNG, JPEG or other file that Pillow reads; those
are brought to `image_shape` as they are read. Augmentation belongs to the training split alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.catalog import UserError
from components.datagen import task as tasks
from components.datagen.schema import Transform
from components.datagen.task import Option, RowError, Task

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from components.datagen.problem import Problem


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`image`, `label` -> standard rows. Raises RowError on an image of another size, or on bytes
    that are no image."""
    import pyarrow as pa

    image = checked(batch.column("image").cast(pa.binary()), problem)
    label = batch.column("label").cast(pa.string())
    return pa.RecordBatch.from_pydict({"inputs": image, "targets": label, "targets_text": label})


def checked(image: pa.Array, problem: Problem) -> pa.Array:
    """The images. Raises RowError if one is not what the problem says."""
    uint8_images(image, problem)
    return image


def uint8_images(image: pa.Array, problem: Problem) -> np.ndarray:
    """The images' pixels, [rows, height, width, channels]. Raises RowError as `checked`."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from components.datagen import ragged

    image, shape = image.cast(pa.binary()), image_shape(problem)
    if problem.option("encoded"):
        from components.datagen.images import decoded

        found = np.empty((len(image), *shape), np.uint8)
        for row, data in enumerate(image.to_pylist()):
            try:
                found[row] = decoded(data, shape)
            except ValueError as error:
                raise RowError(row, str(error)) from error
        return found
    sizes = pc.binary_length(image)
    wrong = pc.index(pc.not_equal(sizes, math.prod(shape)), True).as_py()
    if wrong >= 0:
        raise RowError(
            wrong,
            f"an image of {sizes[wrong].as_py()} bytes; expected {math.prod(shape)} "
            f"(height x width x channels = {' x '.join(map(str, shape))}); for the bytes of a PNG, "
            "JPEG or other file say `encoded: true`",
        )
    data, offsets = ragged.bytes_of(image)
    return data[offsets[0] : offsets[-1]].reshape(len(image), *shape)


def image_shape(problem: Problem) -> tuple[int, ...]:
    """(height, width, channels) of the problem's images."""
    return tuple(problem.option("image_shape"))


def shapes(problem: Problem) -> dict[str, tuple[int, ...]]:
    """The shape of the feature that is an image."""
    return {"inputs": image_shape(problem)}


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """How the images are cut and stored."""
    options: dict[str, Any] = {"patch": problem.option("patch")}
    if problem.option("encoded"):
        options["encoded"] = True
    return {"inputs": options}


def check(where: str, problem: Problem) -> None:
    """Raises UserError on the shape of no image, and on patches and augmentations that none of such
    images can have."""
    check_shape(where, problem)
    known = tasks.load(problem.task).options
    *sides, channels = image_shape(problem)
    limits = {"patch": ("shorter", min(sides))}
    # As the augmentation itself allows.
    limits |= {name: ("longer", max(sides)) for name in ("crop", "cutout") if name in known}
    for name, (which, most) in limits.items():
        if problem.option(name) > most:
            raise UserError(
                f"{where}.{name}: expected at most the {which} side of an image of "
                f"{' x '.join(map(str, sides))} pixels, {most}, found {problem.option(name)}"
            )
    if "rand_augment" in known and problem.option("rand_augment") and channels not in (1, 3):
        raise UserError(
            f"{where}.rand_augment: changes images of 1 or 3 channels, and image_shape says "
            f"{channels}; expected 0"
        )


def check_shape(where: str, problem: Problem) -> None:
    """Raises UserError if no image has the problem's `image_shape`."""
    from components.datagen.images import MODES

    shape = list(image_shape(problem))
    if len(shape) != 3 or min(shape) < 1:
        raise UserError(
            f"{where}.image_shape: expected three numbers of at least 1, height, width and "
            f"channels, e.g. [32, 32, 3], found {shape}"
        )
    # Bare pixels may have any number of channels; files are brought to what Pillow knows.
    if problem.option("encoded") and shape[2] not in MODES:
        raise UserError(
            f"{where}.image_shape: expected one of {', '.join(map(str, MODES))} as channels "
            f"of images that are read from files, found {shape}"
        )


def augmentation(problem: Problem, vocabularies: Mapping[str, Any]) -> tuple[Transform, ...]:
    """Random flips, crops, ... of the training images, as far as the problem asks for them."""
    known = [name for name in AUGMENT if name in tasks.load(problem.task).options]
    settings = {name: problem.option(name) for name in known if problem.option(name)}
    return (Transform("image_augment", settings, ("train",)),) if settings else ()


IMAGE_OPTIONS = {
    "image_shape": Option("list[int]", (28, 28, 1), "height, width and channels of an image"),
    "patch": Option("int", 4, "pixels a side of the square that takes one position", low=1),
    "encoded": Option("bool", False, "images are PNG, JPEG, ... files, not bare pixels"),
}
AUGMENT = {
    "flip": Option("bool", False, "training images are mirrored left to right at random"),
    "crop": Option("int", 0, "training images are shifted by so many pixels at most", low=0),
    "cutout": Option(
        "int", 0, "side of a random square of a training image that is blotted out", low=0
    ),
    "rand_augment": Option(
        "float", 0.0, "magnitude of RandAugment (Cubuk 2020); 0: none", low=0, high=1
    ),
    "mixup": Option("float", 0.0, "alpha of mixup (Zhang 2018), e.g. 0.2; 0: none", low=0),
}
TASK = Task(
    columns=("image", "label"),
    inputs="image",
    targets="class_label",
    vocabularies={"targets": "label"},
    metrics=("accuracy", "accuracy_top5"),
    dev_metric="accuracy",
    rows=rows,
    shapes=shapes,
    feature_options=feature_options,
    transforms=augmentation,
    transform_names=("image_augment",),
    options={**IMAGE_OPTIONS, **AUGMENT},
    check=check,
)
