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
RESERVED_IDS = 3
SPLITS = ("train", "dev", "test")
MODALITIES = ("symbol", "aligned", "class_label", "span", "real", "image", "audio", "nothing")
STORED = {"symbol": "ids", "aligned": "ids", "class_label": "ids", "span": "ids"} | {
    "real": "floats",
    "image": "bytes",
    "audio": "bytes",
    "nothing": "",
}
"""What a record holds of a feature: int64 list, float list, one bytes value, or nothing at all."""
MANIFEST = "manifest.json"
SHARED_VOCABULARY = "vocabulary.model"
"""The SentencePiece model of several features, and in a mixture of all that is text."""


AUDIO_STRIDE = 4
"""Frames of sound that one position of a model covers, see `components/train/modalities/audio.py`."""


def audio_positions(frames: int) -> int:
    """The positions that so many frames take in a model."""
    return -(-frames // AUDIO_STRIDE)


@dataclass(frozen=True)
class Feature:
    """One feature of a problem.

    modality: how a model reads or writes it; one of `MODALITIES`.
      symbol       int64 list of ids, the last one EOS unless options["eos"] is False; of several
                   texts read as one, the id between them is options["separator"]
      aligned      int64 list of ids, one for each position of the inputs, 0 where none is asked for
      class_label  one int64 in [0, vocabulary_size)
      span         two int64: the first and the last position of a part of the inputs
      real         one float
      image        one bytes value: uint8 pixels, `shape` = (height, width, channels), row major, or
                   with options["encoded"] a PNG or JPEG file, brought to `shape` as it is read
      audio        one bytes value: a WAV file, or with options["stored"] == "log_mel" float32
                   [frames, mels], row major; its positions are kept as `<name>_length`
      nothing      no value: a problem without inputs
    vocabulary: the vocabulary's file name in the data folder, None where there are no symbols.
    options: settings of the modality, e.g. {"patch": 2} for images. With "made" the feature is not
      stored: a transform makes it from the others as a batch is read.
    """

    modality: str
    vocabulary: str | None = None
    vocabulary_size: int | None = None
    shape: tuple[int, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def stored(self) -> str:
        """What a record holds of it, see `STORED`; empty if nothing."""
        return "" if self.options.get("made") else STORED[self.modality]


@dataclass(frozen=True)
class Transform:
    """What is done to a batch as it is read: `components/train/transforms/<name>.py`.

    settings: what its `apply` gets. splits: where it is done. dynamic: drawn anew in every epoch;
    else, and always on dev and test, the same for a record whenever it is read.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    splits: tuple[str, ...] = SPLITS
    dynamic: bool = True


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
    transforms: what is done to a batch as it is read, in this order.
    mixture: of task multi, what `mixing.settings_of` gives; features and metrics are the members'.
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
    transforms: tuple[Transform, ...] = ()
    mixture: dict[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        """The problems of a mixture: their data lie in folders of these names."""
        return tuple(sorted(self.mixture.get("members", ())))

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
        raw["transforms"] = tuple(
            Transform(**{**value, "splits": tuple(value["splits"])})
            for value in raw.get("transforms", ())
        )
        return Manifest(**raw)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes `<folder>/manifest.json`, whole or not at all; the bytes depend on the content only."""
        path = Path(folder) / MANIFEST
        partial = path.with_suffix(".partial")
        text = json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True, ensure_ascii=False)
        partial.write_text(text + "\n", encoding="utf-8")
        os.replace(partial, path)
