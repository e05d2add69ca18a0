"""Attention over the inputs whose queries come from two causal convolutions.

    c  = ConvBlock(g + timing), 5 taps, then 5 that are 4 apart
    DotAttend    LN(g + softmax(c h^T / sqrt(D)) h)              nothing is projected
    HeadAttend   MultiHead(q, h),  q = MultiHead(c, c) of the past      no norm, no way around it

Timing has 16 wave lengths, in the first 32 channels. Reference: Kaiser et al. 2017 (arXiv
1706.03059), section 3.2; T2T's slicenet, `attention_type` "simple" and "transformer".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
from keras import ops

from components.train.layers.attention import Attention, causal_bias
from components.train.layers.conv_block import ConvBlock
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.positions import timing_signal
from components.train.layers.separable_conv import alternating
from components.train.layers.step_attention import attend, empty_cache, look_back, own_past
from components.train.watch import see

Tensors = dict[str, Any]
SHORT = 32


def short_timing(positions: Any, d_model: int) -> Any:
    """Positions [T] to float32 [T, D], zero beyond the first 32 channels (D, if that is less)."""
    width = min(SHORT, d_model)
    return ops.pad(timing_signal(positions, width), [[0, 0], [0, d_model - width]])


class ConvAttend(keras.layers.Layer):
    """What both kinds begin with. Memory: `states` h [B, L, D] and `padding`, a bias [B, 1, 1, L].

    Args:
        d_model: D.
        separability: of the convolutions, `alternating`.
        name: unique in a body: leaves of memory and cache are called after it.
    """

    def __init__(self, d_model: int, *, separability: int, name: str) -> None:
        # The padding is a float32 bias of -1e9, which autocasting to float16 would make infinite.
        super().__init__(name=name, autocast=False)
        self.d_model = d_model
        cuts = alternating(separability, 2)
        self.timed = ConvBlock(d_model, [5, 5], [1, 4], cuts, padding="left", name=f"{name}_timed")

    def build(self, x_shape: Any, *_: Any) -> None:
        self.timed.build(x_shape)
        self.built = True

    def begin(self, g: Any) -> Any:
        signal = short_timing(ops.arange(ops.shape(g)[1]), self.d_model)
        return self.timed(g + ops.cast(signal, g.dtype))

    def begin_step(self, g: Any, position: Any, cache: Tensors) -> tuple[Any, Tensors]:
        signal = short_timing(ops.reshape(position, (1,)), self.d_model)
        return self.timed.step(g + ops.cast(signal, g.dtype), cache)

    def offer(self, h: Any) -> Tensors:
        """What the memory is to hold for this layer, by name."""
        return {}

    def empty(self, h: Any, beams: int, length: Any) -> Tensors:
        """What the cache is to hold under `fixed` before the first step; h is for B and the dtype."""
        return {}


def empty_state(
    h: Any, num_beams: int, max_length: Any, windowed: Iterable[Any], attending: Iterable[Any]
) -> Tensors:
    """The cache before the first step of a decoder made of convolutions, which keep windows, and of
    attention, which keeps keys; h [B, L, D] is for B and the dtype."""
    rows = ops.shape(h)[0] * num_beams
    cache: Tensors = {}
    fixed: Tensors = {}
    for layer in windowed:
        cache |= layer.windows(rows, h.dtype)
    for layer in attending:
        fixed |= layer.empty(h, num_beams, max_length)
    if fixed:
        cache |= {"slots": ops.zeros((rows, max_length), dtype="int32"), "fixed": fixed}
    return cache


def own_keys(cache: Tensors, position: Any) -> tuple[Tensors, Any]:
    """The new `slots` of a cache, and the bias of the keys so far; nothing where there are none."""
    if "fixed" not in cache:
        return {}, None
    beams = next(iter(cache["fixed"].values())).shape[3]
    slots, past = own_past(cache["slots"], position, beams)
    return {"slots": slots}, past


class DotAttend(ConvAttend):
    """[B, T, D] -> [B, T, D]; normalised."""

    def __init__(self, d_model: int, *, separability: int, name: str) -> None:
        super().__init__(d_model, separability=separability, name=name)
        self.norm = LayerNorm(d_model, name="norm")

    def call(self, g: Any, memory: Tensors, training: bool | None = None) -> Any:
        return self.norm(g + self.look(self.begin(g), memory))

    def look(self, c: Any, memory: Tensors) -> Any:
        h = memory["states"]
        logits = ops.matmul(c * self.d_model**-0.5, ops.transpose(h, (0, 2, 1)))  # [B, T, L]
        weights = ops.softmax(ops.cast(logits, "float32") + memory["padding"][:, 0], axis=-1)
        see(self, "weights", weights[:, None])
        return ops.matmul(ops.cast(weights, h.dtype), h)

    def step(
        self, g: Any, position: Any, cache: Tensors, memory: Tensors, past: Any
    ) -> tuple[Any, Tensors, Tensors]:
        """One position: g [B*K, D] to [B*K, D], new windows, and what is new under `fixed`."""
        c, windows = self.begin_step(g, position, cache)
        beams = ops.reshape(c, (ops.shape(memory["states"])[0], -1, self.d_model))
        found = ops.reshape(self.look(beams, memory), ops.shape(g))
        return self.norm(g + found), windows, {}


class HeadAttend(ConvAttend):
    """[B, T, D] -> [B, T, D].

    Args:
        num_heads, dropout: of both attentions.
    """

    def __init__(
        self, d_model: int, *, separability: int, num_heads: int, dropout: float, name: str
    ) -> None:
        super().__init__(d_model, separability=separability, name=name)
        self.own = Attention(d_model, num_heads, dropout=dropout, name="self_attention")
        self.cross = Attention(d_model, num_heads, dropout=dropout, name="cross_attention")

    def build(self, x_shape: Any, *_: Any) -> None:
        super().build(x_shape)
        self.own.build()
        self.cross.build()

    def offer(self, h: Any) -> Tensors:
        return self._named(*self.cross.keys_values(h))

    def call(self, g: Any, memory: Tensors, training: bool | None = None) -> Any:
        c = self.begin(g)
        q = self.own(c, causal_bias(ops.shape(c)[1]), training=training)
        return self.cross.attend(q, *self._of(memory), memory["padding"], training=training)

    def empty(self, h: Any, beams: int, length: Any) -> Tensors:
        none = empty_cache(h, self.own.num_kv_heads, length, beams, self.own.d_head)
        return self._named(none, none)

    def step(
        self, g: Any, position: Any, cache: Tensors, memory: Tensors, past: Any
    ) -> tuple[Any, Tensors, Tensors]:
        """As `DotAttend.step`; past: the bias of the keys so far, see `step_attention.own_past`."""
        c, windows = self.begin_step(g, position, cache)
        q, grown = look_back(self.own, c, self._of(cache["fixed"]), past, position)
        found = attend(self.cross, q, *self._of(memory), memory["padding"])
        return found, windows, self._named(*grown)

    def _named(self, keys: Any, values: Any) -> Tensors:
        return {f"{self.name}_keys": keys, f"{self.name}_values": values}

    def _of(self, tensors: Tensors) -> tuple[Any, Any]:
        return tensors[f"{self.name}_keys"], tensors[f"{self.name}_values"]
