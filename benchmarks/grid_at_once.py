"""Two cells of one thread at a time on two cores: `run --jobs 2` against `repro`, and the limit.

    python -m benchmarks.grid_at_once [--cells 12] [--steps 300] [--rounds 1] [--work FOLDER]

The limit: bare trainings of the same cells, two at once against one after the other, by the clock of
the training itself: no imports, no DVC, no MLflow. What it has above 0.5 is what two cores share.
Below the whole commands: what train.json and metrics.json say was training and evaluating, halved for
`run`; the rest are imports, forks, DVC, MLflow and the comparison.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.grid import make_project, python, timed
from benchmarks.rounds import table

BARE = """
import sys, tempfile
from pathlib import Path
from pipeline.resolved import read
found = read(Path("."))
cell = next(cell for cell in found.cells if cell.seed == int(sys.argv[1]))
from components.train.hparams import Runtime, TrainSettings
from components.train.runtime import configure
runtime = Runtime(**found.settings["runtime"])
configure(runtime, cell.seed)
from components.datagen.schema import Manifest
from components.eval.predict import dev_metric_fn
from components.train.trainer import train
named, data = found.hparams[cell.hparams][cell.model], Path("data", cell.problem)
settings = TrainSettings(**named["train"])
with tempfile.TemporaryDirectory() as folder:
    print("ready", flush=True)
    sys.stdin.readline()
    done = train(
        data_dir=data, model=cell.model, hparams=named["hparams"], settings=settings,
        runtime=runtime, seed=cell.seed, out_dir=Path(folder, "out"), work_dir=Path(folder, "work"),
        report=lambda event: None, dev_metric_name="accuracy",
        dev_metric=dev_metric_fn(data, Manifest.load(data), settings.dev_examples),
    )
print("done", flush=True)
"""


class Bare:
    """A training that has imported everything and waits to begin."""

    def __init__(self, project: Path, seed: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", BARE, str(seed)],
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.wait_for("ready")

    def begin(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def wait_for(self, word: str) -> None:
        assert self.process.stdout
        if self.process.stdout.readline().strip() != word:
            raise SystemExit(f"a bare training ended with exit code {self.process.wait()}")


def limit(project: Path) -> tuple[float, float]:
    """Seconds of two bare trainings, one after the other and both at once."""
    seconds = []
    for together in (False, True):
        pair = [Bare(project, seed) for seed in (1, 2)]
        began = time.perf_counter()
        for one in pair:
            one.begin()
            if not together:
                one.wait_for("done")
        for one in pair if together else ():
            one.wait_for("done")
        seconds.append(time.perf_counter() - began)
        for one in pair:
            one.process.wait()
    return seconds[0], seconds[1]


def weights(project: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in project.glob("runs/**/*.safetensors")
    }


def round_of(folder: Path, cells: int, steps: int) -> dict[str, tuple[float, float]]:
    """(one at a time, two at once) of the bare trainings and of the whole commands."""
    project = make_project(folder / "made", cells, steps=steps, threads=1, batch_tokens=2048)
    timed(project, *python("dvc", "repro", "resolve", "datagen"))
    found, seconds = {"limit: bare trainings": limit(project)}, []
    for name, words in (("repro", ["repro"]), ("run", ["run", "--jobs", "2"])):
        shutil.copytree(project, folder / name, symlinks=True)
        seconds.append(timed(folder / name, *python("pipeline", *words)).seconds)
    if weights(folder / "repro") != weights(folder / "run"):
        raise SystemExit("run --jobs 2 gave OTHER WEIGHTS than repro")
    found["repro, run --jobs 2"] = (seconds[0], seconds[1])
    work = [
        sum(
            json.loads((folder / name / file).read_text())[key]
            for file, key in _seconds(folder / name)
        )
        for name in ("repro", "run")
    ]
    found["of that, training and evaluating"] = (work[0], work[1] / 2)
    return found


def _seconds(project: Path) -> list[tuple[Path, str]]:
    kinds = {"train.json": "train_seconds", "metrics.json": "evaluate_seconds"}
    return [(path, kinds[path.name]) for kind in kinds for path in project.glob(f"runs/**/{kind}")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, default=12)
    parser.add_argument("--steps", type=int, default=300, help="training steps of each")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--work", type=Path, help="a folder to work in; kept")
    args = parser.parse_args()
    folder = args.work or Path(tempfile.mkdtemp())
    rounds = [round_of(folder / str(n), args.cells, args.steps) for n in range(args.rounds)]
    rows = []
    for name in rounds[0]:
        alone = statistics.median(found[name][0] for found in rounds)
        both = statistics.median(found[name][1] for found in rounds)
        ratio = statistics.median(found[name][1] / found[name][0] for found in rounds)
        rows.append([name, f"{alone:.1f}", f"{both:.1f}", f"{ratio:.2f} x"])
    title = (
        f"{args.cells} cells of one thread, {args.steps} steps each; the same weights either way"
    )
    print(table(title, ["", "one at a time s", "two at once s", "ratio"], rows))
    if not args.work:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
