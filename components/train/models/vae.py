"""Variational autoencoder of sequences: one latent vector for a whole example.

    q(z | y, x)  N(mu, sigma^2) from the mean of a Transformer encoder over the targets y and that of the
                 one over the inputs x;                      p(z) = N(0, I)
    p(y | z, x)  a Transformer decoder over y so far and x, W z added to every one of its inputs
    loss         E_q -log p(y | z, x) + KL(q || p) >= -log p(y | x)

With `autoregressive: false` the decoder sees nothing of y: symbols are independent given z, as in the
autoencoder of images by Kingma and Welling. With it, a decoder does without z if it can (the KL goes to
0): `word_dropout` hides inputs from it, `kl_warmup_steps` and `free_nats` make z cheaper at first.

What is reported is the bound, its expectation taken at one draw (see `layers/latents.py`); bits per
dimension and perplexities are upper bounds. Decoding takes z = 0, the prior's most probable.

References: Kingma and Welling 2014 (arXiv 1312.6114); Bowman et al. 2016 (arXiv 1511.06349).
Deviations from Bowman et al.: Transformers for LSTMs; W z is added (they give it to the first state);
the weight of the KL rises in a straight line, not a sigmoid; hidden words are zeros, not UNK.
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
from components.train.layers.latents import Gaussian, HideInputs, LatentCost, Noise
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import DepthOptions, LatentOptions, StackOptions

NEEDS: dict[str, Any] = {"targets": ["symbol"]}


@dataclass(frozen=True)
class Options(StackOptions, DepthOptions, LatentOptions):
    """What the variational autoencoder alone is told."""


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.size, self.sub = hp.d_model, hp.latent_size, Sublayers.of(hp)
        depth = hp.num_encoder_layers or hp.num_layers
        self.encoder = Encoder(depth, self.sub, name="encoder")
        self.recognition = Encoder(depth, self.sub, name="recognition")
        self.posterior = keras.layers.Dense(2 * self.size, name="posterior")
        self.noise = Noise(self.size, name="noise")
        self.cost = LatentCost(
            hp.kl_weight, warmup_steps=hp.kl_warmup_steps, free_nats=hp.free_nats, name="cost"
        )
        self.condition = keras.layers.Dense(hp.d_model, name="condition")
        self.hide = HideInputs(hp.word_dropout, autoregressive=hp.autoregressive, name="hide")
        self.positions = self.sub.absolute("decoder_positions")
        self.drop = Dropout(hp.dropout)
        count = hp.num_decoder_layers or hp.num_layers
        self.decoder = [DecoderLayer(self.sub, name=f"decoder_{i}") for i in range(count)]
        self.close = self.sub.close("decoder_close")

    def build(self, *_: Any) -> None:
        shape = (None, None, self.d_model)
        self.encoder.build(shape)
        self.recognition.build(shape)
        for layer in self.decoder:
            layer.build(shape)
        self.posterior.build((None, 2 * self.d_model))
        self.cost.build()
        self.condition.build((None, self.size))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        h = self.encoder(x, mask, training=training)
        memory = {
            "padding": masks.padding(mask).bias(1, 1),
            "mean": mean(h, mask),
            "latent": ops.zeros((ops.shape(h)[0], self.size), dtype=h.dtype),
        }
        return memory | offered(self.decoder, h)

    def see_targets(
        self, y: Any, mask: Any, memory: dict[str, Any], training: bool | None = None
    ) -> dict[str, Any]:
        seen = mean(self.recognition(y, mask, training=training), mask)
        q = Gaussian.of(self.posterior(ops.concatenate([seen, memory["mean"]], axis=-1)))
        z = q.draw(self.noise(q.mean[:, None], training=training)[:, 0])
        nats = self.cost(q.kl(Gaussian.standard()), mask, training=training)
        return {**memory, "latent": ops.cast(z, y.dtype), "latent_nats": nats}

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        length = ops.shape(y)[1]
        places, bias = ops.arange(length, dtype="int32"), masks.causal().bias(length, length)
        y = self.hide(y, training=training) + self.condition(memory["latent"])[:, None]
        y = self.drop(y + ops.cast(self.positions(places), y.dtype), training=training)
        for i, layer in enumerate(self.decoder):
            kept = (memory[f"keys_{i}"], memory[f"values_{i}"])
            y = layer(y, bias, kept, memory["padding"], places, training=training)
        return self.close(y)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        return Past.empty(memory["keys_0"], self.sub, len(self.decoder), num_beams, max_length)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        past = Past(cache, position)
        z = self.condition(memory["latent"])[:, None]  # [B, 1, D], for all beams of a sentence
        beams = ops.reshape(self.hide(y), (ops.shape(z)[0], -1, self.d_model)) + z
        y = ops.reshape(beams, (-1, self.d_model))
        y = y + ops.cast(self.positions(past.place), y.dtype)
        y = past.through(self.decoder, y, position, memory)
        return self.close(y), past.cache()


def mean(h: Any, mask: Any) -> Any:
    """The mean [B, D] of h [B, L, D] over the places that are real; 0 where none is."""
    real = ops.cast(mask, h.dtype)[:, :, None]
    return ops.sum(h * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)
