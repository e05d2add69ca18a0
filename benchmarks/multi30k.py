"""Multi30k en-de as a problem's data, made once in a folder and used by several benchmarks."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.rounds import SHARED

FOLDER = SHARED / "multi30k" / "task1"


def generated(folder: Path, vocabulary_size: int = 6000) -> Path:
    """`folder`, with the data of the problem in it. Ends the program if the text is not there."""
    if (folder / "manifest.json").is_file():
        return folder
    if not FOLDER.is_dir():
        sys.exit(f"needs Multi30k in {FOLDER}")
    from components.datagen.generate import generate
    from components.datagen.problem import from_settings

    settings = {"task": "translation", "suffixes": ["en", "de"]}
    splits = {split: str(FOLDER) for split in ("train", "dev", "test")}
    problem = from_settings(
        "benchmark", {**settings, **splits, "vocabulary_size": vocabulary_size}, None
    )
    generate(problem, "benchmark", folder)
    return folder
