"""One label out of V by Xception's exit flow over all that a body makes of the inputs.

    ConvStep(x) = LN(separable 5(ReLU(x)))
    z = maxpool 5/4(ConvStep(ConvStep(h))) + ConvStep(h)[::4]            D and 1.25 D channels
    z = ConvStep(ConvStep(z))                                            2 D and 2.5 D
    logits = mean over the real positions of ReLU(z), times W, plus b

The body answers at the inputs' positions (`Body.align`), as Tensor2Tensor's does: for labels it has
its encoder alone. Convolutions are over the row of positions, T2T's form for text, with its windows
of 5 and its stride of 4: it folds an image's positions back to a square first, for which a label's
net would have to know what the inputs are. Deviations: windows are around a position, not to its
left, so that a few positions have a share in the answer too; positions that are not real are zeros,
and are in no mean.
References: Kaiser et al. 2017 (arXiv 1706.05137), section 2.5.3; T2T 1.0's ClassLabelModality.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import Feature
from components.train.layers.categorical import Categorical, size_of
from components.train.layers.conv_block import ConvStep
from components.train.layers.strided_residual import FAR, largest

WINDOW, STRIDE = 5, 4


class Modality(Categorical, keras.layers.Layer):
    """Body outputs at the inputs' positions [B, L, D] -> logits [B, 1, V]; targets [B, 1].

    Args:
        feature: its `vocabulary_size` is V.
        hp: d_model (D) is read.
    """

    autoregressive, aligned = False, True

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.d_model = size_of(feature), hp.d_model
        d = hp.d_model
        self.widest = 5 * d // 2

        def step(filters: int, name: str) -> ConvStep:
            return ConvStep(filters, WINDOW, padding="both", name=name)

        self.down = [step(d, "down_0"), step(5 * d // 4, "down_1")]
        self.around = step(5 * d // 4, "around")
        self.up = [step(2 * d, "up_0"), step(self.widest, "up_1")]

    def build(self, *_: Any) -> None:
        d = self.d_model
        for layer, channels in (
            (self.down[0], d),
            (self.down[1], d),
            (self.around, d),
            (self.up[0], 5 * d // 4),
            (self.up[1], 2 * d),
        ):
            layer.build((None, None, channels))
        self.kernel = self.add_weight(
            shape=(self.widest, self.size), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.size,), initializer="zeros", name="bias")
        self.built = True

    def mask(self, labels: Any) -> Any:
        """[B, 1] -> [B, 1] bool: a label is always there, 0 is one like the others."""
        return ops.ones_like(labels, dtype="bool")

    def top(self, h: Any, there: Any) -> Any:
        """[B, L, D] and which positions are real [B, L] -> float32 logits [B, 1, V]."""
        z = h
        for step in self.down:
            z = step(z, there)
        z = largest(ops.where(there[:, :, None], z, FAR), (WINDOW,), (STRIDE,))
        z = z + self.around(h, there)[:, ::STRIDE]
        there = there[:, ::STRIDE]
        for step in self.up:
            z = step(z, there)
        real = ops.cast(there, "float32")[:, :, None]
        total = ops.sum(ops.cast(ops.relu(z), "float32") * real, axis=1, keepdims=True)
        mean = total / ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
        logits = ops.matmul(ops.cast(mean, h.dtype), ops.cast(self.kernel, h.dtype))
        return ops.cast(logits, "float32") + ops.cast(self.bias, "float32")
