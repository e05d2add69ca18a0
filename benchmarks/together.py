"""Two small problems alone and among others in one model, over several seeds: docs/together.md.

    python -m benchmarks.together [--data FOLDER] [--work FOLDER] [--jobs N] [--write]

Runs the grid of `together.yaml` in a clone of this repository below `--work`; what is there already is
not run again. `--write` puts the table into docs/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks import clones
from benchmarks.rounds import REPOSITORY, SHARED

GRID = Path(__file__).with_suffix(".yaml")
PAGE = REPOSITORY / "docs" / "together.md"
HEAD = """\
# A small problem alone and in one model with others

Made by `python -m benchmarks.together --write` from the grid in `benchmarks/together.yaml`: the
`{mixture}` of {members}, a batch of each in turn as often, against its two smallest problems alone, with
the same hparams and as many steps a problem ({alone:,}; the mixture has {together:,}). Numbers are of the
test split, one a seed, one thread a cell ({machine}). MultiModel's own finding is that the
smallest problem is no worse for being among others (Kaiser et al. 2017, section 3).

"""
TITLES = ["problem", "train examples", "metric", "alone", "in the mixture", "difference"]


def lines(told: Mapping[str, Any]) -> list[list[str]]:
    """A row a problem of the comparison, as `reports/compare.json` has it; the smallest first."""
    rows = []
    for problem, table in sorted(told.items(), key=lambda item: item[1]["examples"]["train"]):
        values: dict[bool, list[float]] = {True: [], False: []}
        for name, cell in table["cells"].items():
            values[" in " in name].append(cell["value"])
        better = "higher" if table["higher_is_better"] else "lower"
        differences = [pair["difference"] for pair in table["joint"]]
        rows.append(
            [
                f"`{problem}`",
                f"{table['examples']['train']:,}",
                f"{table['metric']}, {better} is better",
                _numbers(values[False]),
                _numbers(values[True]),
                f"**{_mean(differences, '+')}**" if differences else "",
            ]
        )
    return rows


def _numbers(values: Sequence[float]) -> str:
    """`3.2, 4.1: 3.65 ± 0.64`, or nothing."""
    if not values:
        return ""
    return f"{', '.join(f'{value:.4g}' for value in values)}: {_mean(values)}"


def _mean(values: Sequence[float], sign: str = "") -> str:
    """The mean and the standard deviation over the seeds."""
    spread = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):{sign}.3g}{spread}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=str(SHARED))
    parser.add_argument("--work", type=Path, default=REPOSITORY / ".work" / "together")
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time")
    parser.add_argument("--write", action="store_true", help="write docs/together.md")
    chosen = parser.parse_args()
    params: dict[str, Any] = yaml.safe_load(GRID.read_text().replace("{data}", chosen.data))
    if not clones.run(chosen.work, params, "run", "--jobs", str(chosen.jobs)):
        sys.exit("failed")
    told = json.loads((chosen.work / "reports" / "compare.json").read_text())
    rows = [TITLES, ["---"] * len(TITLES), *lines(told)]
    text = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    print(text)
    if chosen.write:
        (mixture,) = (name for name, own in params["problems"].items() if "tasks" in own)
        head = HEAD.format(
            mixture=mixture,
            members=", ".join(f"`{name}`" for name in params["problems"][mixture]["tasks"]),
            alone=params["train"]["steps"],
            together=params["hparams"]["together"]["steps"],
            machine=f"{os.cpu_count()} CPU cores, {platform.machine()}",
        )
        PAGE.write_text(head + text)


if __name__ == "__main__":
    main()
