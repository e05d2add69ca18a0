"""Frames of sound to positions: two strided convolutions over time and frequency, a quarter of the frames.

    x = relu(norm(conv3x3/2(x))), zero beyond the end        twice: [B, T/4, M/4, filters]
    x = x reshaped to [B, T/4, M/4 * filters] W + b          [B, T/4, D]

Where frames are samples (`waveform: true`) these are put in a row, of which the first convolution keeps
one in 16 and the second so many that four frames are a position; either sees what is between.

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
FIRST_STRIDE = 16  # over a waveform


class Modality(keras.layers.Layer):
    """Sound as an input: [B, T, M] float32 -> [B, ceil(T/4), D].

    Frames that are all zeros at the end of a row are padding.

    Args:
        feature: the last of `shape` is M, the mel channels or samples of a frame;
            `options["filters"]` is the width of the convolutions, min(128, D) if not given.
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
        self.waveform = "waveform" in feature.options
        # Over time, and over bands; a waveform has none.
        strides = [(2, 2), (2, 2)]
        if self.waveform:
            strides = [(FIRST_STRIDE, 1), (AUDIO_STRIDE * self.n_mels // FIRST_STRIDE, 1)]
        self.convs = [
            keras.layers.Conv2D(self.filters, window_of(one), strides=one, name=f"conv_{i}")
            for i, one in enumerate(strides)
        ]
        self.norms = [LayerNorm(self.filters, name=f"norm_{i}") for i in range(2)]
        bands = 1 if self.waveform else -(-self.n_mels // AUDIO_STRIDE)
        self.flat = bands * self.filters
        self.out = keras.layers.Dense(hp.d_model, name="out")

    def build(self, *_: Any) -> None:
        for conv, channels in zip(self.convs, (1, self.filters), strict=True):
            conv.build((None, None, None, channels))
        self.out.build((None, None, self.flat))
        self.built = True

    def mask(self, frames: Any) -> Any:
        """[B, T, M] -> [B, ceil(T/4)] bool, True where a position's first frame is in the sound."""
        return inside(frames)[:, ::AUDIO_STRIDE]

    def bottom(self, frames: Any, training: bool | None = None) -> Any:
        """[B, T, M] float32 -> [B, ceil(T/4), D] in the compute dtype."""
        real = inside(frames)
        x = ops.expand_dims(ops.cast(frames, self.compute_dtype), -1)
        if self.waveform:
            x, real = in_a_row(x, real)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            # As much on every side: position i is around frame 2i. Keras's "same" would be around 2i
            # or 2i + 1 as the number of frames is odd or even.
            around = [[size // 2, size // 2] for size in conv.kernel_size]
            x = conv(ops.pad(x, [[0, 0], *around, [0, 0]]))
            real = real[:, :: conv.strides[0]]
            x = ops.relu(norm(x)) * ops.cast(real[:, :, None, None], x.dtype)
        return self.out(ops.reshape(x, (ops.shape(x)[0], ops.shape(x)[1], self.flat)))


def window_of(strides: tuple[int, int]) -> tuple[int, int]:
    """An odd window that reaches from each place that is kept to the next ones, and not to them."""
    time, bands = strides
    return 2 * time - 1, 2 * bands - 1


def inside(frames: Any) -> Any:
    """[B, T, M] -> [B, T] bool, True up to the last frame that is not all zeros."""
    steps = ops.arange(1, ops.shape(frames)[1] + 1, dtype="int32")
    heard = ops.any(ops.not_equal(frames, 0), axis=-1)
    length = ops.max(ops.where(heard, steps, 0), axis=1, keepdims=True)
    return steps <= length


def in_a_row(frames: Any, real: Any) -> tuple[Any, Any]:
    """Frames of samples [B, T, M, 1] and which are there [B, T] to [B, T M, 1, 1] and [B, T M]."""
    samples = frames.shape[2]
    row = ops.reshape(frames, (-1, ops.shape(frames)[1] * samples, 1, 1))
    return row, ops.repeat(real, samples, axis=1)
