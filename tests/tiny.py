"""Small problems on disk, one for each way of asking and answering, for tests of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from components.datagen.schema import EOS, Feature, Lengths, Manifest, Split
from components.datagen.shards import serialize, write_shard
from tests.eval.tiny import LABELS, WORDS, column, texts

SIZES = {"train": 200, "dev": 9, "test": 4}
KINDS = ("symbol", "class_label", "image")


def tiny_data(folder: Path, kind: str = "symbol", sizes: dict[str, int] | None = None) -> Manifest:
    """Writes shards, vocabularies and manifest.

    kind: `symbol` copies words a..h (one vocabulary), `class_label` names the first word's label,
      `image` gives 4 x 4 pixels and a label.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "words.tokens.txt").write_text("".join(f"{word}\n" for word in WORDS))
    (folder / "targets.labels.txt").write_text("".join(f"{label}\n" for label in LABELS))
    rng = np.random.default_rng(7)
    splits = {}
    for split, size in (sizes or SIZES).items():
        columns = _columns(rng, kind, size, with_texts=split != "train")
        shard = write_shard(folder / f"{split}-00000-of-00001.tfrecord", serialize(columns))
        lengths = {name: Lengths(1, 5.0, 9, 10) for name in ("inputs", "targets")}
        splits[split] = Split(size, (shard,), lengths)
    words = Feature("symbol", "words.tokens.txt", len(WORDS))
    labels = Feature("class_label", "targets.labels.txt", len(LABELS))
    image = Feature("image", shape=(4, 4, 1), options={"patch": 2})
    features = {
        "inputs": image if kind == "image" else words,
        "targets": words if kind == "symbol" else labels,
    }
    metric = "bleu" if kind == "symbol" else "accuracy"
    manifest = Manifest("tiny", "tiny", features, splits, (metric,), metric, seed=1)
    manifest.save(folder)
    return manifest


def _columns(rng: np.random.Generator, kind: str, size: int, *, with_texts: bool) -> dict:
    rows = [rng.integers(3, len(WORDS), rng.integers(1, 10)).tolist() for _ in range(size)]
    lines = [" ".join(WORDS[i] for i in row) for row in rows]
    pixels = [rng.integers(0, 256, 16).astype(np.uint8).tobytes() for _ in range(size)]
    labels = [row[0] % len(LABELS) for row in rows]
    ids = column([[*row, EOS] for row in rows])
    columns: dict = {"inputs": ids, "targets": ids}
    if kind == "image":
        columns["inputs"] = (pa.array(pixels, pa.binary()), np.arange(size + 1))
    if kind != "symbol":
        columns["targets"] = column([[label] for label in labels])
    if with_texts:
        answers = lines if kind == "symbol" else [LABELS[label] for label in labels]
        columns["targets_text"] = texts(answers)
        if kind != "image":
            columns["inputs_text"] = texts(lines)
    return columns
