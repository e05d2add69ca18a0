"""The page's pictures, by Matplotlib's Agg: the same bytes for the same numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.datagen.schema import SPLITS
from components.datagen.statistics import media
from components.datagen.statistics.look import DPI, png, style
from components.theme import LIGHT, WIDTH, Theme

COLUMNS = 8
CAPTION = 14
"""Characters under an image."""


def label_balance(
    balance: Sequence[tuple[str, Mapping[str, float]]], theme: Theme = LIGHT
) -> bytes:
    """PNG: one group of bars a label, from the top down, one bar a split.

    balance: (label, {split: share of the split in [0, 1]}).
    """
    import matplotlib.pyplot as plt

    splits = [split for split in SPLITS if any(split in shares for _, shares in balance)]
    height = 0.9 + max(0.24, 0.11 * len(splits)) * len(balance)
    with style(theme):
        figure, axis = plt.subplots(figsize=(WIDTH, height))
        figure.subplots_adjust(0.2, 0.45 / height, 0.99, 1 - 0.35 / height)
        thick = 0.8 / len(splits)
        for index, split in enumerate(splits):
            places = np.arange(len(balance)) + (index - (len(splits) - 1) / 2) * thick
            shares = [100 * own.get(split, 0.0) for _, own in balance]
            axis.barh(places, shares, 0.9 * thick, color=_colour(split, theme), label=split)
        axis.set_yticks(range(len(balance)), [cut(label, 24) for label, _ in balance])
        axis.set_ylim(len(balance) - 0.5, -0.5)
        axis.grid(visible=True, axis="x")
        axis.grid(visible=False, axis="y")
        axis.set_xlabel("% of the split's labels")
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(splits), borderpad=0)
        return png(figure)


def contact_sheet(
    images: Sequence[np.ndarray], captions: Sequence[str], theme: Theme = LIGHT
) -> bytes:
    """PNG: images, uint8 [height, width, 3] of any size, in rows of eight with their captions."""
    import matplotlib.pyplot as plt

    cell = round(WIDTH * DPI / COLUMNS)
    side, tall = cell - 20, cell + 12
    rows = math.ceil(len(images) / COLUMNS)
    background = [int(theme.background[start : start + 2], 16) for start in (1, 3, 5)]
    sheet = np.full((rows * tall, COLUMNS * cell, 3), background, np.uint8)
    with style(theme):
        figure = plt.figure(figsize=(sheet.shape[1] / DPI, sheet.shape[0] / DPI))
        axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axis.set_axis_off()
        for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
            top, left = index // COLUMNS * tall, index % COLUMNS * cell
            small = media.fitted(image, side)
            height, width = small.shape[:2]
            y, x = top + 6 + (side - height) // 2, left + (cell - width) // 2
            sheet[y : y + height, x : x + width] = small
            place = (left + cell / 2, top + side + 18)
            axis.text(*place, cut(caption, CAPTION), ha="center", va="center", fontsize=7.5)
        axis.imshow(sheet, interpolation="nearest", aspect="auto")
        return png(figure)


def spectrograms(sounds: Sequence[bytes], captions: Sequence[str], theme: Theme = LIGHT) -> bytes:
    """PNG: the log-power spectrogram of each WAV file, one under the other.

    Raises UserError if one is no WAV file.
    """
    import matplotlib.pyplot as plt

    height = 1.75 * len(sounds) + 0.2
    with style(theme):
        figure, axes = plt.subplots(len(sounds), 1, figsize=(WIDTH, height), squeeze=False)
        edge = 0.45 / height
        figure.subplots_adjust(0.07, edge, 0.99, 1 - 0.3 / height, hspace=0.55)
        for axis, sound, caption in zip(axes[:, 0], sounds, captions, strict=True):
            wave, rate = media.samples(sound)
            power = media.spectrogram(wave, rate)
            axis.imshow(
                power,
                origin="lower",
                aspect="auto",
                extent=(0, len(wave) / rate or media.WINDOW, 0, rate / 2000),
                cmap="magma",
                vmin=-media.RANGE,
                vmax=0,
            )
            axis.grid(visible=False)
            axis.set_title(cut(caption, 100))
            axis.set_ylabel("kHz")
        axes[-1][0].set_xlabel("seconds")
        return png(figure)


def cut(text: str, most: int) -> str:
    """On one line, not longer than `most`."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _colour(split: str, theme: Theme) -> Any:
    return theme.series[SPLITS.index(split)]
