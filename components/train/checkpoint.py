"""Weights on disk: safetensors, one tensor a variable, the same bytes for the same values.

`best`, `last` and `average` in `runs/.../checkpoint/` hold the network's weights only, batch
normalization's moving statistics among them; the state to resume from (optimizer, random generators,
position) lives in the working folder, see `state.py`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors.numpy import load_file, save_file

from components.catalog import UserError

CHOICES = ("best", "last", "average")
# Keras numbers layers without a name by how many the process has made before.
NUMBER = re.compile(r"_\d+(?=/|$)")


def weights(network: keras.Model) -> list[Any]:
    """The variables of a checkpoint: those that are trained, then those that are only counted."""
    return [*network.trainable_variables, *network.non_trainable_weights]


def arrays(variables: list[Any]) -> dict[str, np.ndarray]:
    """Variables as NumPy arrays, named by their place in the list and their path."""
    return {
        # Not ascontiguousarray, which makes a vector of a scalar.
        f"{number:04d}/{variable.path}": np.asarray(
            keras.ops.convert_to_numpy(variable.value), order="C"
        )
        for number, variable in enumerate(variables)
    }


def save(values: dict[str, np.ndarray], path: Path) -> None:
    """Writes arrays, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(values, str(partial))
    os.replace(partial, path)


def assign(variables: list[Any], values: dict[str, np.ndarray], source: str) -> None:
    """Sets variables from arrays written by `arrays`.

    Raises UserError if the names or shapes are another network's.
    """
    names = [f"{number:04d}/{variable.path}" for number, variable in enumerate(variables)]
    stored = sorted(values)
    if [NUMBER.sub("", name) for name in names] != [NUMBER.sub("", name) for name in stored]:
        raise UserError(
            f"{source} holds {len(values)} tensors of another model than this one "
            f"({len(names)} variables); was the model's file or its hparams changed since?"
        )
    for name, variable in zip(stored, variables, strict=True):
        if tuple(variable.shape) != values[name].shape:
            raise UserError(
                f"{source}: {name} has shape {values[name].shape}, the model expects "
                f"{tuple(variable.shape)}; were the hparams or the vocabulary changed since?"
            )
        variable.assign(values[name])


def load_weights(network: keras.Model, path: str | Path) -> None:
    """Reads `best`, `last` or `average` of a run into a network of the same build."""
    if not Path(path).exists():
        raise UserError(f"{path} is missing; train the cell first")
    assign(weights(network), load_file(str(path)), str(path))


def mean(paths: list[Path]) -> dict[str, np.ndarray]:
    """The element-wise mean of several checkpoints, summed in float64; of moving statistics too, as
    Tensor2Tensor's avg_checkpoints takes it."""
    total: dict[str, np.ndarray] = {}
    for path in paths:
        for name, value in load_file(str(path)).items():
            total[name] = total.get(name, 0.0) + value.astype(np.float64)
    first = load_file(str(paths[0]))
    return {name: (value / len(paths)).astype(first[name].dtype) for name, value in total.items()}
