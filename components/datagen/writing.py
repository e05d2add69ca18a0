"""Writing: the layout handed to Beam, the shards' figures collected from it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from components.catalog import UserError
from components.datagen.encoding import LOPSIDED, TOO_LONG, Limits
from components.datagen.layout import DROPPED, Placement, numbers
from components.datagen.problem import Problem
from components.datagen.schema import SPLITS, Feature
from components.datagen.shards import shard_name
from components.datagen.task import Task

if TYPE_CHECKING:
    from components.datagen.statistics.sketch import Statistics

DEFAULT_RUNNER = "FnApiRunner"
FORKED = "forked"
"""A running mode of ours beside those of FnApiRunner."""


def write_shards(
    problem: Problem,
    task: Task,
    features: Mapping[str, Feature],
    placements: Mapping[str, Placement],
    out: Path,
    work: Path,
    beam: Mapping[str, Any],
    report: Callable[[Mapping[str, Any]], None],
) -> dict[str, list[dict[str, Any]]]:
    """Runs the Beam graph; split -> the results of its shards in order (see `WriteShard`)."""
    from components.datagen import beam_graph

    chunks = _write_plans(placements)
    ratio = task.max_ratio if problem.max_ratio is None else problem.max_ratio
    drop = TOO_LONG * ("too_long" in problem.drop) | LOPSIDED * ("lopsided" in problem.drop)
    shared = beam_graph.Work(
        folder=str(work.absolute()),
        out=str(out.absolute()),
        features=dict(features),
        limits=Limits(problem.max_length, ratio, drop),
        sizes={name: (one.kept, one.shards) for name, one in placements.items()},
    )
    names = {
        split: [shard_name(split, index, one.shards) for index in range(one.shards)]
        for split, one in placements.items()
    }
    total = sum(map(len, names.values()))
    with _progress(work / "results", total, report):
        beam_graph.run(chunks, shared, *runner_and_options(beam))
    results = {
        split: [json.loads((work / "results" / f"{shard}.json").read_text()) for shard in shards]
        for split, shards in names.items()
    }
    for split, shards in results.items():
        if not any(result["shard"]["examples"] for result in shards):
            raise UserError(f"{split}: no row is left ({', '.join(problem.drop)} are dropped)")
    return results


def runner_and_options(beam: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The runner's name and its pipeline options from {"runner", "options", "workers"}.

    FnApiRunner works in this process with one worker; more are processes inside of `processes`,
    where that can be, else threads. The option `direct_running_mode` may say otherwise;
    `multi_processing` takes about 8 s to start.
    """
    runner = beam.get("runner") or DEFAULT_RUNNER
    options = dict(beam.get("options") or {})
    workers = int(beam.get("workers") or 1)
    if runner == DEFAULT_RUNNER:
        options.setdefault("direct_num_workers", workers)
        mode = "in_memory" if workers == 1 else FORKED if _forking() else "multi_threading"
        options.setdefault("direct_running_mode", mode)
    return runner, options


@contextmanager
def processes(beam: Mapping[str, Any]) -> Iterator[None]:
    """Where several workers of FnApiRunner may be forks of this process, which must have one thread
    when this is entered (`forked_workers.py`)."""
    runner, options = runner_and_options(beam)
    if runner != DEFAULT_RUNNER or options["direct_running_mode"] != "multi_threading":
        yield
        return
    # Imported before, so that no worker has to.
    import google_crc32c  # noqa: F401
    import sentencepiece  # noqa: F401
    from tfx_bsl import sketches  # noqa: F401
    from tfx_bsl.coders import example_coder  # noqa: F401

    from components.datagen import beam_graph, forked_workers, unigram_margins  # noqa: F401

    with forked_workers.zygote():
        yield


def _forking() -> bool:
    """Without an import: where no worker can be forked, nothing of it need be there."""
    loaded = sys.modules.get("components.datagen.forked_workers")
    return loaded is not None and loaded.ready()


def _write_plans(placements: Mapping[str, Placement]) -> list[str]:
    """Beside each chunk the plan of its rows, [rows, 2]: number of the split, position."""
    plans: dict[int, np.ndarray] = {}
    spools = {id(one.rows.spool): one.rows.spool for one in placements.values()}
    for key, spool in spools.items():
        plans[key] = np.full((spool.rows, 2), DROPPED, numbers(spool.rows))
    for split, one in placements.items():
        plan = plans[id(one.rows.spool)]
        plan[one.rows.index, 0] = SPLITS.index(split)
        plan[one.rows.index, 1] = one.position
    chunks = []
    for key, spool in spools.items():
        start = 0
        for path, rows in spool.chunks:
            np.save(f"{path}.npy", plans[key][start : start + rows])
            chunks.append(path.name)
            start += rows
    return chunks


def gathered(
    features: Mapping[str, Feature], placements: Mapping[str, Placement], work: Path
) -> dict[str, Statistics]:
    """The statistics of each split, put together from those of the chunks, in their order."""
    from components.datagen.statistics.sketch import Statistics

    found = {}
    for split, one in placements.items():
        whole = Statistics(features, one.kept)
        for file in sorted((work / "statistics").glob(f"*.{split}")):
            whole.merge(Statistics.from_bytes(file.read_bytes(), features))
        found[split] = whole
    return found


@contextmanager
def _progress(
    folder: Path, total: int, report: Callable[[Mapping[str, Any]], None]
) -> Iterator[None]:
    """Reports the shards finished, once a second: the runner itself says nothing while it works."""
    stop = threading.Event()

    def watch() -> None:
        seen = 0
        while not stop.wait(1.0):
            done = sum(1 for _ in folder.glob("*.json"))
            if done != seen:
                report({"event": "shards", "done": done, "of": total})
                seen = done

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
