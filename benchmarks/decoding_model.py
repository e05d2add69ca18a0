"""The data and the briefly trained Transformer that `benchmarks.decoding` decodes with.

Lengths must be real, and a random network never ends its outputs well: so 600 steps are trained,
once, into the folder that is given. Norms stand as in the paper (`norm: post`), the only place that
Hugging Face's Marian knows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.multi30k import generated

HPARAMS: dict[str, Any] = {
    "d_model": 256,
    "num_layers": 3,
    "num_heads": 4,
    "d_ff": 1024,
    "norm": "post",
    "batch_tokens": 2048,
    "learning_rate": 0.001,
    "learning_rate_schedule": "cosine",
    "warmup_steps": 200,
    "beta2": 0.98,
    "attention_dropout": 0.0,
    "relu_dropout": 0.0,
}
STEPS = 600
QUANTIZATIONS = {"float32": None, "int8": "int8"}


def data_of(work: Path) -> Path:
    """`data/` under the folder, made from Multi30k if it is not there."""
    return generated(work / "data")


def weights_of(work: Path) -> Path:
    """The trained weights; `runtime.configure` must have run."""
    weights = work / "run" / "checkpoint" / "last.safetensors"
    if not weights.exists():
        from components.train.hparams import Runtime, TrainSettings
        from components.train.trainer import train

        print(f"training {STEPS} steps, once", file=sys.stderr)
        train(
            data_dir=data_of(work),
            model="transformer",
            hparams=HPARAMS,
            settings=TrainSettings(steps=STEPS, eval_steps=STEPS // 3),
            runtime=Runtime(),
            seed=1,
            out_dir=work / "run",
            work_dir=work / "state",
            report=lambda event: print(event, file=sys.stderr),
        )
    return weights


def exported(work: Path, name: str) -> Path:
    """The same weights for CTranslate2, in the type of one of QUANTIZATIONS."""
    out = work / f"ctranslate2_{name}"
    if not out.exists():
        from components.eval.export_ctranslate2 import export

        export(
            data_dir=data_of(work),
            weights=weights_of(work),
            model="transformer",
            hparams=HPARAMS,
            out_dir=out,
            quantization=QUANTIZATIONS[name],
        )
    return out


def main() -> None:
    """Makes everything: `python -m benchmarks.decoding_model FOLDER`."""
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(Runtime(), seed=1)
    for name in QUANTIZATIONS:
        exported(Path(sys.argv[1]), name)


if __name__ == "__main__":
    main()
