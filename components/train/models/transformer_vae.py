"""Transformer with discrete or continuous latents, Tensor2Tensor's transformer_vae (TransformerAE).

    h    = compress(y)           T targets to M = ceil(T / 2^k): residual convolutions, then k halvings
    l    = bottleneck(h)         semhash, gumbel_softmax, dvq or vae: `layers/*bottlenecks.py`
    p(l) = prior(l so far, x)    a causal Transformer over latents with attention over the inputs
    d    = decompress(l, x)      k times residual convolutions, attention over the inputs, doubling
    g    = decoder(hide(y shifted) + d + positions, x)
    loss = -log p(y | l, x) + KL(q(l | y) || p(l | x))

What is reported is that bound, in full; bits per dimension and perplexities are upper bounds. Decoding
lets the prior write its most probable latents, each when its 2^k targets begin, which every beam shares.

Deviations from Tensor2Tensor. Decompressing is causal, so that a target depends on the latents of its own
stretch and before: latents and targets can then be written by turns, a text has no more latents than it
has length for, and the bound needs no price for their number. The decoder adds what it sees of the
targets to d, where T2T puts d in the place of those it hides; T2T hides 90 to 100 % in the end, which is
`word_dropout` here, and decodes with none (`autoregressive: false`). What it lets grow with the
steps is constant, but for the weight of the latents' cost. Convolutions have no biases.

References: Kaiser et al. 2018 (arXiv 1803.03382); Kaiser and Bengio 2018 (arXiv 1801.09797).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers import masks
from components.train.layers.bottlenecks import Bottleneck, Continuous
from components.train.layers.compression import Compress, Decompress
from components.train.layers.decoder import DecoderLayer, Past
from components.train.layers.discrete_bottlenecks import DVQ, GumbelSoftmax, Semhash
from components.train.layers.dropout import Dropout
from components.train.layers.encoder import Encoder
from components.train.layers.latents import HideInputs, LatentCost
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import DepthOptions, LatentOptions, StackOptions

NEEDS: dict[str, Any] = {"targets": ["symbol"]}


@dataclass(frozen=True)
class Options(StackOptions, DepthOptions, LatentOptions):
    """What the Transformer with latents alone is told."""

    RULES = {
        "bottleneck_kind != 'dvq' or latent_size % latent_parts == d_model % latent_parts == 0": (
            "latent_parts {latent_parts} must divide latent_size {latent_size} and d_model {d_model}"
        ),
    }
    bottleneck_kind: str = setting(
        "semhash", "kind of latents", choices=("semhash", "gumbel_softmax", "dvq", "vae")
    )
    num_compress_steps: int = setting(3, "k: a latent stands for 2^k targets", low=1)
    gumbel_temperature: float = setting(0.5, "gumbel_softmax: of the softmax it draws", low=1e-3)
    latent_parts: int = setting(1, "dvq: parts of a vector with codebooks of their own", low=1)


def bottleneck_of(hp: Any) -> Bottleneck:
    sizes = (hp.d_model, hp.d_ff, hp.latent_size)
    if hp.bottleneck_kind == "semhash":
        return Semhash(*sizes, name="bottleneck")
    if hp.bottleneck_kind == "gumbel_softmax":
        return GumbelSoftmax(*sizes, temperature=hp.gumbel_temperature, name="bottleneck")
    if hp.bottleneck_kind == "dvq":
        return DVQ(*sizes, parts=hp.latent_parts, name="bottleneck")
    return Continuous(*sizes, name="bottleneck")


class Stack(keras.layers.Layer):
    """Positions, dropout, decoder layers over the inputs' keys and values in a memory, norm."""

    def __init__(self, layers: int, sub: Sublayers, name: str) -> None:
        super().__init__(autocast=False, name=name)
        self.positions = sub.absolute("positions")
        self.drop = Dropout(sub.dropout)
        self.layers = [DecoderLayer(sub, name=f"layer_{i}") for i in range(layers)]
        self.close = sub.close("close")

    def build(self, y_shape: Any, *_: Any) -> None:
        for layer in self.layers:
            layer.build(y_shape)
        self.built = True

    def remember(self, h: Any) -> dict[str, Any]:
        """What the layers attend to of the inputs [B, L, D]."""
        memory: dict[str, Any] = {}
        for i, layer in enumerate(self.layers):
            k, v = layer.cross_attention.keys_values(h)
            memory |= {f"{self.name}_keys_{i}": k, f"{self.name}_values_{i}": v}
        return memory

    def kept(self, layer: int, memory: dict[str, Any]) -> tuple[Any, Any]:
        return memory[f"{self.name}_keys_{layer}"], memory[f"{self.name}_values_{layer}"]

    def call(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        """[B, T, D] -> [B, T, D], causal."""
        length = ops.shape(y)[1]
        places, bias = ops.arange(length, dtype="int32"), masks.causal().bias(length, length)
        y = self.drop(y + ops.cast(self.positions(places), y.dtype), training=training)
        for i, layer in enumerate(self.layers):
            y = layer(y, bias, self.kept(i, memory), memory["padding"], places, training=training)
        return self.close(y)

    def step(self, y: Any, position: Any, past: Past, memory: dict[str, Any]) -> Any:
        """[B*K, D] -> [B*K, D]; `past` grows."""
        y = y + ops.cast(self.positions(past.place), y.dtype)
        for i, layer in enumerate(self.layers):
            y, grown = layer.step(
                y,
                position,
                past.of(i),
                past.bias,
                self.kept(i, memory),
                memory["padding"],
                past.places,
            )
            past.keep(i, grown)
        return self.close(y)


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.sub, steps = hp.d_model, Sublayers.of(hp), hp.num_compress_steps
        self.stretch = 2**steps
        count = hp.num_decoder_layers or hp.num_layers
        self.encoder = Encoder(hp.num_encoder_layers or hp.num_layers, self.sub, name="encoder")
        self.positions = self.sub.absolute("positions")
        self.compress = Compress(hp.d_model, hp.dropout, steps, name="compress")
        self.bottleneck = bottleneck_of(hp)
        self.prior = Stack(count, self.sub, name="prior")
        self.predict = keras.layers.Dense(self.bottleneck.prior_width, name="predict")
        self.cost = LatentCost(
            hp.kl_weight, warmup_steps=hp.kl_warmup_steps, free_nats=hp.free_nats, name="cost"
        )
        self.decompress = Decompress(self.sub, steps, name="decompress")
        self.hide = HideInputs(hp.word_dropout, autoregressive=hp.autoregressive, name="hide")
        self.decoder = Stack(count, self.sub, name="decoder")

    def build(self, *_: Any) -> None:
        shape = (None, None, self.d_model)
        for layer in (self.encoder, self.compress, self.prior, self.decompress, self.decoder):
            layer.build(shape)
        self.bottleneck.build()
        self.predict.build(shape)
        self.cost.build()
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        h = self.encoder(x, mask, training=training)
        memory = {"padding": masks.padding(mask).bias(1, 1)}
        return memory | {
            name: kept
            for stack in (self.prior, self.decompress, self.decoder)
            for name, kept in stack.remember(h).items()
        }

    def see_targets(
        self, y: Any, mask: Any, memory: dict[str, Any], training: bool | None = None
    ) -> dict[str, Any]:
        h, real = self.compress(self.placed(y), mask, training=training)
        found = self.bottleneck(h, training=training)
        prior = self.parameters(found.context, memory, training)
        share = ops.cast(real, "float32")
        nats = ops.sum(self.bottleneck.nats(found.posterior, prior) * share, axis=1)
        if training and self.bottleneck.pulls:
            self.add_loss(ops.sum(found.pull * share) / ops.maximum(ops.sum(share), 1.0))
        nats = self.cost(nats, mask, training=training)
        return {**memory, "latents": found.dense, "latent_nats": nats}

    def placed(self, y: Any) -> Any:
        """[B, T, D] with positions added."""
        return y + ops.cast(self.positions(ops.arange(ops.shape(y)[1], dtype="int32")), y.dtype)

    def parameters(self, context: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        """Of p(l_m | l_<m, x): vectors of latents [B, M, D] to float32 [B, M, prior_width]."""
        before = ops.pad(context[:, :-1], [[0, 0], [1, 0], [0, 0]])
        return ops.cast(self.predict(self.prior(before, memory, training=training)), "float32")

    def next_latent(self, m: Any, latents: Any, memory: dict[str, Any]) -> Any:
        """Latents [B, M, D], those before m written, with the most probable one at m."""
        # All M positions once more for each latent, as in T2T: they are few.
        prior = ops.take(self.parameters(latents, memory), ops.reshape(m, (1,)), axis=1)
        here = ops.equal(ops.arange(ops.shape(latents)[1], dtype="int32"), m)[:, None]
        return ops.where(here, ops.cast(self.bottleneck.guess(prior), latents.dtype), latents)

    def unwritten(self, memory: dict[str, Any], length: Any) -> Any:
        """Zeros [B, M, D] for the latents of so many targets."""
        keys = memory["decoder_keys_0"]
        count = (length + self.stretch - 1) // self.stretch
        return ops.zeros((ops.shape(keys)[0], count, self.d_model), dtype=keys.dtype)

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        length = ops.shape(y)[1]
        if "latents" in memory:
            latents = memory["latents"]
        else:
            latents = self.unwritten(memory, length)
            latents = ops.fori_loop(
                0,
                ops.shape(latents)[1],
                lambda m, latents: self.next_latent(m, latents, memory),
                latents,
            )
        d = self.decompress(self.placed(latents), memory, training=training)[:, :length]
        return self.decoder(self.hide(y, training=training) + d, memory, training=training)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        count = len(self.decoder.layers)
        cache = Past.empty(memory["decoder_keys_0"], self.sub, count, num_beams, max_length)
        latents = self.unwritten(memory, max_length)
        cache["fixed"] |= {"latents": latents, "d": ops.repeat(latents, self.stretch, axis=1)}
        return cache

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        past = Past(cache, position)
        latents, d = past.fixed["latents"], past.fixed["d"]

        def write() -> tuple[Any, Any]:
            written = self.next_latent(position // self.stretch, latents, memory)
            return written, self.decompress(self.placed(written), memory)

        latents, d = ops.cond(ops.equal(position % self.stretch, 0), write, lambda: (latents, d))
        here = ops.take(d, past.place, axis=1)  # [B, 1, D], for all beams of a sentence
        beams = ops.reshape(self.hide(y), (ops.shape(d)[0], -1, self.d_model)) + here
        y = self.decoder.step(ops.reshape(beams, (-1, self.d_model)), position, past, memory)
        cache = past.cache()
        cache["fixed"] |= {"latents": latents, "d": d}
        return y, cache
