"""Frames of sound to positions by residual blocks: the sound net of MultiModel, a quarter of the frames.

    x = ReLU(LN(conv 3x3(frames)))                  [B, T, M, F_1]
    x = ConvRes(x)                                  F_1, F_2, .. channels, then D; M is halved in each
    x = x reshaped to [B, T/4, M' D] W + b          [B, T/4, D], M' the frequencies that are left

The paper has eight blocks of 2, 4, .. 256 channels before the last one, each of which halves time (of
a waveform: both sides of a map). Log-mel frames are 10 ms apart already: a position would cover five
seconds. So here time is halved in the first two, as `AUDIO_STRIDE` promises to all who count
positions, and the frequencies, which T2T makes positions of, in all. The samples of a waveform are put
in a row, and the blocks before the last one halve it until four frames are one position: eight times,
as in the paper, at 8 kHz.

Other deviations: of the eight the last `audio_blocks` are there, because a norm over 2 channels leaves
their signs, and over a waveform none has fewer than 16 channels; a whole convolution comes first,
because what a separable one makes of a single channel is one value, of which a norm leaves the sign
too; what lies beyond an utterance's end is zero before every convolution, and windows do not depend on
how far a batch is padded.
References: Kaiser et al. 2017 (arXiv 1706.05137), section 2.5.4; T2T 1.0's AudioSpectralModality.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.datagen.schema import AUDIO_STRIDE, Feature
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.strided_residual import StridedResidual
from components.train.modalities.audio import in_a_row, inside

LADDER = (2, 4, 8, 16, 32, 64, 128, 256)
LEAST = 16  # channels over a waveform, of which a norm leaves more than a sign


class Modality(keras.layers.Layer):
    """Sound as an input: [B, T, M] float32 -> [B, ceil(T/4), D].

    Frames that are all zeros at the end of a row are padding.

    Args:
        feature: the last of `shape` is M, the mel channels or samples of a frame.
        hp: d_model (D) and audio_blocks (1 to 8) are read.
    """

    autoregressive = aligned = False

    def __init__(self, feature: Feature, hp: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not feature.shape:
            raise ValueError("an audio feature needs a shape that ends in its mel channels")
        self.n_mels, self.d_model = int(feature.shape[-1]), hp.d_model
        self.waveform = "waveform" in feature.options
        ladder = LADDER[-hp.audio_blocks :]
        if self.waveform:
            ladder = tuple(max(filters, LEAST) for filters in ladder)
        widths = [min(filters, hp.d_model) for filters in ladder]
        self.first = keras.layers.Conv2D(widths[0], 3, padding="same", name="first")
        self.first_norm = LayerNorm(widths[0], name="first_norm")
        widths = [widths[0], *widths, hp.d_model]
        strides = _over_bands(len(ladder))
        if self.waveform:
            strides = _over_waveform(len(ladder), AUDIO_STRIDE * self.n_mels)
        self.blocks = [
            StridedResidual(widths[i], widths[i + 1], strides=one, name=f"block_{i}")
            for i, one in enumerate(strides)
        ]
        self.left = 1 if self.waveform else -(-self.n_mels // 2 ** len(self.blocks))
        self.out = keras.layers.Dense(hp.d_model, name="out")

    def build(self, *_: Any) -> None:
        self.first.build((None, None, None, 1))
        for block in self.blocks:
            block.build()
        self.out.build((None, None, self.left * self.d_model))
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
        x = ops.relu(self.first_norm(self.first(x)))
        for block in self.blocks:
            x = block(x, real)
            real = real[:, :: block.strides[0]]
        x = x * ops.cast(real[:, :, None, None], x.dtype)
        shape = (ops.shape(x)[0], ops.shape(x)[1], self.left * self.d_model)
        return self.out(ops.reshape(x, shape))


def _over_bands(blocks: int) -> list[tuple[int, int]]:
    """Strides of so many blocks and a last one, in time and frequency."""
    return [(2 if 2 ** (i + 1) <= AUDIO_STRIDE else 1, 2) for i in range(blocks + 1)]


def _over_waveform(blocks: int, samples: int) -> list[tuple[int, int]]:
    """A position's samples, a power of two, halved by so many blocks, the first ones first, and none in
    a last one."""
    each, more = divmod(samples.bit_length() - 1, blocks)
    return [*((2 ** (each + (i < more)), 1) for i in range(blocks)), (1, 1)]
