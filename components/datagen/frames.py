"""A problem from pandas DataFrames: for a notebook, with no file and no params.yaml.

from components.datagen.frames import problem_of_frames
from components.datagen.generate import generate

problem = problem_of_frames(
    "translation", "my_pairs", {"train": train, "dev": dev, "test": test}, "work/my_pairs",
    columns={"inputs": "english", "targets": "german"}, vocabulary_size=4000,
)
manifest = generate(problem, "my_pairs", "data/my_pairs")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.catalog import UserError, closest
from components.datagen import task as tasks
from components.datagen.problem import Problem, from_settings
from components.datagen.schema import SPLITS

if TYPE_CHECKING:
    import pandas as pd


def problem_of_frames(
    task: str,
    name: str,
    frames: Mapping[str, pd.DataFrame],
    folder: str | Path,
    **settings: Any,
) -> Problem:
    """A problem whose rows are those of DataFrames; they are kept as Parquet files in `folder`.

    task: a task's name. frames: a DataFrame for each of train, dev and test, unless `settings`
    say where a split comes from (`dev={"from": "train", "examples": 500}`).
    settings: as in params.yaml; `columns` = {the task's column: the DataFrame's}.

    Raises UserError on an unknown split or setting, or a DataFrame without the columns.
    """
    wanted = dict(settings.get("columns") or {})
    names = [wanted.get(column, column) for column in tasks.load(task).columns]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for split, frame in frames.items():
        if split not in SPLITS:
            raise UserError(f"{name}: there is no split {split!r}; {closest(split, SPLITS)}")
        for column in names:
            if column not in frame.columns:
                raise UserError(
                    f"{name}: the DataFrame of {split} has no column {column!r}; "
                    f"{closest(str(column), map(str, frame.columns))}"
                )
        path = folder / f"{split}.parquet"
        frame[names].to_parquet(path, index=False)
        paths[split] = str(path)
    return from_settings(name, {"task": task, "format": "parquet", **paths, **settings})
