"""Every model on five problems, trained and compared: docs/models.md.

    python -m benchmarks.models [--minutes FACTOR] [--only PROBLEM ...] [--extra NAME] [--jobs N] [--write]

Runs the grid of `models.yaml` in a clone of this repository below `--work` with the product's own
`run`; what is there already is not run again. `--minutes` multiplies every cell's budget. `--extra` runs
one of the questions beside the grid, in a clone of its own. `--write` puts the tables and the picture
into docs/.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import clones, pages
from benchmarks.problems import numbers_of
from benchmarks.rounds import REPOSITORY, SHARED
from components import catalog, theme
from components.datagen.schema import Manifest

GRID = Path(__file__).with_suffix(".yaml")
PAGE = REPOSITORY / "docs" / "models.md"
PICTURE = REPOSITORY / "docs" / "models.png"
MIXTURE = "five"
# Questions of the papers beside the grid: what is run (on all its problems, if none are named), and what
# stands above its table.
EXTRA = {
    "long": (
        {
            "problem": ["translate_ende_multi30k"],
            "model": ["transformer", "slicenet", "bytenet", "lstm_seq2seq"],
            "hparams": ["long"],
            "seed": [1],
        },
        "{problem} again, {minutes:.3g} minutes each",
    ),
    "parts": (
        {
            "problem": ["image_mnist", "sort"],
            "model": ["multimodel"],
            "hparams": ["whole", "without_experts", "without_attention"],
            "seed": [1, 2],
        },
        "{problem} again, MultiModel without its parts after {steps} steps, two seeds",
    ),
    "steps": (
        {
            "problem": ["image_mnist"],
            "model": ["transformer", "keras_application"],
            "hparams": ["tiny_steps"],
            "seed": [1],
        },
        "{problem} again, {steps} steps of a model that is not above, beside the Transformer",
    ),
    "waveform": (
        {
            "problem": ["speech_fsdd", "speech_waveform"],
            "model": ["multimodel", "transformer"],
            "hparams": ["tiny_steps"],
            "seed": [1],
        },
        "{problem} after {steps} steps: spectrograms, and the samples themselves",
    ),
    "joint": (
        {
            "model": ["multimodel"],
            "hparams": ["tiny_steps", "tiny_steps_joint"],
            "seed": [1],
            "exclude": [f"{MIXTURE}/*/tiny_steps", "[!f]*/*/tiny_steps_joint"],
        },
        "{mixture} again, as many steps a problem as alone",
    ),
}
SPLITS = ("train", "dev", "test")


HEAD = """\
# Every model on five problems

Made by `python -m benchmarks.models --write` from the grid in `benchmarks/models.yaml`: one recipe, one
seed, one core a cell ({machine}, two cells at a time, greedy decoding), and the
same minutes for every model (compiling is in them):
{minutes}.

These are minutes where the papers had days. What they show is that each model runs the whole way on
each problem that it takes, and what it makes of a little time. A cheap step counts for as much as a
good one, so read a metric beside its steps; and a first minute seems to favour what needs not be learned: a
recurrence or a convolution knows its neighbours, attention has yet to learn where to look. What more
time changes is in the last sections. Nothing here is the order in which the models would come after
days, and nothing was tuned for any of them. Let nothing else run meanwhile: beside other work a model makes
as little as a third of its steps. In this run translation, parsing and the mixture had the machine to
themselves; tests at the lowest priority ran beside some of `image_mnist`, `sort` and `speech_fsdd`, where the
heaviest models, MultiModel above all, made about half of the steps that they should have.

## Expected, and seen

- *Transformer before SliceNet before ByteNet before the LSTM without attention, on translation in equal
  time*: so after ten minutes each; after two and a half the Transformer leads and the LSTM is last of the
  four, but ByteNet is still before SliceNet.
- *Leaving out MultiModel's experts, or its attention, helps nowhere, not even on images*: after as many steps
  so on `sort`, where leaving out the experts costs a third of the answers (0.28 and 0.27 against 0.39
  and 0.42 with them, two seeds) and leaving out attention little or nothing (0.39 and 0.36). On images one
  seed shows no difference and the other a small one, in favour of no experts; labels are answered by its
  encoder, which has no attention to leave out. In equal minutes leaving out the experts does help on
  images, because a step without them is cheaper.
- *Joint training helps the smallest problem* (speech): in equal minutes so for MultiModel, which has little
  of it either way, not for the Transformer; after as many steps a problem the mixture is behind on all five,
  on speech by less than the intervals. 300 steps are too few for anything to be learned by heart, which is
  what others help against; speech alone is in the longer training of [together.md](together.md).
  MultiModel's images at 0.1135 in the mixture are one answer to everything, after a fifth of 467 steps;
  with 300 of its own the mixture has 0.84.
- Three models are not in this grid: `image_transformer` and `vae` write images in
  [problems.md](problems.md), `keras_application` has a section of its own. What stands below the mixture is
  of earlier runs, on other machines, and counts steps where it does not say minutes.

![every model on five problems](models.png)

"""


@dataclass(frozen=True)
class Result:
    """A cell that was trained and evaluated. value, low, high: of the headline metric on test."""

    problem: str
    model: str
    hparams: str
    metric: str
    value: float
    low: float
    high: float
    higher: bool
    train: dict[str, Any]
    metrics: dict[str, Any]

    @property
    def label(self) -> str:
        plain = self.hparams.startswith("tiny") or self.hparams == "long"
        return self.model if plain else f"{self.model}, {self.hparams}"


def params_of(
    data: str, factor: float, only: list[str] | None = None, extra: str = ""
) -> dict[str, Any]:
    """models.yaml with the data folder filled in, every budget multiplied, and these problems only."""
    params: dict[str, Any] = yaml.safe_load(GRID.read_text().replace("{data}", data))
    for values in params["hparams"].values():
        if "minutes" in values:
            values["minutes"] *= factor
    if extra:
        params["grid"] = {"problem": params["grid"]["problem"], **EXTRA[extra][0]}
    kept = [name for name in params["grid"]["problem"] if not only or name in only]
    params["grid"]["problem"] = kept
    if extra:
        return params
    # A pattern that covers no cell is an error.
    patterns = params["grid"]["exclude"]
    params["grid"]["exclude"] = [one for one in patterns if one.split("/")[0] in (*kept, "*")]
    return params


def results_of(work: Path, params: dict[str, Any]) -> list[Result]:
    """What the cells of the grid gave, those of a mixture once for each of its members."""
    found = []
    for problem in params["grid"]["problem"]:
        for model in params["grid"]["model"]:
            for hparams in params["grid"]["hparams"]:
                for seed in params["grid"]["seed"]:
                    folder = work / "runs" / problem / model / hparams / str(seed)
                    if (folder / "metrics.json").is_file():
                        found += _read(work, folder, problem, model, hparams)
    return found


def _read(work: Path, folder: Path, problem: str, model: str, hparams: str) -> list[Result]:
    metrics = json.loads((folder / "metrics.json").read_text())
    train = json.loads((folder / "train.json").read_text())
    if "params" not in metrics:
        return []  # not applicable
    manifest = Manifest.load(work / "data" / problem)
    members = manifest.members or [""]
    found = []
    for member in members:
        own = Manifest.load(work / "data" / problem / member)
        module = catalog.load_module("metrics", own.metrics[0])
        prefix = f"{member}/" if member else ""
        value = metrics[prefix + module.MAIN]
        low = metrics.get(f"{prefix}{module.MAIN}_low", value)
        high = metrics.get(f"{prefix}{module.MAIN}_high", value)
        name = f"{problem}/{member}" if member else problem
        numbers = {key.removeprefix(prefix): one for key, one in metrics.items()}
        found.append(
            Result(
                name,
                model,
                hparams,
                module.MAIN,
                value,
                low,
                high,
                getattr(module, "HIGHER_IS_BETTER", True),
                train,
                numbers,
            )
        )
    return found


def table(work: Path, problem: str, results: list[Result], title: str = "{problem}") -> str:
    """One problem's models, the best first; the title may name settings of their training."""
    own = sorted(results, key=lambda one: one.value, reverse=results[0].higher)
    manifest = Manifest.load(work / "data" / problem)
    titles = ["model", "test (95 %)", "weights", "steps", "tokens/s", "training"]
    rows = []
    for one in own:
        minutes, seconds = divmod(round(one.train["train_seconds"]), 60)
        rows.append(
            [
                one.label,
                "<br>".join(numbers_of(manifest, one.metrics)[:2]),
                f"{one.train['params'] / 1e6:.2f} M",
                f"{one.train['steps']:,}",
                f"{one.train['tokens_per_second']:,.0f}",
                f"{minutes} min {seconds:02d} s",
            ]
        )
    sizes = ", ".join(f"{name} {manifest.splits[name].examples:,}" for name in SPLITS)
    title = title.format(problem=problem, **results[0].train["settings"])
    return f"## {title}\n\nExamples: {sizes}.\n\n{pages.table(titles, rows)}"


def joint(results: list[Result], title: str = "{mixture}: the same problems in one model") -> str:
    """Each member of the mixture beside the same model alone."""
    titles = ["model", "problem", "metric", "alone", "in the mixture", "steps", "of the mixture"]
    rows = []
    alone = {(one.problem, one.model): one for one in results if one.hparams.startswith("tiny")}
    for one in results:
        mixture, _, member = one.problem.partition("/")
        single = alone.get((member, one.model))
        if mixture == MIXTURE and single:
            steps = [f"{of.train['steps']:,}" for of in (single, one)]
            both = [_interval(single), _interval(one)]
            rows.append([one.model, member, one.metric, *both, *steps])
    return f"## {title.format(mixture=MIXTURE)}\n\n{pages.table(titles, rows)}"


def _interval(one: Result) -> str:
    return f"{one.value:.4g} ({one.low:.4g} to {one.high:.4g})"


def draw(results: list[Result], problems: list[str]) -> bytes:
    """A PNG: every problem's models by their headline metric, with its interval."""
    by_problem = {name: [one for one in results if one.problem == name] for name in problems}
    by_problem = {name: own for name, own in by_problem.items() if own}
    most = max(map(len, by_problem.values()))
    more = {"axes.grid.axis": "x", "ytick.labelcolor": theme.LIGHT.ink, "ytick.labelsize": 7}
    with theme.style(theme.LIGHT, more):
        import matplotlib.pyplot as plt

        size = (3.3 * len(by_problem), 0.9 + 0.24 * most)
        figure, (axes,) = plt.subplots(
            1, len(by_problem), figsize=size, squeeze=False, layout="constrained"
        )
        for axis, (name, own) in zip(axes, by_problem.items(), strict=True):
            # The best is at the top.
            own = sorted(own, key=lambda one: one.value, reverse=not own[0].higher)
            values = [one.value for one in own]
            apart = [
                [max(one.value - one.low, 0) for one in own],
                [max(one.high - one.value, 0) for one in own],
            ]
            hue = theme.LIGHT.series[0]
            axis.errorbar(values, range(len(own)), xerr=apart, fmt="o", color=hue, markersize=4)
            axis.set_yticks(range(len(own)), [one.label for one in own])
            better = "more is better" if own[0].higher else "less is better"
            axis.set_title(f"{name}\n{own[0].metric}, {better}")
        return theme.png(figure, 130)


def page(work: Path, params: dict[str, Any], results: list[Result]) -> str:
    """docs/models.md without the questions beside the grid."""
    budgets = {one.hparams: one.train["settings"]["minutes"] for one in results}
    minutes = ", ".join(f"`{name}` {value:g}" for name, value in sorted(budgets.items()))
    parts = [HEAD.format(machine=pages.MACHINE, minutes=minutes)]
    for problem in params["grid"]["problem"]:
        own = [one for one in results if one.problem == problem]
        if own:
            parts.append(table(work, problem, own))
    run = {one.problem.split("/")[0] for one in results}
    if missing := [f"`{name}`" for name in params["grid"]["problem"] if name not in run]:
        parts.append(f"Of the grid these were not run: {', '.join(missing)}.\n")
    if any(one.problem.startswith(f"{MIXTURE}/") for one in results):
        parts.append(joint(results))
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--minutes", type=float, default=1.0, metavar="FACTOR", help="of the budgets"
    )
    parser.add_argument("--only", nargs="+", metavar="PROBLEM", help="train for these alone")
    parser.add_argument(
        "--extra", choices=EXTRA, default="", help="run this question beside the grid"
    )
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time")
    parser.add_argument("--data", default=str(SHARED))
    parser.add_argument("--work", type=Path, default=REPOSITORY / ".work" / "models")
    parser.add_argument("--write", action="store_true", help="write docs/models.md and its picture")
    parser.add_argument("--no-run", action="store_true", help="only read what was run")
    chosen = parser.parse_args()

    def place(extra: str) -> Path:
        return chosen.work.with_name(f"{chosen.work.name}_{extra}") if extra else chosen.work

    if not chosen.no_run:
        asked = params_of(chosen.data, chosen.minutes, chosen.only, chosen.extra)
        clones.run(place(chosen.extra), asked, "run", "--jobs", str(chosen.jobs))
    params = params_of(chosen.data, chosen.minutes)
    results = results_of(chosen.work, params)
    text = page(chosen.work, params, results)
    for name, (_, title) in EXTRA.items():
        beside = params_of(chosen.data, chosen.minutes, extra=name)
        found = results_of(place(name), beside)
        if any(one.problem.startswith(f"{MIXTURE}/") for one in found):
            text += "\n" + joint(found, title)
            continue
        for problem in beside["grid"]["problem"]:
            if own := [one for one in found if one.problem == problem]:
                text += "\n" + table(place(name), problem, own, title)
    print(text)
    if chosen.write:
        PAGE.write_text(text)
        PICTURE.write_bytes(draw(results, params["grid"]["problem"]))


if __name__ == "__main__":
    main()
