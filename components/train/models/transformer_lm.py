"""Decoder-only Transformer: one stack reads the inputs and writes the targets behind them.

    h = [x || shifted y] + positions;   h = wrap(h, self-attention), wrap(h, ffn);   outputs: h at y

`prefix: full` lets the inputs see each other (Tensor2Tensor's prepend_inputs_full_attention; Liu et
al. 2018, arXiv 1801.10198; Raffel et al. 2020, arXiv 1910.10683, "prefix LM"), `prefix: causal` only
their past (prepend_inputs_masked_attention, GPT). Either way they do not see the targets, so they
are read once and their keys kept. A problem without inputs is plain language modelling.

Deviations: the inputs are no targets themselves (T2T's masked variant learns to predict them too);
the zero vector before the first target stands for T2T's separator; no dropout between the two parts.
References: Vaswani et al. 2017 (arXiv 1706.03762); Radford et al. 2018 (GPT).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers import masks
from components.train.layers.decoder import CausalLayer, Past
from components.train.layers.dropout import Dropout
from components.train.layers.segments import places_of, segments_of
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import StackOptions

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options(StackOptions):
    """What the decoder alone is told."""

    prefix: str = setting(
        "full", "whether inputs see all inputs or their past", choices=("full", "causal")
    )


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    packs = True

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.sub = hp.d_model, Sublayers.of(hp)
        self.prefix = masks.causal() if hp.prefix == "causal" else masks.everything()
        self.positions = self.sub.absolute("positions")
        self.drop = Dropout(hp.dropout)
        self.layers = [CausalLayer(self.sub, name=f"layer_{i}") for i in range(hp.num_layers)]
        self.close = self.sub.close("close")

    def build(self, *_: Any) -> None:
        for layer in self.layers:
            layer.build((None, None, self.d_model))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        length, segments = ops.shape(x)[1], segments_of(mask)
        places, seen = places_of(length, segments), self.prefix & masks.padding(mask)
        if segments is not None:
            seen = seen & masks.same_segment(segments, segments)
        bias = seen.bias(length, length)
        x = self.drop(x + ops.cast(self.positions(places), x.dtype), training=training)
        memory = {
            "padding": masks.padding(mask).bias(1, 1),
            "length": ops.sum(ops.cast(ops.not_equal(mask, 0), "int32"), axis=1),
        }
        if segments is not None:
            memory |= {"segments": segments, "places": places}
        for i, layer in enumerate(self.layers):
            x, kept = layer(x, bias, places, training=training)
            memory[f"keys_{i}"], memory[f"values_{i}"] = kept
        memory["states"] = self.close(x)
        return memory

    def align(self, memory: dict[str, Any]) -> Any:
        return memory["states"]

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        batch, length = ops.shape(y)[0], ops.shape(y)[1]
        segments, over, past = memory.get("target_segments"), memory["padding"], masks.causal()
        read = memory["length"][:, None]  # the inputs before each target: [B, 1] or [B, T]
        if segments is not None:
            own = ops.equal(segments[:, :, None], memory["segments"][:, None, :])
            read = ops.sum(ops.cast(own, "int32"), axis=-1)
            over = over + masks.same_segment(segments, memory["segments"]).bias(1, 1)
            past = past & masks.same_segment(segments, segments)
        places = read + places_of(length, segments)  # [B, T]
        key_places = ops.concatenate([self._input_places(memory), places], axis=1)
        given = ops.shape(over)[-1]
        bias = ops.concatenate(
            [
                ops.broadcast_to(over, (batch, 1, length, given)),
                ops.broadcast_to(past.bias(length, length), (batch, 1, length, length)),
            ],
            axis=-1,
        )
        y = self.drop(y + ops.cast(self.positions(places), y.dtype), training=training)
        for i, layer in enumerate(self.layers):
            y, _ = layer(y, bias, places, self._kept(memory, i), key_places, training=training)
        return self.close(y)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        return Past.empty(memory["keys_0"], self.sub, len(self.layers), num_beams, max_length)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        past, length = Past(cache, position), memory["length"][:, None]
        beams = past.bias.shape[2]
        place = length + position  # [B, 1]
        key_places = ops.concatenate([self._input_places(memory), length + past.places[1]], axis=1)
        given = (ops.shape(length)[0], 1, beams, ops.shape(memory["padding"])[-1])
        bias = ops.concatenate([ops.broadcast_to(memory["padding"], given), past.bias], axis=-1)
        if self.positions.adds:
            added = ops.cast(self.positions(place), y.dtype)[:, 0]
            y = y + ops.repeat(added, beams, axis=0)
        for i, layer in enumerate(self.layers):
            y, grown = layer.step(
                y, position, past.of(i), bias, self._kept(memory, i), (place, key_places)
            )
            past.keep(i, grown)
        return self.close(y), past.cache()

    def _input_places(self, memory: dict[str, Any]) -> Any:
        """int32 [B, L]."""
        if "places" in memory:
            return memory["places"]
        batch, length = ops.shape(memory["length"])[0], ops.shape(memory["padding"])[-1]
        return ops.broadcast_to(ops.arange(length, dtype="int32"), (batch, length))

    def _kept(self, memory: dict[str, Any], layer: int) -> tuple[Any, Any]:
        return memory[f"keys_{layer}"], memory[f"values_{layer}"]
