"""A tiny network of every model on every kind of problem that it takes, and batches for them.

A model's own test, `tests/train/models/test_<model>.py`, may say what is special about it:

    SMALL      settings of a tiny one
    VARIANTS   other settings by a name, held to the same contract as the model
    IDLE       ends of the paths of weights that get no gradient when one label is asked for
    BLIND      True where targets are read out with no look at those before
"""

from __future__ import annotations

import dataclasses
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.train.hparams import Hparams
from components.train.network import Network, build_network, load_model_module
from tests.tiny import KINDS, tiny_data

FOLDER = Path(__file__).resolve().parents[2] / "components" / "train" / "models"
MODELS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
SMALL = {"d_model": 16, "num_layers": 2, "num_heads": 2, "d_ff": 24}
QUIET = {"dropout": 0.0, "attention_dropout": 0.0, "relu_dropout": 0.0}
MODALITIES = {
    "symbol": ("symbol", "symbol"),
    "class_label": ("symbol", "class_label"),
    "image": ("image", "class_label"),
}


def special(model: str, name: str, default: Any) -> Any:
    """What the model's own test says under a name; model may be `model:variant`."""
    model = model.partition(":")[0]
    if not (Path(__file__).parent / "models" / f"test_{model}.py").is_file():
        return default
    return getattr(import_module(f"tests.train.models.test_{model}"), name, default)


def variants(model: str) -> list[str]:
    """The model and `model:variant` for each that its own test names."""
    return [model, *(f"{model}:{name}" for name in special(model, "VARIANTS", {}))]


def applies(model: str, kind: str) -> bool:
    needs = load_model_module(model).NEEDS
    inputs, targets = MODALITIES[kind]
    return inputs in needs.get("inputs", [inputs]) and targets in needs.get("targets", [targets])


def cases() -> list[tuple[str, str]]:
    """(model, kind) for every kind that a model takes, and (`model:variant`, the first of these)."""
    found = []
    for model in MODELS:
        kinds = [kind for kind in KINDS if applies(model, kind)]
        found += [(model, kind) for kind in kinds]
        found += [(variant, kinds[0]) for variant in variants(model)[1:]]
    return found


def takes(module: Any, values: dict[str, Any]) -> dict[str, Any]:
    known = {
        field.name for owner in (Hparams, module.Options) for field in dataclasses.fields(owner)
    }
    return {name: value for name, value in values.items() if name in known}


def network_of(model: str, kind: str, folder: Path, noise: float = 0.05, **values: Any) -> Network:
    """The network with its weights as drawn, and noise of that deviation added to them."""
    keras.utils.set_random_seed(5)
    model, _, variant = model.partition(":")
    module = load_model_module(model)
    own = {**special(model, "SMALL", {}), **special(model, "VARIANTS", {}).get(variant, {})}
    network = build_network(
        tiny_data(folder, kind), model, takes(module, {**SMALL, **QUIET, **own, **values})
    )
    return _stirred(network, noise)


def _stirred(network: Network, noise: float) -> Network:
    rng = np.random.default_rng(8)
    for weight in network.trainable_weights if noise else []:  # biases too: none is out of play
        weight.assign(weight + rng.normal(0, noise, weight.shape).astype(np.float32))
    return network


_shared: dict[tuple[str, str], tuple[Network, list[np.ndarray]]] = {}


def shared_network(model: str, kind: str, folder: Path, noise: float = 0.05) -> Network:
    """`network_of` with label smoothing, built once a process and every time as if it were new."""
    if (model, kind) not in _shared:
        network = network_of(model, kind, folder, noise=0.0, label_smoothing=0.1)
        drawn = [keras.ops.convert_to_numpy(one) for one in network.variables]
        _shared[model, kind] = network, drawn
    network, drawn = _shared[model, kind]
    for variable, value in zip(network.variables, drawn, strict=True):
        variable.assign(value)
    vars(network.body).pop("see_targets", None)  # of `unseen`
    keras.utils.set_random_seed(5)
    return _stirred(network, noise)


def batch_of(kind: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    inputs = rng.integers(3, 11, (3, 6)).astype(np.int32)
    inputs[1, 4:] = 0
    inputs[2, 2:] = 0
    if kind == "image":
        inputs = rng.integers(0, 256, (3, 4, 4, 1)).astype(np.uint8)
    targets = rng.integers(3, 11, (3, 5)).astype(np.int32)
    targets[0, 3:] = 0
    if kind != "symbol":
        targets = np.array([[1], [0], [4]], np.int32)
    count = np.count_nonzero(targets) if kind == "symbol" else 3
    return {"inputs": inputs, "targets": targets, "tokens": np.full(3, count, np.float32)}


def unseen(network: Network) -> Network:
    """As it decodes: where there are latent variables, the body is shown no targets."""
    if hasattr(network.body, "see_targets"):
        network.body.see_targets = lambda y, mask, memory, training=None: memory
    return network


def logits_of(network: Network, batch: dict[str, np.ndarray]) -> np.ndarray:
    return keras.ops.convert_to_numpy(network(batch, training=False))


def loss_of(network: Network, batch: dict[str, np.ndarray]) -> float:
    return float(network.compute_loss(x=batch, y_pred=network(batch, training=False)))
