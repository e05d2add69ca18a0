"""What a tiny network of every model computes, on this process's backend, for comparison.

python -m tests.train.every_model FOLDER
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import keras
import numpy as np

from components.train import checkpoint
from components.train.hparams import Runtime
from components.train.runtime import configure
from tests.train.every_kind import Everything
from tests.train.on_jax import undrawn
from tests.train.tiny_networks import batch_of, cases, network_of

# Whose layers no model uses by itself; every program takes seconds to compile.
VARIANTS = (
    ("transformer:modern", "symbol"),
    ("transformer:relative", "symbol"),
    ("universal_transformer:adaptive", "symbol"),
    ("lstm_attention:luong_heads", "symbol"),
    ("image_transformer:2d", "symbol"),
    ("multimodel", "image"),
)


def computed(folder: Path) -> dict[str, np.ndarray]:
    """Logits and the loss of a step of each model, on the first kind of problem that it takes, and of
    `VARIANTS`.

    Weights are those in `<model>-<kind>.safetensors`, which are drawn and written where there are none.
    """
    found = {}
    first: dict[str, str] = {}
    for model, kind in cases():
        if ":" not in model:
            first.setdefault(model, kind)
    for model, kind in (*first.items(), *VARIANTS):
        file = folder / f"{model}-{kind}.safetensors"
        with undrawn() if file.exists() else contextlib.nullcontext():
            network = network_of(model, kind, folder / kind, label_smoothing=0.1)
        if not file.exists():
            checkpoint.save(checkpoint.arrays(checkpoint.weights(network)), file)
        checkpoint.load_weights(network, file)
        values = Everything(network, "", losses=False).predict_on_batch(batch_of(kind))
        found |= {f"{model} {kind} {key}": np.asarray(value) for key, value in values.items()}
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    np.savez(folder / f"{keras.backend.backend()}.npz", **computed(folder))


if __name__ == "__main__":
    configure(Runtime(backend=os.environ["KERAS_BACKEND"]), seed=1)
    main()
