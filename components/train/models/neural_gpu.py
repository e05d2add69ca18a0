"""Neural GPU: a convolution with gates, as many times as the input is long (arXiv 1511.08228).

Kaiser and Sutskever 2015; diagonal: Freivalds and Liepins 2017 (arXiv 1702.08727).

    s_0 = x, then zeros                       state [B, N, D], N = 2 L + 2
    s_t = CGRU(s_{t-1})                       t = 1 .. L; num_layers of them one after another
    CGRU(s) = u . s' + (1 - u) . drop(tanh(U * (r . s) + B))
              u = gate(U' * s + B'),  r = gate(U'' * s + B'')
    output at position i = s_L[i]             zero where i >= N

    plain     s' = s;  gate(z) = 1.2 sigmoid(z) - 0.1, cut to [0, 1]
    diagonal  s' = s, but a third of the channels moved one position to the right, a third to the left;
              gate(z) = (z + 1) / 2, cut to [0, 1]; twice the mean of max(|z| - 0.9, 0) is a loss

`*` is a convolution over 3 positions. L is each example's own length (EOS counts), so that how far a
batch is padded changes nothing. Nothing of the targets is read: they are written all at once.

Deviations from the papers, all Tensor2Tensor's: a state of one column and D channels (1511.08228 has
4 columns of 24), no curriculum, no gradient noise, no weights that begin as six and become one.

Deviations from Tensor2Tensor: room for targets that are longer than the inputs; in both variants
dropout falls on the candidates (its plain one erases a tenth of the whole state L times); and three
mistakes of its diagonal variant are not made: it moves channels along the column, of which there is
one, so that two thirds of s' are zero; it returns the state after the first step; and it counts the
loss of the last layer only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.dropout import Dropout

NEEDS: dict[str, Any] = {"inputs": ["symbol"], "targets": ["symbol"]}

SATURATION_LIMIT = 0.9
SATURATION_WEIGHT = 2.0
"""Both Tensor2Tensor's."""


@dataclass(frozen=True)
class Options:
    """What the Neural GPU alone is told."""

    diagonal: bool = setting(False, "the variant of Freivalds and Liepins 2017: it learns more")


class ConvGRU(keras.layers.Layer):
    """[B, N, D] -> [B, N, D]; see the equations above, plain."""

    starts = (1.0, 1.0)  # of the biases of r and u

    def __init__(self, d_model: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.d_model = d_model

    def build(self, *_: Any) -> None:
        d = self.d_model
        bias = [value for value in self.starts for _ in range(d)]
        self.gates_kernel = self.add_weight(shape=(3, d, 2 * d), name="gates_kernel")
        self.gates_bias = self.add_weight(
            shape=(2 * d,),
            initializer=lambda shape, dtype: ops.cast(bias, dtype),
            name="gates_bias",
        )
        self.kernel = self.add_weight(shape=(3, d, d), name="kernel")
        self.bias = self.add_weight(shape=(d,), initializer="zeros", name="bias")
        self.built = True

    def call(self, s: Any, real: Any, noise: Any) -> tuple[Any, Any]:
        """real [B, N, 1]: 1 inside an example's state, 0 beyond; noise: what candidates are
        multiplied by. Gives the new state and the `saturation` of its gates, float32 [B]."""
        z = _convolve(s, self.gates_kernel, self.gates_bias)
        r, u = ops.split(self.gate(z), 2, axis=-1)
        candidate = ops.tanh(_convolve(r * s, self.kernel, self.bias)) * noise
        new = (u * self.carry(s) + (1.0 - u) * candidate) * real
        return new, self.saturation(z, real)

    def gate(self, z: Any) -> Any:
        return ops.clip(1.2 * ops.sigmoid(z) - 0.1, 0.0, 1.0)

    def carry(self, s: Any) -> Any:
        return s

    def saturation(self, z: Any, real: Any) -> Any:
        return ops.zeros((ops.shape(z)[0],), dtype="float32")


class DiagonalConvGRU(ConvGRU):
    """The same, diagonal."""

    starts = (0.5, 0.7)

    def gate(self, z: Any) -> Any:
        return ops.clip(0.5 * z + 0.5, 0.0, 1.0)

    def carry(self, s: Any) -> Any:
        third = self.d_model // 3
        here = self.d_model - 2 * third
        padded = ops.pad(s, [[0, 0], [1, 1], [0, 0]])
        parts = [
            s[:, :, :here],
            padded[:, :-2, here : here + third],
            padded[:, 2:, here + third :],
        ]
        return ops.concatenate(parts, axis=-1)

    def saturation(self, z: Any, real: Any) -> Any:
        over = ops.relu(ops.abs(z) - SATURATION_LIMIT) * real
        return ops.sum(ops.cast(over, "float32"), axis=(1, 2))


def _convolve(s: Any, kernel: Any, bias: Any) -> Any:
    """U * s + B, with zeros beyond both ends; kernel [3, D, ...]."""
    kernel, bias = ops.cast(kernel, s.dtype), ops.cast(bias, s.dtype)
    if keras.backend.backend() == "tensorflow":
        return ops.conv(s, kernel, padding="same") + bias
    # XLA's gradient of a convolution in a loop is slow on a CPU; TensorFlow's is not.
    padded = ops.pad(s, [[0, 0], [1, 1], [0, 0]])
    windows = ops.concatenate([padded[:, :-2], s, padded[:, 2:]], axis=-1)
    return ops.matmul(windows, ops.reshape(kernel, (-1, kernel.shape[-1]))) + bias


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model, self.diagonal = hp.d_model, hp.diagonal
        self.drop = Dropout(hp.dropout)
        kind = DiagonalConvGRU if hp.diagonal else ConvGRU
        self.cgrus = [kind(hp.d_model, name=f"cgru_{i}") for i in range(hp.num_layers)]

    def build(self, *_: Any) -> None:
        for cgru in self.cgrus:
            cgru.build()
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        batch, length = ops.shape(x)[0], ops.shape(x)[1]
        lengths = ops.sum(ops.cast(mask, "int32"), axis=1)
        room = ops.zeros((batch, length + 2, self.d_model), dtype=x.dtype)
        state = ops.concatenate([x * ops.cast(mask, x.dtype)[:, :, None], room], axis=1)
        places = ops.arange(2 * length + 2, dtype="int32") < 2 * lengths[:, None] + 2
        real = ops.cast(places, x.dtype)[:, :, None]
        noise = self.noise(length, ops.shape(state), x.dtype, training)

        def advance(t: Any, carried: tuple[Any, Any]) -> tuple[Any, Any]:
            state, saturation = carried
            new, drawn = state, ops.take(noise, t, axis=0)
            goes_on = t < lengths
            for i, cgru in enumerate(self.cgrus):
                new, over = cgru(new, real, drawn[i])
                saturation = saturation + ops.where(goes_on, over, 0.0)
            return ops.where(goes_on[:, None, None], new, state), saturation

        start = (state, ops.zeros((batch,), dtype="float32"))
        state, saturation = ops.fori_loop(0, length, advance, start)
        if training and self.diagonal:
            gates = lengths * (2 * lengths + 2) * (2 * self.d_model * len(self.cgrus))
            count = ops.maximum(ops.sum(ops.cast(gates, "float32")), 1.0)
            self.add_loss(SATURATION_WEIGHT * ops.sum(saturation) / count)
        return {"written": state}

    def noise(self, steps: Any, shape: Any, dtype: Any, training: bool | None) -> Any:
        """What candidates are multiplied by: [L, layers, B, N, D], or of ones that broadcast. A loop
        must draw no random numbers."""
        if not training or not self.drop.rate:
            return ops.ones((steps, len(self.cgrus), 1, 1, 1), dtype=dtype)
        return self.drop(ops.ones((steps, len(self.cgrus), *shape), dtype=dtype), training=True)

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        return self.read_out(memory["written"], ops.arange(ops.shape(y)[1], dtype="int32"))

    def read_out(self, written: Any, positions: Any) -> Any:
        """What is written [B, N, D] at positions [T] (int32): [B, T, D], zero beyond the last."""
        last = ops.shape(written)[1] - 1
        found = ops.take(written, ops.minimum(positions, last), axis=1)
        return found * ops.cast(positions <= last, written.dtype)[None, :, None]

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        return {}

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        written = memory["written"]
        found = self.read_out(written, ops.reshape(ops.cast(position, "int32"), (1,)))
        beams = ops.shape(y)[0] // ops.shape(written)[0]
        return ops.repeat(found[:, 0], beams, axis=0), cache
