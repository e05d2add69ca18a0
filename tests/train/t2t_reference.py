"""Tensor2Tensor's Transformer in plain NumPy, float64, and checkpoints with its variables' names.

Written from the formulas (Vaswani et al. 2017; T2T's pre-norm and the paper's post-norm); it shares no
code with the layers or with the importer.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np


class Reference:
    """variables: by full names. `used`: the names that a forward pass has read."""

    def __init__(
        self, variables: Mapping[str, np.ndarray], *, heads: int, space: int, norm: str = "pre"
    ) -> None:
        self.variables, self.heads, self.space, self.norm = variables, heads, space, norm
        self.used: set[str] = set()

    def get(self, name: str) -> np.ndarray:
        self.used.add(f"transformer/{name}")
        return self.variables[f"transformer/{name}"].astype(np.float64)

    def depth(self, side: str) -> int:
        places = [
            n.split("/")[3] for n in self.variables if n.startswith(f"transformer/body/{side}/l")
        ]
        return len(
            {place for place in places if place.startswith("layer_") and place[6:].isdigit()}
        )

    def table(self, size: int) -> np.ndarray:
        """An embedding [V, D] by its V, from its shards in the order of their numbers."""
        start = f"transformer/symbol_modality_{size}_"
        names = [name for name in self.variables if name.startswith(start)]
        names.sort(key=lambda name: int(name.rpartition("_")[2]))
        return np.concatenate([self.get(name.removeprefix("transformer/")) for name in names])

    def normed(self, x: np.ndarray, place: str) -> np.ndarray:
        kind = "layer_prepostprocess" if self.norm == "pre" else "layer_postprocess"
        at = f"{place}{kind}/layer_norm/layer_norm_"
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        scale, bias = self.get(at + "scale"), self.get(at + "bias")
        return (x - mean) / np.sqrt(variance + 1e-6) * scale + bias

    def wrapped(self, x: np.ndarray, place: str, sublayer) -> np.ndarray:
        if self.norm == "pre":
            return x + sublayer(self.normed(x, place))
        return self.normed(x + sublayer(x), place)

    def attention(self, x, memory, hidden, place: str) -> np.ndarray:
        """`hidden` [B, T, L] is True where a position must not be looked at."""
        place += "multihead_attention/"
        d = x.shape[-1]
        q, k, w = (
            (y @ self.get(f"{place}{name}/kernel")).reshape(
                *y.shape[:2], self.heads, d // self.heads
            )
            for y, name in ((x, "q"), (memory, "k"), (memory, "v"))
        )
        scores = np.einsum("bthd,blhd->bhtl", q * (d // self.heads) ** -0.5, k)
        scores = np.where(hidden[:, None], -1e9, scores)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        out = np.einsum("bhtl,blhd->bthd", weights, w).reshape(x.shape)
        return out @ self.get(f"{place}output_transform/kernel")

    def feed_forward(self, x: np.ndarray, place: str) -> np.ndarray:
        kernels = [self.get(f"{place}{name}/kernel") for name in ("conv1", "conv2")]
        first, second = (kernel.reshape(kernel.shape[-2:]) for kernel in kernels)
        h = np.maximum(x @ first + self.get(f"{place}conv1/bias"), 0)
        return h @ second + self.get(f"{place}conv2/bias")

    def logits(self, inputs: np.ndarray, targets: np.ndarray, sizes: tuple[int, int]) -> np.ndarray:
        """[B, T, V]; sizes: V of the inputs and of the targets."""
        reads, writes = self.table(sizes[0]), self.table(sizes[1])
        d = writes.shape[1]

        def embed(table: np.ndarray, ids: np.ndarray) -> np.ndarray:
            return table[ids] * d**0.5 * (ids != 0)[..., None] + timing(ids.shape[1], d)

        padding = (inputs == 0)[:, None, :]
        h = embed(reads, inputs) + self.get("body/target_space_embedding/kernel")[self.space]
        for i in range(self.depth("encoder")):
            at = f"body/encoder/layer_{i}/"
            own = f"{at}self_attention/"
            h = self.wrapped(h, own, lambda n, own=own: self.attention(n, n, padding, own))
            h = self.wrapped(h, f"{at}ffn/", lambda n, at=at: self.feed_forward(n, f"{at}ffn/"))
        if self.norm == "pre":
            h = self.normed(h, "body/encoder/")
        length = targets.shape[1]
        g = embed(writes, np.pad(targets[:, :-1], [(0, 0), (1, 0)]))
        future = np.triu(np.ones((1, length, length), bool), 1)
        for i in range(self.depth("decoder")):
            at = f"body/decoder/layer_{i}/"
            own, cross = f"{at}self_attention/", f"{at}encdec_attention/"
            g = self.wrapped(g, own, lambda n, own=own: self.attention(n, n, future, own))
            g = self.wrapped(g, cross, lambda n, at=cross: self.attention(n, h, padding, at))
            g = self.wrapped(g, f"{at}ffn/", lambda n, at=at: self.feed_forward(n, f"{at}ffn/"))
        if self.norm == "pre":
            g = self.normed(g, "body/decoder/")
        return g @ writes.T


def timing(length: int, d: int) -> np.ndarray:
    inverse = np.exp(-np.arange(d // 2) * np.log(1e4) / (d // 2 - 1))
    angle = np.arange(length)[:, None] * inverse
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def drawn(
    sizes: tuple[int, ...],
    *,
    d: int = 8,
    f: int = 12,
    depths: tuple[int, int] = (1, 2),
    norm: str = "pre",
    shards: int = 3,
) -> dict[str, np.ndarray]:
    """Random variables with the names and shapes that Tensor2Tensor gives them."""
    rng = np.random.default_rng(5)
    kind = "layer_prepostprocess" if norm == "pre" else "layer_postprocess"
    shapes: dict[str, tuple[int, ...]] = {"body/target_space_embedding/kernel": (32, d)}
    for size in sizes:
        for i in range(shards):
            rows = size // shards + (i < size % shards)
            shapes[f"symbol_modality_{size}_{d}/shared/weights_{i}"] = (rows, d)
    attentions = {"encoder": ("self_attention",), "decoder": ("self_attention", "encdec_attention")}
    for side, depth in zip(attentions, depths, strict=True):
        places = [f"body/{side}/layer_{i}" for i in range(depth)]
        for place in places:
            for name in attentions[side]:
                for kernel in ("q", "k", "v", "output_transform"):
                    shapes[f"{place}/{name}/multihead_attention/{kernel}/kernel"] = (d, d)
            shapes |= {f"{place}/ffn/conv1/kernel": (d, f), f"{place}/ffn/conv1/bias": (f,)}
            shapes |= {f"{place}/ffn/conv2/kernel": (f, d), f"{place}/ffn/conv2/bias": (d,)}
        norms = [f"{place}/{name}" for place in places for name in (*attentions[side], "ffn")]
        for place in norms + ([f"body/{side}"] if norm == "pre" else []):
            for value in ("scale", "bias"):
                shapes[f"{place}/{kind}/layer_norm/layer_norm_{value}"] = (d,)
    return {
        f"transformer/{name}": rng.normal(size=shape).astype(np.float32)
        for name, shape in shapes.items()
    }


def write(variables: Mapping[str, np.ndarray], prefix: Path) -> Path:
    """A TensorFlow checkpoint of variables by name, as a TF1 Saver writes it."""
    import tensorflow as tf

    prefix.parent.mkdir(parents=True, exist_ok=True)
    names = sorted(variables)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(variables[name]) for name in names],
    )
    return prefix


def read(prefix: Path) -> dict[str, np.ndarray]:
    """All variables of a checkpoint."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(prefix))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
