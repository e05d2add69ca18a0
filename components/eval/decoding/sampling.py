"""Draws each symbol from the model's distribution, sharpened or cut as the user likes.

    p = softmax(logits / temperature)
    top_k   p of all but the k likeliest symbols is set to 0
    top_p   of what is left, only the fewest symbols stay that together have this share of it
    y       the first symbol, by falling p, at which the running sum passes u * sum(p)

The uniform numbers u in [0, 1) are an argument, one a sentence and position, so that a sentence is
drawn alike in any batch, on any backend and device, up to rounding.
References: Fan et al. 2018 (arXiv 1805.04833), top-k; Holtzman et al. 2020 (arXiv 1904.09751),
top-p.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from components.eval.decoding.distribution import log_total, without_padding
from components.eval.decoding.greedy import Choose
from components.eval.input_batches import NOISE_LEVELS


def sampler(*, temperature: float, top_k: int, top_p: float) -> Choose:
    """What `follow` calls to draw symbols, with noise [B, T] int32, uniform in [0, NOISE_LEVELS).

    Args:
        temperature: above 0; below 1 sharpens.
        top_k: number of symbols to draw among, 0 for all.
        top_p: share of the probability to draw among, 1 for all.
    """

    def draw(logits: Any, position: Any, noise: Any) -> Any:
        size = logits.shape[-1]
        logits = without_padding(logits) / temperature
        values, symbols = ops.top_k(logits, min(top_k or size, size))
        p = ops.exp(values - log_total(values))
        before = ops.cumsum(p, axis=-1) - p
        # The likeliest symbol always stays: nothing stands before it.
        p = p * ops.cast(before < top_p, "float32")
        running = ops.cumsum(p, axis=-1)
        u = ops.cast(ops.take(noise, position, axis=1), "float32")[:, None] / NOISE_LEVELS
        u = u * running[:, -1:]
        place = ops.sum(ops.cast(running <= u, "int32"), axis=-1, keepdims=True)
        # Where rounding makes u reach the sum itself, the last symbol that may be drawn is.
        last = ops.sum(ops.cast(p > 0, "int32"), axis=-1, keepdims=True) - 1
        place = ops.minimum(place, last)
        return ops.cast(ops.take_along_axis(symbols, place, axis=1)[:, 0], "int32")

    return draw
