"""Cross-entropy with label smoothing, as Tensor2Tensor defines it.

With on = 1 - e and off = e / (V - 1), the loss of logits z at label t is
    sum_v q_v (log q_v - log softmax(z)_v),   q_t = on, q_v = off elsewhere,
the cross-entropy less the entropy of q, so that its least value is 0. As on + (V-1) off = 1, it is
    logsumexp(z) - (on - off) z_t - off sum_v z_v + on log on + (V-1) off log off
with gradient softmax(z) - q. Both are written out below, because over a large vocabulary every pass
over the logits counts: on TensorFlow this takes under a third of the time of the derived one at
3,500 x 6,000 (`python -m benchmarks.loss`). XLA, under JAX, makes one pass of all that goes value by
value: there the exponentials are computed again and not kept, and no value is gathered or scattered.

Reference: Szegedy et al. 2016 (arXiv 1512.00567), section 7; Vaswani et al. 2017, section 5.4.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops


def smoothed_cross_entropy(logits: Any, labels: Any, smoothing: float) -> Any:
    """The loss above: logits [..., V] and int labels [...] to float32 [...]."""
    logits = ops.cast(logits, "float32")
    classes = logits.shape[-1]
    on = 1.0 - smoothing
    off = smoothing / max(classes - 1, 1)
    entropy = on * math.log(on) + ((classes - 1) * off * math.log(off) if off else 0.0)
    by_value = keras.backend.backend() == "jax"
    return (_by_value if by_value else _by_place)(logits, labels, on, off) + entropy


def _by_value(logits: Any, labels: Any, on: float, off: float) -> Any:
    """The loss less its constant; every pass is a fusion of operations that go value by value."""
    places = ops.arange(logits.shape[-1], dtype="int32")
    labelled = ops.equal(ops.expand_dims(ops.cast(labels, "int32"), -1), places)

    @ops.custom_gradient
    def loss(z: Any) -> Any:
        total = ops.logsumexp(z, axis=-1, keepdims=True)
        value = total[..., 0] - ops.sum(z * ops.where(labelled, on, off), axis=-1)

        def grad(*args: Any, upstream: Any = None) -> Any:
            upstream = args[0] if upstream is None else upstream
            wanted = ops.where(labelled, on, off)
            return (ops.exp(z - total) - wanted) * ops.expand_dims(upstream, -1)

        return value, grad

    return loss(logits)


def _by_place(logits: Any, labels: Any, on: float, off: float) -> Any:
    """The loss less its constant; each pass over the logits is an operation, so there are few."""
    classes = logits.shape[-1]
    shape = ops.shape(logits)
    rows = ops.reshape(ops.cast(labels, "int32"), (-1,))
    place = ops.arange(ops.shape(rows)[0], dtype="int32") * classes + rows

    @ops.custom_gradient
    def loss(z: Any) -> Any:
        # oneDNN's softmax is one pass, where exponential and sum are three. The largest probability
        # is at least 1 / classes, so its logarithm is safe.
        softmax = ops.softmax(z, axis=-1)
        total = ops.max(z, axis=-1) - ops.log(ops.max(softmax, axis=-1))
        chosen = ops.reshape(ops.take(ops.reshape(z, (-1,)), place), shape[:-1])
        value = total - (on - off) * chosen
        if off:
            value = value - off * ops.sum(z, axis=-1)

        def grad(*args: Any, upstream: Any = None) -> Any:
            upstream = args[0] if upstream is None else upstream
            flat = ops.reshape((softmax - off) * ops.expand_dims(upstream, -1), (-1,))
            at_label = ops.take(flat, place) - (on - off) * ops.reshape(upstream, (-1,))
            return ops.reshape(ops.scatter_update(flat, place[:, None], at_label), shape)

        return value, grad

    return loss(logits)


def negative_log_likelihood(logits: Any, labels: Any) -> Any:
    """-log softmax(logits)[labels]: logits [..., V] and int labels [...] to float32 [...]."""
    return smoothed_cross_entropy(logits, labels, 0.0)
