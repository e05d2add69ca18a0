"""Symbols of a vocabulary: x = E[id] * sqrt(D), zero at padding; logits = h E^T, no bias.

With `tied_softmax: false` logits are h W^T, W a matrix of its own. Initial E and W are N(0, D^-0.5).
Reference: Vaswani et al. 2017, section 3.4; Tensor2Tensor's SymbolModality.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import PAD, UNK, Feature
from components.train.layers.categorical import Categorical, size_of
from components.train.layers.embedding_rows import embedding_rows


class Modality(Categorical, keras.layers.Layer):
    """One embedding matrix [V, D], read by `bottom` and, unless it is told otherwise, by `top`.

    Args:
        feature: its `vocabulary_size` is V.
        hp: d_model (D), symbol_dropout and tied_softmax are read.
    """

    autoregressive, aligned = True, False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.d_model = size_of(feature), hp.d_model
        self.tied = hp.tied_softmax or self.name == "inputs"
        self.symbol_dropout = hp.symbol_dropout
        self.seeds = keras.random.SeedGenerator() if self.symbol_dropout else None

    def build(self, *_: Any) -> None:
        self.embedding = self._matrix("embedding")
        self.softmax = self.embedding if self.tied else self._matrix("softmax")
        self.built = True

    def _matrix(self, name: str) -> Any:
        """Read in float32 where the rest computes in 16 bits: the gradient of a frequent symbol is a sum
        of thousands of rows, which 8 bits of mantissa do not hold."""
        return self.add_weight(
            shape=(self.size, self.d_model),
            initializer=keras.initializers.RandomNormal(stddev=self.d_model**-0.5),
            name=name,
            autocast=False,
        )

    def mask(self, ids: Any) -> Any:
        """[B, L] ids -> [B, L] bool, True where there is a symbol."""
        return ops.not_equal(ids, PAD)

    def bottom(self, ids: Any, training: bool | None = None) -> Any:
        """[B, L] int ids -> [B, L, D] in the compute dtype."""
        if self.seeds is not None and training:
            draw = keras.random.uniform(ops.shape(ids), seed=self.seeds)
            lost = ops.logical_and(draw < self.symbol_dropout, self.mask(ids))
            ids = ops.where(lost, UNK, ids)
        x = embedding_rows(self.embedding, ids, self.d_model**0.5, self.compute_dtype)
        return x * ops.cast(ops.expand_dims(self.mask(ids), -1), x.dtype)

    def top(self, h: Any) -> Any:
        """[..., D] -> float32 logits [..., V]."""
        kernel = ops.transpose(ops.cast(self.softmax, h.dtype))
        return ops.cast(ops.matmul(h, kernel), "float32")
