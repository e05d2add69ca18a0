"""What happens inside a network, for whoever asks: attention weights, routing, any layer's output.

    with watching(network, layers=["*/encoder/layer_0"]) as seen:
        network(batch, training=False)
    seen["network/body/decoder_0/cross_attention:weights"]   a list of arrays, one a call

Layers offer what is worth a look by `see(self, "weights", tensor)`. Nobody watching, that is nothing;
and a program that is compiled while somebody watches shows nothing, so watch eager calls. `shown_to`
gives the tensors themselves, which a compiled program may return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import keras
import numpy as np

Seen = dict[str, list[np.ndarray]]
Keep = Callable[[keras.layers.Layer, str, Any], None]
"""Told the layer, the name of what it shows, and the tensor."""

_watchers: list[Keep] = []


def see(layer: keras.layers.Layer, name: str, value: Any) -> None:
    """Shows those who watch a tensor of any shape, under `<path of the layer>:<name>`."""
    for keep in _watchers:
        keep(layer, name, value)


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
    paths = {} if network is None else paths_of(network)

    def keep(layer: keras.layers.Layer, name: str, value: Any) -> None:
        path = paths.get(layer, layer.path)
        seen.setdefault(f"{path}:{name}", []).append(keras.ops.convert_to_numpy(value))

    with shown_to(keep, _chosen(paths, layers)):
        yield seen


@contextmanager
def shown_to(keep: Keep, layers: Sequence[keras.layers.Layer] = ()) -> Iterator[None]:
    """Within the block `keep` is told what layers show, and the outputs of these layers."""
    for layer in layers:
        layer.call = _shown(layer, layer.call)
    _watchers.append(keep)
    try:
        yield
    finally:
        _watchers.remove(keep)
        for layer in layers:
            del layer.call


def paths_of(network: keras.Model) -> dict[keras.layers.Layer, str]:
    """Every layer of a network and where it is: Keras knows no path of those that are built as they
    are made."""
    found: dict[keras.layers.Layer, str] = {}

    def walk(layer: keras.layers.Layer, path: str) -> None:
        if layer in found:
            return
        found[layer] = layer.path or path
        for inner in layer._layers:
            walk(inner, f"{found[layer]}/{inner.name}")

    walk(network, network.name)
    return found


def matching(paths: Mapping[keras.layers.Layer, str], pattern: str) -> list[keras.layers.Layer]:
    """The layers whose path a pattern covers, in the order of the network."""
    return [layer for layer, path in paths.items() if fnmatchcase(path, pattern)]


def _shown(layer: keras.layers.Layer, call: Any) -> Any:
    def shown(*args: Any, **kwargs: Any) -> Any:
        output = call(*args, **kwargs)
        if keras.ops.is_tensor(output):
            see(layer, "output", output)
        return output

    return shown


def _chosen(
    paths: Mapping[keras.layers.Layer, str], patterns: Sequence[str]
) -> list[keras.layers.Layer]:
    found: dict[keras.layers.Layer, None] = {}
    for pattern in patterns:
        named = matching(paths, pattern)
        if not named:
            some = ", ".join(list(paths.values())[:8])
            raise ValueError(f"no layer is called {pattern!r}; there are {some}, ...")
        found.update(dict.fromkeys(named))
    return list(found)
