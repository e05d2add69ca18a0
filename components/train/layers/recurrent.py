"""A stack of LSTMs (Hochreiter and Schmidhuber 1997) that reads padded inputs.

    both directions   h_i = [forward LSTM(h_{i-1}) || backward LSTM(h_{i-1})],  each of width D/2
    one direction     h_i = LSTM(h_{i-1}),  of width D, from the first position or from the last

A masked position leaves the state as it is. So what is read from its last position comes, after
padding that changes nothing, to the last real one: the source reversed by its length, as Sutskever
et al. 2014 (arXiv 1409.3215, section 3.3) and Tensor2Tensor's `tf.reverse_sequence` have it. The
outputs stand where the inputs do.

Deviations from Tensor2Tensor: a direction has width D/2 where there are two (T2T doubles the decoder
instead), and each layer reads both directions of the one below (T2T's two stacks meet at the top).

A list of layers and a function, not a layer: weights keep the names that the body gives them.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.dropout import Dropout


def encoder_stack(
    d_model: int, num_layers: int, *, bidirectional: bool, reverse_inputs: bool
) -> list[keras.layers.Layer]:
    """LSTMs called `encoder_<i>`, for `read`; reverse_inputs: where there is one direction.

    Raises ValueError for two directions and an odd d_model.
    """
    if bidirectional and d_model % 2:
        raise ValueError(f"d_model {d_model} is odd: a direction has half of it")

    def lstm(units: int, name: str, *, backwards: bool) -> keras.layers.LSTM:
        return keras.layers.LSTM(
            units, return_sequences=True, return_state=True, go_backwards=backwards, name=name
        )

    names = [f"encoder_{i}" for i in range(num_layers)]
    if not bidirectional:
        return [lstm(d_model, name, backwards=reverse_inputs) for name in names]
    return [
        keras.layers.Bidirectional(lstm(d_model // 2, "lstm", backwards=False), name=name)
        for name in names
    ]


def read(
    stack: list[keras.layers.Layer], x: Any, mask: Any, drop: Dropout, training: bool | None
) -> tuple[Any, dict[str, Any]]:
    """x [B, L, D], mask [B, L] bool, to outputs [B, L, D] of the last layer and the final states
    `h_<i>` and `c_<i>` [B, D] of each. `drop` is of every layer's inputs."""
    finals = {}
    for i, layer in enumerate(stack):
        x = drop(x, training=training)
        x, *states = layer(x, mask=mask, training=training)
        if isinstance(layer, keras.layers.LSTM) and layer.go_backwards:
            x = ops.flip(x, axis=1)
        finals[f"h_{i}"] = ops.concatenate(states[0::2], axis=-1)
        finals[f"c_{i}"] = ops.concatenate(states[1::2], axis=-1)
    return x, finals
