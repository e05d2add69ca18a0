"""How every layer of a Transformer's stacks is made, said once: heads, widths, norms, positions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import keras

from components.train.layers.attention import Attention
from components.train.layers.feed_forward import FeedForward
from components.train.layers.gated_feed_forward import GatedFeedForward
from components.train.layers.positions import Positions
from components.train.layers.relative_positions import RelativePositions
from components.train.layers.residual import WRAPPERS, FinalNorm
from components.train.layers.rotary import Rotary


@dataclass(frozen=True)
class Sublayers:
    """The parts that a stack is put together from; the fields are those of `StackOptions`."""

    d_model: int
    num_heads: int
    d_ff: int
    dropout: float
    attention_dropout: float
    relu_dropout: float
    norm: str
    num_kv_heads: int = 0
    attention_bias: bool = False
    positions: str = "timing"
    max_relative_position: int = 20
    max_positions: int = 256
    normalization: str = "layer_norm"
    feed_forward: str = "relu"

    @classmethod
    def of(cls, hp: Any) -> Sublayers:
        """As the hparams of a model with `StackOptions` say."""
        return cls(**{field.name: getattr(hp, field.name) for field in fields(cls)})

    @property
    def d_head(self) -> int:
        return self.d_model // self.num_heads

    @property
    def kv_heads(self) -> int:
        """Heads of keys and values in self-attention."""
        return self.num_kv_heads or self.num_heads

    def self_attention(self, name: str) -> Attention:
        """Attention that knows places, if the stack's positions are of attention."""
        positions: Any = None
        if self.positions == "rope":
            positions = Rotary(name="rotary")
        elif self.positions == "relative":
            positions = RelativePositions(self.d_head, self.max_relative_position, name="relative")
        return self._attention(positions, name)

    def cross_attention(self, name: str) -> Attention:
        """Attention over another stack, whose places are no neighbours of one's own."""
        return self._attention(None, name)

    def _attention(self, positions: Any, name: str) -> Attention:
        return Attention(
            self.d_model,
            self.num_heads,
            dropout=self.attention_dropout,
            num_kv_heads=self.num_kv_heads,
            use_bias=self.attention_bias,
            positions=positions,
            name=name,
        )

    def ffn(self, name: str) -> keras.layers.Layer:
        """The position-wise network."""
        if self.feed_forward == "swiglu":
            return GatedFeedForward(
                self.d_model, self.d_ff, relu_dropout=self.relu_dropout, name=name
            )
        return FeedForward(
            self.d_model,
            self.d_ff,
            relu_dropout=self.relu_dropout,
            activation=self.feed_forward,
            name=name,
        )

    def wrap(self, name: str) -> Any:
        """What stands around a sublayer."""
        return WRAPPERS[self.norm](self.d_model, self.dropout, self.normalization, name=name)

    def close(self, name: str) -> keras.layers.Layer:
        """Pre-norm stacks need one more norm at the end; post-norm ones have it already."""
        if self.norm == "pre":
            return FinalNorm(self.d_model, self.normalization, name=name)
        return keras.layers.Identity(name=name)

    def absolute(self, name: str) -> Positions:
        """What is added to the stack's input."""
        return Positions(self.positions, self.d_model, self.max_positions, name=name)
