"""The commands of DVC's stages: settings from resolved.json, the work by `components`, files out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from components import catalog, closure
from components.catalog import UserError
from pipeline import record, store, tracking, warm
from pipeline.cells import RUN, Cell
from pipeline.failures import forget_failure, recorded, refuse_again
from pipeline.progress import Progress
from pipeline.resolved import Resolved, read
from pipeline.tracking import TrackingSettings
from pipeline.whole_file import write_json, write_text

DATA_SEED = 1
"""Data is shuffled and cut by this seed, whatever the seed of a cell."""
CURVES = "step,train_loss,dev_loss\n"


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
        from pipeline.problems import build

        catalog.use(resolved.plugins)
        described = resolved.problems[problem]
        manifest = generate(
            build(described["file"], described["layers"], described.get("members")),
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
    folder = root / cell.folder
    if cell.status != RUN:
        print(f"{cell.name}: {cell.status}: {cell.reason}", flush=True)
        # No output is left empty, because DVC warns of each that is.
        (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
        write_text(folder / "checkpoint" / "none.txt", f"{cell.status}: {cell.reason}\n")
        write_text(folder / "history.jsonl", '{"step": 0, "split": "none"}\n')
        write_text(folder / "history.csv", CURVES)
        write_json(folder / "train.json", _not_applicable(cell))
        return 0
    refuse_again(root, cell, "train")
    digest = record.train_digest(resolved, cell)
    kept = store.folder(root, record.cell_hash(digest, record.data_hash(root, problem)))
    if not to_store and store.place(kept, "train", digest, store.TRAINED, folder):
        forget_failure(root, cell)
        print(f"{cell.name}: trained before, moved into place", flush=True)
        return 0
    code = warm.run(_command("train", cell, to_store), resolved.settings)
    if code is not None:
        return code
    print(f"{cell.name}: training", flush=True)
    progress = Progress(cell.name)
    with recorded(root, cell.dotted, cell.stage("train")):
        if to_store:
            store.clear(kept)
        _train(root, resolved, cell, progress, kept if to_store else folder)
        if to_store:
            store.finish(kept, "train", digest)
    progress.close()
    return 0


def evaluate(
    root: Path, problem: str, model: str, hparams: str, seed: int, *, to_store: bool = False
) -> int:
    """Decodes, scores and looks into one cell: metrics.json, predictions, inside/. Otherwise as
    `train`."""
    resolved = read(root)
    cell = resolved.cell(problem, model, hparams, seed)
    folder = root / cell.folder
    split = resolved.settings["eval"]["split"]
    if cell.status != RUN:
        print(f"{cell.name}: {cell.status}: {cell.reason}", flush=True)
        for kind in ("predictions", "references"):
            write_text(folder / f"{kind}.{split}.txt", f"{cell.status}: {cell.reason}\n")
        _write_inside(folder, f"{cell.status}: {cell.reason}")
        write_json(folder / "metrics.json", _not_applicable(cell))
        return 0
    refuse_again(root, cell, "evaluate")
    trained = record.cell_hash(record.train_digest(resolved, cell), record.data_hash(root, problem))
    kept, digest = store.folder(root, trained), record.evaluate_digest(resolved, cell)
    if not to_store and store.place(kept, "evaluate", digest, store.evaluated(split), folder):
        forget_failure(root, cell)
        print(f"{cell.name}: evaluated before, moved into place", flush=True)
        _forget_work(root, folder)
        return 0
    code = warm.run(_command("evaluate", cell, to_store), resolved.settings)
    if code is not None:
        return code
    print(f"{cell.name}: evaluating on {split}", flush=True)
    progress = Progress(cell.name)
    with recorded(root, cell.dotted, cell.stage("evaluate")):
        if to_store:
            store.borrow(kept, folder)
        metrics = _evaluate(root, resolved, cell, progress, kept if to_store else folder)
        headline = _headline(resolved, cell, metrics)
        if to_store:
            store.finish(kept, "evaluate", digest)
    progress.close()
    print(f"  {headline}", flush=True)
    if not to_store:
        _forget_work(root, folder)
    return 0


def _command(kind: str, cell: Cell, to_store: bool) -> list[str]:
    """The arguments of `python -m pipeline` that do a cell's stage."""
    names = [kind, cell.problem, cell.model, cell.hparams, str(cell.seed)]
    return [*names, "--to-store"] if to_store else names


def _train(
    root: Path, resolved: Resolved, cell: Cell, progress: Callable[..., None], folder: Path
) -> None:
    """Trains into a folder: the cell's own, or the store's."""
    _need(root / "data" / cell.problem / "manifest.json", f"datagen@{cell.problem}")
    catalog.use(resolved.plugins)
    signature = resolved.problems[cell.problem]["signature"]
    described = record.describe(root, resolved, cell, _code(resolved, cell))
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
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(Runtime(**resolved.settings["runtime"]), cell.seed)
    from components.eval.evaluate import evaluate as run

    return run(
        run_dir=folder,
        data_dir=root / "data" / cell.problem,
        model=cell.model,
        hparams=resolved.hparams[cell.hparams][cell.model]["hparams"],
        settings=resolved.settings["eval"],
        report=progress,
        plugins=resolved.plugins,
    )


def _code(resolved: Resolved, cell: Cell) -> dict[str, str]:
    """The fingerprint of a cell's code, file by file, so that `plan` can say which one changed."""
    from pipeline.identity import train_roots

    signature = resolved.problems[cell.problem]["signature"]
    return closure.fingerprint(closure.closure(train_roots(signature, cell.model)))


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


def _write_inside(folder: Path, reason: str) -> None:
    """The folder of pictures where there are none: its page says why."""
    from components.eval.inside_page import without

    (folder / "inside").mkdir(parents=True, exist_ok=True)
    for name, content in without(reason).items():
        (folder / "inside" / name).write_bytes(content)


def _not_applicable(cell: Cell) -> dict[str, Any]:
    return {"status": "not applicable", "reason": cell.reason}


def _need(file: Path, stage: str) -> None:
    if not file.is_file():
        raise UserError(f"{file} is not there; `dvc repro {stage}` makes it")


def _forget_work(root: Path, folder: Path) -> None:
    """Removes the state for resuming a training, which DVC has taken over; event files are kept."""
    written = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    work = root / ".work" / str(written["cell_hash"])
    events = work / "tensorboard"
    if events.is_dir():
        kept = root / ".work" / "tensorboard" / ".".join(folder.parts[-4:])
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(events, kept)
    if work.is_dir():
        shutil.rmtree(work)
