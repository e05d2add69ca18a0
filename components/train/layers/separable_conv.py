"""Convolution over positions with its channels cut apart: separable, super-separable, grouped.

With k taps, dilation d, C channels in and F out, g = |s| and s the separability:

    s = 0   y = (sum_j w_j * x[t - j d]) P                 depthwise separable:  k C + C F weights
    s < 0   y = [.. || z_i P_i || ..],  z_i = group i of the same sums          k C + C F / g
    s > 0   y = [.. || sum_j x_i[t - j d] W_ij || ..] M    x_i the groups of x   k C F / g + F F

with * elementwise, P, P_i, W_ij and M matrices; s = 1 is the whole convolution and has no M. Groups
are equal where g divides C and F; elsewhere the first of them have one channel more.

Deviations from Tensor2Tensor's subseparable_conv: g need not divide C and F; M has no bias, because
a norm with its own follows. References: Chollet 2017 (arXiv 1610.02357), section 1; Kaiser et al.
2017 (arXiv 1706.03059), sections 2.1 and 2.2 (super-separable).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
from keras import ops

PADDINGS = ("left", "both")


def even_parts(width: int, parts: int) -> list[int]:
    """Sizes of `parts` groups of `width` channels, equal or one apart."""
    return [width // parts + (i < width % parts) for i in range(parts)]


def alternating(separability: int, count: int) -> list[int]:
    """s, s, ..; below zero .., s-1, s, so that what one convolution keeps apart the next one mixes.

    Reference: Kaiser et al. 2017, section 2.2; T2T's slicenet has the same order.
    """
    if separability >= 0:
        return [separability] * count
    return [separability - i for i in reversed(range(count))]


class SeparableConv(keras.layers.Layer):
    """[B, L, C] -> [B, L, filters], no biases.

    Args:
        filters: F.
        kernel_size: k, the taps.
        separability: s, see above.
        padding: "left": output t sees inputs t - (k-1) d .. t; "both": t - (k-1) d/2 .. t + (k-1) d/2.
        dilation: d, the distance of two taps.

    Raises ValueError for a padding that is none of these, for an even k with "both", and (when it is
    built) for more groups than channels.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        separability: int = 0,
        padding: str = "left",
        dilation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if padding not in PADDINGS or (padding == "both" and kernel_size % 2 == 0):
            raise ValueError(
                f"padding {padding!r}, {kernel_size} taps: left, or both if they are odd"
            )
        self.filters, self.kernel_size, self.dilation = filters, kernel_size, dilation
        self.separability, self.padding = separability, padding
        self.reach = (kernel_size - 1) * dilation

    def build(self, x_shape: Any, *_: Any) -> None:
        k, channels, groups = self.kernel_size, x_shape[-1], max(abs(self.separability), 1)
        if groups > min(channels, self.filters):
            raise ValueError(f"{groups} groups of {channels} channels to {self.filters}")
        self.parts = even_parts(channels, groups)
        shapes: list[tuple[int, ...]] = [
            *zip(self.parts, even_parts(self.filters, groups), strict=True)
        ]
        if self.separability <= 0:
            # An output of a depthwise convolution is a sum of k values, whatever the channels.
            draw = keras.initializers.RandomUniform(-((3 / k) ** 0.5), (3 / k) ** 0.5)
            self.depthwise = self.add_weight(
                shape=(k, channels), initializer=draw, name="depthwise"
            )
        else:
            shapes = [(k, *shape) for shape in shapes]
        self.kernels = [
            self.add_weight(shape=shape, initializer="glorot_uniform", name=f"group_{i}")
            for i, shape in enumerate(shapes)
        ]
        if self.separability > 1:
            square = (self.filters, self.filters)
            self.mix = self.add_weight(shape=square, initializer="glorot_uniform", name="mix")
        self.built = True

    def call(self, x: Any, real: Any = None) -> Any:
        """real [B, L] (bool): positions where it is False count as zeros."""
        if real is not None:
            x = x * ops.cast(real, x.dtype)[:, :, None]
        after = 0 if self.padding == "left" else self.reach // 2
        return self.slide(ops.pad(x, [[0, 0], [self.reach - after, after], [0, 0]]))

    def slide(self, x: Any) -> Any:
        """Padded inputs [B, L + (k-1) d, C] to [B, L, F]."""
        kernels = [ops.cast(kernel, x.dtype) for kernel in self.kernels]
        if self.separability <= 0:
            x = depthwise(x, ops.cast(self.depthwise, x.dtype), self.dilation)
            done = [ops.matmul(z, p) for z, p in zip(self.groups(x), kernels, strict=True)]
            return ops.concatenate(done, axis=-1)
        done = [
            ops.conv(
                group,
                kernel,
                padding="valid",
                data_format="channels_last",
                dilation_rate=self.dilation,
            )
            for group, kernel in zip(self.groups(x), kernels, strict=True)
        ]
        y = ops.concatenate(done, axis=-1)
        return ops.matmul(y, ops.cast(self.mix, y.dtype)) if self.separability > 1 else y

    def groups(self, x: Any) -> list[Any]:
        """[..., C] cut into its groups of channels."""
        ends = [sum(self.parts[: i + 1]) for i in range(len(self.parts) - 1)]
        return list(ops.split(x, ends, axis=-1)) if ends else [x]

    def step(self, x: Any, window: Any) -> tuple[Any, Any]:
        """The next position: x [N, C] and the (k-1) d inputs before it [N, (k-1) d, C], zeros where
        there were none, to [N, F] and the next window. For padding "left"."""
        seen = ops.concatenate([window, x[:, None]], axis=1)
        return self.slide(seen)[:, 0], seen[:, 1:]

    def compute_output_shape(self, x_shape: Any, *_: Any) -> Any:
        return (*x_shape[:-1], self.filters)


def depthwise(x: Any, kernel: Any, dilation: int) -> Any:
    """y[t] = sum_j kernel[j] * x[t + j d]: [B, L + (k-1) d, C] and [k, C] to [B, L, C]."""
    if _has_own_kernel():
        return ops.depthwise_conv(
            x,
            kernel[:, :, None],
            padding="valid",
            data_format="channels_last",
            dilation_rate=dilation,
        )
    return sum_of_taps(x, kernel, dilation)


def sum_of_taps(x: Any, kernel: Any, dilation: int) -> Any:
    """The same, as the formula is written."""
    taps = kernel.shape[0]
    length = ops.shape(x)[1] - (taps - 1) * dilation
    y = x[:, :length] * kernel[0]
    for j in range(1, taps):
        y = y + x[:, j * dilation : j * dilation + length] * kernel[j]
    return y


@cache
def _has_own_kernel() -> bool:
    """Whether the backend's depthwise convolution is to be taken.

    Forward and backward for [32, 32, 768] and 31 taps, two cores: TensorFlow's 25 ms, the sum 104;
    XLA's 598 ms, the sum, which it fuses, 69. TensorFlow has no deterministic gradient on a GPU.
    """
    if keras.backend.backend() != "tensorflow":
        return False
    return not keras.distribution.list_devices("gpu")
