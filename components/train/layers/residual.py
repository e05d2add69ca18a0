"""How a sublayer F is wrapped.

    PreNorm   x + Drop(F(LN(x)))      T2T's ("n", "da"), its default since 2017-10
    PostNorm  LN(x + Drop(F(x)))      the paper's; T2T's ("none", "dan")

Reference: Vaswani et al. 2017, section 5.4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from components.train.layers.dropout import Dropout
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.rms_norm import RMSNorm

NORMS: dict[str, type[Any]] = {"layer_norm": LayerNorm, "rms_norm": RMSNorm}


class PreNorm(keras.layers.Layer):
    """x + Drop(F(LN(x))); a stack of these ends with one more norm."""

    def __init__(
        self, d_model: int, dropout: float, normalization: str = "layer_norm", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.norm = NORMS[normalization](d_model, name="norm")
        self.drop = Dropout(dropout)
        self.built = True

    def call(self, x: Any, sublayer: Callable[[Any], Any], training: bool | None = None) -> Any:
        normed, x = self.norm.beside(x)
        return x + self.drop(sublayer(normed), training=training)


class PostNorm(keras.layers.Layer):
    """LN(x + Drop(F(x)))."""

    def __init__(
        self, d_model: int, dropout: float, normalization: str = "layer_norm", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.norm = NORMS[normalization](d_model, name="norm")
        self.drop = Dropout(dropout)
        self.built = True

    def call(self, x: Any, sublayer: Callable[[Any], Any], training: bool | None = None) -> Any:
        return self.norm(x + self.drop(sublayer(x), training=training))


class FinalNorm(keras.layers.Layer):
    """The norm that closes a pre-norm stack."""

    def __init__(self, d_model: int, normalization: str = "layer_norm", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm = NORMS[normalization](d_model, name="norm")
        self.built = True

    def call(self, x: Any) -> Any:
        return self.norm(x)


WRAPPERS: dict[str, type[Any]] = {"pre": PreNorm, "post": PostNorm}
