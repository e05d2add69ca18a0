"""Which symbols of an input occur in it again.

Where two texts are read as one (a premise and a hypothesis, a question and a passage) these are what
the two share: that a passage says a name three times is nothing, that the question says it too is
what one looks for. A few thousand examples do not teach attention to find that; told, a model needs
not learn it.
Reference: the exact-match feature of Chen et al. 2017 (arXiv 1704.00051), section 3.2.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from components.datagen.schema import PAD


def repeated(ids: Any, segments: Any = None, separator: int | None = None) -> Any:
    """[B, L] ids -> [B, L] bool, True where the symbol stands at another position too.

    segments: [B, L] numbers of the examples in a row; each is looked at alone.
    separator: the id that stands between the texts of an example, if it has several: True is then a
        symbol that stands in another of its texts.
    """
    same = ops.equal(ids[:, :, None], ids[:, None, :])
    if segments is not None:
        same = ops.logical_and(same, ops.equal(segments[:, :, None], segments[:, None, :]))
    itself, real = 1, ops.not_equal(ids, PAD)
    if separator is not None:
        between = ops.equal(ids, separator)
        text = ops.cumsum(ops.cast(between, "int32"), axis=1)
        same = ops.logical_and(same, ops.not_equal(text[:, :, None], text[:, None, :]))
        itself, real = 0, ops.logical_and(real, ops.logical_not(between))
    count = ops.sum(ops.cast(same, "int32"), axis=-1)
    return ops.logical_and(count > itself, real)
