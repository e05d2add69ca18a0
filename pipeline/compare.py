"""The last stage: `reports/compare.{md,html,json}` and pictures from what the cells left."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from components.theme import DARK, LIGHT
from pipeline import (
    report_answers,
    report_cells,
    report_html,
    report_members,
    report_plots,
    report_statistics,
    report_tables,
    tracking_store,
)
from pipeline.cells import EXCLUDED, Cell
from pipeline.interrupt import USERS_PATH
from pipeline.report_palette import colours
from pipeline.report_statistics import Table
from pipeline.report_tables import ALL, ANSWERS
from pipeline.tracking import TrackingSettings


def compare(root: Path, cells: Iterable[Cell], settings: TrackingSettings) -> str:
    """Writes reports/ and returns the text that `make repro` prints.

    cells: all of the grid, the ones that are not applicable too. A cell that failed or has not run
    is named with its reason and with the command that runs it alone; one that `grid.exclude` leaves
    out is not. The files depend on nothing but runs/ and data/: the same numbers give the same bytes.
    """
    root = Path(root)
    read = [report_cells.read(root, cell) for cell in cells if cell.status != EXCLUDED]
    results = report_members.with_members(root, read)
    grouped = report_cells.by_problem(results)
    tables = [report_statistics.table(root, problem, own) for problem, own in grouped.items()]
    pictures = _pictures(tables, [result.label for result in results])
    names = {key: _picture_name(key) for key in pictures}
    steps = _next_steps(root, settings)
    files = {
        "compare.md": report_tables.markdown(tables, names, steps).encode(),
        "compare.html": report_html.page(tables, pictures, steps).encode(),
        "compare.json": (json.dumps(_as_json(tables), indent=1, sort_keys=True) + "\n").encode(),
        **{names[key]: light for key, (light, _) in pictures.items()},
    }
    _write(root / "reports", files)
    here = "\n".join(f"  {step}" for step in _next_steps(root, settings, _prefix(root)))
    typed = here.replace("`", "")
    return f"{report_tables.text(tables)}\nreports/compare.html has it all. Next:\n{typed}\n"


def _pictures(tables: Sequence[Table], labels: Sequence[str]) -> dict[str, tuple[bytes, bytes]]:
    """By problem, and under ALL: a PNG for light and one for dark pages."""
    drawn: dict[str, tuple[bytes, bytes]] = {}
    themes = [(theme, colours(labels, theme)) for theme in (LIGHT, DARK)]
    if any(table.rows for table in tables):
        light, dark = (
            report_plots.quality_and_cost(tables, palette, theme) for theme, palette in themes
        )
        drawn[ALL] = (light, dark)
    for table in tables:
        done = [row.result for row in table.rows if row.result.history()]
        if done:
            light, dark = (
                report_plots.learning_curves(table.problem, done, palette, theme)
                for theme, palette in themes
            )
            drawn[table.problem] = (light, dark)
        if report_answers.kind(table):
            shown = [report_answers.draw(table, theme) for theme, _ in themes]
            if shown[0] and shown[1]:
                drawn[f"{table.problem}{ANSWERS}"] = (shown[0], shown[1])
    return drawn


def _picture_name(key: str) -> str:
    if key.endswith(ANSWERS):
        return f"answers_{key.removesuffix(ANSWERS)}.png"
    return "quality_and_cost.png" if key == ALL else f"learning_{key}.png"


def _next_steps(root: Path, settings: TrackingSettings, prefix: str = "") -> list[str]:
    """The next things to do, in Markdown."""
    edit = f"edit params.yaml, then `{prefix}dvc repro`: only what changed runs again"
    if not settings.enabled:
        return [edit]
    uri = settings.uri
    # The page opens on MLflow's tools for language models unless the address asks for this one.
    page = f"#/experiments/{_experiment(root, settings)}/runs?workflowType=machine_learning"
    if uri.startswith(("http://", "https://")):
        look = f"every run, its curves and files: {uri.rstrip('/')}/"
    else:
        look = f"`{prefix}mlflow ui --backend-store-uri {uri}`, then http://127.0.0.1:5000/{page}"
    return [look, edit]


def _experiment(root: Path, settings: TrackingSettings) -> str:
    """The id of the project's experiment; a store that has none yet gives the first one 1."""
    file = tracking_store.database(tracking_store.absolute_uri(settings.uri, root))
    return (tracking_store.local_experiment(file, settings.experiment) if file else None) or "1"


def _prefix(root: Path) -> str:
    """`.venv/bin/` where the commands are not on the PATH, so that what is shown can be typed."""
    path = os.environ.get(USERS_PATH)
    if shutil.which("mlflow", path=path) and shutil.which("dvc", path=path):
        return ""
    folder = Path(sys.executable).parent
    inside = folder.is_relative_to(root.resolve())
    return f"{folder.relative_to(root.resolve()) if inside else folder}/"


def _as_json(tables: Sequence[Table]) -> dict[str, Any]:
    return {
        table.problem: {
            "metric": table.headline.key if table.headline else None,
            "higher_is_better": table.headline.higher_is_better if table.headline else None,
            "split": table.split,
            "signature": table.signature,
            "cells": {
                row.result.name: {
                    "value": row.value,
                    "low": row.low,
                    "high": row.high,
                    "p": row.p,
                    "best": row.best,
                    **row.others,
                    **row.costs,
                }
                for row in table.rows
            },
            "seeds": [vars(group) for group in table.seeds],
            "joint": [vars(pair) for pair in table.joint],
            "missing": {
                result.name: {"state": result.state, "reason": result.reason}
                for result in table.missing
            },
            "examples": {name: split.examples for name, split in table.manifest.splits.items()}
            if table.manifest
            else {},
        }
        for table in tables
    }


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Whole files only, and no picture of a problem that is not in the grid any more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        if old.name not in files:
            old.unlink()
    for name, content in files.items():
        partial = folder / f"{name}.partial"
        partial.write_bytes(content)
        os.replace(partial, folder / name)
