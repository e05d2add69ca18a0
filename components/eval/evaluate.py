"""Evaluates one cell: a checkpoint to predictions to metrics; knows neither DVC nor MLflow.

The dev split chooses the checkpoint, by the problem's dev metric on greedy outputs; the split of
the settings, test unless told otherwise, is decoded once, with the chosen weights, and reported.
With `engine: ctranslate2` that decoding is CTranslate2's, from an export of those weights, wherever
it can run the cell; metrics.json says which engine it was.
"""

from __future__ import annotations

import filecmp
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components import catalog
from components.catalog import UserError
from components.datagen.replaced_folder import replaced_folder
from components.datagen.schema import Manifest
from components.eval import bootstrap, inside_page
from components.eval.ctranslate2_engine import Engine
from components.eval.decoding.search import search_of
from components.eval.export_ctranslate2 import engine_of, installed, unsupported
from components.eval.input_batches import Reach
from components.eval.inside_page import Shown
from components.eval.inspected_examples import vocabularies_of
from components.eval.inspection import Looked, look
from components.eval.outputs import Outputs, one_line, references, statistics_of
from components.eval.predict import Predictor, dev_score, target_vocabulary
from components.eval.settings import EvalSettings, from_dict
from components.train.checkpoint import CHOICES, load_weights
from components.train.network import Network, build_network, count_params
from components.train.records import Records

Report = Callable[[dict[str, Any]], None]
REPORT_SECONDS = 10.0
SHOWN = 20
FROM_TRAINING = ("train_seconds", "examples_per_second", "steps")


def evaluate(
    *,
    run_dir: str | Path,
    data_dir: str | Path,
    model: str,
    hparams: Mapping[str, Any],
    settings: Mapping[str, Any],
    report: Report,
    plugins: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Writes predictions.<split>.txt, references.<split>.txt, inside/ and metrics.json into run_dir.

    `runtime.configure` must have run; its backend need not be the one that trained.

    Args:
        run_dir: holds `checkpoint/`, and `train.json` if the cell was trained by a stage.
        data_dir: `data/<problem>`.
        model: a file under `models/`.
        hparams: the values that the cell was trained with.
        settings: the section `eval`, see `EvalSettings`.
        report: told {"event": "chosen" | "decode" | "decoded" | "inside", ...}.
        plugins: packages that may hold the model or metrics.

    Returns:
        The content of metrics.json: numbers and texts by name, no nesting.

    Raises:
        UserError: a setting is wrong, a checkpoint is missing or another model's, the split is
            train, or two metrics have a number of the same name.
    """
    run_dir, chosen = Path(run_dir), from_dict(settings)
    if chosen.split == "train":
        raise UserError("eval.split: train is never evaluated; expected one of test, dev")
    data_dir = Path(data_dir)
    manifest = Manifest.load(data_dir)
    members = {name: Manifest.load(data_dir / name) for name in manifest.members}
    whole = build_network(manifest, model, dict(hparams), plugins, members)
    began = time.monotonic()
    scored: dict[str, Scored] = {}
    for name, own in (members or {"": manifest}).items():
        network = whole.members[name] if name else whole
        one = Subject(name, own, data_dir / name, network, whole)
        scored[name] = _score(one, run_dir, chosen, report, plugins)
    result = {
        key if not name else f"{name}/{key}": value
        for name, one in scored.items()
        for key, value in one.numbers.items()
    }
    result |= {
        "split": chosen.split,
        "examples": sum(one.examples for one in scored.values()),
        "params": count_params(whole),
        "decode_seconds": round(sum(one.decode_seconds for one in scored.values()), 3),
        # Beside decoding: choosing the checkpoint, the losses, the metrics.
        "evaluate_seconds": round(time.monotonic() - began, 3),
        **_of_training(run_dir),
    }
    for kind in ("predictions", "references"):
        lines = [
            f"{name}\t{line}" if name else line
            for name, one in scored.items()
            for line in getattr(one, kind)
        ]
        _write_lines(run_dir / f"{kind}.{chosen.split}.txt", lines)
    with replaced_folder(run_dir / "inside") as folder:
        seen = {name: one.inside for name, one in scored.items()}
        for file, content in inside_page.files(seen).items():
            (folder / file).write_bytes(content)
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    _write(run_dir / "metrics.json", text + "\n")
    return result


@dataclass(frozen=True)
class Subject:
    """What is evaluated: a problem, or a member of a mixture by its name.

    network: its own. whole: what checkpoints hold, the same but in a mixture.
    """

    name: str
    manifest: Manifest
    data_dir: Path
    network: Network
    whole: Any


@dataclass(frozen=True)
class Scored:
    """One subject's numbers for metrics.json, the lines of its files, and what its page shows."""

    numbers: dict[str, Any]
    predictions: list[str]
    references: list[str]
    examples: int
    decode_seconds: float
    inside: Shown


def _score(
    one: Subject,
    run_dir: Path,
    chosen: EvalSettings,
    report: Report,
    plugins: tuple[str, ...],
) -> Scored:
    manifest, network = one.manifest, one.network
    vocabulary = target_vocabulary(one.data_dir, manifest)
    reach = _reach(manifest, chosen)
    greedy = Predictor(network, vocabulary, reach=reach)
    found = choose(one, run_dir, greedy, chosen, plugins)
    report({"event": "chosen", **({"member": one.name} if one.name else {}), **found})

    records = Records(one.data_dir, manifest, chosen.split)
    expected = references(records, chosen.max_examples)
    wanted = len(expected)
    if not _read_outputs(manifest.metrics, plugins):
        # Only losses are scored: a few answers are written to be looked at, sampled where they are
        # written symbol by symbol, because the likeliest text of all says little.
        wanted = min(wanted, SHOWN)
        chosen = replace(chosen, method="sample", engine="keras")
    predictor = Predictor(network, vocabulary, search=search_of(chosen), reach=reach)
    decoder, engine = _engine(network, manifest, one.data_dir, chosen, predictor)
    began = time.monotonic()
    done = _every(REPORT_SECONDS, wanted, report)
    outputs = decoder.predict(records, max_examples=wanted, done=done)
    seconds = time.monotonic() - began
    report({"event": "decoded", "examples": wanted, "seconds": round(seconds, 1)})
    losses = predictor.losses(records, max_examples=chosen.max_examples)
    values = measure(manifest.metrics, expected, outputs, losses, chosen, plugins)
    loss = float(losses[:, 0].sum() / max(losses[:, 1].sum(), 1.0))
    shown = [one_line(text) for text in expected[:wanted]]
    looked = _look(one, records, chosen, report)
    numbers = {**values, "loss": loss, **looked.numbers, **found, **engine}
    return Scored(numbers, outputs.texts, shown, len(expected), seconds, looked.shown)


def _look(one: Subject, records: Records, chosen: EvalSettings, report: Report) -> Looked:
    """What is inside the network, with the weights that it has now; notes are reported, too."""
    if not chosen.inspect:
        return Looked(shown=Shown(notes=["eval.inspect is 0: nothing was looked at."]))
    vocabularies = vocabularies_of(one.manifest, one.data_dir)
    try:
        looked = look(one.network, records, vocabularies, count=chosen.inspect, watch=chosen.watch)
    except Exception as error:
        # A picture is no reason to lose an evaluation: a layer of a plugin may fail when it is watched.
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        looked = Looked(shown=Shown(notes=[f"The inside could not be looked at: {why}"]))
    for note in looked.shown.notes:
        report({"event": "inside", "note": note})
    return looked


def _reach(manifest: Manifest, chosen: EvalSettings) -> Reach:
    """Where there are no inputs to measure an output by, it may be as long as a training text."""
    extra = chosen.extra_length
    if manifest.features["inputs"].modality in ("nothing", "class_label"):
        extra = max(extra, manifest.splits["train"].lengths["targets"].max)
    return Reach(chosen.batch_tokens, extra, chosen.seed)


def _read_outputs(metrics: tuple[str, ...], plugins: tuple[str, ...]) -> bool:
    """Whether some metric reads what is predicted, and not only how probable the references are."""
    modules = (catalog.load_module("metrics", name, plugins) for name in metrics)
    return any(module.INPUT != "loss" for module in modules)


def _engine(
    network: Network,
    manifest: Manifest,
    data: Path,
    settings: EvalSettings,
    predictor: Predictor,
) -> tuple[Predictor | Engine, dict[str, str]]:
    """What decodes the split, and how metrics.json names it: `engine`, `engine_version`, and
    `engine_reason` where it is not the one that was asked for."""
    keras_engine = {"engine": "keras", "engine_version": keras.__version__}
    if settings.engine == "keras":
        return predictor, keras_engine
    reason = unsupported(network, manifest)
    if reason:
        return predictor, {**keras_engine, "engine_reason": reason}
    named = {"engine": "ctranslate2", "engine_version": installed().__version__}
    return engine_of(network, manifest, data, settings), {
        **named,
        "engine_quantization": settings.quantization,
    }


def choose(
    one: Subject,
    run_dir: Path,
    predictor: Predictor,
    settings: EvalSettings,
    plugins: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Loads the checkpoint that the settings name, or for auto the best by the dev metric.

    Of equal ones the first of best, last, average is taken; a member of a mixture may also have the
    one that was best for it.

    Returns:
        {"checkpoint": its name, "dev_<metric>": its dev metric}.
    """
    metric = catalog.load_module("metrics", one.manifest.dev_metric, plugins)
    records = Records(one.data_dir, one.manifest, "dev")
    expected = references(records, settings.dev_examples)
    scores: dict[str, float] = {}
    found = checkpoints(run_dir, settings.checkpoint, one.name)
    for name, path in found.items():
        load_weights(one.whole, path)
        scores[name] = dev_score(metric, predictor, records, expected, settings.dev_examples)
    best = (max if metric.HIGHER_IS_BETTER else min)(scores, key=lambda name: scores[name])
    load_weights(one.whole, found[best])
    return {"checkpoint": best, f"dev_{metric.MAIN}": scores[best]}


def checkpoints(run_dir: Path, wanted: str, member: str = "") -> dict[str, Path]:
    """The checkpoints to compare, by name; one that is a copy of an earlier one is left out.

    Raises UserError if there is none.
    """
    names = CHOICES if wanted == "auto" else (wanted,)
    if member and wanted in ("auto", "best"):
        names = (f"best.{member}", *names)
    paths = {name: run_dir / "checkpoint" / f"{name}.safetensors" for name in names}
    found: dict[str, Path] = {}
    for name, path in paths.items():
        copies = (filecmp.cmp(path, other, shallow=False) for other in found.values())
        if path.is_file() and not any(copies):
            found[name] = path
    if not found:
        missing = " or ".join(path.name for path in paths.values())
        raise UserError(f"{run_dir / 'checkpoint'} holds no {missing}; train the cell first")
    return found


def measure(
    names: tuple[str, ...],
    expected: list[str],
    outputs: Outputs,
    losses: np.ndarray,
    settings: EvalSettings,
    plugins: tuple[str, ...] = (),
) -> dict[str, Any]:
    """All numbers of the metrics, the 95 % interval of each one's main number, and signatures.

    The first metric is the headline: its signature is `signature`, others are `<metric>_signature`.
    Raises UserError if two metrics give a number of the same name.
    """
    result: dict[str, Any] = {}
    for place, name in enumerate(names):
        metric = catalog.load_module("metrics", name, plugins)
        statistics = statistics_of(metric, expected, outputs, losses)
        numbers = {key: float(value) for key, value in metric.score(statistics.sum(axis=0)).items()}
        if settings.bootstrap_samples:
            numbers[f"{metric.MAIN}_low"], numbers[f"{metric.MAIN}_high"] = bootstrap.interval(
                statistics,
                metric.score,
                metric.MAIN,
                samples=settings.bootstrap_samples,
                seed=settings.seed,
            )
        twice = sorted(set(numbers) & set(result))
        if twice:
            raise UserError(
                f"metric {name!r} gives {', '.join(twice)}, which another metric of this problem "
                "gives too; rename it in the metric's file"
            )
        result |= numbers
        result["signature" if place == 0 else f"{name}_signature"] = metric.signature()
    return result


def _every(seconds: float, examples: int, report: Report) -> Callable[[int], None]:
    """Reports progress when so much time has passed since the last time."""
    last = time.monotonic()

    def done(count: int) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds and count < examples:
            last = time.monotonic()
            report({"event": "decode", "done": count, "examples": examples})

    return done


def _of_training(run_dir: Path) -> dict[str, Any]:
    """What `train.json` says of the cost."""
    path = run_dir / "train.json"
    if not path.is_file():
        return {}
    written = json.loads(path.read_text(encoding="utf-8"))
    return {name: written[name] for name in FROM_TRAINING if name in written}


def _write_lines(path: Path, lines: list[str]) -> None:
    _write(path, "".join(f"{line}\n" for line in lines))


def _write(path: Path, text: str) -> None:
    """Writes a file, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8", newline="\n")
    os.replace(partial, path)
