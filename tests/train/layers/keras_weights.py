"""Weights of one of Keras's image networks in layers of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from components.train.layers.residual_conv import ConvRes, Middle

CONVS = (keras.layers.Conv2D, keras.layers.SeparableConv2D)


def units(layers: Iterable[Any]) -> list[Any]:
    """The convolutions with a norm, in the order in which they are computed."""
    found: list[Any] = []
    for layer in layers:
        if isinstance(layer, ConvRes):
            found += [*layer.steps, layer.shortcut]
        else:
            found += layer.steps if isinstance(layer, Middle) else [layer]
    return found


def copied(theirs: keras.Model, mine: Iterable[Any], seed: int = 0) -> None:
    """Draws weights and statistics for `theirs` and gives them to ours, by kind and order.

    A norm of theirs belongs to the convolution whose output it is given.
    """
    rng = np.random.default_rng(seed)
    given = {}
    for layer in theirs.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.epsilon = 1e-5
            given[id(layer.input)] = layer
        for weight in layer.weights:
            positive = "variance" in weight.path or "gamma" in weight.path
            drawn = rng.uniform(0.5 if positive else -1.0, 1.5 if positive else 1.0, weight.shape)
            size = 1.0 if len(weight.shape) == 1 else float(np.prod(weight.shape[:-1]))
            weight.assign((drawn * size**-0.5).astype(np.float32))
    own = units(mine)
    for kind in CONVS:
        convs = [layer for layer in theirs.layers if type(layer) is kind]
        ours = [unit for unit in own if type(unit.conv) is kind]
        for conv, unit in zip(convs, ours, strict=True):
            values = [*conv.weights, *given.pop(id(conv.output)).weights]
            for weight, value in zip([*unit.conv.weights, *unit.norm.weights], values, strict=True):
                assert weight.shape == value.shape, (weight.path, value.path)
                weight.assign(value)
    assert not given
