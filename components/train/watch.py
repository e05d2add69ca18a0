"""What happens inside a network, for whoever asks: attention weights, routing, any layer's output.

    with watching(network, layers=["*/encoder/layer_0"]) as seen:
        network(batch, training=False)
    seen["network/body/decoder_0/cross_attention:weights"]   a list of arrays, one a call

Layers offer what is worth a look by `see(self, "weights", tensor)`. Nobody watching, that is nothing;
and a program that is compiled while somebody watches shows nothing, so watch eager calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import keras
import numpy as np

Seen = dict[str, list[np.ndarray]]

_watchers: list[Seen] = []


def see(layer: keras.layers.Layer, name: str, value: Any) -> None:
    """Shows those who watch a tensor of any shape, under `<path of the layer>:<name>`."""
    for seen in _watchers:
        seen.setdefault(f"{layer.path}:{name}", []).append(keras.ops.convert_to_numpy(value))


def watched() -> bool:
    """Whether anybody watches, for what costs something to compute."""
    return bool(_watchers)


@contextmanager
def watching(network: keras.Model | None = None, layers: Sequence[str] = ()) -> Iterator[Seen]:
    """What layers show by `see` within the block, by name, in the order of the calls.

    Args:
        network: where `layers` are looked for.
        layers: patterns of layers' paths, `*` for anything: their outputs are seen too, as
            `<path>:output`.

    Raises ValueError for a pattern that no layer has, naming some that there are.
    """
    seen: Seen = {}
    chosen = _chosen(network, layers) if network is not None else []
    for layer in chosen:
        layer.call = _shown(layer, layer.call)
    _watchers.append(seen)
    try:
        yield seen
    finally:
        _watchers.remove(seen)
        for layer in chosen:
            del layer.call


def _shown(layer: keras.layers.Layer, call: Any) -> Any:
    def shown(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        if keras.ops.is_tensor(output):
            see(layer, "output", output)
        return output

    return shown


def _chosen(network: keras.Model, patterns: Sequence[str]) -> list[keras.layers.Layer]:
    known = {layer.path: layer for layer in network._flatten_layers()}
    found = []
    for pattern in patterns:
        named = [layer for path, layer in known.items() if fnmatchcase(path, pattern)]
        if not named:
            some = ", ".join(list(known)[:8])
            raise ValueError(f"no layer is called {pattern!r}; there are {some}, ...")
        found += named
    return found
