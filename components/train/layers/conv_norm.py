"""A convolution over a map, batch normalization, ReLU: what residual networks are made of.

    y = relu(norm(conv(x)))

No bias: the norm has one. Zeros stand around the map, (K - 1) / 2 on every side whatever the stride,
as He et al.'s Caffe, PyTorch and Tensor2Tensor have them; Keras's "same" would put fewer above than
below where it strides.
Reference: He et al. 2016 (arXiv 1512.03385), section 3.4; weights as He et al. 2015 (arXiv
1502.01852) draw them.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.layers.batch_norm import BatchNorm


class ConvNorm(keras.layers.Layer):
    """[B, H, W, C] -> [B, H', W', filters]; H' is ceil(H / strides) with the padding as it is.

    Args:
        channels: C.
        filters: channels of the output.
        kernel: K, the side of the kernel.
        strides: positions from one output to the next.
        padding: zeros on every side; None: (K - 1) / 2.
        relu: whether the ReLU is there.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel: int,
        *,
        strides: int = 1,
        padding: int | None = None,
        relu: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.padding = (kernel - 1) // 2 if padding is None else padding
        self.relu = relu
        self.conv = keras.layers.Conv2D(
            filters,
            kernel,
            strides=strides,
            use_bias=False,
            kernel_initializer="he_normal",
            name="conv",
        )
        self.norm = BatchNorm(filters, name="norm")

    def build(self, *_: Any) -> None:
        self.conv.build((None, None, None, self.channels))
        self.norm.build()
        self.built = True

    def call(self, x: Any, real: Any, training: bool | None = None) -> Any:
        """x [B, H, W, C]; real [B], True where a row is an example."""
        if self.padding:
            around = [self.padding, self.padding]
            x = ops.pad(x, [[0, 0], around, around, [0, 0]])
        x = self.norm(self.conv(x), real, training=training)
        return ops.relu(x) if self.relu else x
