"""What the variables do not tell of a Tensor2Tensor model: heads, target space, vocabularies, switches.

It is read from the `hparams.json` that T2T writes beside its checkpoints, or told; where the two
differ, that is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.catalog import UserError
from components.datagen.subwords import Subwords, lines_of
from components.train.import_t2t.variables import ROUNDING, SCOPE, Sizes, Variables

SIDES = ("inputs", "targets")
TARGET_SPACES = "body/target_space_embedding/kernel"
# Of T2T's hparams: what our Transformer does, of all that they can say. What a file does not say has
# T2T's default, which is among these.
ALIKE: dict[str, tuple[Any, ...]] = {
    "self_attention_type": ("dot_product",),
    "ffn_layer": ("dense_relu_dense", "conv_hidden_relu"),
    "pos": ("timing",),
    "norm_type": ("layer",),
    "norm_epsilon": (1e-6,),
    "multiply_embedding_mode": ("sqrt_depth",),
    "symbol_modality_skip_top": (False,),
    "proximity_bias": (False,),
    "prepend_mode": ("none",),
    "unidirectional_encoder": (False,),
    "causal_decoder_self_attention": (True,),
    "hard_attention_k": (0,),
}
SEQUENCES = {"pre": ("n", "da"), "post": ("none", "dan")}
"""What T2T does before and after a sublayer: n norm, d dropout, a add."""
# What changes no output, but a training that goes on from here.
RENAMED = {
    "layer_prepostprocess_dropout": "dropout",
    "attention_dropout": "attention_dropout",
    "relu_dropout": "relu_dropout",
    "symbol_dropout": "symbol_dropout",
    "label_smoothing": "label_smoothing",
}
SPACES = {"en": 3, "fr": 6, "de": 8, "parse": 15, "zh": 16, "is": 18, "mk": 20, "cs": 21}
"""Of T2T's `SpaceID`: what its translation and parsing problems on subwords write."""


def read_hparams(file: Path) -> dict[str, Any]:
    """T2T's hparams as it writes them beside a checkpoint; {} if it did not."""
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{file}: expected the JSON that Tensor2Tensor writes: {error}") from error
    if not isinstance(found, dict):
        raise UserError(f"{file}: expected hparams by name, found a {type(found).__name__}")
    return found


def check_alike(told: Mapping[str, Any], sizes: Sizes, file: Path) -> None:
    """Raises UserError if the model did something that ours does not, which no variable shows."""
    width = (0, sizes.d_model)
    keys = {"attention_key_channels": width, "attention_value_channels": width}
    before, after = SEQUENCES[sizes.norm]
    norms = {"layer_preprocess_sequence": (before,), "layer_postprocess_sequence": (after,)}
    for name, right in {**ALIKE, **keys, **norms, "hidden_size": (sizes.d_model,)}.items():
        if name in told and told[name] not in right:
            expected = " or ".join(repr(value) for value in right)
            raise UserError(f"{file}: {name} is {told[name]!r}; our transformer is {expected} here")


def heads_of(told: Mapping[str, Any], wanted: int | None, sizes: Sizes, path: Path) -> int:
    """The number of heads. Raises UserError if nobody says it, or what is said cannot be."""
    file, found = path.parent / "hparams.json", told.get("num_heads")
    if found is None and wanted is None:
        raise UserError(
            f"{path}: the number of attention heads is not in the variables, and no {file} says "
            "num_heads; give --num-heads (transformer_base has 8, transformer_big 16)"
        )
    if found is not None and wanted is not None and found != wanted:
        raise UserError(f"--num-heads is {wanted}, but {file} says num_heads: {found}")
    heads = wanted if found is None else found
    if not isinstance(heads, int) or heads < 1 or sizes.d_model % heads:
        raise UserError(
            f"{path}: {heads!r} attention heads; expected a number that divides its d_model, "
            f"{sizes.d_model}"
        )
    return heads


def vocabulary_files(given: Sequence[str | Path], path: Path) -> list[Path]:
    """The vocabularies, one or one of each side: those given, else the only one beside the checkpoint."""
    files = [Path(file) for file in given]
    if len(files) > 2:
        raise UserError(f"{len(files)} vocabularies; expected one, or that of each side")
    beside = sorted(path.parent.glob("*.subwords"))
    return files or (beside if len(beside) == 1 else [])


def subwords_in(file: Path) -> int:
    """The number of subwords in a file, whatever its name. Raises UserError if it is none."""
    try:
        return Subwords(lines_of(file.read_bytes())).size
    except OSError as error:
        raise UserError(
            f"{file} cannot be read: {error.strerror}; expected a .subwords file of Tensor2Tensor"
        ) from error
    except (UserError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: {error}") from error


def check_vocabularies(files: Sequence[Path], counts: Sequence[int], sizes: Sizes) -> None:
    """Raises UserError if an embedding has not the rows that its vocabulary asks for."""
    for side, file, count in zip(SIDES, files, counts, strict=False):
        rows = getattr(sizes, side)
        if not 0 <= rows.count - count < ROUNDING:
            raise UserError(
                f"{file} has {count:,} subwords, but the {side} are read by {rows.count:,} rows of "
                f"{SCOPE}{rows.name}; give the vocabulary that the model was trained with"
            )


def space_of(v: Variables, wanted: str | None) -> int | None:
    """The row of T2T's table of target spaces that is meant; None if the model has no such table."""
    name = TARGET_SPACES
    if name not in v.shapes:
        if wanted is not None:
            raise UserError(f"--target-space {wanted}: {v.path} has no {SCOPE}{name}")
        return None
    rows, known = v.shapes[name][0], ", ".join(f"{key} {value}" for key, value in SPACES.items())
    if wanted is None:
        seen = _trained_rows(v, SCOPE + name)
        if len(seen) != 1:
            raise UserError(
                f"{v.path}: which of the {rows} rows of {SCOPE}{name} was trained is not told by an "
                f"optimizer's moments; give --target-space, what is written ({known}) or its number"
            )
        return seen[0]
    number = SPACES.get(wanted, int(wanted) if wanted.isdecimal() else -1)
    if not 0 <= number < rows:
        raise UserError(
            f"--target-space: expected one of {known}, or 0 to {rows - 1}, got {wanted!r}"
        )
    return number


def _trained_rows(v: Variables, name: str) -> list[int]:
    """Rows that Adam has a moment of: the others have never been asked for."""
    slot = re.compile(rf"(.*/)?{re.escape(name)}/\w*Adam$")
    for other in sorted(v.all_shapes):
        if slot.match(other):
            return np.flatnonzero(np.abs(v.read(other)).sum(axis=1)).tolist()
    return []
