"""Real trainings; as a process of their own, for tests that kill it or change its devices.

python -m tests.train.train_once DATA JSON, where JSON is {folder: overrides}; one after another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from components.train.hparams import Runtime, TrainSettings
from components.train.runtime import configure

HPARAMS = {
    "d_model": 16,
    "num_layers": 1,
    "num_heads": 2,
    "d_ff": 16,
    "dropout": 0.2,
    "batch_tokens": 64,
    "warmup_steps": 3,
    "ema_decay": 0.9,
    "max_length": 32,
}
SETTINGS = {"steps": 24, "eval_steps": 4, "log_steps": 2, "average": 3}


def run(
    data: Path, out: Path, changes: dict[str, Any], report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """What `train` returns for the transformer with these changes of hparams, settings and runtime."""
    runtime = Runtime(**changes.get("runtime", {}))
    configure(runtime, 1)
    from components.train.trainer import train

    return train(
        data_dir=data,
        model="transformer",
        hparams={**HPARAMS, **changes.get("hparams", {})},
        settings=TrainSettings(**{**SETTINGS, **changes.get("settings", {})}),
        runtime=runtime,
        seed=1,
        out_dir=out,
        work_dir=out / "work",
        report=report,
    )


def main() -> None:
    data = Path(sys.argv[1])
    for folder, changes in json.loads(sys.argv[2]).items():
        out = Path(folder)
        done = run(data, out, changes, lambda event: print(json.dumps(event), flush=True))
        (out / "done.json").write_text(json.dumps(done))
        import keras

        keras.distribution.set_distribution(None)  # of JAX: the next may be on one device


if __name__ == "__main__":
    main()
