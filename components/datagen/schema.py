"""What lies in `data/<problem>/`: the contract between data generation, training and evaluation.

Standard library only, so that every side may import it.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAD, EOS, UNK = 0, 1, 2
SPLITS = ("train", "dev", "test")
MODALITIES = ("symbol", "class_label", "image")
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Feature:
    """One feature of a problem.

    modality: how a model reads or writes it; one of `MODALITIES`.
      symbol       int64 list of ids, the last one EOS, no padding stored
      class_label  one int64 in [0, vocabulary_size)
      image        one bytes value, uint8, `shape` = (height, width, channels), row major
    vocabulary: the vocabulary's file name in the data folder, None for images.
    options: settings of the modality, e.g. {"patch": 2} for images.
    """

    modality: str
    vocabulary: str | None = None
    vocabulary_size: int | None = None
    shape: tuple[int, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lengths:
    """Statistics over the positions an example takes in a model (symbols with EOS, image patches)."""

    min: int
    mean: float
    p95: int
    max: int


@dataclass(frozen=True)
class Shard:
    """One TFRecord file; `sha256` is of its bytes."""

    file: str
    examples: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Split:
    """One of train, dev and test. `lengths` is keyed by feature name."""

    examples: int
    shards: tuple[Shard, ...]
    lengths: dict[str, Lengths]


@dataclass(frozen=True)
class Manifest:
    """`manifest.json`: everything that training and evaluation know of a problem.

    features: by name; `inputs` and `targets` are always there.
    metrics: names of files under `components/eval/metrics/`, the first is the headline.
    report: counts that people read (sources, dropped, duplicates, leakage), no stage depends on it.
    """

    problem: str
    task: str
    features: dict[str, Feature]
    splits: dict[str, Split]
    metrics: tuple[str, ...]
    dev_metric: str
    seed: int
    report: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> Manifest:
        """Reads `<folder>/manifest.json`. Raises FileNotFoundError or KeyError if it is not one."""
        raw = json.loads((Path(folder) / MANIFEST).read_text(encoding="utf-8"))
        raw["features"] = {
            name: Feature(**{**value, "shape": tuple(value["shape"])})
            for name, value in raw["features"].items()
        }
        raw["splits"] = {
            name: Split(
                examples=value["examples"],
                shards=tuple(Shard(**shard) for shard in value["shards"]),
                lengths={key: Lengths(**item) for key, item in value["lengths"].items()},
            )
            for name, value in raw["splits"].items()
        }
        raw["metrics"] = tuple(raw["metrics"])
        return Manifest(**raw)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes `<folder>/manifest.json`, whole or not at all; the bytes depend on the content only."""
        path = Path(folder) / MANIFEST
        partial = path.with_suffix(".partial")
        text = json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True, ensure_ascii=False)
        partial.write_text(text + "\n", encoding="utf-8")
        os.replace(partial, path)
