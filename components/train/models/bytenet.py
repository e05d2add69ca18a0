"""ByteNet (Kalchbrenner et al. 2016, arXiv 1610.10099) as Tensor2Tensor coded it.

    Repeat(x) = x + Drop(ConvStep_n(.. ConvStep_1(LN(x)))),  ConvStep(x) = LN(Conv(ReLU(x)))
                with n = num_layers and dilations 1, 2, 4, .. 2^(n-1)
    encoder:  h = Repeat(.. Repeat(x)), windows on both sides          num_repeats times
    decoder:  g = ConvStep([h_t || y_t]), g = Repeat(.. Repeat(g)), windows on the left
    output:   LN(g)

There is no attention: output t stands on top of the encoder's state at the same position t. A repeat
sees 1 + (k-1) (2^n - 1) positions.

So a target must be about as long as its inputs, or shorter. The paper has states for a|s| + b
positions (a = 1.2 from English to German); T2T lengthens the inputs by half, then to a multiple of 50
and to the targets' length, which a decoder does not know yet. Here each example is lengthened by
`lengthening` percent of its own length, whatever the batch is padded to: blank inputs, at which the
convolutions leave states. Beyond these a state is zero, and what is written depends on the inputs
only through what was written before.

Other deviations: what lies beyond an example's states is zero before each convolution, so that padding
changes nothing (T2T has no mask); before the first target stands the mean of the states, where T2T has
zero and no learned start, so that one answer about all inputs (a class, a number) depends on all of
them; the decoder ends with a norm, without which logits begin with a variance of num_repeats + 1.
The paper's blocks are three convolutions each, 30 of them, over characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.conv_block import ConvBlock
from components.train.layers.dropout import Dropout
from components.train.layers.layer_norm import LayerNorm

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options:
    """What ByteNet alone is told; `num_layers` is the number of dilations, 1, 2, 4, .."""

    RULES = {"kernel_size % 2 == 1": "kernel_size {kernel_size} must be odd"}
    kernel_size: int = setting(3, "taps of a convolution; odd", low=1)
    num_repeats: int = setting(4, "times that encoder and decoder go through all dilations", low=1)
    lengthening: int = setting(50, "percent of their length that is added to the inputs", low=0)


class DilatedStack(keras.layers.Layer):
    """[B, L, D] -> [B, L, D]: the repeats of one side.

    Args:
        d_model: D.
        kernel_size, num_dilations, repeats: k, n and how many repeats.
        padding: "left" or "both".
        dropout: of what is added.
        name: unique in a body.
    """

    def __init__(
        self,
        d_model: int,
        kernel_size: int,
        *,
        num_dilations: int,
        repeats: int,
        padding: str,
        dropout: float,
        name: str,
    ) -> None:
        super().__init__(name=name)
        kernels = [kernel_size] * num_dilations
        dilations = [2**i for i in range(num_dilations)]
        whole = [1] * num_dilations  # the channels are not cut
        self.norms = [LayerNorm(d_model, name=f"norm_{i}") for i in range(repeats)]
        self.blocks = [
            ConvBlock(d_model, kernels, dilations, whole, padding=padding, name=f"{name}_{i}")
            for i in range(repeats)
        ]
        self.drop = Dropout(dropout)

    def build(self, x_shape: Any, *_: Any) -> None:
        for block in self.blocks:
            block.build(x_shape)
        self.built = True

    def call(self, x: Any, real: Any = None, training: bool | None = None) -> Any:
        """real [B, L] (bool): positions where it is False count as zeros."""
        for norm, block in zip(self.norms, self.blocks, strict=True):
            x = x + self.drop(block(norm(x), real), training=training)
        return x

    def windows(self, rows: Any, dtype: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for block in self.blocks:
            found |= block.windows(rows, dtype)
        return found

    def step(self, x: Any, cache: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        grown: dict[str, Any] = {}
        for norm, block in zip(self.norms, self.blocks, strict=True):
            y, windows = block.step(norm(x), cache)
            x, grown = x + y, grown | windows
        return x, grown


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.lengthening = hp.d_model, hp.lengthening

        def stack(padding: str, name: str) -> DilatedStack:
            return DilatedStack(
                hp.d_model,
                hp.kernel_size,
                num_dilations=hp.num_layers,
                repeats=hp.num_repeats,
                padding=padding,
                dropout=hp.dropout,
                name=name,
            )

        self.encoder = stack("both", "encoder")
        self.begin = ConvBlock(hp.d_model, [hp.kernel_size], [1], [1], padding="left", name="begin")
        self.decoder = stack("left", "decoder")
        self.close = LayerNorm(hp.d_model, name="close")

    def build(self, *_: Any) -> None:
        self.encoder.build((None, None, self.d_model))
        self.begin.build((None, None, 2 * self.d_model))
        self.decoder.build((None, None, self.d_model))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        x = x * ops.cast(mask, x.dtype)[:, :, None]
        length = ops.shape(x)[1]
        more = length * self.lengthening // 100
        x = ops.pad(x, [[0, 0], [0, more], [0, 0]])
        places = ops.arange(length + more, dtype="int32")
        own = ops.max(ops.where(mask, places[:length] + 1, 0), axis=1, keepdims=True)
        there = places < own + own * self.lengthening // 100  # [B, L + more]
        some = ops.cast(there, x.dtype)[:, :, None]
        h = self.encoder(x, there, training=training) * some
        count = ops.maximum(ops.sum(some, axis=1), 1.0)
        # A row of zeros at the end, for all positions beyond.
        return {"states": ops.pad(h, [[0, 0], [0, 1], [0, 0]]), "mean": ops.sum(h, axis=1) / count}

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        y = ops.concatenate([y[:, :1] + memory["mean"][:, None], y[:, 1:]], axis=1)
        length = ops.shape(y)[1]
        h = ops.concatenate([memory["states"], ops.zeros_like(y)], axis=1)[:, :length]
        g = self.begin(ops.concatenate([h, y], axis=-1))
        return self.close(self.decoder(g, training=training))

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        h = memory["states"]
        rows = ops.shape(h)[0] * num_beams
        return self.begin.windows(rows, h.dtype) | self.decoder.windows(rows, h.dtype)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        h = memory["states"]
        y = ops.reshape(
            y, (ops.shape(h)[0], -1, self.d_model)
        )  # the beams of an example: [B, K, D]
        y = ops.where(ops.equal(position, 0), y + memory["mean"][:, None], y)
        state = ops.take(h, ops.minimum(position, ops.shape(h)[1] - 1), axis=1)[:, None]
        both = ops.concatenate([ops.broadcast_to(state, ops.shape(y)), y], axis=-1)
        g, windows = self.begin.step(ops.reshape(both, (-1, 2 * self.d_model)), cache)
        g, grown = self.decoder.step(g, cache)
        return self.close(g), windows | grown
