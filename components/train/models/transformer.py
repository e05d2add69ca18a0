"""Transformer (Vaswani et al. 2017, arXiv 1706.03762) as Tensor2Tensor trained it.

    encoder:  h = x + target_space + positions;   h = wrap(h, self-attention), wrap(h, ffn)
    decoder:  g = shifted y + positions;          g = wrap(g, causal self-attention),
              wrap(g, attention over h), wrap(g, ffn)

`norm: pre` is T2T's transformer_base (v3), `norm: post` the model of the paper. Embeddings are
scaled by sqrt(D) and zero at padding (the symbol modality does that). Positions may be Shaw's
relative ones or rotary, norms RMS, networks gated, keys fewer than queries: see `StackOptions`.
Several texts may be packed into one row: each sees itself alone (see `layers/segments.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.layers import masks
from components.train.layers.decoder import DecoderLayer, Past, offered
from components.train.layers.dropout import Dropout
from components.train.layers.encoder import Encoder
from components.train.layers.segments import places_of, segments_of
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import DepthOptions, StackOptions

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options(StackOptions, DepthOptions):
    """What the Transformer alone is told."""


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    packs = True

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.sub = hp.d_model, Sublayers.of(hp)
        self.encoder = Encoder(hp.num_encoder_layers or hp.num_layers, self.sub, name="encoder")
        self.positions = self.sub.absolute("decoder_positions")
        self.drop = Dropout(hp.dropout)
        count = hp.num_decoder_layers or hp.num_layers
        self.decoder = [DecoderLayer(self.sub, name=f"decoder_{i}") for i in range(count)]
        self.close = self.sub.close("decoder_close")

    def build(self, *_: Any) -> None:
        shape = (None, None, self.d_model)
        # T2T adds a learned vector of the target space (the task) to the encoder's input.
        self.target_space = self.add_weight(
            shape=(self.d_model,),
            initializer=keras.initializers.RandomUniform(-0.05, 0.05),
            name="target_space",
        )
        self.encoder.build(shape)
        for layer in self.decoder:
            layer.build(shape)
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        h = self.encoder(x + ops.cast(self.target_space, x.dtype), mask, training=training)
        memory = {"padding": masks.padding(mask).bias(1, 1)}
        if segments_of(mask) is not None:
            memory["segments"] = mask
        return memory | offered(self.decoder, h)

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        length = ops.shape(y)[1]
        allowed, over, segments = masks.causal(), memory["padding"], memory.get("target_segments")
        if segments is not None:
            allowed = allowed & masks.same_segment(segments, segments)
            over = over + masks.same_segment(segments, memory["segments"]).bias(1, 1)
        places, bias = places_of(length, segments), allowed.bias(length, length)
        y = self.drop(y + ops.cast(self.positions(places), y.dtype), training=training)
        for i, layer in enumerate(self.decoder):
            kept = (memory[f"keys_{i}"], memory[f"values_{i}"])
            y = layer(y, bias, kept, over, places, training=training)
        return self.close(y)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        return Past.empty(memory["keys_0"], self.sub, len(self.decoder), num_beams, max_length)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        past = Past(cache, position)
        y = y + ops.cast(self.positions(past.place), y.dtype)
        y = past.through(self.decoder, y, position, memory)
        return self.close(y), past.cache()
