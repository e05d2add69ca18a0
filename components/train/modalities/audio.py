"""Mel frames to positions: two strided convolutions over time and frequency, a quarter of the frames.

    x = relu(norm(conv3x3/2(x))), zero beyond the end        twice: [B, T/4, M/4, filters]
    x = x reshaped to [B, T/4, M/4 * filters] W + b          [B, T/4, D]

Positions are added by the body. Deviation from Tensor2Tensor's SpeechRecognitionModality: what lies
beyond an utterance's end is made zero before each convolution, and the padding does not depend on
the number of frames, so that an utterance gives the same in any batch; one channel goes in, not
three with deltas; the last map is over one position, not three.
References: Dong et al. 2018 (Speech-Transformer), section 3.2; Ba et al. 2016 (arXiv 1607.06450).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import AUDIO_STRIDE, Feature
from components.train.layers.layer_norm import LayerNorm

MOST_FILTERS = 128


class Modality(keras.layers.Layer):
    """Sound as an input: [B, T, M] float32 -> [B, ceil(T/4), D].

    Frames that are all zeros at the end of a row are padding.

    Args:
        feature: the last of `shape` is M, the mel channels; `options["filters"]` is the width of the
            convolutions, min(128, D) if not given.
        hp: d_model (D) is read.
    """

    autoregressive = aligned = False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not feature.shape:
            raise ValueError("an audio feature needs a shape that ends in its mel channels")
        self.n_mels = int(feature.shape[-1])
        self.filters = int(feature.options.get("filters", min(MOST_FILTERS, hp.d_model)))
        if self.n_mels < 1 or self.filters < 1:
            raise ValueError(
                f"{self.n_mels} mel channels and {self.filters} filters; both are >= 1"
            )
        self.convs = [
            keras.layers.Conv2D(self.filters, 3, strides=2, name=f"conv_{i}") for i in range(2)
        ]
        self.norms = [LayerNorm(self.filters, name=f"norm_{i}") for i in range(2)]
        self.out = keras.layers.Dense(hp.d_model, name="out")

    def build(self, *_: Any) -> None:
        for conv, channels in zip(self.convs, (1, self.filters), strict=True):
            conv.build((None, None, None, channels))
        self.out.build((None, None, -(-self.n_mels // AUDIO_STRIDE) * self.filters))
        self.built = True

    def mask(self, frames: Any) -> Any:
        """[B, T, M] -> [B, ceil(T/4)] bool, True where a position's first frame is in the sound."""
        return self._inside(frames)[:, ::AUDIO_STRIDE]

    def bottom(self, frames: Any, training: bool | None = None) -> Any:
        """[B, T, M] float32 -> [B, ceil(T/4), D] in the compute dtype."""
        inside = self._inside(frames)
        x = ops.expand_dims(ops.cast(frames, self.compute_dtype), -1)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            # One zero on every side: position i is around frame 2i. Keras's "same" would be around
            # 2i or 2i + 1 as the number of frames is odd or even.
            x = conv(ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]))
            inside = inside[:, ::2]
            x = ops.relu(norm(x)) * ops.cast(inside[:, :, None, None], x.dtype)
        shape = (ops.shape(x)[0], ops.shape(x)[1], -(-self.n_mels // AUDIO_STRIDE) * self.filters)
        return self.out(ops.reshape(x, shape))

    def _inside(self, frames: Any) -> Any:
        """[B, T, M] -> [B, T] bool, True up to the last frame that is not all zeros."""
        steps = ops.arange(1, ops.shape(frames)[1] + 1, dtype="int32")
        heard = ops.any(ops.not_equal(frames, 0), axis=-1)
        length = ops.max(ops.where(heard, steps, 0), axis=1, keepdims=True)
        return steps <= length
