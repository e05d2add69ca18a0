"""Shake-shake regularization (Gastaldi 2017, arXiv 1705.07485): two branches, mixed at random.

    y = shortcut(x) + alpha F(x) + (1 - alpha) G(x)      F, G: norm(conv 3x3(relu(norm(conv 3x3(relu(x))))))

alpha is uniform in [0, 1] in the forward pass and another, beta, in the backward pass, both drawn for
each image ("Shake-Shake-Image"); outside of training it is 1/2. Where the map shrinks, the shortcut is
norm([conv 1x1/2(relu(x)) || conv 1x1/2(relu(x) moved by one place)]).

    stem norm(conv 3x3) to 16, three stages of (num_layers - 2) / 6 blocks, of d_model / 4, d_model / 2
    and d_model channels, then the mean of relu over all places, dropped

d_model is four times the width that the paper names a network by: 26 2x32d has 128. Deviations from
Tensor2Tensor's shake_shake: it draws alpha and 1 - alpha as two uniform numbers over their sum, has
no ReLU before the shortcut, and biases before norms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.layers.batch_norm import BatchNorm
from components.train.layers.conv_norm import ConvNorm
from components.train.layers.dropout import Dropout
from components.train.layers.one_answer import OneAnswer

NEEDS: dict[str, Any] = {
    "inputs": ["image"],
    "targets": ["class_label", "real"],
    "modalities": {"inputs": {"image": "pixels"}},
}
STEM_WIDTH = 16


@dataclass(frozen=True)
class Options:
    """Nothing that other models have not: d_model and num_layers say it all."""

    RULES = {
        "num_layers > 2 and num_layers % 6 == 2": "num_layers {num_layers} must be 2 more than a "
        "multiple of 6 (8, 14, 20, 26)",
        "d_model % 8 == 0": "d_model {d_model} must be a multiple of 8",
    }


def shaken(first: Any, second: Any, alpha: Any, beta: Any) -> Any:
    """alpha first + (1 - alpha) second, differentiated as if alpha were beta."""
    forward = alpha * first + (1.0 - alpha) * second
    backward = beta * first + (1.0 - beta) * second
    return backward + ops.stop_gradient(forward - backward)


class Branch(keras.layers.Layer):
    """[B, H, W, C] -> [B, ceil(H / strides), ceil(W / strides), filters]."""

    def __init__(self, channels: int, filters: int, *, strides: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = ConvNorm(channels, filters, 3, strides=strides, name="conv_0")
        self.second = ConvNorm(filters, filters, 3, relu=False, name="conv_1")

    def build(self, *_: Any) -> None:
        self.first.build()
        self.second.build()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        h = self.first(ops.relu(x), real, training=training)
        return self.second(h, real, training=training)


class Shortcut(keras.layers.Layer):
    """[B, H, W, C] -> [B, ceil(H / strides), ceil(W / strides), filters]: half of the channels from
    the places that a stride meets, half from those below and right of them."""

    def __init__(self, channels: int, filters: int, *, strides: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.convs = [
            keras.layers.Conv2D(
                filters // 2,
                1,
                strides=strides,
                use_bias=False,
                kernel_initializer="he_normal",
                name=f"conv_{i}",
            )
            for i in range(2)
        ]
        self.norm = BatchNorm(filters, name="norm")

    def build(self, *_: Any) -> None:
        for conv in self.convs:
            conv.build((None, None, None, self.channels))
        self.norm.build()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        here = ops.relu(x)
        moved = ops.pad(here, [[0, 0], [0, 1], [0, 1], [0, 0]])[:, 1:, 1:]
        both = [conv(one) for conv, one in zip(self.convs, (here, moved), strict=True)]
        return self.norm(ops.concatenate(both, axis=-1), real, training=training)


class Block(keras.layers.Layer):
    """[B, H, W, C] -> [B, ceil(H / strides), ceil(W / strides), filters]."""

    def __init__(self, channels: int, filters: int, *, strides: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.branches = [
            Branch(channels, filters, strides=strides, name=f"branch_{i}") for i in range(2)
        ]
        self.shortcut = None
        if strides > 1 or channels != filters:
            self.shortcut = Shortcut(channels, filters, strides=strides, name="shortcut")
        self.seeds = keras.random.SeedGenerator()

    def build(self, *_: Any) -> None:
        for layer in (*self.branches, self.shortcut):
            if layer is not None:
                layer.build()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        """real [B]: True where a row is an example."""
        first, second = (branch(x, real, training=training) for branch in self.branches)
        past = self.shortcut(x, real, training=training) if self.shortcut else x
        if not training:
            return past + 0.5 * (first + second)
        drawn = keras.random.uniform((2, ops.shape(x)[0], 1, 1, 1), seed=self.seeds)
        alpha, beta = ops.unstack(ops.cast(drawn, first.dtype), 2)
        return past + shaken(first, second, alpha, beta)


class Body(OneAnswer):
    """See `components/train/body.py` for the shapes; T is 1."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        count = (hp.num_layers - 2) // 6
        self.stem: Any = ConvNorm(3, STEM_WIDTH, 3, relu=False, name="stem")
        self.blocks, channels = [], STEM_WIDTH
        for stage in range(3):
            filters = hp.d_model >> (2 - stage)
            for i in range(count):
                strides = 2 if stage and i == 0 else 1
                name = f"stage_{stage}_block_{i}"
                self.blocks.append(Block(channels, filters, strides=strides, name=name))
                channels = filters
        self.drop = Dropout(hp.dropout)

    def build(self, *_: Any) -> None:
        for layer in (self.stem, *self.blocks):
            layer.build()
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        """x [B, H, W, 3], mask [B, 1]."""
        real = mask[:, 0]
        h = self.stem(x, real, training=training)
        for block in self.blocks:
            h = block(h, real, training=training)
        h = ops.mean(ops.relu(h), axis=(1, 2))[:, None]
        return {"answer": self.drop(h, training=training)}
