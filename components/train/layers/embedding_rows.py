"""Rows of an embedding matrix, scaled, in the dtype of the computation."""

from __future__ import annotations

from typing import Any

from keras import ops

from components.train.accelerator import repeats_sums


def embedding_rows(table: Any, ids: Any, scale: float, dtype: str) -> Any:
    """scale * table[ids], multiplied in float32: [V, D] and ints [...] to [..., D] of dtype."""
    if repeats_sums():
        from components.train.kernels.rows_of_table import rows_of_table

        return rows_of_table(ops.convert_to_tensor(table), ids, scale, dtype, table.shape[0])
    return ops.cast(ops.take(table, ids, axis=0) * scale, dtype)
