"""Relative positions of Shaw et al.: a learned vector for each distance, added to keys and values.

    e_ij = q_i . (k_j + a^K_{j-i}) / sqrt(dk),   z_i = sum_j softmax(e)_ij (v_j + a^V_{j-i})

with distances cut at +-max_distance, one table for all heads of a layer.
Reference: Shaw et al. 2018 (arXiv 1803.02155), equations 3 to 5; Tensor2Tensor's
`dot_product_attention_relative`.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class RelativePositions(keras.layers.Layer):
    """What distances add to attention's logits and values.

    Args:
        d_head: D/H.
        max_distance: farther pairs count as if they were so far apart.
    """

    adds_scores = True

    def __init__(self, d_head: int, max_distance: int, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.max_distance = max_distance
        shape = (2 * max_distance + 1, d_head)
        self.key_table = self.add_weight(shape=shape, initializer="glorot_uniform", name="keys")
        self.value_table = self.add_weight(shape=shape, initializer="glorot_uniform", name="values")
        self.built = True

    def turn(self, x: Any, places: Any) -> Any:
        return x

    def scores(self, q: Any, places: Any, key_places: Any) -> Any:
        """Scaled queries [B, H, T, D/H] at places [T] or [B, T] to what is added to [B, H, T, L].

        One place may stand for all queries.
        """
        table = self._rows(self.key_table, places, key_places, q.dtype)
        if table.shape[-3] == 1:
            return ops.matmul(q, ops.swapaxes(table[..., 0, :, :], -1, -2)[..., None, :, :])
        letters = "btld" if len(table.shape) == 4 else "tld"
        return ops.einsum(f"bhtd,{letters}->bhtl", q, table)

    def values(self, weights: Any, places: Any, key_places: Any) -> Any:
        """Weights [B, H, T, L] to what is added to the output [B, H, T, D/H]."""
        table = self._rows(self.value_table, places, key_places, weights.dtype)
        if table.shape[-3] == 1:
            return ops.matmul(weights, table[..., 0, :, :][..., None, :, :])
        letters = "btld" if len(table.shape) == 4 else "tld"
        return ops.einsum(f"bhtl,{letters}->bhtd", weights, table)

    def _rows(self, table: Any, places: Any, key_places: Any, dtype: Any) -> Any:
        """[.., T, L, D/H]: a row of the table for each pair."""
        places, key_places = ops.cast(places, "int32"), ops.cast(key_places, "int32")
        apart = key_places[..., None, :] - places[..., :, None]
        index = ops.clip(apart, -self.max_distance, self.max_distance) + self.max_distance
        return ops.cast(ops.take(table, index, axis=0), dtype)
