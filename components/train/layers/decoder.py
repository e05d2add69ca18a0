"""The Transformer's decoder layers, the whole at once or position by position.

    CausalLayer   g = wrap(g, causal self-attention), wrap(g, ffn)
    DecoderLayer  g = wrap(g, causal self-attention), wrap(g, attention over h), wrap(g, ffn)

Reference: Vaswani et al. 2017, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from components.train.layers.step_attention import attend, empty_cache, look_back, own_past
from components.train.layers.sublayers import Sublayers

Pair = tuple[Any, Any]


class CausalLayer(keras.layers.Layer):
    """Self-attention, then feed-forward, each wrapped; may look at keys that stand before its own."""

    def __init__(self, sub: Sublayers, **kwargs: Any) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        self.self_attention = sub.self_attention("self_attention")
        self.feed_forward = sub.ffn("ffn")
        self.wrap_self = sub.wrap("wrap_self")
        self.wrap_ffn = sub.wrap("wrap_ffn")

    def build(self, y_shape: Any, *_: Any) -> None:
        self.self_attention.build()
        self.feed_forward.build(y_shape)
        self.built = True

    def call(
        self,
        y: Any,
        bias: Any,
        places: Any,
        before: Pair | None = None,
        key_places: Any = None,
        training: bool | None = None,
    ) -> tuple[Any, Pair]:
        """y [B, T, D] to [B, T, D] and what it offers to later positions, keys and values [B, H, T, D/H].

        bias: broadcasts to [B, 1, T, L + T]; before: keys and values [B, H, L, D/H] in front of its own;
        places of y, and key_places of all keys where there are some before.
        """
        offered: list[Pair] = []

        def look(h: Any) -> Any:
            own = self.self_attention.keys_values(h, places)
            offered.append(own)
            both = own
            if before is not None:
                both = tuple(
                    ops.concatenate([old, new], axis=2)
                    for old, new in zip(before, own, strict=True)
                )
            seen = (places, places if key_places is None else key_places)
            return self.self_attention.attend(h, *both, bias, training=training, places=seen)

        y = self.wrap_self(y, sublayer=look, training=training)
        y = self.wrap_ffn(
            y, sublayer=lambda h: self.feed_forward(h, training=training), training=training
        )
        return y, offered[0]

    def step(
        self,
        y: Any,
        position: Any,
        cached: Pair,
        past: Any,
        before: Pair | None = None,
        places: Pair | None = None,
    ) -> tuple[Any, Pair]:
        """One position of every beam: y [B*K, D] -> [B*K, D], new cached keys and values.

        For the arguments see `layers/step_attention.py::look_back`.
        """
        grown: list[Pair] = []

        def look(h: Any) -> Any:
            found, new = look_back(self.self_attention, h, cached, past, position, before, places)
            grown.append(new)
            return found

        y = self.wrap_self(y, sublayer=look, training=False)
        y = self.wrap_ffn(
            y, sublayer=lambda h: self.feed_forward(h, training=False), training=False
        )
        return y, grown[0]


class DecoderLayer(keras.layers.Layer):
    """Causal self-attention, attention over the memory, feed-forward, each wrapped."""

    def __init__(self, sub: Sublayers, **kwargs: Any) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        self.self_attention = sub.self_attention("self_attention")
        self.cross_attention = sub.cross_attention("cross_attention")
        self.feed_forward = sub.ffn("ffn")
        self.wrap_self = sub.wrap("wrap_self")
        self.wrap_cross = sub.wrap("wrap_cross")
        self.wrap_ffn = sub.wrap("wrap_ffn")

    def build(self, y_shape: Any, *_: Any) -> None:
        self.self_attention.build()
        self.cross_attention.build()
        self.feed_forward.build(y_shape)
        self.built = True

    def call(
        self,
        y: Any,
        bias: Any,
        memory: Pair,
        memory_bias: Any,
        places: Any = None,
        training: bool | None = None,
        real: Any = None,
    ) -> Any:
        """y [B, T, D] and keys and values of the memory [B, H, L, D/H] -> [B, T, D].

        bias: broadcasts to [B, 1, T, T]; memory_bias: to [B, 1, T, L]; places: [T] or [B, T]; real:
        bool [B, T], for networks that want to know it.
        """
        y = self.wrap_self(
            y,
            sublayer=lambda h: self.self_attention(h, bias, training=training, places=places),
            training=training,
        )
        y = self.wrap_cross(
            y,
            sublayer=lambda h: self.cross_attention.attend(
                h, *memory, memory_bias, training=training
            ),
            training=training,
        )
        return self.wrap_ffn(
            y, sublayer=lambda h: self.transform(h, real, training), training=training
        )

    def transform(self, h: Any, real: Any, training: bool | None) -> Any:
        """The position-wise network; one over experts counts the real positions only."""
        return self.feed_forward(h, training=training)

    def step(
        self,
        y: Any,
        position: Any,
        cached: Pair,
        past: Any,
        memory: Pair,
        memory_bias: Any,
        places: Pair | None = None,
    ) -> tuple[Any, Pair]:
        """One position of every beam: y [B*K, D] -> [B*K, D], new cached keys and values.

        cached [B, H, T, K, D/H] and its bias `past`, memory [B, H, L, D/H] and its bias
        [B, 1, 1, L]: see `layers/step_attention.py`.
        """
        grown: list[Pair] = []

        def look(h: Any) -> Any:
            found, new = look_back(self.self_attention, h, cached, past, position, places=places)
            grown.append(new)
            return found

        y = self.wrap_self(y, sublayer=look, training=False)
        y = self.wrap_cross(
            y,
            sublayer=lambda h: attend(self.cross_attention, h, *memory, memory_bias),
            training=False,
        )
        y = self.wrap_ffn(
            y, sublayer=lambda h: self.feed_forward(h, training=False), training=False
        )
        return y, grown[0]


def offered(layers: Sequence[DecoderLayer], h: Any) -> dict[str, Any]:
    """What a decoder's layers keep of the memory h [B, L, D]: `keys_<i>` and `values_<i>` of each."""
    found: dict[str, Any] = {}
    for i, layer in enumerate(layers):
        found[f"keys_{i}"], found[f"values_{i}"] = layer.cross_attention.keys_values(h)
    return found


class Past:
    """The cache of a stack while it decodes: who may see which of the keys computed so far.

    Leaves: `slots` [B*K, T], and under `fixed`, which no search reorders, keys and values
    [B, H, T, K, D/H] of each layer.
    """

    def __init__(self, cache: dict[str, Any], position: Any) -> None:
        """position: an int scalar, the one that is decoded now."""
        self.fixed: dict[str, Any] = cache["fixed"]
        self.grown: dict[str, Any] = {}
        beams = self.fixed["keys_0"].shape[3]
        self.slots, self.bias = own_past(cache["slots"], position, beams)
        self.place = ops.reshape(position, (1,))
        # Every place K times, as the beams stand beside each other.
        steps = ops.arange(ops.shape(self.slots)[1], dtype="int32")
        self.places = (self.place, ops.repeat(steps, beams))

    @staticmethod
    def empty(
        memory: Any, sub: Sublayers, layers: int, num_beams: int, max_length: Any
    ) -> dict[str, Any]:
        """The cache before the first step; B and the dtype are those of `memory` [B, ...]."""
        none = empty_cache(memory, sub.kv_heads, max_length, num_beams, sub.d_head)
        names = [f"{what}_{i}" for i in range(layers) for what in ("keys", "values")]
        slots = ops.zeros((ops.shape(memory)[0] * num_beams, max_length), dtype="int32")
        return {"slots": slots, "fixed": dict.fromkeys(names, none)}

    def of(self, layer: int) -> Pair:
        """A layer's keys and values so far."""
        return self.fixed[f"keys_{layer}"], self.fixed[f"values_{layer}"]

    def keep(self, layer: int, pair: Pair) -> None:
        self.grown[f"keys_{layer}"], self.grown[f"values_{layer}"] = pair

    def through(
        self, layers: Sequence[DecoderLayer], y: Any, position: Any, memory: dict[str, Any]
    ) -> Any:
        """One position of every beam, y [B*K, D], through a decoder's layers.

        memory: what the layers `offered` and its bias, `padding`.
        """
        for i, layer in enumerate(layers):
            kept = (memory[f"keys_{i}"], memory[f"values_{i}"])
            y, grown = layer.step(
                y, position, self.of(i), self.bias, kept, memory["padding"], self.places
            )
            self.keep(i, grown)
        return y

    def cache(self) -> dict[str, Any]:
        """The cache for the next position."""
        return {"slots": self.slots, "fixed": self.grown}
