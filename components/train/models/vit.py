"""Vision Transformer (Dosovitskiy et al. 2021, arXiv 2010.11929): an image as patches of pixels.

    h_0 = [c || x_1 ... x_L], dropped         c: the class token; x_i: patch and place, `patches`
    h = h + MSA(LN(h));  h = h + MLP(LN(h))   num_layers times; biases everywhere, GELU in the MLP
    answer: LN(h) at the class token, or its mean over the patches

The problem's `patch` is P: 16 for 224 pixels makes ViT-B/16 of d_model 768. The class token has no
place of its own, which would only be added to it; without a token (`pool: mean`) there is none.
Deviation: no hidden layer before the logits (the paper's, in pretraining alone).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.encoder import Encoder
from components.train.layers.one_answer import OneAnswer
from components.train.layers.sublayers import Sublayers
from components.train.shared_options import AttentionOptions, FeedForwardOptions

NEEDS: dict[str, Any] = {
    "inputs": ["image"],
    "targets": ["class_label", "real"],
    "modalities": {"inputs": {"image": "patches"}},
}


@dataclass(frozen=True)
class Options(AttentionOptions, FeedForwardOptions):
    """What ViT alone is told."""

    pool: str = setting(
        "class", "what is asked: a token, or all patches", choices=("class", "mean")
    )


class Body(OneAnswer):
    """See `components/train/body.py` for the shapes; T is 1."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.by_token = hp.d_model, hp.pool == "class"
        sub = Sublayers(
            hp.d_model,
            hp.num_heads,
            hp.d_ff,
            dropout=hp.dropout,
            attention_dropout=hp.attention_dropout,
            relu_dropout=hp.relu_dropout,
            norm="pre",
            attention_bias=True,
            positions="none",
            feed_forward="gelu",
        )
        self.encoder = Encoder(hp.num_layers, sub, name="encoder")

    def build(self, *_: Any) -> None:
        if self.by_token:
            draw = keras.initializers.RandomNormal(stddev=0.02)
            self.token = self.add_weight(shape=(self.d_model,), initializer=draw, name="token")
        self.encoder.build((None, None, self.d_model))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        if not self.by_token:
            h = self.encoder(x, mask, training=training)
            return {"answer": ops.mean(h, axis=1, keepdims=True)}
        shape = (ops.shape(x)[0], 1, self.d_model)
        token = ops.broadcast_to(ops.cast(self.token, x.dtype), shape)
        there = ops.concatenate([mask[:, :1], mask], axis=1)
        h = self.encoder(ops.concatenate([token, x], axis=1), there, training=training)
        return {"answer": h[:, :1]}
