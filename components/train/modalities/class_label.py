"""One label out of V: the body is asked one question, a zero vector, and answers with logits.

T2T's class-label `targets_bottom` is zeros too, so a decoder becomes an attention pooling of
whatever the inputs are, and any body serves.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import Feature
from components.train.layers.categorical import Categorical, size_of


class Modality(Categorical, keras.layers.Layer):
    """As a target: [B, 1, D] -> logits [B, 1, V]. As an input: a learned vector a label.

    Args:
        feature: its `vocabulary_size` is V.
        hp: d_model (D) is read.
    """

    autoregressive = aligned = False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.d_model = size_of(feature), hp.d_model

    def build(self, *_: Any) -> None:
        self.kernel = self.add_weight(
            shape=(self.d_model, self.size), initializer="glorot_uniform", name="kernel"
        )
        # Labels that are read have no logits for a bias to be added to.
        if self.name != "inputs":
            self.bias = self.add_weight(shape=(self.size,), initializer="zeros", name="bias")
        self.built = True

    def mask(self, labels: Any) -> Any:
        """[B, 1] -> [B, 1] bool: a label is always there, 0 is one like the others."""
        return ops.ones_like(labels, dtype="bool")

    def bottom(self, labels: Any, training: bool | None = None) -> Any:
        """[B, 1] int labels -> [B, 1, D], the label's column of the kernel."""
        return ops.cast(ops.take(ops.transpose(self.kernel), labels, axis=0), self.compute_dtype)

    def top(self, h: Any) -> Any:
        """[..., D] -> float32 logits [..., V]."""
        logits = ops.matmul(h, ops.cast(self.kernel, h.dtype))
        return ops.cast(logits, "float32") + ops.cast(self.bias, "float32")
