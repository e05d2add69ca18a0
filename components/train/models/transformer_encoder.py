"""Transformer encoder, for answers that are not written symbol by symbol.

    h = encoder(x);   one answer: mean of h over the real positions;   one a position: h

Reference: Vaswani et al. 2017, section 3.1; T2T's `transformer_encoder`, which also averages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.layers.encoder import Encoder
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import StackOptions

NEEDS: dict[str, Any] = {"targets": ["class_label", "aligned", "span", "real"]}


@dataclass(frozen=True)
class Options(StackOptions):
    """What the encoder is told; the names are the Transformer's."""


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes; T is 1, or L where answers are aligned."""

    packs = True

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model = hp.d_model
        self.encoder = Encoder(hp.num_layers, Sublayers.of(hp), name="encoder")

    def build(self, *_: Any) -> None:
        self.encoder.build((None, None, self.d_model))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        h = self.encoder(x, mask, training=training)
        real = ops.cast(ops.not_equal(mask, 0), h.dtype)[:, :, None]
        # Rows that only fill up a batch have no real position at all.
        count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
        return {"mean": ops.sum(h * real, axis=1, keepdims=True) / count, "states": h}

    def align(self, memory: dict[str, Any]) -> Any:
        return memory["states"]

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        return y + memory["mean"]

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        return {}

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        beams = ops.reshape(y, (ops.shape(memory["mean"])[0], -1, self.d_model))
        return ops.reshape(beams + memory["mean"], ops.shape(y)), cache
