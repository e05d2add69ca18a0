"""SliceNet (Kaiser, Gomez and Chollet 2017, arXiv 1706.03059) as Tensor2Tensor coded it.

    Block(x)     = ConvStep_n(.. ConvStep_1(x)),  ConvStep(x) = LN(SepConv(ReLU(x)))
    Module(x)    = x + Block_2(x + y) + y,  y = Block_1(x)     windows of 3, 7 and of 15, 31
    encoder:  h  = Module(x + timing), zero at padding         1.5 num_layers times
    decoder:  s  = targets shifted right, a learned start in front
              g  = Block_3([Attend(s, h) || s])
              g  = Module(g);  g = g + Attend(g, h)            num_layers times
    output:   LN(g)

Attend is in `layers/conv_attention.py`, SepConv and its `separability` in `layers/separable_conv.py`.
Convolutions of the decoder are padded on the left, the encoder's on both sides.

Deviations from Tensor2Tensor: attention of either kind sees no padding (T2T's later code forgot the
mask of `transformer`); the decoder ends with a norm, without which logits begin with a variance of
3 num_layers + 1; a class or a number is decoded as a first symbol would be, and so attends to all
inputs, where T2T has the encoder alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.attention import padding_bias
from components.train.layers.conv_attention import (
    DotAttend,
    HeadAttend,
    empty_state,
    own_keys,
    short_timing,
)
from components.train.layers.conv_block import ConvBlock
from components.train.layers.dropout import Dropout
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.separable_conv import alternating
from components.train.shared_options import AttentionOptions

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options(AttentionOptions):
    """What SliceNet alone is told; heads and their dropout are for `source_attention: transformer`."""

    RULES = {
        "len(kernels) == len(dilations) and len(kernels) > 2": "kernels {kernels} and dilations "
        "{dilations} must be as many, 3 or more",
        "all(kernel % 2 == 1 for kernel in kernels)": "kernels {kernels} must be odd",
    }
    separability: int = setting(
        -2, "how convolutions cut channels: 0 depthwise separable, -g super-separable, g grouped"
    )
    kernels: list[int] = setting(
        (3, 7, 15, 31), "odd widths of a module's windows: two, then the others"
    )
    dilations: list[int] = setting((1, 1, 1, 1), "distance of the taps of each window")
    source_attention: str = setting(
        "simple",
        "over the inputs. simple: one dot product; transformer: heads, after a causal attention",
        choices=("simple", "transformer"),
    )


class Module(keras.layers.Layer):
    """[B, L, D] -> [B, L, D]: convolutions and two ways around them.

    Args:
        d_model: D.
        kernels, dilations: of the first block's two convolutions and of the second block's.
        separability: of both, `alternating`.
        padding: "left" or "both".
        name: unique in a body.
    """

    def __init__(
        self,
        d_model: int,
        kernels: Sequence[int],
        dilations: Sequence[int],
        *,
        separability: int,
        padding: str,
        name: str,
    ) -> None:
        super().__init__(name=name)
        k, d = list(kernels), list(dilations)
        self.first, self.second = (
            ConvBlock(
                d_model,
                k[part],
                d[part],
                alternating(separability, len(k[part])),
                padding=padding,
                name=f"{name}_{which}",
            )
            for which, part in (("first", slice(2)), ("second", slice(2, None)))
        )

    def build(self, x_shape: Any, *_: Any) -> None:
        self.first.build(x_shape)
        self.second.build(x_shape)
        self.built = True

    def call(self, x: Any, real: Any = None) -> Any:
        y = self.first(x, real)
        return x + self.second(x + y, real) + y

    def windows(self, rows: Any, dtype: Any) -> dict[str, Any]:
        return self.first.windows(rows, dtype) | self.second.windows(rows, dtype)

    def step(self, x: Any, cache: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        y, first = self.first.step(x, cache)
        z, second = self.second.step(x + y, cache)
        return x + z + y, first | second


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model = hp.d_model

        def module(padding: str, name: str) -> Module:
            cut = hp.separability
            return Module(
                hp.d_model, hp.kernels, hp.dilations, separability=cut, padding=padding, name=name
            )

        def attend(name: str) -> Any:
            if hp.source_attention == "simple":
                return DotAttend(hp.d_model, separability=hp.separability, name=name)
            heads, drop = hp.num_heads, hp.attention_dropout
            return HeadAttend(
                hp.d_model, separability=hp.separability, num_heads=heads, dropout=drop, name=name
            )

        deep = int(1.5 * hp.num_layers)
        self.encoder = [module("both", f"encoder_{i}") for i in range(deep)]
        self.begin = attend("begin")
        # T2T cuts what is merged in four, whatever the separability.
        self.merge = ConvBlock(hp.d_model, [3], [1], [4], padding="left", name="merge")
        self.decoder = [module("left", f"decoder_{i}") for i in range(hp.num_layers)]
        self.attends = [attend(f"attend_{i}") for i in range(hp.num_layers)]
        self.close = LayerNorm(hp.d_model, name="close")
        self.drop = Dropout(hp.dropout)

    def build(self, *_: Any) -> None:
        shape = (None, None, self.d_model)
        for layer in (*self.encoder, self.begin, *self.decoder, *self.attends):
            layer.build(shape)
        self.merge.build((None, None, 2 * self.d_model))
        # T2T's start says what is to be written (one of 32 spaces); here a mixture's command adds that.
        draw = keras.initializers.RandomNormal(stddev=self.d_model**-0.5)
        self.start = self.add_weight(shape=(self.d_model,), initializer=draw, name="start")
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        h = x + ops.cast(short_timing(ops.arange(ops.shape(x)[1]), self.d_model), x.dtype)
        for module in self.encoder:
            h = module(h, mask) * ops.cast(mask, x.dtype)[:, :, None]
        h = self.drop(h, training=training)
        memory = {"states": h, "padding": padding_bias(mask)}
        for attend in (self.begin, *self.attends):
            memory |= attend.offer(h)
        return memory

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        s = ops.concatenate([y[:, :1] + ops.cast(self.start, y.dtype), y[:, 1:]], axis=1)
        attended = self.begin(s, memory, training=training)
        g = self.merge(ops.concatenate([attended, s], axis=-1))
        for module, attend in zip(self.decoder, self.attends, strict=True):
            g = module(g)
            g = g + attend(g, memory, training=training)
        return self.drop(self.close(g), training=training)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        attends = (self.begin, *self.attends)
        windowed = (self.merge, *self.decoder, *(attend.timed for attend in attends))
        return empty_state(memory["states"], num_beams, max_length, windowed, attends)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        grown, past = own_keys(cache, position)
        fixed: dict[str, Any] = {}

        def attended(attend: Any, g: Any) -> Any:
            found, windows, kept = attend.step(g, position, cache, memory, past)
            grown.update(windows)
            fixed.update(kept)
            return found

        s = ops.where(ops.equal(position, 0), y + ops.cast(self.start, y.dtype), y)
        merged = ops.concatenate([attended(self.begin, s), s], axis=-1)
        g, windows = self.merge.step(merged, cache)
        grown |= windows
        for module, attend in zip(self.decoder, self.attends, strict=True):
            g, windows = module.step(g, cache)
            grown |= windows
            g = g + attended(attend, g)
        return self.close(g), {**grown, "fixed": fixed} if fixed else grown
