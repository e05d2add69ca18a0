"""LSTM encoder-decoder with attention (Bahdanau et al. 2015, arXiv 1409.0473; Luong et al. 2015,
arXiv 1508.04025), Tensor2Tensor's lstm_seq2seq_attention with a bidirectional encoder.

    encoder:  h = [forward LSTM(x) || backward LSTM(x)]       num_layers times
    decoder:  s_t = LSTM([y_t || a_{t-1}], s_{t-1})           num_layers of them, a_t fed back
              e_ti = v . tanh(W s_t + U h_i)                  bahdanau
              e_ti = s_t . U h_i                              luong ("general")
              a_t = tanh(C [s_t || sum_i softmax(e_t)_i h_i])
    output:   a_t

Deviations: each direction has width D/2, so that states, memory and output all have width D (T2T
doubles the decoder instead); T2T's attention vector has no tanh, Luong's equation 5 has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.attention import MASKED
from components.train.layers.dropout import Dropout

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options:
    """What the LSTM alone is told."""

    attention: str = setting(
        "bahdanau", "how a state is compared with the memory", choices=("bahdanau", "luong")
    )


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        if hp.d_model % 2:
            raise ValueError("lstm_attention needs an even d_model: half for each direction")
        self.d_model, self.num_layers, self.attention = hp.d_model, hp.num_layers, hp.attention
        self.drop = Dropout(hp.dropout)
        self.encoder = [
            keras.layers.Bidirectional(
                keras.layers.LSTM(
                    hp.d_model // 2, return_sequences=True, return_state=True, name="lstm"
                ),
                name=f"encoder_{i}",
            )
            for i in range(hp.num_layers)
        ]
        self.cells = [
            keras.layers.LSTMCell(hp.d_model, name=f"decoder_{i}") for i in range(hp.num_layers)
        ]
        self.key = keras.layers.Dense(hp.d_model, use_bias=False, name="key")
        self.combine = keras.layers.Dense(hp.d_model, activation="tanh", name="combine")
        self.query = keras.layers.Dense(hp.d_model, name="query")

    def build(self, *_: Any) -> None:
        d = self.d_model
        for layer in self.encoder:
            layer.build((None, None, d))
        for i, cell in enumerate(self.cells):
            cell.build((None, 2 * d if i == 0 else d))
        self.key.build((None, None, d))
        self.combine.build((None, 2 * d))
        if self.attention == "bahdanau":
            self.query.build((None, d))
            self.score = self.add_weight(shape=(d,), initializer="glorot_uniform", name="score")
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        memory: dict[str, Any] = {}
        for i, layer in enumerate(self.encoder):
            x = self.drop(x, training=training)
            x, h_f, c_f, h_b, c_b = layer(x, mask=mask, training=training)
            memory[f"h_{i}"] = ops.concatenate([h_f, h_b], axis=-1)
            memory[f"c_{i}"] = ops.concatenate([c_f, c_b], axis=-1)
        real = ops.cast(mask, x.dtype)[:, :, None]
        memory["values"] = x * real
        memory["keys"] = self.key(x)
        memory["padding"] = (1.0 - ops.cast(mask, "float32")) * MASKED
        return memory

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
        attended = states[names.index("attended")]
        return self.drop(ops.transpose(attended, (1, 0, 2)), training=training)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        cache = {}
        for i in range(self.num_layers):
            for part in ("h", "c"):
                cache[f"{part}_{i}"] = ops.repeat(memory[f"{part}_{i}"], num_beams, axis=0)
        cache["attended"] = ops.zeros_like(cache["h_0"])
        return cache

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        return self.advance(y, cache, memory, None)

    def advance(
        self, y: Any, state: dict[str, Any], memory: dict[str, Any], masks: list[Any] | None
    ) -> tuple[Any, dict[str, Any]]:
        """One position of the decoder: y [B*K, D] to the attention vector [B*K, D], new state."""
        new = {}
        x = ops.concatenate([y, state["attended"]], axis=-1)
        for i, cell in enumerate(self.cells):
            x, (new[f"h_{i}"], new[f"c_{i}"]) = cell(x, [state[f"h_{i}"], state[f"c_{i}"]])
            if masks is not None:
                x = x * masks[i]
        # Beams stand beside the sentence whose memory they share: [B, K, D].
        s = ops.reshape(x, (ops.shape(memory["keys"])[0], -1, self.d_model))
        if self.attention == "bahdanau":
            mixed = ops.tanh(self.query(s)[:, :, None, :] + memory["keys"][:, None, :, :])
            scores = ops.sum(mixed * ops.cast(self.score, mixed.dtype), axis=-1)  # [B, K, L]
        else:
            scores = ops.matmul(s, ops.transpose(memory["keys"], (0, 2, 1)))
        scores = ops.cast(scores, "float32") + memory["padding"][:, None, :]
        weights = ops.cast(ops.softmax(scores, axis=-1), x.dtype)
        context = ops.reshape(ops.matmul(weights, memory["values"]), ops.shape(x))
        new["attended"] = self.combine(ops.concatenate([x, context], axis=-1))
        return new["attended"], new
