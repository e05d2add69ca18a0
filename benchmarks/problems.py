"""Every kind of problem trained, evaluated and put into one table.

    python -m benchmarks.problems [--only NAME ...] [--data FOLDER] [--work FOLDER] [--write]

Each cell of `problems.yaml` is a grid of one in a clone of this repository below `--work`, run by the
product's own `repro`; what is there already is not run again. `--write` puts the table into
docs/problems.md, where the lines of cells that `--work` has no result of stay as they were. Training
time is wall time on this machine, whatever else ran.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from benchmarks import clones, pages
from benchmarks.rounds import REPOSITORY, SHARED
from components import catalog
from components.datagen.schema import Manifest

CELLS = Path(__file__).with_suffix(".yaml")
TABLE = REPOSITORY / "docs" / "problems.md"
SET = "small"
TITLES = [
    "task",
    "data: train / dev / test",
    "model",
    "test metric (95 %)",
    "training",
    "published on this data",
]
HEAD = """\
# Every kind of problem

Made by `python -m benchmarks.problems --write`: small models, minutes of training, {machine}. What
these numbers show is that each kind of problem goes the whole way, from its raw files to its field's
own metric on a test split that nothing was chosen on; they are no records. Training is wall time,
whatever else the machine did. The four `*_small` problems and `joint`, which mixes them in equal parts,
have the same set and about as many steps a problem: joint is behind on speech, images and translation after
so few. Whether that is more than a seed, and why, is in [together.md](together.md), with twice the steps and
four seeds. Every cell's whole set is in [problems.yaml](../benchmarks/problems.yaml); sizes, splits and
licences are in each problem's file (`python -m pipeline list problems`).

Where two texts are read as one (`infer_*`, `similarity_*`, `answer_*`), sets say `mark_repeats: true`:
symbols that both hold are marked with a learned vector. Where it matters what stands beside what
(`answer_synth`, `sort`, `reverse`, `add_decimal`), they say `positions: rope`. `answer_synth` needs both:
`answer_sinusoids` and `answer_unmarked` are the same without the one and without the other. SST is trained
on the phrases of its trees. `parse_treebank` says `leaves: tags`: part-of-speech tags are written where
`parse_small` has XX.
`halves_state_union` (which half came first?) learns nothing from so few speeches: guessing does as well.
nanoGPT's validation text of tiny Shakespeare is our dev and test, one after the other and as long as each
other, so its figure stands beside the mean of ours, which was trained in 16 bits.

"""


def read_cells(data: str) -> list[dict[str, Any]]:
    """The cells of problems.yaml, with the data folder filled in."""
    raw = yaml.safe_load(CELLS.read_text().replace("{data}", data))
    return [{**cell, "base": raw["sets"][SET]} for cell in raw["cells"]]


def params_of(cell: dict[str, Any]) -> dict[str, Any]:
    """What params.yaml says of one cell; a set with a `base:` has nothing of the common one."""
    own = cell.get("set", {})
    return {
        "grid": {
            "problem": [cell["problem"]],
            "model": [cell["model"]],
            "hparams": [SET],
            "seed": [1],
        },
        "problems": {cell["problem"]: cell.get("settings", {}), **cell.get("others", {})},
        "hparams": {SET: {**({} if "base" in own else cell["base"]), **own}},
        "train": cell["train"],
        "runtime": cell.get("runtime", {}),
        "tracking": {"enabled": False},
    }


def line_of(cell: dict[str, Any], work: Path) -> list[str] | None:
    """The cell's line of the table; None if it has no result."""
    folder = work / "runs" / cell["problem"] / cell["model"] / SET / "1"
    if not all((folder / name).is_file() for name in ("train.json", "metrics.json")):
        return None  # not trained, or being trained again
    metrics = json.loads((folder / "metrics.json").read_text())
    train = json.loads((folder / "train.json").read_text())
    data = work / "data" / cell["problem"]
    manifest = Manifest.load(data)
    sizes = [f"{manifest.splits[split].examples:,}" for split in ("train", "dev", "test")]
    numbers = numbers_of(manifest, metrics)
    for member in manifest.members:
        own = Manifest.load(data / member)
        numbers.append(f"`{member}` {numbers_of(own, metrics, f'{member}/')[0]}")
    minutes, seconds = divmod(round(train["train_seconds"]), 60)
    return [
        manifest.task,
        f"`{cell['problem']}` {' / '.join(sizes)}",
        f"{cell['model']}, {train['params'] / 1e6:.2f} M, {train['steps']:,} steps",
        "<br>".join(numbers),
        f"{minutes} min {seconds:02d} s",
        cell.get("published", ""),
    ]


def written() -> dict[str, str]:
    """The lines of docs/problems.md by their problems."""
    rows = re.findall(r"^(\| \w+ \| `(\w+)` .*)$", TABLE.read_text(), flags=re.MULTILINE)
    return {name: line for line, name in rows}


def numbers_of(manifest: Manifest, metrics: dict[str, Any], prefix: str = "") -> list[str]:
    """Each metric's main number with its interval, the headline in bold."""
    found: list[str] = []
    for name in manifest.metrics:
        main = catalog.load_module("metrics", name).MAIN
        key = f"{prefix}{main}"
        value = f"{metrics[key]:.4g}" if found else f"**{metrics[key]:.4g}**"
        if f"{key}_low" in metrics:
            value += f" ({metrics[f'{key}_low']:.4g} to {metrics[f'{key}_high']:.4g})"
        found.append(f"{main} {value}")
        if name == "bits_per_character" and f"dev_{key}" in metrics:
            dev = metrics[f"dev_{key}"] * math.log(2)
            found.append(f"nats: dev {dev:.4g}, test {metrics[f'{prefix}nats_per_character']:.4g}")
        if name == "length_generalisation" and "short_accuracy" in metrics:
            found.append(f"short_accuracy {metrics['short_accuracy']:.4g}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these problems alone")
    parser.add_argument("--data", default=str(SHARED))
    parser.add_argument("--work", type=Path, default=REPOSITORY / ".work" / "problems")
    parser.add_argument("--write", action="store_true", help="write docs/problems.md")
    chosen = parser.parse_args()
    cells = read_cells(chosen.data)
    failed = []
    for cell in cells:
        if not chosen.only or cell["problem"] in chosen.only:
            print(f"== {cell['problem']}", flush=True)
            if not clones.run(chosen.work, params_of(cell), "repro"):
                failed.append(cell["problem"])
    before = written()
    lines = [pages.table(TITLES, [])]
    for cell in cells:
        found = line_of(cell, chosen.work)
        if found or cell["problem"] in before:
            lines.append((pages.row(found) if found else before[cell["problem"]]) + "\n")
    text = "".join(lines)
    print(text)
    if chosen.write:
        TABLE.write_text(HEAD.format(machine=pages.MACHINE) + text)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
