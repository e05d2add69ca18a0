"""The variables of a Tensor2Tensor checkpoint: what is there, of which sizes, and which were used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.catalog import UserError

SCOPE = "transformer/"
# Counters, averages of losses, and what optimizers keep of each variable, old names and new.
BOOKKEEPING = re.compile(
    r"(global_step|beta\d_power|train_stats/.*|losses_avg/.*|training/.*)$"
    r"|.*/(Adam|LazyAdam|Adafactor|Momentum|RMSProp|AdaGrad|YellowFin)\w*(_\d+)?$"
)
SHARD = re.compile(r"(symbol_modality_(\d+)_(\d+)/(\w+))/weights_(\d+)$")
LAYER = re.compile(r"body/(encoder|decoder)/layer_(\d+)/")
ROUNDING = 128
"""T2T may round the rows of an embedding up (vocab_divisor), to 128 at most in its sets."""
SUFFIX = re.compile(r"\.(index|meta|data-\d+-of-\d+)$")


@dataclass(frozen=True)
class Rows:
    """An embedding matrix: its name, and how many rows it has, in how many parts."""

    name: str
    count: int
    shards: int


@dataclass(frozen=True)
class Sizes:
    """What the shapes of the variables tell. norm: pre or post.

    inputs and targets are equal where one matrix embeds both; softmax: None where it is the targets'.
    """

    d_model: int
    d_ff: int
    encoder_layers: int
    decoder_layers: int
    norm: str
    inputs: Rows
    targets: Rows
    softmax: Rows | None


def find(source: str | Path) -> Path:
    """The path of a checkpoint without an ending, from that, one of its files, or its folder.

    Raises UserError if there is none.
    """
    path = Path(source)
    if path.is_dir():
        import tensorflow as tf

        latest = tf.train.latest_checkpoint(str(path))
        if latest is None:
            found = sorted(file.name.removesuffix(".index") for file in path.glob("*.index"))
            raise UserError(
                f"{path}: its file `checkpoint` names none that is there; "
                + (f"give one of {', '.join(found)}" if found else "it holds no *.index file")
            )
        return Path(latest)
    path = path.with_name(SUFFIX.sub("", path.name))
    index = path.with_name(path.name + ".index")
    if not index.is_file():
        raise UserError(
            f"{index} is not there; expected a TensorFlow checkpoint: {path.name}.index and "
            f"{path.name}.data-00000-of-0000N"
        )
    return path


class Variables:
    """A checkpoint's variables by their names below `transformer/`, read as they are asked for.

    shapes: of the model's own. all_shapes: by full names, the optimizer's too. used: names taken.

    Raises UserError if the file is damaged or the model is another one.
    """

    def __init__(self, path: Path) -> None:
        import tensorflow as tf

        self.path, self.used = path, set[str]()
        # TensorFlow's reader turns some of its errors into Python's.
        self._errors: tuple[type[Exception], ...] = (
            tf.errors.OpError,
            ValueError,
            IndexError,
            RuntimeError,
        )
        try:
            self._reader = tf.train.load_checkpoint(str(path))
            self.all_shapes: dict[str, list[int]] = self._reader.get_variable_to_shape_map()
        except self._errors as error:
            raise UserError(f"{path}.index cannot be read as a checkpoint: {error}") from error
        own = sorted(name for name in self.all_shapes if not BOOKKEEPING.match(name))
        other = [name for name in own if not name.startswith(SCOPE)]
        if other or not own:
            models = sorted({name.split("/")[0] for name in other}) or ["nothing"]
            raise UserError(
                f"{path} holds {', '.join(models[:5])} (such as {_some(other)}); expected "
                f"Tensor2Tensor's transformer, all of whose variables begin with {SCOPE}"
            )
        self.shapes = {name.removeprefix(SCOPE): tuple(self.all_shapes[name]) for name in own}

    @property
    def step(self) -> int | None:
        """Updates that the model was trained for, where the checkpoint says so."""
        return int(self.read("global_step")) if "global_step" in self.all_shapes else None

    def read(self, name: str) -> np.ndarray:
        """A variable by its full name. Raises UserError if its bytes are missing or damaged."""
        try:
            return self._reader.get_tensor(name)
        except self._errors as error:
            raise UserError(f"{self.path}: {name} cannot be read: {error}") from error

    def take(self, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
        """A model's variable, float32, which must have this shape (None: any length).

        Dimensions of 1 in front are left out: a dense layer may have been a convolution of width 1.
        """
        found = self.shapes.get(name)
        if found is None:
            raise UserError(f"{self.path} lacks {SCOPE}{name}, expected with shape {_said(shape)}")
        extra = max(len(found) - len(shape), 0)
        fits = zip(found[extra:], shape, strict=False)
        right = len(found) == extra + len(shape) and set(found[:extra]) <= {1}
        if not right or any(want not in (None, have) for have, want in fits):
            raise UserError(
                f"{self.path}: {SCOPE}{name} has shape {_said(found)}, expected {_said(shape)}"
            )
        self.used.add(name)
        return np.asarray(self.read(SCOPE + name), np.float32).reshape(found[extra:])

    def embedding(self, rows: Rows) -> np.ndarray:
        """[V, D], put together from its parts."""
        width = int(rows.name.split("/")[0].rpartition("_")[2])
        parts = [self.take(f"{rows.name}/weights_{i}", (None, width)) for i in range(rows.shards)]
        table = np.concatenate(parts)
        if len(table) != rows.count:
            raise UserError(
                f"{self.path}: the {rows.shards} parts of {SCOPE}{rows.name} have {len(table):,} rows "
                f"together, expected {rows.count:,}"
            )
        return table

    def check_all_used(self) -> None:
        """Raises UserError that names the variables for which there was no place."""
        left = sorted(set(self.shapes) - self.used)
        if left:
            raise UserError(
                f"{self.path}: our transformer has no place for {len(left)} of its "
                f"{len(self.shapes)} variables: {_some([SCOPE + name for name in left])}"
            )


def sizes_of(v: Variables, subwords: Sequence[int] = ()) -> Sizes:
    """The sizes that a checkpoint's shapes tell.

    subwords: of the vocabularies of inputs and targets, if they are given: which of two embeddings is
    whose is in no name.
    """
    layers = {"encoder": 0, "decoder": 0}
    for name in v.shapes:
        if found := LAYER.match(name):
            layers[found[1]] = max(layers[found[1]], int(found[2]) + 1)
    for side, count in layers.items():
        if not count:
            raise UserError(
                f"{v.path} has no {SCOPE}body/{side}/layer_0; expected a Transformer with an encoder "
                "and a decoder"
            )
    inputs, targets, softmax = _embeddings(v, subwords)
    first = "body/encoder/layer_0/ffn/conv1/kernel"
    if first not in v.shapes:
        raise UserError(
            f"{v.path} lacks {SCOPE}{first}; its feed-forward layers are of another kind"
        )
    post = any("/layer_postprocess/layer_norm/" in name for name in v.shapes)
    return Sizes(
        d_model=int(targets.name.split("/")[0].rpartition("_")[2]),
        d_ff=v.shapes[first][-1],
        encoder_layers=layers["encoder"],
        decoder_layers=layers["decoder"],
        norm="post" if post else "pre",
        inputs=inputs,
        targets=targets,
        softmax=softmax,
    )


def _embeddings(v: Variables, subwords: Sequence[int]) -> tuple[Rows, Rows, Rows | None]:
    """The matrices that read inputs and targets, and the one that writes if it is another."""
    shards: dict[str, set[int]] = {}
    counts: dict[str, int] = {}
    for name in v.shapes:
        if found := SHARD.match(name):
            shards.setdefault(found[1], set()).add(int(found[5]))
            counts[found[1]] = int(found[2])
    tables: dict[str, list[Rows]] = {}
    for name, numbers in sorted(shards.items()):
        rows = Rows(name, counts[name], len(numbers))
        tables.setdefault(name.rpartition("/")[2], []).append(rows)
    kinds = {kind: len(found) for kind, found in tables.items()}
    softmax = tables["softmax"][0] if "softmax" in tables else None
    if kinds == {"input_emb": 1, "target_emb": 1, "softmax": 1}:
        return tables["input_emb"][0], tables["target_emb"][0], softmax
    if kinds.pop("softmax", 1) != 1 or kinds not in ({"shared": 1}, {"shared": 2}):
        names = _some([SCOPE + name for name in sorted(shards)]) or "none"
        raise UserError(
            f"{v.path}: expected embeddings {SCOPE}symbol_modality_V_D/shared, or input_emb, "
            f"target_emb and softmax; found {names}"
        )
    shared = tables["shared"]
    inputs, targets = shared * 2 if len(shared) == 1 else _whose(v, shared, subwords)
    return inputs, targets, softmax


def _whose(v: Variables, shared: list[Rows], subwords: Sequence[int]) -> list[Rows]:
    """Two matrices in the order inputs, targets, which only their vocabularies tell."""
    first, second = (rows.count for rows in shared)
    if len(subwords) != 2:
        raise UserError(
            f"{v.path} has an embedding of {first:,} rows and one of {second:,}; give the vocabulary "
            "of the inputs and that of the targets, in this order"
        )
    fitting = []
    for order in (shared, shared[::-1]):
        spare = [rows.count - size for rows, size in zip(order, subwords, strict=True)]
        if all(0 <= left < ROUNDING for left in spare):
            fitting.append((sum(spare), order))
    if not fitting:
        raise UserError(
            f"{v.path} has embeddings of {first:,} and {second:,} rows, but the vocabularies have "
            f"{subwords[0]:,} and {subwords[1]:,} subwords"
        )
    return min(fitting, key=lambda one: one[0])[1]


def _said(shape: Sequence[Any]) -> str:
    return f"[{', '.join('any' if length is None else str(length) for length in shape)}]"


def _some(names: Sequence[str], count: int = 5) -> str:
    more = f", and {len(names) - count} more" if len(names) > count else ""
    return ", ".join(names[:count]) + more
