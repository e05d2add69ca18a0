"""Between T positions and M = ceil(T / 2^k) latents: residual convolutions, halvings, doublings.

    residual(x)   x + Drop(three ConvSteps of 3 taps(LN(x)))
    compress      k residuals, then k times  LN(W [ReLU(x_2i) || ReLU(x_2i+1)])
    decompress    k times  residual, attention over the inputs, LN(W ReLU(x)) cut into two positions

Compressing looks both ways, decompressing backwards only: position t of its output depends on latents up
to t // 2^k. Reference: Kaiser et al. 2018 (arXiv 1803.03382), section 3; Tensor2Tensor's `compress`,
`residual_conv` and `decompress_step` in transformer_vae.py, whose convolutions look both ways in both.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
from keras import ops

from components.train.layers.conv_block import ConvBlock
from components.train.layers.dropout import Dropout
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.parts import fill
from components.train.layers.sublayers import Sublayers


class Residual(keras.layers.Layer):
    """x + Drop(three convolutions of LN(x)): T2T's residual_conv."""

    def __init__(self, d_model: int, dropout: float, *, padding: str, name: str) -> None:
        super().__init__(name=name)
        self.norm = LayerNorm(d_model, name="norm")
        self.convs = ConvBlock(d_model, (3,) * 3, (1,) * 3, (1,) * 3, padding=padding, name="convs")
        self.drop = Dropout(dropout)

    def build(self, x_shape: Any, *_: Any) -> None:
        self.convs.build(x_shape)
        self.built = True

    def call(self, x: Any, real: Any = None, training: bool | None = None) -> Any:
        """x [B, L, D] and what is real [B, L] (None: everything) -> [B, L, D]."""
        return x + self.drop(self.convs(self.norm(x), real), training=training)


class Compress(keras.layers.Layer):
    """[B, T, D] and its mask [B, T] -> [B, M, D] and [B, M], M = ceil(T / 2^k)."""

    def __init__(self, d_model: int, dropout: float, steps: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.residuals = [
            Residual(d_model, dropout, padding="both", name=f"residual_{i}") for i in range(steps)
        ]
        self.halvings = [keras.layers.Dense(d_model, name=f"halve_{i}") for i in range(steps)]
        self.norms = [LayerNorm(d_model, name=f"norm_{i}") for i in range(steps)]

    def build(self, y_shape: Any, *_: Any) -> None:
        for residual, halving in zip(self.residuals, self.halvings, strict=True):
            residual.build(y_shape)
            halving.build((None, None, 2 * y_shape[-1]))
        self.built = True

    def call(self, y: Any, real: Any, training: bool | None = None) -> tuple[Any, Any]:
        for residual in self.residuals:
            y = residual(y, real, training=training)
        y = fill(y * ops.cast(real, y.dtype)[:, :, None], 1, 2 ** len(self.halvings))
        real = fill(ops.cast(real, "int32"), 1, 2 ** len(self.halvings))
        for halving, norm in zip(self.halvings, self.norms, strict=True):
            # A convolution of two taps and stride two.
            pairs = ops.reshape(ops.relu(y), (ops.shape(y)[0], -1, 2 * y.shape[-1]))
            real = ops.max(ops.reshape(real, (ops.shape(y)[0], -1, 2)), axis=-1)
            y = norm(halving(pairs)) * ops.cast(real, y.dtype)[:, :, None]
        return y, ops.cast(real, "bool")


class Decompress(keras.layers.Layer):
    """Latents [B, M, D] -> [B, M 2^k, D], each output from the latents of its stretch and before."""

    def __init__(self, sub: Sublayers, steps: int, **kwargs: Any) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        d = sub.d_model
        self.residuals = [
            Residual(d, sub.dropout, padding="left", name=f"residual_{i}") for i in range(steps)
        ]
        self.attentions = [sub.cross_attention(f"attention_{i}") for i in range(steps)]
        self.wraps = [sub.wrap(f"wrap_{i}") for i in range(steps)]
        self.doublings = [keras.layers.Dense(2 * d, name=f"double_{i}") for i in range(steps)]
        self.norms = [LayerNorm(2 * d, name=f"norm_{i}") for i in range(steps)]

    def build(self, d_shape: Any, *_: Any) -> None:
        for layer in (*self.residuals, *self.attentions, *self.doublings):
            layer.build(d_shape)
        self.built = True

    def remember(self, h: Any) -> dict[str, Any]:
        """What is attended to of the inputs [B, L, D]."""
        memory: dict[str, Any] = {}
        for i, attention in enumerate(self.attentions):
            k, v = attention.keys_values(h)
            memory |= {f"{self.name}_keys_{i}": k, f"{self.name}_values_{i}": v}
        return memory

    def call(self, d: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        """memory: what `remember` gave, and `padding`, the bias of the inputs."""
        for i, residual in enumerate(self.residuals):
            d = residual(d, training=training)
            k, v = memory[f"{self.name}_keys_{i}"], memory[f"{self.name}_values_{i}"]
            attention = partial(
                self.attentions[i].attend, k=k, v=v, bias=memory["padding"], training=training
            )
            d = self.wraps[i](d, sublayer=attention, training=training)
            wide = self.norms[i](self.doublings[i](ops.relu(d)))
            d = ops.reshape(wide, (ops.shape(d)[0], -1, d.shape[-1]))
        return d
