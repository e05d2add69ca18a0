"""The commands of DVC's stages: settings from resolved.json, the work by `components`, files out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from components import catalog
from components.catalog import UserError
from pipeline import record, store, tracking, warm
from pipeline.cells import Cell
from pipeline.failures import recorded
from pipeline.progress import Progress
from pipeline.resolved import Resolved, read
from pipeline.settled import command, forget_work, settled
from pipeline.tracking import TrackingSettings
from pipeline.unedited import unedited, unedited_problem
from pipeline.whole_file import write_json

DATA_SEED = 1
"""Data is shuffled and cut by this seed, whatever the seed of a cell."""


def datagen(root: Path, problem: str) -> None:
    """Writes `data/<problem>/`. Raises UserError, StageFailed."""
    resolved = read(root)
    if problem not in resolved.problems:
        near = catalog.closest(problem, resolved.problems)
        raise UserError(f"the grid of params.yaml has no problem {problem!r}; {near}")
    print(f"{problem}: generating data", flush=True)
    progress = Progress(problem)
    with recorded(root, problem, f"datagen@{problem}"):
        from components.datagen.generate import generate

        catalog.use(resolved.plugins)
        manifest = generate(
            unedited_problem(root, resolved, problem),
            problem,
            root / "data" / problem,
            beam=resolved.settings["beam"],
            cache_dir=root / ".work" / "downloads",
            seed=DATA_SEED,
            report=progress,
        )
    counts = ", ".join(f"{name} {split.examples:,}" for name, split in manifest.splits.items())
    print(f"  {counts}", flush=True)


def train(
    root: Path, problem: str, model: str, hparams: str, seed: int, *, to_store: bool = False
) -> int:
    """Trains one cell: checkpoint/, history.* and train.json. Returns the exit code.

    A cell that is finished in the store (`store.py`) is moved into place; `to_store` puts it there.
    The work is done by a fork of the warm process, where there is one. Raises StageFailed.
    """
    resolved = read(root)
    cell = resolved.cell(problem, model, hparams, seed)
    if settled("train", root, resolved, cell, to_store):
        return 0
    code = warm.run(command("train", cell, to_store), resolved.settings)
    if code is not None:
        return code
    print(f"{cell.name}: training", flush=True)
    kept, progress = store.of(root, resolved, cell), Progress(cell.name)
    with recorded(root, cell.dotted, cell.stage("train")):
        if to_store:
            store.clear(kept)
        _train(root, resolved, cell, progress, kept if to_store else root / cell.folder)
        if to_store:
            store.finish(kept, "train", record.train_digest(resolved, cell))
    progress.close()
    return 0


def evaluate(
    root: Path, problem: str, model: str, hparams: str, seed: int, *, to_store: bool = False
) -> int:
    """Decodes, scores and looks into one cell: metrics.json, predictions, inside/. Otherwise as
    `train`."""
    resolved = read(root)
    cell = resolved.cell(problem, model, hparams, seed)
    if settled("evaluate", root, resolved, cell, to_store):
        return 0
    code = warm.run(command("evaluate", cell, to_store), resolved.settings)
    if code is not None:
        return code
    print(f"{cell.name}: evaluating on {resolved.settings['eval']['split']}", flush=True)
    kept, progress, folder = store.of(root, resolved, cell), Progress(cell.name), root / cell.folder
    with recorded(root, cell.dotted, cell.stage("evaluate")):
        if to_store:
            store.borrow(kept, folder)
        metrics = _evaluate(root, resolved, cell, progress, kept if to_store else folder)
        headline = _headline(resolved, cell, metrics)
        if to_store:
            store.finish(kept, "evaluate", record.evaluate_digest(resolved, cell))
            settings = TrackingSettings(**resolved.settings["tracking"])
            tracking.complete(root, cell, kept, settings)
    progress.close()
    print(f"  {headline}", flush=True)
    if not to_store:
        forget_work(root, folder)
    return 0


def _train(
    root: Path, resolved: Resolved, cell: Cell, progress: Callable[..., None], folder: Path
) -> None:
    """Trains into a folder: the cell's own, or the store's."""
    _need(root / "data" / cell.problem / "manifest.json", f"datagen@{cell.problem}")
    catalog.use(resolved.plugins)
    code = unedited("train", resolved, cell)
    signature = resolved.problems[cell.problem]["signature"]
    described = record.describe(root, resolved, cell, code)
    settings = TrackingSettings(**resolved.settings["tracking"])
    with tracking.live(cell, settings, root, record=described) as send:

        def report(event: dict[str, Any]) -> None:
            progress(event)
            send(event)

        from components.train.hparams import Runtime, TrainSettings
        from components.train.runtime import configure

        runtime = Runtime(**described["runtime"])
        configure(runtime, cell.seed)
        from components.datagen.schema import Manifest
        from components.eval.predict import dev_metric_fn
        from components.train.trainer import train as run

        train_settings = TrainSettings(**described["settings"])
        data_dir = root / "data" / cell.problem
        dev_metric = None
        # A mixture has a dev metric for each member; its mean dev loss chooses.
        name = signature.get("dev_metric", "dev_loss")
        if train_settings.dev_examples:
            manifest = Manifest.load(data_dir)
            dev_metric = dev_metric_fn(data_dir, manifest, train_settings.dev_examples)
        # Importing the libraries may have taken long enough for an edit.
        unedited("train", resolved, cell)
        result = run(
            data_dir=data_dir,
            model=cell.model,
            hparams=described["hparams"],
            settings=train_settings,
            runtime=runtime,
            seed=cell.seed,
            out_dir=folder,
            work_dir=root / ".work" / described["cell_hash"],
            report=report,
            dev_metric=dev_metric,
            dev_metric_name=name,
            higher_is_better=name != "dev_loss"
            and catalog.load_module("metrics", name).HIGHER_IS_BETTER,
            plugins=resolved.plugins,
        )
        write_json(folder / "train.json", {**described, **result})


def _evaluate(
    root: Path, resolved: Resolved, cell: Cell, progress: Callable[..., None], folder: Path
) -> dict[str, Any]:
    """Evaluates the training that is in a folder, and writes there."""
    _need(folder / "train.json", cell.stage("train"))
    catalog.use(resolved.plugins)
    unedited("evaluate", resolved, cell)
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(Runtime(**resolved.settings["runtime"]), cell.seed)
    from components.eval.evaluate import evaluate as run

    # As in `_train`.
    unedited("evaluate", resolved, cell)
    return run(
        run_dir=folder,
        data_dir=root / "data" / cell.problem,
        model=cell.model,
        hparams=resolved.hparams[cell.hparams][cell.model]["hparams"],
        settings=resolved.settings["eval"],
        report=progress,
        plugins=resolved.plugins,
    )


def _headline(resolved: Resolved, cell: Cell, metrics: dict[str, Any]) -> str:
    """The first metric of the problem, or of each member of a mixture, with its interval."""
    signature = resolved.problems[cell.problem]["signature"]
    if "members" not in signature:
        return _said(signature["metrics"][0], metrics)
    return "\n  ".join(
        f"{member}: {_said(one['metrics'][0], metrics, f'{member}/')}"
        for member, one in signature["members"].items()
    )


def _said(name: str, metrics: dict[str, Any], prefix: str = "") -> str:
    main = getattr(catalog.load_module("metrics", name), "MAIN", name)
    key = f"{prefix}{main}"
    text = f"{main} {metrics[key]:.4g}"
    if f"{key}_low" in metrics:
        text += f" ({metrics[f'{key}_low']:.4g} to {metrics[f'{key}_high']:.4g})"
    return text


def _need(file: Path, stage: str) -> None:
    if not file.is_file():
        raise UserError(f"{file} is not there; `dvc repro {stage}` makes it")
