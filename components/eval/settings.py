"""Every setting of an evaluation, declared once: the section `eval:` (standard library only)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.catalog import UserError, closest
from components.train.hparams import setting

METHODS = ("beam", "greedy", "sample")
ENGINES = ("keras", "ctranslate2")
QUANTIZATIONS = ("float32", "int8")
CHECKPOINTS = ("auto", "best", "last", "average")


@dataclass(frozen=True)
class EvalSettings:
    """What is decoded, how, and from which weights."""

    split: str = setting("test", "the split that is reported; never train", choices=("test", "dev"))
    checkpoint: str = setting(
        "auto",
        "weights to evaluate; auto: the ones with the best dev metric, decoded greedily",
        choices=CHECKPOINTS,
    )
    method: str = setting(
        "beam", "how targets are decoded: beam search, greedily, or drawn", choices=METHODS
    )
    engine: str = setting(
        "keras",
        "what decodes the split; ctranslate2 (CPU) is quick and runs transformer on SentencePiece "
        "symbols; other cells are decoded by keras",
        choices=ENGINES,
    )
    quantization: str = setting(
        "float32", "of engine ctranslate2: how it holds the weights", choices=QUANTIZATIONS
    )
    beam_size: int = setting(4, "hypotheses kept by beam search", low=1)
    length_penalty: float = setting(
        0.6, "alpha: log probabilities are divided by ((5 + length) / 6)^alpha", low=0
    )
    extra_length: int = setting(
        50, "a decoded text has at most as many symbols as its input, and these more", low=0
    )
    temperature: float = setting(1.0, "of method sample: logits are divided by this", low=0.01)
    top_k: int = setting(0, "of method sample: draw among so many symbols; 0: all", low=0)
    top_p: float = setting(
        1.0,
        "of method sample: draw among the fewest symbols with this probability together; 1: all",
        low=0.01,
        high=1,
    )
    seed: int = setting(1, "of method sample and of the bootstrap", low=0)
    batch_tokens: int = setting(
        4096, "input positions decoded together, padding counted; less needs less memory", low=1
    )
    bootstrap_samples: int = setting(
        1000, "resamples of the split behind each 95 % interval; 0: no intervals", low=0
    )
    max_examples: int = setting(0, "only the first so many examples of the split; 0: all", low=0)
    dev_examples: int = setting(
        0, "dev examples decoded for each checkpoint that auto compares; 0: all", low=0
    )
    inspect: int = setting(
        1,
        "test examples whose attention and experts are drawn into inside/; 0: none",
        low=0,
        high=20,
    )
    watch: tuple[str, ...] = setting(
        (), "layers drawn more closely, outputs and single heads: paths, * for anything"
    )


def from_dict(values: Mapping[str, Any]) -> EvalSettings:
    """Settings from a section of params.yaml; what is left out has its default.

    Raises UserError that names the key, what was expected and, for a wrong name, the closest one.
    """
    fields = {field.name: field for field in dataclasses.fields(EvalSettings)}
    for name, value in values.items():
        if name not in fields:
            raise UserError(f"eval.{name}: there is no such setting; {closest(name, fields)}")
        _check(name, value, fields[name])
    settings = EvalSettings(**{**values, "watch": tuple(values.get("watch", ()))})
    if settings.engine == "ctranslate2" and settings.method == "sample":
        raise UserError(
            "eval.engine: ctranslate2 draws other numbers than eval.method: sample does; "
            "expected keras"
        )
    if settings.quantization != "float32" and settings.engine != "ctranslate2":
        raise UserError(
            f"eval.quantization: {settings.quantization} is for eval.engine: ctranslate2; "
            f"expected float32 with engine {settings.engine}"
        )
    return settings


def _check(name: str, value: Any, field: dataclasses.Field[Any]) -> None:
    """Raises UserError if the value is not of the default's type or not within the limits."""
    limits, whole = field.metadata, type(field.default) is int
    choices, low, high = limits["choices"], limits["low"], limits["high"]
    if name == "watch":
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise UserError(f"eval.watch: expected a list of texts, got {value!r}")
        return
    if name == "split" and value == "train":
        raise UserError("eval.split: train is never evaluated; expected one of test, dev")
    if choices is not None:
        if value not in choices:
            raise UserError(
                f"eval.{name}: expected one of {', '.join(choices)}, got {value!r}; "
                f"{closest(str(value), choices)}"
            )
        return
    top = math.inf if high is None else high
    right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not (right and low <= value <= top and abs(value) < math.inf):  # NaN compares as false
        kind = "a whole number" if whole else "a number"
        limit = f" from {low} to {high}" if high is not None else f", at least {low}"
        raise UserError(f"eval.{name}: expected {kind}{limit}, got {value!r}")
