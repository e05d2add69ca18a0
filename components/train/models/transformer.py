"""Transformer (Vaswani et al. 2017, arXiv 1706.03762) as Tensor2Tensor trained it.

    encoder:  h = x + target_space + timing;   h = wrap(h, self-attention), wrap(h, ffn)
    decoder:  g = shifted y + timing;          g = wrap(g, causal self-attention),
              wrap(g, attention over h), wrap(g, ffn)

`norm: pre` is T2T's transformer_base (v3), `norm: post` the model of the paper. Embeddings are
scaled by sqrt(D) and zero at padding (the symbol modality does that).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.attention import Attention, causal_bias, padding_bias
from components.train.layers.dropout import Dropout
from components.train.layers.encoder import Encoder, closing_norm
from components.train.layers.feed_forward import FeedForward
from components.train.layers.positions import timing_signal
from components.train.layers.residual import WRAPPERS
from components.train.layers.step_attention import attend, beside, own_past, remember

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options:
    """What the Transformer alone is told."""

    num_heads: int = setting(8, "attention heads; must divide d_model", low=1)
    d_ff: int = setting(2048, "hidden width of the feed-forward networks", low=1)
    num_encoder_layers: int = setting(0, "encoder layers; 0: num_layers", low=0)
    num_decoder_layers: int = setting(0, "decoder layers; 0: num_layers", low=0)
    attention_dropout: float = setting(
        0.1, "dropped share of attention weights", low=0, high=1, open_high=True
    )
    relu_dropout: float = setting(
        0.1, "dropped share inside the feed-forward networks", low=0, high=1, open_high=True
    )
    norm: str = setting("pre", "where layer norm stands", choices=("pre", "post"))


class DecoderLayer(keras.layers.Layer):
    """Causal self-attention, attention over the memory, feed-forward, each wrapped."""

    def __init__(self, hp: Any, **kwargs: Any) -> None:
        # Masks are float32 biases of -1e9, which autocasting to float16 would make infinite.
        super().__init__(autocast=False, **kwargs)
        wrap = WRAPPERS[hp.norm]
        d, heads, drop = hp.d_model, hp.num_heads, hp.attention_dropout
        self.self_attention = Attention(d, heads, dropout=drop, name="self_attention")
        self.cross_attention = Attention(d, heads, dropout=drop, name="cross_attention")
        self.feed_forward = FeedForward(d, hp.d_ff, relu_dropout=hp.relu_dropout, name="ffn")
        self.wrap_self = wrap(d, hp.dropout, name="wrap_self")
        self.wrap_cross = wrap(d, hp.dropout, name="wrap_cross")
        self.wrap_ffn = wrap(d, hp.dropout, name="wrap_ffn")

    def build(self, y_shape: Any, *_: Any) -> None:
        self.self_attention.build()
        self.cross_attention.build()
        self.feed_forward.build(y_shape)
        self.built = True

    def call(
        self,
        y: Any,
        causal: Any,
        keys: Any,
        values: Any,
        padding: Any,
        training: bool | None = None,
    ) -> Any:
        y = self.wrap_self(
            y,
            sublayer=lambda h: self.self_attention(h, causal, training=training),
            training=training,
        )
        y = self.wrap_cross(
            y,
            sublayer=lambda h: self.cross_attention.attend(
                h, keys, values, padding, training=training
            ),
            training=training,
        )
        return self.wrap_ffn(
            y, sublayer=lambda h: self.feed_forward(h, training=training), training=training
        )

    def step(
        self,
        y: Any,
        position: Any,
        cached: tuple[Any, Any],
        past: Any,
        memory: tuple[Any, Any],
        padding: Any,
    ) -> tuple[Any, tuple[Any, Any]]:
        """One position of every beam: y [B*K, D] -> [B*K, D], new cached keys and values.

        cached [B, H, T, K, D/H] and its bias `past`, memory [B, H, L, D/H] and its bias `padding`:
        see `layers/step_attention.py`.
        """
        grown: list[Any] = []

        def look_back(h: Any) -> Any:
            attention = self.self_attention
            new = ops.split(ops.matmul(h, ops.cast(attention.kv_kernel, h.dtype)), 2, axis=-1)
            for old, rows in zip(cached, new, strict=True):
                grown.append(remember(old, beside(attention, rows, old), position))
            batch, heads, length, beams, width = ops.shape(grown[0])
            shape = (batch, heads, length * beams, width)
            keys, values = (ops.reshape(one, shape) for one in grown)
            return attend(attention, h, keys, values, past)

        y = self.wrap_self(y, sublayer=look_back, training=False)
        y = self.wrap_cross(
            y, sublayer=lambda h: attend(self.cross_attention, h, *memory, padding), training=False
        )
        y = self.wrap_ffn(
            y, sublayer=lambda h: self.feed_forward(h, training=False), training=False
        )
        return y, (grown[0], grown[1])


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.num_heads = hp.d_model, hp.num_heads
        self.encoder = Encoder(
            hp.num_encoder_layers or hp.num_layers,
            hp.d_model,
            hp.num_heads,
            hp.d_ff,
            norm=hp.norm,
            dropout=hp.dropout,
            attention_dropout=hp.attention_dropout,
            relu_dropout=hp.relu_dropout,
            name="encoder",
        )
        self.drop = Dropout(hp.dropout)
        count = hp.num_decoder_layers or hp.num_layers
        self.decoder = [DecoderLayer(hp, name=f"decoder_{i}") for i in range(count)]
        self.close = closing_norm(hp.norm, hp.d_model, "decoder_close")

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
        memory = {"padding": padding_bias(mask)}
        for i, layer in enumerate(self.decoder):
            memory[f"keys_{i}"], memory[f"values_{i}"] = layer.cross_attention.keys_values(h)
        return memory

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        length = ops.shape(y)[1]
        timing = timing_signal(ops.arange(length), self.d_model)
        y = self.drop(y + ops.cast(timing, y.dtype), training=training)
        causal = causal_bias(length)
        for i, layer in enumerate(self.decoder):
            y = layer(
                y,
                causal,
                memory[f"keys_{i}"],
                memory[f"values_{i}"],
                memory["padding"],
                training=training,
            )
        return self.close(y)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        batch, dtype = ops.shape(memory["keys_0"])[0], memory["keys_0"].dtype
        width = self.d_model // self.num_heads
        empty = ops.zeros((batch, self.num_heads, max_length, num_beams, width), dtype=dtype)
        names = (f"{what}_{i}" for i in range(len(self.decoder)) for what in ("keys", "values"))
        return {
            "slots": ops.zeros((batch * num_beams, max_length), dtype="int32"),
            "fixed": {name: empty for name in names},
        }

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        timing = timing_signal(ops.reshape(position, (1,)), self.d_model)
        y = y + ops.cast(timing, y.dtype)
        fixed, grown = cache["fixed"], {}
        slots, past = own_past(cache["slots"], position, fixed["keys_0"].shape[3])
        for i, layer in enumerate(self.decoder):
            y, (grown[f"keys_{i}"], grown[f"values_{i}"]) = layer.step(
                y,
                position,
                (fixed[f"keys_{i}"], fixed[f"values_{i}"]),
                past,
                (memory[f"keys_{i}"], memory[f"values_{i}"]),
                memory["padding"],
            )
        return self.close(y), {"slots": slots, "fixed": grown}
