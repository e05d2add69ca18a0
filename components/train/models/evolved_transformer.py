"""Evolved Transformer (So et al. 2019, arXiv 1901.11117), as Tensor2Tensor has it.

    h = x + target_space + timing;     h = encoder cell (h), num_encoder_layers times;      h = LN(h)
    y = shifted y + timing;            y = decoder cell (y, h), num_decoder_layers times;   y = LN(y)

The cells, which a search found, are in `layers/evolved_encoder.py` (gated linear unit, convolutions,
self-attention, network) and `layers/evolved_decoder.py` (two attentions side by side, convolutions,
self-attention, attention over h, network); one counts for two layers of a Transformer. All widths
follow from D, and one rate of dropout is for everything but attention's weights, as in T2T, which
reads neither `filter_size` nor `relu_dropout` here.

Deviation: depthwise weights are drawn as `layers/separable_conv.py` says (T2T: Keras's glorot, which
counts all channels as inputs). No texts are packed into one row: convolutions would mix them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import keras
from keras import ops

from components.train.layers import masks
from components.train.layers.decoder import Pair, Past
from components.train.layers.dropout import Dropout
from components.train.layers.evolved_decoder import DecoderCell, DecoderSublayers
from components.train.layers.evolved_encoder import EncoderCell
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import AttentionOptions, DepthOptions

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options(AttentionOptions, DepthOptions):
    """What the Evolved Transformer alone is told."""


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        sub = Sublayers(
            d_model=hp.d_model,
            num_heads=hp.num_heads,
            d_ff=4 * hp.d_model,
            dropout=hp.dropout,
            attention_dropout=hp.attention_dropout,
            relu_dropout=hp.dropout,
            norm="pre",
        )
        heads = max(hp.num_heads, min(2 * hp.num_heads, 16))
        self.d_model, self.sub, self.wide = hp.d_model, sub, replace(sub, num_heads=heads)
        self.positions, self.drop = sub.absolute("positions"), Dropout(hp.dropout)
        depth = hp.num_encoder_layers or hp.num_layers
        self.encoder = [EncoderCell(sub, name=f"encoder_{i}") for i in range(depth)]
        self.encoder_close = sub.close("encoder_close")
        depth, parts = hp.num_decoder_layers or hp.num_layers, DecoderSublayers(**asdict(sub))
        self.decoder = [DecoderCell(parts, self.wide, name=f"decoder_{i}") for i in range(depth)]
        self.close = sub.close("decoder_close")

    def build(self, *_: Any) -> None:
        shape = (None, None, self.d_model)
        self.target_space = self.add_weight(
            shape=(self.d_model,),
            initializer=keras.initializers.RandomUniform(-0.05, 0.05),
            name="target_space",
        )
        cells: list[keras.layers.Layer] = [*self.encoder, *self.decoder]
        for cell in cells:
            cell.build(shape)
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        bias = masks.padding(mask).bias(1, 1)
        x = self.begin(x + ops.cast(self.target_space, x.dtype), training)
        for cell in self.encoder:
            x = cell(x, mask, bias, training=training)
        h, memory = self.encoder_close(x), {"padding": bias}
        for i, cell in enumerate(self.decoder):
            for which, (keys, values) in zip(("first", "second"), cell.keys_values(h), strict=True):
                memory[f"{which}_keys_{i}"], memory[f"{which}_values_{i}"] = keys, values
        return memory

    def begin(self, x: Any, training: bool | None) -> Any:
        """[B, L, D] with its timing, dropped."""
        places = ops.arange(ops.shape(x)[1], dtype="int32")
        return self.drop(x + ops.cast(self.positions(places), x.dtype), training=training)

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        length = ops.shape(y)[1]
        y, bias = self.begin(y, training), masks.causal().bias(length, length)
        for i, cell in enumerate(self.decoder):
            y = cell(y, bias, self._kept(memory, i), memory["padding"], training=training)
        return self.close(y)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        like, count = memory["first_keys_0"], len(self.decoder)
        # Keys 0 .. n-1 are of the attentions of H heads, n .. 2n-1 of those of more.
        cache = Past.empty(like, self.wide, 2 * count, num_beams, max_length)
        cache["fixed"] |= Past.empty(like, self.sub, count, num_beams, max_length)["fixed"]
        for i, cell in enumerate(self.decoder):
            first, second = cell.branches.windows(ops.shape(like)[0] * num_beams, like.dtype)
            cache |= {f"first_window_{i}": first, f"second_window_{i}": second}
        return cache

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        past, windows = Past(cache, position), {}
        y = y + ops.cast(self.positions(past.place), y.dtype)
        for i, cell in enumerate(self.decoder):
            seen = (cache[f"first_window_{i}"], cache[f"second_window_{i}"])
            keys = (i, len(self.decoder) + i)
            kept = self._kept(memory, i)
            y, seen = cell.step(y, position, past, keys, seen, kept, memory["padding"])
            windows[f"first_window_{i}"], windows[f"second_window_{i}"] = seen
        return self.close(y), {**past.cache(), **windows}

    def _kept(self, memory: dict[str, Any], cell: int) -> tuple[Pair, Pair]:
        first = memory[f"first_keys_{cell}"], memory[f"first_values_{cell}"]
        return first, (memory[f"second_keys_{cell}"], memory[f"second_values_{cell}"])
