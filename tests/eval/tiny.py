"""Tiny problems on disk and tiny networks, untrained, for tests of prediction and evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from components.datagen.schema import EOS, Feature, Lengths, Manifest, Split
from components.datagen.shards import serialize, write_shard

WORDS = ("<pad>", "</s>", "<unk>", *"abcdefgh")
LABELS = ("cat", "dog", "emu", "fox", "gnu", "hen")
HPARAMS = {
    "transformer": {"d_model": 16, "num_layers": 2, "num_heads": 2, "d_ff": 24},
    "lstm_attention": {"d_model": 16, "num_layers": 2},
    "transformer_encoder": {"d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 24},
}
SIZES = {"train": 4, "dev": 9, "test": 14}


def column(lists: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return np.array([value for one in lists for value in one], np.int64), offsets


def texts(lines: list[str]) -> tuple[pa.Array, np.ndarray]:
    return pa.array(lines, pa.string()), np.arange(len(lines) + 1)


def copying(folder: Path, **changes) -> Manifest:
    """`targets` are `inputs`: words a..h, 1 to 9 of them."""
    rng = np.random.default_rng(7)
    splits = {}
    for name, size in SIZES.items():
        rows = [rng.integers(3, len(WORDS), rng.integers(1, 10)).tolist() for _ in range(size)]
        lines = [" ".join(WORDS[i] for i in row) for row in rows]
        ids = column([[*row, EOS] for row in rows])
        columns = {"inputs": ids, "targets": ids}
        if name != "train":
            columns |= {"inputs_text": texts(lines), "targets_text": texts(lines)}
        splits[name] = _split(folder, name, columns, size)
    (folder / "words.tokens.txt").write_text("".join(f"{word}\n" for word in WORDS))
    words = Feature("symbol", "words.tokens.txt", len(WORDS))
    features = {"inputs": words, "targets": words}
    return _manifest(folder, features, splits, ("bleu", "sequence_accuracy", "perplexity"), changes)


def animals(folder: Path, **changes) -> Manifest:
    """Random 4 x 4 pixels and a label."""
    rng = np.random.default_rng(7)
    splits = {}
    for name, size in SIZES.items():
        pixels = [rng.integers(0, 256, 16).astype(np.uint8).tobytes() for _ in range(size)]
        labels = rng.integers(0, len(LABELS), size).tolist()
        columns = {
            "inputs": (pa.array(pixels, pa.binary()), np.arange(size + 1)),
            "targets": column([[label] for label in labels]),
        }
        if name != "train":
            columns["targets_text"] = texts([LABELS[label] for label in labels])
        splits[name] = _split(folder, name, columns, size)
    (folder / "targets.labels.txt").write_text("".join(f"{label}\n" for label in LABELS))
    features = {
        "inputs": Feature("image", shape=(4, 4, 1), options={"patch": 2}),
        "targets": Feature("class_label", "targets.labels.txt", len(LABELS)),
    }
    return _manifest(folder, features, splits, ("accuracy", "accuracy_top5"), changes)


def _split(folder: Path, name: str, columns: dict, size: int) -> Split:
    shard = write_shard(folder / f"{name}-00000-of-00001.tfrecord", serialize(columns))
    lengths = {"inputs": Lengths(1, 5.0, 9, 9), "targets": Lengths(1, 5.0, 9, 9)}
    return Split(size, (shard,), lengths)


def _manifest(folder, features, splits, metrics, changes) -> Manifest:
    values = {"metrics": metrics, "dev_metric": metrics[0], **changes}
    manifest = Manifest("tiny", "tiny", features, splits, seed=1, **values)
    manifest.save(folder)
    return manifest


def network(manifest: Manifest, model: str, seed: int = 1):
    """Random weights, large enough for outputs that vary."""
    import keras

    from components.train.network import build_network

    keras.utils.set_random_seed(seed)
    built = build_network(manifest, model, HPARAMS[model])
    for weight in built.trainable_weights:
        if weight.path.endswith("embedding"):
            weight.assign(weight * 2.0)
        elif len(weight.shape) > 1:
            weight.assign(weight * 3.0)
    return built
