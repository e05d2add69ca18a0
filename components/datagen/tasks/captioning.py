"""Captioning: an image in, a sentence about it out.

Raw rows: `image` (see image_classification), `captions` (one or several, tabs between). In training
every caption is an example; dev and test are scored against all captions of an image.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.catalog import UserError
from components.datagen.problem import Cut
from components.datagen.task import Task
from components.datagen.tasks import image_classification
from components.datagen.tasks.image_classification import (
    AUGMENT,
    IMAGE_OPTIONS,
    augmentation,
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
    """One row a caption in training. Where a split is cut from it, the image's other captions follow
    the row's own: an image that is cut has the row of its first caption, and all are its references.
    """
    if split != "train":
        yield from batches
        return
    import pyarrow as pa

    from components.datagen.sources.batch import regrouped

    cut = isinstance(problem.dev, Cut) or isinstance(problem.test, Cut)
    for batch in batches:
        captions, parents = [], []
        for row, text in enumerate(batch.column("captions").to_pylist()):
            each = text.split("\t")
            for number, own in enumerate(each):
                others = each[:number] + each[number + 1 :] if cut else []
                captions.append("\t".join([own, *others]))
                parents.append(row)
        image = batch.column("image").take(pa.array(parents, pa.int64()))
        yield regrouped([image, pa.array(captions, pa.string())], batch, parents)


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`image`, `captions` -> standard rows; the first caption is the target."""
    import pyarrow as pa
    import pyarrow.compute as pc

    captions = batch.column("captions")
    first = pc.list_element(pc.split_pattern(captions, "\t"), 0)
    image = checked(batch.column("image").cast(pa.binary()), problem)
    return pa.RecordBatch.from_pydict({"inputs": image, "targets": first, "targets_text": captions})


def check(where: str, problem: Problem) -> None:
    """Raises UserError as for any image, and on training rows cut from those of another split."""
    image_classification.check(where, problem)
    if isinstance(problem.train, Cut):
        raise UserError(
            f"{where}.train: a training row is one caption, but a row of {problem.train.source} has "
            "all of an image; give train its files, and cut dev or test from it"
        )


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
    cut_by_input=True,
)
