"""What a network of every kind of features computes, on this process's backend, for comparison.

python -m tests.train.every_kind FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.datagen.schema import Manifest
from components.eval.evaluate import evaluate
from components.train import checkpoint
from components.train.batches import Plan
from components.train.hparams import Runtime, TrainSettings
from components.train.mixed_stream import MixedStream, open_stream
from components.train.network import build_network
from components.train.runtime import configure
from components.train.trainer import train
from tests.train.on_jax import undrawn

SMALL = {"d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 32, "batch_tokens": 512}
MIXTURE = "mixture"


def computed(folder: Path) -> dict[str, np.ndarray]:
    """Logits, the losses of examples and that of a step, for each `<task>-<model>` below `folder`.

    Weights are those in `<task>-<model>.safetensors`, which are drawn and written where there are
    none.
    """
    found = {}
    for data in sorted(path for path in (folder / "data").iterdir()):
        manifest = Manifest.load(data)
        models = ["transformer"]
        if not manifest.members and manifest.features["targets"].modality != "symbol":
            models.append("transformer_encoder")
        for model in models:
            for key, value in _of_network(folder, data, manifest, model).items():
                found[f"{data.name}-{model}-{key}"] = value
    return found


def _of_network(folder: Path, data: Path, manifest: Manifest, model: str) -> dict[str, np.ndarray]:
    members = {name: Manifest.load(data / name) for name in manifest.members}
    with undrawn():
        network = build_network(manifest, model, {**SMALL, "label_smoothing": 0.1}, (), members)
    weights = folder / f"{data.name}-{model}.safetensors"
    if not weights.exists():
        drawn = np.random.default_rng(5)
        for variable in network.trainable_variables:
            variable.assign(drawn.normal(scale=0.3, size=variable.shape).astype(np.float32))
        checkpoint.save(checkpoint.arrays(network.trainable_variables), weights)
    checkpoint.load_weights(network, weights)
    # Filled up to a shape, so that what is only padding is there on both.
    stream = open_stream(data, manifest, Plan(512, 256, seed=3, static=True, growth=1.25))
    found = {}
    if isinstance(stream, MixedStream):
        for name, own in stream.streams.items():
            (batch,) = own.batches(0, 1)
            found |= _values(network, batch, name)
    else:
        (batch,) = stream.batches(0, 1)
        found |= _values(network, batch, "")
    return found


class Everything(keras.Model):
    """Logits, the loss of a step and, if wanted, the losses of examples, as one compiled program.

    A program for each operation, which is what JAX makes of a call alone, takes minutes in all.
    """

    def __init__(self, whole: Any, name: str, losses: bool = True) -> None:
        super().__init__()
        self.whole, self.member, self.with_losses = whole, name, losses
        self.built = True

    def call(self, batch: dict[str, Any], training: bool | None = None) -> dict[str, Any]:
        own = self.whole.members[self.member] if self.member else self.whole
        whole = {self.member: batch} if self.member else batch
        logits = self.whole(whole, training=False)
        found = {
            "logits": logits,
            "loss": self.whole.compute_loss(x=whole, y_pred=logits, training=False),
        }
        if self.with_losses:
            found["losses"] = keras.ops.stack(own.per_example_loss(batch), axis=-1)
        return found


def _values(network: Any, batch: Any, name: str) -> dict[str, np.ndarray]:
    found = Everything(network, name).predict_on_batch(batch)
    return {f"{name}-{key}": np.asarray(one) for key, one in found.items()}


def trained(folder: Path) -> dict[str, Any]:
    """What training the mixture for two steps and evaluating it says.

    With experts, whose balance counts so much that a loss without it would be seen.
    """
    hparams = {**SMALL, "moe_layers": [0], "moe_num_experts": 4, "moe_hidden_size": 16}
    hparams["moe_loss_coef"] = 1000.0
    data = folder / "data" / MIXTURE
    run = folder / f"run-{keras.backend.backend()}"
    done = train(
        data_dir=data,
        model="transformer_moe",
        hparams=hparams,
        settings=TrainSettings(steps=2, eval_steps=2, log_steps=1, dev_examples=0),
        runtime=Runtime(backend=keras.backend.backend()),
        seed=1,
        out_dir=run,
        work_dir=run / "work",
        report=lambda event: None,
    )
    scores = evaluate(
        run_dir=run,
        data_dir=data,
        model="transformer_moe",
        hparams=hparams,
        settings={"bootstrap_samples": 0, "beam_size": 2, "extra_length": 2, "checkpoint": "last"},
        report=lambda event: None,
    )
    lines = map(json.loads, (run / "history.jsonl").read_text().splitlines())
    losses = [line["loss"] for line in lines if line["split"] == "train"]
    return {"trained": done, "losses": losses, "scores": scores}


def main() -> None:
    folder = Path(sys.argv[1])
    np.savez(folder / f"{keras.backend.backend()}.npz", **computed(folder))
    (folder / "trained.json").write_text(json.dumps(trained(folder)))


if __name__ == "__main__":
    configure(Runtime(backend=keras.backend.backend()), seed=1)
    main()
