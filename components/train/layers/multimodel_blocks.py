"""The blocks that MultiModel's body is put together from, each [B, L, D] -> [B, L, D].

    ConvStep(x) = LN(SepConv(ReLU(x)))                         `layers/conv_block.py`
    Conv(x)     h1 = ConvStep_3(x),   h2 = x + ConvStep_3(h1)
                h3 = ConvStep_15(h2), Dropout(x + ConvStep_15(h3)), the last one's taps 8 apart
    Mix(x)      LN(x + Experts(x))                             `layers/experts.py`
    Look(x)     x + MultiHead(q, h), q the attended past of x  `layers/conv_attention.py`: HeadAttend
    Mean(x)     x + mean of h, for a body without attention

h are the encoder's states. All take the same arguments, so that a body is a list of them.
Reference: Kaiser et al. 2017 (arXiv 1706.05137), sections 2.1 to 2.3.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.conv_attention import HeadAttend
from components.train.layers.conv_block import ConvStep
from components.train.layers.dropout import Dropout
from components.train.layers.experts import Experts
from components.train.layers.layer_norm import LayerNorm

DILATION = 8

Tensors = dict[str, Any]


class Block(keras.layers.Layer):
    """What a body asks of each block; these are the answers of one that needs nothing.

    name: unique in a body, leaves of memory and cache are called after it.

    A block is called with x [B, L, D], which of its positions are real (bool [B, L], None: all), and
    the memory that `offer` has filled.
    """

    def __init__(self, name: str) -> None:
        # A memory holds biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(name=name, autocast=False)

    def offer(self, h: Any, real: Any) -> Tensors:
        """What the memory is to hold of the states h [B, L, D], by name."""
        return {}

    def windows(self, rows: Any, dtype: Any) -> Tensors:
        """What the cache is to hold before the first position, leaves [rows, ...]."""
        return {}

    def empty(self, h: Any, beams: int, length: Any) -> Tensors:
        """What it is to hold under `fixed`; h is for B and the dtype."""
        return {}

    def step(
        self, x: Any, position: Any, cache: Tensors, memory: Tensors, past: Any
    ) -> tuple[Any, Tensors, Tensors]:
        """One position: x [B*K, D] to [B*K, D], new windows, and what is new under `fixed`.

        past: the bias of the keys so far, see `step_attention.own_past`.
        """
        return self(x, memory=memory, training=False), {}, {}


class Conv(Block):
    """Args: d_model: D; large: taps of the wide steps; padding: "left" or "both"; dropout."""

    def __init__(
        self, d_model: int, *, large: int, padding: str, dropout: float, name: str
    ) -> None:
        super().__init__(name)
        self.steps = [
            ConvStep(d_model, taps, padding=padding, dilation=apart, name=f"step_{i}")
            for i, (taps, apart) in enumerate(((3, 1), (3, 1), (large, 1), (large, DILATION)))
        ]
        self.drop = Dropout(dropout)

    def build(self, x_shape: Any, *_: Any) -> None:
        for step in self.steps:
            step.build(x_shape)
        self.built = True

    def call(
        self, x: Any, real: Any = None, memory: Any = None, training: bool | None = None
    ) -> Any:
        h = x
        for i, step in enumerate(self.steps):
            h = x + step(h, real) if i % 2 else step(h, real)
        return self.drop(h, training=training)

    def windows(self, rows: Any, dtype: Any) -> Tensors:
        return {f"{self.name}_{i}": step.window(rows, dtype) for i, step in enumerate(self.steps)}

    def step(
        self, x: Any, position: Any, cache: Tensors, memory: Tensors, past: Any
    ) -> tuple[Any, Tensors, Tensors]:
        h, grown = x, {}
        for i, step in enumerate(self.steps):
            y, grown[f"{self.name}_{i}"] = step.step(h, cache[f"{self.name}_{i}"])
            h = x + y if i % 2 else y
        return h, grown, {}


class Mix(Block):
    """Args: d_model: D; experts: what is normalised with its input."""

    def __init__(self, d_model: int, experts: Experts, *, name: str) -> None:
        super().__init__(name)
        self.experts = experts
        self.norm = LayerNorm(d_model, name="norm")

    def build(self, x_shape: Any, *_: Any) -> None:
        self.experts.build(x_shape)
        self.built = True

    def call(
        self, x: Any, real: Any = None, memory: Any = None, training: bool | None = None
    ) -> Any:
        return self.norm(x + self.experts(x, real, training=training))


class Look(Block):
    """Args: d_model: D; num_heads, dropout: of both attentions."""

    def __init__(self, d_model: int, *, num_heads: int, dropout: float, name: str) -> None:
        super().__init__(name)
        self.attend = HeadAttend(
            d_model, separability=0, num_heads=num_heads, dropout=dropout, name=name
        )

    def build(self, x_shape: Any, *_: Any) -> None:
        self.attend.build(x_shape)
        self.built = True

    def call(
        self, x: Any, real: Any = None, memory: Any = None, training: bool | None = None
    ) -> Any:
        return x + self.attend(x, memory, training=training)

    def offer(self, h: Any, real: Any) -> Tensors:
        return self.attend.offer(h)

    def windows(self, rows: Any, dtype: Any) -> Tensors:
        return self.attend.timed.windows(rows, dtype)

    def empty(self, h: Any, beams: int, length: Any) -> Tensors:
        return self.attend.empty(h, beams, length)

    def step(
        self, x: Any, position: Any, cache: Tensors, memory: Tensors, past: Any
    ) -> tuple[Any, Tensors, Tensors]:
        found, windows, kept = self.attend.step(x, position, cache, memory, past)
        return x + found, windows, kept


class Mean(Block):
    """Memory: `mean` [B, 1, D], over the real positions."""

    def build(self, *_: Any) -> None:
        self.built = True

    def call(
        self, x: Any, real: Any = None, memory: Any = None, training: bool | None = None
    ) -> Any:
        # While decoding, the beams of an example stand in the place of positions.
        mean = memory["mean"]
        beams = ops.reshape(x, (ops.shape(mean)[0], -1, x.shape[-1]))
        return ops.reshape(beams + mean, ops.shape(x))

    def offer(self, h: Any, real: Any) -> Tensors:
        there = ops.cast(real, "float32")[:, :, None]
        total = ops.sum(ops.cast(h, "float32") * there, axis=1, keepdims=True)
        mean = total / ops.maximum(ops.sum(there, axis=1, keepdims=True), 1.0)
        return {"mean": ops.cast(mean, h.dtype)}
