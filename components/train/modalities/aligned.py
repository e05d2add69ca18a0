"""One label a position of the inputs: tags of words, or the symbols behind a mask.

The body answers at every position of the inputs at once (`Body.align`, or decoding with the inputs
in the place of the targets), so nothing of the targets is read. Where the vocabulary is that of the
inputs, Devlin et al. 2019 (arXiv 1810.04805) tie the softmax to the embedding; here it has a matrix
of its own, and a bias.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import PAD, Feature
from components.train.layers.categorical import Categorical, size_of


class Modality(Categorical, keras.layers.Layer):
    """Targets [B, L] ids, PAD where nothing is asked -> logits [B, L, V].

    Args:
        feature: its `vocabulary_size` is V.
        hp: d_model (D) is read.
    """

    autoregressive, aligned = False, True

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.d_model = size_of(feature), hp.d_model

    def build(self, *_: Any) -> None:
        self.kernel = self.add_weight(
            shape=(self.d_model, self.size), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.size,), initializer="zeros", name="bias")
        self.built = True

    def mask(self, ids: Any) -> Any:
        """[B, L] ids -> [B, L] bool, True where a label is asked for."""
        return ops.not_equal(ids, PAD)

    def top(self, h: Any, there: Any) -> Any:
        """[B, L, D], and which positions are real, -> float32 logits [B, L, V]."""
        logits = ops.matmul(h, ops.cast(self.kernel, h.dtype))
        return ops.cast(logits, "float32") + ops.cast(self.bias, "float32")
