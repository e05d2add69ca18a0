"""Small splits as the encoder would hand them over, with the plain lists that they are made of."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.datagen.schema import UNK, Feature, Lengths, Manifest, Split
from components.datagen.statistics.sketch import Statistics

WORDS = ["<pad>", "</s>", "<unk>", *(f"w{number}" for number in range(20))]
FEATURES = {
    "inputs": Feature("symbol", "inputs.tokens.txt", len(WORDS)),
    "targets": Feature("class_label", "targets.labels.txt", 3),
}


class Made:
    """texts, ids, labels: one a row."""

    def __init__(self, rows: int = 300, seed: int = 0) -> None:
        draw = random.Random(seed)
        self.ids = [
            [*(draw.choice((UNK, *range(3, 12))) for _ in range(draw.randint(1, 3))), 1]
            for _ in range(rows)
        ]
        self.texts = [" ".join(WORDS[index] for index in row[:-1]) for row in self.ids]
        self.labels = [draw.choice((0, 0, 2)) for _ in range(rows)]
        self.rows = rows

    def part(self, start: int, stop: int, planned: int | None = None) -> Statistics:
        """The statistics of rows start to stop."""
        found = Statistics(FEATURES, planned or self.rows)
        ids, labels = self.ids[start:stop], self.labels[start:stop]
        offsets = np.cumsum([0, *map(len, ids)])
        flat = np.array([index for row in ids for index in row], np.int32)
        inputs = pa.array(self.texts[start:stop])
        targets = pa.array([f"label {label}" for label in labels])
        found.add(
            pa.RecordBatch.from_pydict({"inputs": inputs, "targets": targets}),
            {
                "inputs": np.bincount(flat, minlength=FEATURES["inputs"].vocabulary_size or 0),
                "targets": np.bincount(labels, minlength=FEATURES["targets"].vocabulary_size or 0),
            },
            {"inputs": np.diff(offsets), "targets": np.ones(len(ids), np.int32)},
            np.arange(start, stop),
        )
        return found


def manifest(features: dict[str, Feature] = FEATURES, rows: int = 12345) -> Manifest:
    """A manifest of three splits; train has `rows` rows."""
    own = {name: Lengths(1, 2.5, 3, 4) for name in features}
    return Manifest(
        "tiny",
        "text_classification",
        features,
        {split: Split(rows if split == "train" else 5, (), own) for split in ("test", "train")},
        ("accuracy",),
        "accuracy",
        0,
        {
            "licence": "CC <BY>",
            "sources": [
                {"split": "train", "format": "csv", "files": [{"path": "a.csv", "sha256": "ab"}]}
            ],
            "rows": {"train": {"kept": rows, "read": rows + 1, "too_long": 7}},
            "dropped": ["too_long"],
            "leakage": {"test_in_train": {"rows": 1, "inputs": 2, "of": 5}},
        },
    )


def write_vocabularies(folder: Path) -> None:
    (folder / "inputs.tokens.txt").write_text("".join(f"{word}\n" for word in WORDS))
    (folder / "targets.labels.txt").write_text("label 0\nlabel 1\nlabel 2\n")
