"""Two small problems alone and among others in one model, over several seeds: docs/together.md.

    python -m benchmarks.together [--data FOLDER] [--work FOLDER] [--jobs N] [--write]

Runs the grid of `together.yaml` in a clone of this repository below `--work`; what is there already is
not run again. `--write` puts the table into docs/.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks import clones, pages
from benchmarks.rounds import REPOSITORY, SHARED

GRID = Path(__file__).with_suffix(".yaml")
PAGE = REPOSITORY / "docs" / "together.md"
HEAD = """\
# A small problem alone and in one model with others

Made by `python -m benchmarks.together --write` from the grid in `benchmarks/together.yaml`: the
`{mixture}` of {members},
each as often, against its two smallest problems alone, with the same hparams and as many steps a problem
({alone:,}; the mixture has {together:,}). Numbers are of the test split, one a seed; differences are means
with their standard deviation over the seeds ({machine}, one thread a cell). MultiModel's finding is
that the smallest problems are no worse for being among others (Kaiser et al. 2017, section 3), which its
authors read from perplexities and token accuracies.

That is so for the smallest, speech: neither difference stands out of four seeds. Alone it is learned by heart
(seeds 3 and 4: training loss 0.002, dev loss 0.087 after 600 steps and 0.106 after 1,200); among others it is
not (0.009; 0.090 at the end), so that the mixture's dev loss is the lower one at the end, and about the same
where each is best, which is what is tested. It is not so for trees, which are far from learned by heart
(training loss 0.58 alone and 0.78 in the mixture, dev losses still falling): where steps and width are
what lacks, sharing them costs.

"""
PERPLEXITY = "perplexity"
TITLES = ["problem", "train examples", "test metric", "alone", "in the mixture", "difference"]


def lines(told: Mapping[str, Any]) -> list[list[str]]:
    """Two rows a problem of the comparison, as `reports/compare.json` has it; the smallest first.

    The headline, and perplexity, which MultiModel's authors compare.
    """
    rows = []
    for problem, table in sorted(told.items(), key=lambda item: item[1]["examples"]["train"]):
        better = "higher" if table["higher_is_better"] else "lower"
        sizes = f"{table['examples']['train']:,}"
        for key, metric in ("value", f"{table['metric']} ({better} is better)"), (PERPLEXITY,) * 2:
            alone: dict[str, float] = {}
            joint: dict[str, float] = {}
            for name, cell in table["cells"].items():
                if key in cell:
                    (joint if " in " in name else alone)[name.rsplit("/", 1)[1]] = cell[key]
            pairs = [joint[seed] - alone[seed] for seed in joint if seed in alone]
            if joint:
                difference = _mean(pairs) if pairs else ""
                rows.append(
                    [f"`{problem}`", sizes, metric, _numbers(alone), _numbers(joint), difference]
                )
    return rows


def _numbers(by_seed: Mapping[str, float]) -> str:
    """`3.2, 4.1`, a number a seed."""
    return ", ".join(f"{value:.4g}" for value in by_seed.values())


def _mean(differences: Sequence[float]) -> str:
    """The mean and the standard deviation over the seeds."""
    spread = f" ± {statistics.stdev(differences):.2g}" if len(differences) > 1 else ""
    return f"**{statistics.fmean(differences):+.3g}{spread}**"


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
    text = pages.table(TITLES, lines(told))
    print(text)
    if chosen.write:
        (mixture,) = (name for name, own in params["problems"].items() if "tasks" in own)
        head = HEAD.format(
            mixture=mixture,
            members=", ".join(f"`{name}`" for name in params["problems"][mixture]["tasks"]),
            alone=params["train"]["steps"],
            together=params["hparams"]["together"]["steps"],
            machine=pages.MACHINE,
        )
        PAGE.write_text(head + text)


if __name__ == "__main__":
    main()
