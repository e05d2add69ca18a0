"""The settings that each section of params.yaml may hold, read from where they are declared."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from components import catalog, declaration
from components.declaration import Setting
from components.train.hparams import setting

SOURCES = {
    "common": ("components/train/hparams.py", "Hparams"),
    "train": ("components/train/hparams.py", "TrainSettings"),
    "runtime": ("components/train/hparams.py", "Runtime"),
    "eval": ("components/eval/settings.py", "EvalSettings"),
    "tracking": ("pipeline/tracking.py", "TrackingSettings"),
    "beam": ("pipeline/sections.py", "Beam"),
    "grid": ("pipeline/sections.py", "Grid"),
}
# What Beam knows by name; written here because importing Beam takes seconds.
RUNNERS = (
    "BundleBasedDirectRunner",
    "DataflowRunner",
    "DirectRunner",
    "FlinkRunner",
    "FnApiRunner",
    "InteractiveRunner",
    "KafkaStreamsRunner",
    "PortableRunner",
    "PrismRunner",
    "SparkRunner",
    "SwitchingDirectRunner",
    "TestDataflowRunner",
    "TestDirectRunner",
)


@dataclass(frozen=True)
class Grid:
    """The section `grid`: every problem with every model, every set and every seed is a cell."""

    problem: list[str] = field(default_factory=list)
    "problems: files under components/datagen/problems/, or names under `problems:`"
    model: list[str] = field(default_factory=list)
    "models: files under components/train/models/"
    hparams: list[str] = field(default_factory=list)
    "sets: names under `hparams:`, or in components/train/sets"
    seed: list[int] = field(default_factory=list)
    "seeds of initialisation, batches and dropout"
    exclude: list[str] = field(default_factory=list)
    "cells to leave out: patterns problem/model/hparams/seed, cut short at will (image_*/lstm_*)"


@dataclass(frozen=True)
class Beam:
    """The section `beam`: how data generation runs. It changes no byte of the data."""

    runner: str = setting("FnApiRunner", "name of an Apache Beam runner")
    workers: int = setting(1, "processes of a local runner (threads where it cannot fork)", low=1)
    options: dict = field(default_factory=dict)
    "the runner's own options, by Beam's names"


@cache
def settings(section: str) -> tuple[Setting, ...]:
    """The settings of a section, with types, defaults, meanings and limits."""
    file, name = SOURCES[section]
    return declaration.read(catalog.ROOT / file, name).options


def defaults(section: str) -> dict[str, Any]:
    """Every setting of a section at its default."""
    return {one.name: one.default for one in settings(section)}
