"""Residual networks (He et al. 2016, arXiv 1512.03385), for images of any size.

    stem:         large    maxpool 3x3/2(relu(norm(conv 7x7/2(x))))     a quarter of the sides
                  small    relu(norm(conv 3x3(x)))                      section 4.2, for 32 pixels
    plain block:  y = relu(shortcut(x) + norm(conv 3x3(conv 3x3(x))))               norm, ReLU between
    bottleneck:   y = relu(shortcut(x) + norm(conv 1x1(conv 3x3(conv 1x1(x)))))     by a quarter of y
    answer:       mean of the last block's map over all places, dropped

A stage is a row of blocks of one width; each has half the sides of the one before and twice the width,
and the last one's is d_model. The first block of a stage strides, in its 3x3, and its shortcut is
norm(conv 1x1/strides(x)), which is the identity where nothing changes. Deviations: the stride stands
in the 3x3, not in the first 1x1 as in the paper (so in Tensor2Tensor and PyTorch). Tensor2Tensor's
plain block has its norms before the convolutions and none at the end, its shortcuts have weights in
the first stage too, and the last bottleneck of a stage begins as the identity: all branches beginning
so (Goyal et al. 2017, arXiv 1706.02677) cost a small network on MNIST half of its first 200 steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.conv_norm import ConvNorm
from components.train.layers.dropout import Dropout
from components.train.layers.one_answer import OneAnswer
from components.train.shared_options import StemOptions

NEEDS: dict[str, Any] = {
    "inputs": ["image"],
    "targets": ["class_label", "real"],
    "modalities": {"inputs": {"image": "pixels"}},
}


@dataclass(frozen=True)
class Options(StemOptions):
    """What residual networks are told."""

    RULES = {
        "len(blocks) > 0 and min(blocks) > 0": "blocks {blocks} must be a number of 1 or more for "
        "each stage",
        "d_model % ((4 if bottleneck else 1) * 2 ** max(len(blocks) - 1, 0)) == 0": "d_model "
        "{d_model} is halved for each stage before the last of blocks {blocks}, and with bottleneck "
        "{bottleneck} a block has a quarter of that inside",
    }
    blocks: list[int] = setting((3, 4, 6, 3), "blocks of each stage, from the widest map on")
    bottleneck: bool = setting(True, "blocks of 1x1, 3x3, 1x1 in place of two 3x3")
    stem_width: int = setting(64, "channels of the first convolution", low=1)


class Block(keras.layers.Layer):
    """[B, H, W, C] -> [B, ceil(H / strides), ceil(W / strides), filters].

    Args:
        channels: C.
        filters: channels of the output.
        strides: positions from one output to the next.
        bottleneck: 1x1, 3x3, 1x1 with filters / 4 in the middle; else two 3x3.
    """

    def __init__(
        self, channels: int, filters: int, *, strides: int, bottleneck: bool, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        inner = filters // 4 if bottleneck else filters
        if bottleneck:
            self.branch = [
                ConvNorm(channels, inner, 1, name="conv_0"),
                ConvNorm(inner, inner, 3, strides=strides, name="conv_1"),
                ConvNorm(inner, filters, 1, relu=False, name="conv_2"),
            ]
        else:
            self.branch = [
                ConvNorm(channels, inner, 3, strides=strides, name="conv_0"),
                ConvNorm(inner, filters, 3, relu=False, name="conv_1"),
            ]
        self.shortcut = None
        if strides > 1 or channels != filters:
            self.shortcut = ConvNorm(
                channels, filters, 1, strides=strides, relu=False, name="shortcut"
            )

    def build(self, *_: Any) -> None:
        for conv in (*self.branch, self.shortcut):
            if conv is not None:
                conv.build()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        """real [B]: True where a row is an example."""
        y = x
        for conv in self.branch:
            y = conv(y, real, training=training)
        past = self.shortcut(x, real, training=training) if self.shortcut else x
        return ops.relu(past + y)


class Body(OneAnswer):
    """See `components/train/body.py` for the shapes; T is 1."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        halvings = len(hp.blocks) - 1
        self.large = hp.stem == "large"
        kernel, strides = (7, 2) if self.large else (3, 1)
        self.stem: Any = ConvNorm(3, hp.stem_width, kernel, strides=strides, name="stem")
        self.blocks, channels = [], hp.stem_width
        for stage, count in enumerate(hp.blocks):
            filters = hp.d_model >> (halvings - stage)
            for i in range(count):
                self.blocks.append(
                    Block(
                        channels,
                        filters,
                        strides=2 if stage and i == 0 else 1,
                        bottleneck=hp.bottleneck,
                        name=f"stage_{stage}_block_{i}",
                    )
                )
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
        if self.large:
            h = ops.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]])  # zeros are the least after a ReLU
            h = ops.max_pool(h, 3, strides=2)
        for block in self.blocks:
            h = block(h, real, training=training)
        return {"answer": self.drop(ops.mean(h, axis=(1, 2))[:, None], training=training)}
