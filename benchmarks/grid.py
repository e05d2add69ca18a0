"""What a cell costs beside data generation, training and decoding, and how that grows.

    python -m benchmarks.grid [--cells 20 300] [--real 20] [--cold 5] [--work FOLDER]

Real cells (scikit-learn's digits, a `transformer_encoder` of width 8, one training step) in fresh
projects. Of a grid of n cells, the first `--real` are run by `repro`; those between are recorded
through the store (`grid_filled.py`: copies of a finished one, so that only recording takes time); then
the last `--real` are run, which find all others recorded. `--real 0` runs every cell.

A cell's overhead is the time from the line in which DVC begins its training to the line in which DVC
begins the next stage, its evaluation's likewise, less what train.json and metrics.json say was
training (tracing included) and evaluating (choosing the checkpoint, decoding, losses, metrics).
"all" shares out what is left of the whole command over the cells too: DVC's start, that of the warm
process, MLflow and the comparison. Then a `dvc repro` that has nothing to do, and `plan` before and
after. Beside it: the same without the warm process, and what importing TensorFlow, Keras and MLflow
takes. Several cells at once are in `grid_at_once.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.grid_filled import fill
from benchmarks.rounds import REPOSITORY, table

PARAMS = """\
grid:
  problem: [image_digits]
  model: [transformer_encoder]
  hparams: [mini]
  seed: [{seeds}]
hparams:
  mini: {{d_model: 8, num_layers: 1, num_heads: 2, d_ff: 16, batch_tokens: {batch_tokens}}}
train: {{steps: {steps}, eval_steps: {steps}, log_steps: {steps}}}
runtime: {{threads: {threads}}}
"""
STAGE = re.compile(rb"Running stage '([a-z]+)")
KINDS = ("train", "evaluate")
STAGE_NAME = "evaluate@image_digits-transformer_encoder-mini-{}"


@dataclass(frozen=True)
class Timed:
    """seconds: of the whole command. stages: (kind, seconds) in the order in which DVC ran them."""

    seconds: float
    stages: list[tuple[str, float]]


def make_project(folder: Path, cells: int, *, steps: int, threads: int, batch_tokens: int) -> Path:
    """A clone with a grid of so many cells."""
    subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(folder)], check=True)
    seeds = ", ".join(str(seed) for seed in range(1, cells + 1))
    values = {"seeds": seeds, "steps": steps, "threads": threads, "batch_tokens": batch_tokens}
    (folder / "params.yaml").write_text(PARAMS.format(**values))
    return folder


def timed(folder: Path, *words: str, warm: bool = True) -> Timed:
    """Runs a command in a project. Raises SystemExit with its last words if it fails."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": paths, "TENSORGRID_WARM": "20" if warm else "0"}
    # Where it is set every fork compiles the project's files; nobody sets it to train.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    marks: list[tuple[str, float]] = []
    lines: list[bytes] = []
    process = subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout
    for line in process.stdout:
        lines.append(line)
        if found := STAGE.match(line):
            marks.append((found[1].decode(), time.perf_counter()))
    code = process.wait()
    ended = time.perf_counter()
    if code:
        said = b"".join(lines[-30:]).decode(errors="replace")
        raise SystemExit(f"{' '.join(words)} failed in {folder}:\n{said}")
    ends = [at for _, at in marks[1:]] + [ended]
    stages = [(kind, end - at) for (kind, at), end in zip(marks, ends, strict=False)]
    return Timed(ended - began, stages)


def python(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *words)


def work(folder: Path) -> float:
    """Seconds of training and evaluating of a cell at the median; they differ by their seeds only."""
    return statistics.median(
        json.loads((cell / "train.json").read_text())["train_seconds"]
        + json.loads((cell / "metrics.json").read_text())["evaluate_seconds"]
        for cell in (folder / "runs").glob("*/*/*/*")
    )


def overheads(folder: Path, run: Timed) -> list[float]:
    """Of every cell of a run in seconds; the first holds the start of the warm process."""
    spent = {kind: [seconds for found, seconds in run.stages if found == kind] for kind in KINDS}
    per_cell = zip(spent["train"], spent["evaluate"], strict=True)
    return [sum(both) - work(folder) for both in per_cell]


def spread(found: list[float]) -> str:
    return f"{statistics.median(found):.2f}"


def grid(folder: Path, cells: int, real: int, *, warm: bool) -> list[str]:
    """One row of the table."""
    project = make_project(folder, cells, steps=1, threads=0, batch_tokens=512)
    timed(project, *python("dvc", "repro", "resolve", "datagen"), warm=warm)
    before = timed(project, *python("pipeline", "plan")).seconds
    filled, recording = cells > 2 * real > 0, ""
    targets = [STAGE_NAME.format(seed) for seed in range(1, real + 1)] if filled else []
    first = timed(project, *python("pipeline", "repro", "--", *targets), warm=warm)
    runs, last = [first], overheads(project, first)
    begun = last
    if filled:
        between = list(range(real + 1, cells - real + 1))
        fill(project, between, like=1)
        words = [STAGE_NAME.format(seed) for seed in between]
        done = timed(project, *python("pipeline", "repro", "--", *words), warm=warm)
        recording = f"{done.seconds / len(between):.2f}"
        runs.append(timed(project, *python("pipeline", "repro"), warm=warm))
        last = overheads(project, runs[-1])
    after = timed(project, *python("pipeline", "plan")).seconds
    again = timed(project, *python("dvc", "repro"), warm=warm)
    assert not again.stages
    everything = begun + last if filled else begun
    third = len(begun) // 3 or 1
    ran = sum(run.seconds for run in runs) / len(everything)
    return [
        f"{cells}{'' if warm else ', no warm process'}",
        str(len(everything)),
        spread(everything),
        spread(begun if filled else begun[:third]),
        spread(last if filled else begun[-third:]),
        f"{max(everything):.1f}",
        f"{ran - work(project):.2f}",
        recording,
        f"{again.seconds:.1f}",
        f"{before:.2f}",
        f"{after:.2f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, nargs="*", default=[20, 300])
    parser.add_argument("--real", type=int, default=20, help="first and last; 0: all")
    parser.add_argument("--cold", type=int, default=5, help="cells without the warm process")
    parser.add_argument("--work", type=Path, help="a folder to work in; kept")
    args = parser.parse_args()
    folder = args.work or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    program = "import tensorflow, keras, mlflow"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    imports = time.perf_counter() - began
    rows = []
    for cells, warm in [*((cells, True) for cells in args.cells), (args.cold, False)]:
        if cells:
            rows.append(
                grid(folder / f"{cells}-{warm}", cells, args.real if warm else 0, warm=warm)
            )
            print(" | ".join(rows[-1]), file=sys.stderr)
    head = ["cells", "run", "overhead s", "the first", "the last", "most", "all", "recording"]
    title = "Seconds a cell beside training and decoding (median), a no-op dvc repro, and plan"
    print(table(title, [*head, "no-op", "plan", "plan after"], rows))
    print(f"(importing TensorFlow, Keras and MLflow: {imports:.1f} s, twice a cell without)")
    if not args.work:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
