"""Which symbols of an input occur in it again.

Where two texts are read as one (a premise and a hypothesis, a passage and a question) these are, but
for the commonest symbols, what the two share. A few thousand examples do not teach attention to find
that; told, a model needs not learn it.
Reference: the exact-match feature of Chen et al. 2017 (arXiv 1704.00051), section 3.2.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from components.datagen.schema import PAD


def repeated(ids: Any, segments: Any = None) -> Any:
    """[B, L] ids -> [B, L] bool, True where the symbol stands at another position too.

    segments: [B, L] numbers of the texts in a row; each text is looked at alone.
    """
    same = ops.equal(ids[:, :, None], ids[:, None, :])
    if segments is not None:
        same = ops.logical_and(same, ops.equal(segments[:, :, None], segments[:, None, :]))
    count = ops.sum(ops.cast(same, "int32"), axis=-1)
    return ops.logical_and(count > 1, ops.not_equal(ids, PAD))
