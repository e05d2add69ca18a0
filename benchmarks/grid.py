"""What a cell costs beside data generation, training and decoding, and how that grows.

    python -m benchmarks.grid [--cells 20 100] [--cold 20] [--jobs-cells 12] [--work FOLDER]

Real grids (scikit-learn's digits, a `transformer_encoder` of width 8) in fresh projects. For each
number of cells: `dvc repro` with one step a cell, a second one that has nothing to do, and `plan`
before and after. A cell's overhead is the time from the line in which DVC begins its training to the
line in which DVC begins the next stage, its evaluation's likewise, less what train.json and
metrics.json say was training (tracing included) and evaluating (choosing the checkpoint, decoding,
losses, metrics). Beside it: the same without the warm process, and what importing TensorFlow, Keras
and MLflow takes. Last, `run --jobs 2` against `repro` on cells of one thread that train for some
seconds.
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


def overheads(folder: Path, run: Timed) -> list[float]:
    """Of every cell in seconds; the first holds the start of the warm process."""
    spent = {kind: [seconds for found, seconds in run.stages if found == kind] for kind in KINDS}
    work = [
        json.loads((cell / "train.json").read_text())["train_seconds"]
        + json.loads((cell / "metrics.json").read_text())["evaluate_seconds"]
        for cell in sorted((folder / "runs").glob("*/*/*/*"), key=lambda path: int(path.name))
    ]
    per_cell = zip(spent["train"], spent["evaluate"], strict=True)
    # DVC's order of the cells is its own: what they do differs by seed only.
    return [sum(both) - statistics.median(work) for both in per_cell]


def grid(folder: Path, cells: int, *, warm: bool) -> list[str]:
    """One row of the table."""
    project = make_project(folder, cells, steps=1, threads=0, batch_tokens=512)
    timed(project, *python("dvc", "repro", "resolve", "datagen"), warm=warm)
    before = timed(project, *python("pipeline", "plan")).seconds
    run = timed(project, *python("pipeline", "repro"), warm=warm)
    found = overheads(project, run)
    after = timed(project, *python("pipeline", "plan")).seconds
    again = timed(project, *python("dvc", "repro"), warm=warm)
    assert not again.stages
    each = len(found) // 5
    return [
        f"{cells}{'' if warm else ', no warm process'}",
        f"{statistics.median(found):.2f}",
        f"{statistics.median(found[:each]):.2f}",
        f"{statistics.median(found[-each:]):.2f}",
        f"{max(found):.1f}",
        f"{run.seconds / cells:.2f}",
        f"{again.seconds:.1f}",
        f"{before:.2f}",
        f"{after:.2f}",
    ]


def at_once(folder: Path, cells: int, steps: int) -> str:
    """`run --jobs 2` against `repro`, cells of one thread."""
    seconds = {}
    locks = []
    for name, words in (("repro", ["repro"]), ("run", ["run", "--jobs", "2"])):
        project = make_project(folder / name, cells, steps=steps, threads=1, batch_tokens=2048)
        timed(project, *python("dvc", "repro", "resolve", "datagen"))
        seconds[name] = timed(project, *python("pipeline", *words)).seconds
        locks.append(_checkpoints(project))
    same = "the same weights" if locks[0] == locks[1] else "OTHER WEIGHTS"
    return (
        f"{cells} cells of one thread, {steps} steps: repro {seconds['repro']:.1f} s, run --jobs 2 "
        f"{seconds['run']:.1f} s: {seconds['run'] / seconds['repro']:.2f} x, {same}"
    )


def _checkpoints(project: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in project.glob("runs/**/*.safetensors")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, nargs="*", default=[20, 100])
    parser.add_argument("--cold", type=int, default=20, help="cells without the warm process")
    parser.add_argument("--jobs-cells", type=int, default=12)
    parser.add_argument("--jobs-steps", type=int, default=300, help="training steps of each")
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
            rows.append(grid(folder / f"{cells}-{warm}", cells, warm=warm))
            print(" | ".join(rows[-1]), file=sys.stderr)
    head = ["cells", "overhead s", "first fifth", "last fifth", "most", "s a cell, all", "no-op"]
    title = "Seconds a cell beside training and decoding (median), dvc repro and plan"
    if rows:
        print(table(title, [*head, "plan", "plan after"], rows))
    print(f"(importing TensorFlow, Keras and MLflow: {imports:.1f} s, twice a cell without)")
    if args.jobs_cells:
        print("\n" + at_once(folder / "jobs", args.jobs_cells, args.jobs_steps))
    if not args.work:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
