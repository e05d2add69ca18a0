"""LSTM encoder-decoder with attention (Bahdanau et al. 2015, arXiv 1409.0473).

Luong et al. 2015 (arXiv 1508.04025) compare otherwise; Tensor2Tensor's lstm_seq2seq_attention and
lstm_seq2seq_attention_bidirectional_encoder.

    encoder:  h = [forward LSTM(x) || backward LSTM(x)]       num_layers times, or one way only
    decoder:  s_t = LSTM([y_t || a_{t-1}], s_{t-1})           num_layers of them, a_t fed back
              e_ti = v . tanh(W s_t + U h_i)                  bahdanau
              e_ti = s_t . U h_i                              luong ("general")
              a_t = tanh(C [s_t || sum_i softmax(e_t)_i h_i])
    output:   a_t

Several heads are as many attentions, each with its own v, W, U and C: what is fed back is all of
their a_t, [a_t^1 || ... || a_t^H], and the output is P [a_t^1 || ... || a_t^H] + p.

Deviations from Tensor2Tensor: those of `layers/recurrent.py`; its attention vector has no tanh and
no bias, Luong's equation 5 has the tanh; its heads share U and W (they are one object named several
times), so that luong's all look alike; it attends to padding too. Initial weights are Keras's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.attention import MASKED
from components.train.layers.dropout import Dropout
from components.train.layers.recurrent import encoder_stack, read
from components.train.shared_options import RecurrentEncoderOptions
from components.train.watch import see, watched

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options(RecurrentEncoderOptions):
    """What the LSTM is told; Tensor2Tensor's lstm_seq2seq_attention says bidirectional: false."""

    attention: str = setting(
        "bahdanau", "how a state is compared with the memory", choices=("bahdanau", "luong")
    )
    attention_heads: int = setting(
        1, "attentions over the memory side by side, each of width d_model", low=1
    )


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.num_layers, self.attention = hp.d_model, hp.num_layers, hp.attention
        self.heads = hp.attention_heads
        self.drop = Dropout(hp.dropout)
        self.encoder = encoder_stack(
            hp.d_model,
            hp.num_layers,
            bidirectional=hp.bidirectional,
            reverse_inputs=hp.reverse_inputs,
        )
        self.cells = [
            keras.layers.LSTMCell(hp.d_model, name=f"decoder_{i}") for i in range(hp.num_layers)
        ]
        width = self.heads * hp.d_model
        self.key = keras.layers.Dense(width, use_bias=False, name="key")
        self.combine = [
            keras.layers.Dense(hp.d_model, activation="tanh", name=name)
            for name in ("combine", *(f"combine_{head}" for head in range(1, self.heads)))
        ]
        self.query = keras.layers.Dense(width, name="query")
        self.project: Any = keras.layers.Identity()
        if self.heads > 1:
            self.project = keras.layers.Dense(hp.d_model, name="project")

    def build(self, *_: Any) -> None:
        d, width = self.d_model, self.heads * self.d_model
        for layer in self.encoder:
            layer.build((None, None, d))
        for i, cell in enumerate(self.cells):
            cell.build((None, d + width if i == 0 else d))
        self.key.build((None, None, d))
        for combine in self.combine:
            combine.build((None, 2 * d))
        if self.attention == "bahdanau":
            self.query.build((None, d))
            self.score = self.add_weight(shape=(width,), initializer="glorot_uniform", name="score")
        self.query.built = True  # or unused: see `Rotary`
        self.project.build((None, width))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        x, memory = read(self.encoder, x, mask, self.drop, training)
        real = ops.cast(mask, x.dtype)[:, :, None]
        memory["values"] = x * real
        memory["keys"] = self.by_head(self.key(x))
        memory["padding"] = (1.0 - ops.cast(mask, "float32")) * MASKED
        return memory

    def by_head(self, x: Any) -> Any:
        """[B, L, H*D] to [B, H, L, D]."""
        x = ops.reshape(x, (ops.shape(x)[0], -1, self.heads, self.d_model))
        return ops.transpose(x, (0, 2, 1, 3))

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        y = self.drop(y, training=training)
        # One mask a sequence for each layer boundary (Gal and Ghahramani 2016), because a scan
        # must draw no random numbers.
        batch = ops.shape(y)[0]
        ones = ops.ones((batch, self.d_model), dtype=y.dtype)
        masks = [self.drop(ones, training=training) for _ in self.cells]
        cache = self.init_cache(memory, 1, 0)
        names = sorted(cache)

        def advance(state: tuple[Any, ...], y_t: Any) -> tuple[tuple[Any, ...], Any]:
            _, new = self.advance(y_t, dict(zip(names, state, strict=True)), memory, masks)
            # Keras's scan on TensorFlow wants outputs with the structure of the state.
            carried = tuple(new[name] for name in names)
            return carried, carried

        steps = ops.transpose(y, (1, 0, 2))  # [T, B, D]
        _, states = ops.scan(advance, tuple(cache[name] for name in names), steps)
        if watched():
            # What a scan computes cannot leave it, but its states tell where each position looked.
            top = ops.transpose(states[names.index(f"h_{self.num_layers - 1}")], (1, 0, 2))
            see(self, "weights", self.attention_weights(top, memory))
        attended = ops.transpose(states[names.index("attended")], (1, 0, 2))
        return self.drop(self.project(attended), training=training)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        cache = {}
        for i in range(self.num_layers):
            for part in ("h", "c"):
                cache[f"{part}_{i}"] = ops.repeat(memory[f"{part}_{i}"], num_beams, axis=0)
        cache["attended"] = ops.concatenate([ops.zeros_like(cache["h_0"])] * self.heads, axis=-1)
        return cache

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        attended, new = self.advance(y, cache, memory, None)
        return self.project(attended), new

    def advance(
        self, y: Any, state: dict[str, Any], memory: dict[str, Any], masks: list[Any] | None
    ) -> tuple[Any, dict[str, Any]]:
        """One position of the decoder: y [B*K, D] to attention vectors [B*K, H*D], new state."""
        new = {}
        x = ops.concatenate([y, state["attended"]], axis=-1)
        for i, cell in enumerate(self.cells):
            x, (new[f"h_{i}"], new[f"c_{i}"]) = cell(x, [state[f"h_{i}"], state[f"c_{i}"]])
            if masks is not None:
                x = x * masks[i]
        contexts = self.contexts(x, memory)
        vectors = [
            combine(ops.concatenate([x, contexts[:, head]], axis=-1))
            for head, combine in enumerate(self.combine)
        ]
        new["attended"] = ops.concatenate(vectors, axis=-1)
        return new["attended"], new

    def contexts(self, s: Any, memory: dict[str, Any]) -> Any:
        """What the heads of states [B*K, D] find in the memory: [B*K, H, D]."""
        batch, _, length, _ = ops.shape(memory["keys"])
        # Beams stand beside the sentence whose memory they share.
        weights = self.attention_weights(ops.reshape(s, (batch, -1, self.d_model)), memory)
        # The heads are more rows for the sum: [B, H*K, L].
        weights = ops.cast(ops.reshape(weights, (batch, -1, length)), s.dtype)
        found = ops.matmul(weights, memory["values"])
        found = ops.reshape(found, (batch, self.heads, -1, self.d_model))
        return ops.reshape(ops.transpose(found, (0, 2, 1, 3)), (-1, self.heads, self.d_model))

    def attention_weights(self, s: Any, memory: dict[str, Any]) -> Any:
        """Where the heads of states [B, K, D] look: float32 [B, H, K, L], rows that sum to 1."""
        keys = memory["keys"]  # [B, H, L, D]
        if self.attention == "bahdanau":
            mixed = ops.tanh(self.by_head(self.query(s))[:, :, :, None] + keys[:, :, None])
            score = ops.reshape(ops.cast(self.score, mixed.dtype), (self.heads, 1, 1, -1))
            scores = ops.sum(mixed * score, axis=-1)  # [B, H, K, L]
        else:
            scores = ops.matmul(s[:, None], ops.transpose(keys, (0, 1, 3, 2)))
        scores = ops.cast(scores, "float32") + memory["padding"][:, None, None, :]
        return ops.softmax(scores, axis=-1)
