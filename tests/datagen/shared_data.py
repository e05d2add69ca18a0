"""The real data sets that measurements use, where this checkout has them beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from components import catalog
from components.datagen.problem import Problem, from_settings

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TENSORGRID_SHARED", ROOT.parent / "shared")) / "data"

# What params.yaml would say to read a problem's splits from local copies.
LOCAL: dict[str, dict[str, str]] = {
    "translate_ende_multi30k": dict.fromkeys(("train", "dev", "test"), "multi30k/task1"),
    "translate_enfr_multi30k": dict.fromkeys(("train", "dev", "test"), "multi30k/task1"),
    "parse_treebank": {
        split: f"treebank/{split}.clean.mrg.gz" for split in ("train", "dev", "test")
    },
    "image_mnist": dict.fromkeys(("train", "test"), "mnist"),
}
NEEDS_DOWNLOAD = {"translate_ende_wmt14": "1.6 GB of downloads; see test_wmt14.py"}


def local_problem(name: str) -> Problem:
    """The problem `name` on local data. Skips the test where there is none."""
    if name in NEEDS_DOWNLOAD:
        pytest.skip(f"{name} needs {NEEDS_DOWNLOAD[name]}")
    settings: dict[str, Any] = {}
    for split, path in LOCAL.get(name, {}).items():
        if not (SHARED / path).exists():
            pytest.skip(f"{name} needs {SHARED / path}, which is not here")
        settings[split] = str(SHARED / path)
    return from_settings(name, settings, catalog.load("problems", name))
