"""Image Transformer (Parmar et al. 2018, arXiv 1802.05751): pixels as symbols, one after the other.

    g = shifted y + positions + condition
    g = wrap(g, attention within a window of its own past);   g = wrap(g, ffn)       num_layers times

`local_attention: 1d` cuts the T symbols into blocks of l_q = `block_length`, and each block sees itself
and the one before it (the paper's l_m = 2 l_q); `2d` cuts the image into rectangles, which see rows above
and columns beside them: see `layers/local_attention.py`. Attention costs O(T * window), not O(T^2).

What an image is drawn from (a class, or nothing) is added to every input, as in Tensor2Tensor's
`imagetransformer` and `imagetransformer2d`; `conditioning: attend` reads it by an encoder and attends to
it, as `img2img_transformer` does, for texts and the like. Sampled one symbol at a time, with a cache.

A body sees tensors, and no image: `row_length`, symbols a row (width times channels), has to be said for
2d and for positions by row and column (T2T's timing signal of two dimensions, half the width for each);
0 counts positions in one row. A wrong one is no error, only a worse neighbourhood.

Deviations from Tensor2Tensor: one embedding for the intensities of all channels, which positions tell
apart (T2T has one a channel); weights begin as large as in the Transformer here (T2T: gain 0.2); 2d is
written in reading order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers import masks
from components.train.layers.decoder import Pair, Past
from components.train.layers.dropout import Dropout
from components.train.layers.encoder import Encoder
from components.train.layers.local_attention import (
    Blocks,
    Rectangles,
    Window,
    attend_locally,
    window_bias,
)
from components.train.layers.positions import timing_signal
from components.train.layers.step_attention import attend, look_back
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import DepthOptions, StackOptions

NEEDS: dict[str, Any] = {"targets": ["symbol"]}


@dataclass(frozen=True)
class Options(StackOptions, DepthOptions):
    """What the Image Transformer alone is told."""

    RULES = {
        "local_attention == '1d' or row_length": "row_length {row_length}: local_attention "
        "{local_attention} needs it, the image's width times its channels",
    }
    local_attention: str = setting("1d", "shape of attention's window", choices=("1d", "2d"))
    block_length: int = setting(256, "1d: queries a block", low=1)
    row_length: int = setting(0, "symbols in a row of the image; 0: unknown", low=0)
    query_height: int = setting(16, "2d: rows of a block of queries", low=1)
    query_width: int = setting(16, "2d: columns of a block of queries", low=1)
    memory_height: int = setting(16, "2d: rows above a block that it sees", low=0)
    memory_width: int = setting(32, "2d: columns on either side of a block that it sees", low=0)
    conditioning: str = setting(
        "add",
        "how inputs take part: added to each position, or attended to",
        choices=("add", "attend"),
    )


def window_of(hp: Any) -> Window:
    """What a position sees of the image so far."""
    if hp.local_attention == "1d":
        return Blocks(hp.block_length)
    query, memory = (hp.query_height, hp.query_width), (hp.memory_height, hp.memory_width)
    return Rectangles(hp.row_length, query, memory)


class LocalLayer(keras.layers.Layer):
    """Attention in a window, attention over a memory where there is one, feed-forward; each wrapped."""

    def __init__(self, sub: Sublayers, window: Window, *, attends: bool, **kwargs: Any) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        self.window = window
        self.self_attention = sub.self_attention("self_attention")
        self.feed_forward = sub.ffn("ffn")
        self.wrap_self = sub.wrap("wrap_self")
        self.wrap_ffn = sub.wrap("wrap_ffn")
        self.cross_attention: Any = sub.cross_attention("cross_attention") if attends else None
        self.wrap_cross: Any = sub.wrap("wrap_cross") if attends else None

    def build(self, y_shape: Any, *_: Any) -> None:
        self.self_attention.build()
        if self.cross_attention is not None:
            self.cross_attention.build()
        self.feed_forward.build(y_shape)
        self.built = True

    def call(self, y: Any, bias: Any, memory: Any, training: bool | None = None) -> Any:
        """y [B, T, D], the window's bias, keys, values and bias of the memory or None -> [B, T, D]."""
        y = self.wrap_self(
            y,
            sublayer=lambda h: attend_locally(self.self_attention, h, self.window, bias, training),
            training=training,
        )
        if self.cross_attention is not None:
            y = self.wrap_cross(
                y,
                sublayer=lambda h: self.cross_attention.attend(h, *memory, training=training),
                training=training,
            )
        return self.wrap_ffn(
            y, sublayer=lambda h: self.feed_forward(h, training=training), training=training
        )

    def step(
        self, y: Any, position: Any, cached: Pair, past: Past, memory: Any
    ) -> tuple[Any, Pair]:
        """One position of every beam: y [B*K, D] -> [B*K, D], new cached keys and values."""
        near = self.window.mask.allowed(past.place[:, None], past.places[1][None])  # [1, T*K]
        bias = past.bias + (1.0 - ops.cast(near, "float32")) * masks.MASKED
        grown: list[Pair] = []

        def look(h: Any) -> Any:
            found, new = look_back(
                self.self_attention, h, cached, bias, position, places=past.places
            )
            grown.append(new)
            return found

        y = self.wrap_self(y, sublayer=look, training=False)
        if self.cross_attention is not None:
            y = self.wrap_cross(
                y, sublayer=lambda h: attend(self.cross_attention, h, *memory), training=False
            )
        y = self.wrap_ffn(
            y, sublayer=lambda h: self.feed_forward(h, training=False), training=False
        )
        return y, grown[0]


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.row_length = hp.d_model, hp.row_length
        self.sub, self.window = Sublayers.of(hp), window_of(hp)
        self.positions = self.sub.absolute("positions")
        self.drop = Dropout(hp.dropout)
        self.encoder: Any = None
        if hp.conditioning == "attend":
            self.encoder = Encoder(hp.num_encoder_layers or hp.num_layers, self.sub, name="encoder")
        self.decoder = [
            LocalLayer(self.sub, self.window, attends=self.encoder is not None, name=f"decoder_{i}")
            for i in range(hp.num_decoder_layers or hp.num_layers)
        ]
        self.close = self.sub.close("close")

    def build(self, *_: Any) -> None:
        shape = (None, None, self.d_model)
        if self.encoder is not None:
            self.encoder.build(shape)
        for layer in self.decoder:
            layer.build(shape)
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        if self.encoder is None:
            real = ops.cast(mask, x.dtype)[:, :, None]
            count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
            return {"condition": ops.sum(x * real, axis=1, keepdims=True) / count}
        h = self.encoder(x, mask, training=training)
        memory = {"condition": ops.zeros_like(h[:, :1]), "padding": masks.padding(mask).bias(1, 1)}
        for i, layer in enumerate(self.decoder):
            memory[f"keys_{i}"], memory[f"values_{i}"] = layer.cross_attention.keys_values(h)
        return memory

    def kept(self, layer: int, memory: dict[str, Any]) -> Any:
        """What a layer attends to of the inputs: keys, values, bias; None where they are added."""
        if self.encoder is None:
            return None
        return memory[f"keys_{layer}"], memory[f"values_{layer}"], memory["padding"]

    def placed(self, y: Any, places: Any) -> Any:
        """y [.., D] with the positions of places [T] added, by row and column where they are known."""
        if self.sub.positions != "timing" or not self.row_length:
            return y + ops.cast(self.positions(places), y.dtype)
        half = self.d_model // 2
        row = timing_signal(places // self.row_length, half)
        column = timing_signal(places % self.row_length, self.d_model - half)
        return y + ops.cast(ops.concatenate([row, column], axis=-1), y.dtype)

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        length = ops.shape(y)[1]
        y = self.placed(y + memory["condition"], ops.arange(length, dtype="int32"))
        y, bias = self.drop(y, training=training), window_bias(self.window, length)
        for i, layer in enumerate(self.decoder):
            y = layer(y, bias, self.kept(i, memory), training=training)
        return self.close(y)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        return Past.empty(memory["condition"], self.sub, len(self.decoder), num_beams, max_length)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        past = Past(cache, position)
        batch = ops.shape(memory["condition"])[0]
        beams = ops.reshape(y, (batch, -1, self.d_model)) + memory["condition"]
        y = self.placed(ops.reshape(beams, (-1, self.d_model)), past.place)
        for i, layer in enumerate(self.decoder):
            y, grown = layer.step(y, position, past.of(i), past, self.kept(i, memory))
            past.keep(i, grown)
        return self.close(y), past.cache()
