"""A position written in place is what `scatter_update` writes; nothing else changes, no one else sees it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="other backends update slices by themselves"
)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("beams", [1, 3, 4])
@pytest.mark.parametrize("width", [1, 2, 8])
def test_the_position_is_written_and_the_rest_kept(dtype: str, beams: int, width: int) -> None:
    import tensorflow as tf

    from components.train.in_place import write_position

    rng = np.random.default_rng(3)
    cached = tf.cast(rng.normal(size=(5, 2, 6, beams, width)), dtype)
    new = tf.cast(rng.normal(size=(6, 5, 2, beams, width)), dtype)

    @tf.function(reduce_retracing=True)
    def written(cached: Any) -> Any:
        for position in tf.range(6):
            if position != 2:
                cached = write_position(cached, new[position], position)
        return cached

    signature = tf.TensorSpec((None, 2, None, beams, width), cached.dtype)
    found = written.get_concrete_function(signature)(cached).numpy()
    expected = cached.numpy().copy()
    for position in (0, 1, 3, 4, 5):
        expected[:, :, position] = new[position].numpy()
    assert (found == expected).all()
    assert (cached.numpy()[:, :, 0] != found[:, :, 0]).any()  # the caller's own is not touched
