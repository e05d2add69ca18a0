"""Captioning: an image in, a sentence about it out.

Raw rows: `image` (see image_classification), `captions` (one or several, tabs between). In training
every caption is an example; dev and test are scored against all captions of an image.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.datagen.task import Task
from components.datagen.tasks.image_classification import (
    AUGMENT,
    IMAGE_OPTIONS,
    augmentation,
    check,
    checked,
    feature_options,
    shapes,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem


def regroup(
    batches: Iterator[pa.RecordBatch], problem: Problem, split: str
) -> Iterator[pa.RecordBatch]:
    """One row a caption in training."""
    if split != "train":
        yield from batches
        return
    import pyarrow.compute as pc

    from components.datagen.sources.batch import regrouped

    for batch in batches:
        captions = pc.split_pattern(batch.column("captions"), "\t")
        parents = pc.list_parent_indices(captions)
        image = batch.column("image").take(parents)
        yield regrouped([image, pc.list_flatten(captions)], batch, parents.to_pylist())


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`image`, `captions` -> standard rows; the first caption is the target."""
    import pyarrow as pa
    import pyarrow.compute as pc

    captions = batch.column("captions")
    first = pc.list_element(pc.split_pattern(captions, "\t"), 0)
    image = checked(batch.column("image").cast(pa.binary()), problem)
    return pa.RecordBatch.from_pydict({"inputs": image, "targets": first, "targets_text": captions})


TASK = Task(
    columns=("image", "captions"),
    inputs="image",
    targets="symbol",
    vocabularies={"targets": "sentencepiece"},
    metrics=("caption_bleu", "cider", "rouge", "perplexity"),
    dev_metric="caption_bleu",
    rows=rows,
    regroup=regroup,
    shapes=shapes,
    feature_options=feature_options,
    transforms=augmentation,
    transform_names=("image_augment",),
    options={**IMAGE_OPTIONS, **{name: AUGMENT[name] for name in ("crop", "cutout")}},
    check=check,
)
