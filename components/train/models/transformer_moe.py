"""Transformer with mixtures of experts in some layers (Shazeer et al. 2017, arXiv 1701.06538).

    encoder:  h = x + target_space + positions;   h = wrap(h, self-attention), wrap(h, F)
    decoder:  g = shifted y + positions;          g = wrap(g, causal self-attention),
              wrap(g, attention over h), wrap(g, F)
    F(h) = relu(h W1 + b1) W2 + b2, or in the layers of `moe_layers` the mixture
    F(h) = sum over k of E experts of gate_i(h) relu(h W1_i) W2_i        (see `layers/experts.py`)

Tensor2Tensor's transformer_moe (research), whose experts are as wide as `moe_hidden_size` says and
have no dropout inside; here they have `relu_dropout`, as the networks they stand for. Deviations: T2T
adds a sublayer's output to its normalised input, which loses what the residual is for; here it is
added to the input. Its other kinds of attention and networks (loc, red, sep) are other models' ideas.
Evaluation and decoding drop no position, whatever `moe_capacity_factor` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers import masks
from components.train.layers.decoder import DecoderLayer, Past, offered
from components.train.layers.dropout import Dropout
from components.train.layers.encoder import EncoderLayer
from components.train.layers.experts import Experts
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import DepthOptions, ExpertOptions, StackOptions

NEEDS: dict[str, Any] = {}


@dataclass(frozen=True)
class Options(StackOptions, DepthOptions, ExpertOptions):
    """What the Transformer with experts alone is told."""

    RULES = {
        "all(0 <= i < max(num_encoder_layers or num_layers, num_decoder_layers or num_layers) "
        "for i in moe_layers)": "moe_layers {moe_layers}: layers are counted from 0, and there are "
        "not so many; num_layers is {num_layers}",
    }
    moe_layers: tuple[int, ...] = setting(
        (), "layers of each stack, counted from 0, that have experts; []: every second one"
    )


@dataclass(frozen=True, kw_only=True)
class ExpertSublayers(Sublayers):
    """Sublayers of a layer whose feed-forward network is a mixture."""

    moe_num_experts: int
    moe_k: int
    moe_hidden_size: int
    moe_loss_coef: float
    moe_capacity_factor: float

    def ffn(self, name: str) -> keras.layers.Layer:
        return Experts(
            self.d_model,
            num_experts=self.moe_num_experts,
            k=self.moe_k,
            hidden=self.moe_hidden_size,
            loss_coef=self.moe_loss_coef,
            capacity_factor=self.moe_capacity_factor,
            dropout=self.relu_dropout,
            name="experts",
        )


class EncoderMixture(EncoderLayer):
    """An encoder layer whose network is over experts."""

    def transform(self, h: Any, real: Any, training: bool | None) -> Any:
        return self.feed_forward(h, real, training=training)


class DecoderMixture(DecoderLayer):
    """A decoder layer whose network is over experts; while decoding all positions are real."""

    def transform(self, h: Any, real: Any, training: bool | None) -> Any:
        return self.feed_forward(h, real, training=training)


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.sub = hp.d_model, Sublayers.of(hp)
        mixed = ExpertSublayers.of(hp)
        depths = (hp.num_encoder_layers or hp.num_layers, hp.num_decoder_layers or hp.num_layers)
        self.mixtures = [mixtures(hp.moe_layers, depth) for depth in depths]
        self.encoder_positions = self.sub.absolute("encoder_positions")
        self.decoder_positions = self.sub.absolute("decoder_positions")
        self.drop = Dropout(hp.dropout)
        self.encoder: list[Any] = [
            EncoderMixture(mixed, name=f"encoder_{i}")
            if i in self.mixtures[0]
            else EncoderLayer(self.sub, name=f"encoder_{i}")
            for i in range(depths[0])
        ]
        self.decoder: list[Any] = [
            DecoderMixture(mixed, name=f"decoder_{i}")
            if i in self.mixtures[1]
            else DecoderLayer(self.sub, name=f"decoder_{i}")
            for i in range(depths[1])
        ]
        self.close_encoder = self.sub.close("encoder_close")
        self.close_decoder = self.sub.close("decoder_close")

    def build(self, *_: Any) -> None:
        shape = (None, None, self.d_model)
        # T2T adds a learned vector of the target space (the task) to the encoder's input.
        self.target_space = self.add_weight(
            shape=(self.d_model,),
            initializer=keras.initializers.RandomUniform(-0.05, 0.05),
            name="target_space",
        )
        for layer in (*self.encoder, *self.decoder):
            layer.build(shape)
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        length = ops.shape(x)[1]
        places, bias = ops.arange(length, dtype="int32"), masks.padding(mask).bias(1, 1)
        x = x + ops.cast(self.target_space + self.encoder_positions(places), x.dtype)
        h = self.drop(x, training=training)
        for layer in self.encoder:
            h = layer(h, bias, places, training=training, real=mask)
        h = self.close_encoder(h)
        memory = {"padding": bias, "real": mask}
        return memory | offered(self.decoder, h)

    def see_targets(
        self, y: Any, mask: Any, memory: dict[str, Any], training: bool | None = None
    ) -> dict[str, Any]:
        """Nothing of them is looked at but which are real, for the decoder's experts."""
        return {**memory, "asked": mask}

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        length, asked = ops.shape(y)[1], self._asked(y, memory)
        places = ops.arange(length, dtype="int32")
        bias = masks.causal().bias(length, length)
        y = self.drop(y + ops.cast(self.decoder_positions(places), y.dtype), training=training)
        for i, layer in enumerate(self.decoder):
            kept = (memory[f"keys_{i}"], memory[f"values_{i}"])
            y = layer(y, bias, kept, memory["padding"], places, training=training, real=asked)
        return self.close_decoder(y)

    def _asked(self, y: Any, memory: dict[str, Any]) -> Any:
        """Which positions of y are real, [B, T]; None if that is not known, and all count."""
        if "asked" in memory:
            return memory["asked"]
        inputs = memory["real"]
        if y.shape[1] == 1:  # one answer, asked for where there are inputs
            return ops.any(inputs, axis=1, keepdims=True)
        return inputs if y.shape[1] == inputs.shape[1] else None  # answers beside the inputs

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        return Past.empty(memory["keys_0"], self.sub, len(self.decoder), num_beams, max_length)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        past = Past(cache, position)
        y = y + ops.cast(self.decoder_positions(past.place), y.dtype)
        y = past.through(self.decoder, y, position, memory)
        return self.close_decoder(y), past.cache()


def mixtures(chosen: Sequence[int], depth: int) -> set[int]:
    """The layers with experts of a stack: those chosen; of none, 1, 3, ..., or the only one."""
    return set(chosen) if chosen else set(range(1, depth, 2)) or {0}
