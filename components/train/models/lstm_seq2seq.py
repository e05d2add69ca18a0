"""LSTM encoder-decoder without attention (Sutskever et al. 2014, arXiv 1409.3215).

Tensor2Tensor's lstm_seq2seq and lstm_seq2seq_bidirectional_encoder.

    encoder:  h = LSTM(x), num_layers times, over the reversed inputs or both ways
    decoder:  s = LSTM(y), num_layers times, each from the encoder's final state of its layer
    output:   s

Where one answer a position is asked for, the decoder reads the encoder's states in the targets'
place: the aligned encoder-decoder of Liu and Lane 2016 (arXiv 1609.01454), section 3.1.

Deviations from Tensor2Tensor: those of `layers/recurrent.py`; initial weights are Keras's. Dropout
falls on the inputs of every layer, as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.layers.dropout import Dropout
from components.train.layers.recurrent import encoder_stack, read
from components.train.shared_options import RecurrentEncoderOptions

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options(RecurrentEncoderOptions):
    """What the LSTM is told; Tensor2Tensor's lstm_seq2seq says bidirectional: false."""


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model = hp.d_model
        self.drop = Dropout(hp.dropout)
        self.encoder = encoder_stack(
            hp.d_model,
            hp.num_layers,
            bidirectional=hp.bidirectional,
            reverse_inputs=hp.reverse_inputs,
        )
        self.decoder = [
            keras.layers.LSTM(hp.d_model, return_sequences=True, name=f"decoder_{i}")
            for i in range(hp.num_layers)
        ]

    def build(self, *_: Any) -> None:
        for layer in (*self.encoder, *self.decoder):
            layer.build((None, None, self.d_model))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        h, finals = read(self.encoder, x, mask, self.drop, training)
        h = self.drop(h, training=training) * ops.cast(mask, h.dtype)[:, :, None]
        return {**finals, "encoded": h}

    def align(self, memory: dict[str, Any]) -> Any:
        # Not told of training: only what the first layer reads has been through dropout.
        return self.decode(memory["encoded"], memory)

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        for i, layer in enumerate(self.decoder):
            start = [memory[f"h_{i}"], memory[f"c_{i}"]]
            y = self.drop(y, training=training)
            y = layer(y, initial_state=start, training=training)
        return y

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        names = (f"{part}_{i}" for i in range(len(self.decoder)) for part in ("h", "c"))
        return {name: ops.repeat(memory[name], num_beams, axis=0) for name in names}

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        new = {}
        for i, layer in enumerate(self.decoder):
            start = [cache[f"h_{i}"], cache[f"c_{i}"]]
            y, (new[f"h_{i}"], new[f"c_{i}"]) = layer.cell(y, start)
        return y, new
