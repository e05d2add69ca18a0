"""A tiny translation problem on disk, with SentencePiece symbols, and random weights for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.datagen.generate import generate
from components.datagen.problem import from_settings
from components.datagen.schema import Manifest
from components.train import checkpoint
from components.train.network import Network, build_network

HPARAMS: dict[str, Any] = {"d_model": 32, "num_layers": 2, "num_heads": 4, "d_ff": 48}
WORDS = (
    "one two three four five six seven eight nine ten red green blue dogs cats run sleep".split()
)


def write_pairs(folder: Path) -> Path:
    """200 training, 30 dev and 20 test pairs of a text and its letters backwards."""
    rng = np.random.default_rng(1)
    for split, size in (("train", 200), ("dev", 30), ("test", 20)):
        rows = [" ".join(rng.choice(WORDS, rng.integers(1, 9))) for _ in range(size)]
        (folder / f"{split}.tsv").write_text("".join(f"{row}\t{row[::-1]}\n" for row in rows))
    splits = {split: str(folder / f"{split}.tsv") for split in ("train", "dev", "test")}
    settings = {"task": "translation", "vocabulary_size": 80, **splits}
    generate(from_settings("pairs", settings, None), "pairs", folder / "data")
    return folder / "data"


def random_network(data: Path, hparams: dict[str, Any], model: str = "transformer") -> Network:
    """Weights large enough for outputs that vary."""
    keras.utils.set_random_seed(2)
    network = build_network(Manifest.load(data), model, hparams)
    rng = np.random.default_rng(8)
    for weight in network.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.2, weight.shape).astype(np.float32))
    return network


def saved(network: Network, path: Path) -> Path:
    checkpoint.save(checkpoint.arrays(network.trainable_variables), path)
    return path
