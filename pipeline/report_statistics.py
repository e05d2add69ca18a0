"""What the comparison says of each problem: the headline metric, the best cell, p-values, seeds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from components import catalog
from components.datagen.schema import Manifest
from pipeline import report_cells
from pipeline.report_cells import Result
from pipeline.report_members import MemberResult, manifest_of

WITHOUT_DATA = "without data"
SAMPLES = 1000
SEED = 0
LEVEL = 0.05
"""Below this p-value a cell is said to be worse than the best one."""
NOT_QUALITY = frozenset(
    "params train_seconds examples_per_second decode_seconds evaluate_seconds tokens_per_second "
    "examples steps seed".split()
)
ASIDE = frozenset(
    {"brevity_penalty", "loss", "bits_per_token", "repaired", "dropped_tokens", "ponder_steps"}
)
"""Numbers that explain others: the last columns."""


@dataclass(frozen=True)
class Headline:
    """The number that a problem's cells are ranked by: `metric` is the file, `key` the number."""

    metric: str
    key: str
    higher_is_better: bool


@dataclass(frozen=True)
class Row:
    """A finished cell in its table; `p` against the best cell, None for the best and where no
    sentence statistics exist (perplexity)."""

    result: Result
    value: float
    low: float | None
    high: float | None
    p: float | None
    best: bool
    others: dict[str, float]
    costs: dict[str, float]

    @property
    def as_good(self) -> bool:
        """Not told apart from the best by the bootstrap."""
        return self.p is not None and self.p >= LEVEL


@dataclass(frozen=True)
class Seeds:
    """Several seeds of one model and hparams set."""

    model: str
    hparams: str
    count: int
    mean: float
    std: float


@dataclass(frozen=True)
class Joint:
    """A problem trained in a mixture against the same model, hparams and seed alone.

    difference: of the headline, joint less alone. p: by paired bootstrap, None where the metric
    keeps no statistics of each example.
    """

    joint: str
    alone: str
    seed: int
    difference: float
    p: float | None


@dataclass(frozen=True)
class Table:
    """One problem: its finished cells in the grid's order, the other cells, its data."""

    problem: str
    headline: Headline | None
    split: str
    signature: str
    rows: tuple[Row, ...]
    seeds: tuple[Seeds, ...]
    missing: tuple[Result, ...]
    manifest: Manifest | None
    columns: tuple[str, ...] = field(default=())
    joint: tuple[Joint, ...] = ()

    @property
    def best(self) -> Row | None:
        return next((row for row in self.rows if row.best), None)


def table(root: Path, problem: str, results: Sequence[Result]) -> Table:
    """The comparison of one problem's cells."""
    manifest = manifest_of(root, problem, results)
    if manifest is None:
        results = [_without_data(result) for result in results]
    done = [result for result in results if result.state == report_cells.DONE]
    missing = tuple(result for result in results if result.state != report_cells.DONE)
    if manifest is None or not done:
        return Table(problem, None, "test", "", (), (), missing, manifest)
    module = catalog.load_module("metrics", manifest.metrics[0])
    headline = Headline(manifest.metrics[0], module.MAIN, module.HIGHER_IS_BETTER)
    split = str(_metrics(done[0]).get("split", "test"))
    values = [float(_metrics(result)[headline.key]) for result in done]
    pick = max if headline.higher_is_better else min
    best = values.index(pick(values))
    p_values = _against_best(done, best, module, split)
    rows = tuple(
        Row(
            result=result,
            value=value,
            low=_metrics(result).get(f"{headline.key}_low"),
            high=_metrics(result).get(f"{headline.key}_high"),
            p=p_values[index],
            best=index == best,
            others=_others(result, headline.key),
            costs=_costs(result),
        )
        for index, (result, value) in enumerate(zip(done, values, strict=True))
    )
    # The other metrics' own numbers before what they say beside (brevity penalty, precision).
    mains = [catalog.load_module("metrics", name).MAIN for name in manifest.metrics[1:]]
    present = dict.fromkeys(key for row in rows for key in row.others)
    ordered = sorted(present, key=lambda key: (key in ASIDE, key not in mains))
    signature = str(_metrics(done[best]).get("signature", ""))
    return Table(
        problem,
        headline,
        split,
        signature,
        rows,
        _seeds(rows),
        missing,
        manifest,
        tuple(ordered),
        tuple(_joint(done, values, headline, module, split)),
    )


def _without_data(result: Result) -> Result:
    """A finished cell that cannot be compared: the manifest says by which metric."""
    if result.state != report_cells.DONE:
        return result
    reason = f"it is done, but data/{result.cell.problem}/ is not there"
    return replace(result, state=WITHOUT_DATA, reason=reason)


def _joint(
    done: Sequence[Result], values: Sequence[float], headline: Headline, module: Any, split: str
) -> Iterator[Joint]:
    """Each member of a mixture beside its problem alone, trained with the same hparams and seed.

    Sets may differ in how long they train: a mixture has several problems to learn. Where more than
    one set would do, it is the one of the same name.
    """
    for index, result in enumerate(done):
        if not isinstance(result, MemberResult):
            continue
        own = _trained(result)
        alike = [
            other
            for other, alone in enumerate(done)
            if not isinstance(alone, MemberResult) and _trained(alone) == own
        ]
        hparams = result.cell.hparams.removesuffix(f" in {result.joint}")
        same = [other for other in alike if done[other].cell.hparams == hparams]
        for other in same or alike:
            better = (values[index] > values[other]) == headline.higher_is_better
            first = 0 if better else 1
            pair = [result, done[other]]
            p = _against_best(pair, first, module, split)[1 - first]
            difference = values[index] - values[other]
            yield Joint(result.label, done[other].label, result.cell.seed, difference, p)


def _trained(result: Result) -> tuple[str, int, Any]:
    assert result.train is not None
    return result.cell.model, result.cell.seed, result.train["hparams"]


def _against_best(done: Sequence[Result], best: int, module: Any, split: str) -> list[float | None]:
    """Paired bootstrap over the sentences that both cells answered (Koehn 2004, section 4)."""
    nothing: list[float | None] = [None] * len(done)
    if module.INPUT != "text" or len(done) == 1:
        return nothing
    from components.eval import bootstrap

    sums = [_sentence_statistics(result, module, split) for result in done]
    p_values = nothing
    for index, own in enumerate(sums):
        reference = sums[best]
        if index == best or own is None or reference is None or own.shape != reference.shape:
            continue
        p_values[index] = float(
            bootstrap.paired(reference, own, module.score, module.MAIN, samples=SAMPLES, seed=SEED)
        )
    return p_values


def _sentence_statistics(result: Result, module: Any, split: str) -> Any:
    predictions = result.lines("predictions", split)
    references = result.lines("references", split)
    if predictions is None or references is None:
        return None
    return module.statistics(references, predictions)


def _seeds(rows: Sequence[Row]) -> tuple[Seeds, ...]:
    groups: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        cell = row.result.cell
        groups.setdefault((cell.model, cell.hparams), []).append(row.value)
    return tuple(
        Seeds(model, hparams, len(values), statistics.fmean(values), statistics.stdev(values))
        for (model, hparams), values in groups.items()
        if len(values) > 1
    )


def _others(result: Result, headline: str) -> dict[str, float]:
    return {
        key: float(value)
        for key, value in _metrics(result).items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and key != headline
        and key not in NOT_QUALITY
        and not key.endswith(("_low", "_high"))
        and not key.startswith("dev_")
    }


def _costs(result: Result) -> dict[str, float]:
    assert result.train is not None
    keys = ("params", "train_seconds", "examples_per_second")
    return {key: float(result.train[key]) for key in keys}


def _metrics(result: Result) -> dict[str, Any]:
    assert result.metrics is not None
    return dict(result.metrics)
