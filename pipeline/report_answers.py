"""Pictures of what the best cell of a problem answers: a confusion matrix, or the images it wrote."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from components.theme import LIGHT, WIDTH, Theme, style
from pipeline.report_plots import picture
from pipeline.report_statistics import Table

MOST_LABELS = 20
WITH_NUMBERS = 12
"""Beyond so many labels the squares have no room for numbers."""


def kind(table: Table) -> str:
    """What there is to be drawn of the best cell's answers: images, labels or nothing."""
    if table.best is None or table.manifest is None:
        return ""
    target = table.manifest.features["targets"]
    if "image" in target.options:
        return "images"
    labels = target.modality == "class_label" and (target.vocabulary_size or 0) <= MOST_LABELS
    return "labels" if labels else ""


def title(table: Table) -> str:
    """What the picture shows, in words."""
    row = table.best
    assert row is not None
    if kind(table) == "images":
        return f"Images drawn by {row.result.label}"
    return f"What {row.result.label} takes for what"


def draw(table: Table, theme: Theme = LIGHT) -> bytes | None:
    """PNG of the best cell's answers; None where its predictions are not kept."""
    row = table.best
    assert row is not None and table.manifest is not None
    answers = row.result.lines("predictions", table.split)
    references = row.result.lines("references", table.split)
    if not answers or not references:
        return None
    if kind(table) == "images":
        inputs = table.manifest.features.get("inputs")
        asked = references if inputs and inputs.modality == "class_label" else [""] * len(answers)
        return _images(table, answers, asked, theme)
    return _confusion(table, answers, references, theme)


def _confusion(table: Table, answers: list[str], references: list[str], theme: Theme) -> bytes:
    import matplotlib.pyplot as plt

    pairs = Counter(zip(references, answers, strict=True))
    names = sorted({*references, *answers}, key=lambda name: (len(name), name))
    if not all(name.isdecimal() for name in names):
        names.sort()
    counts = np.array([[pairs[true, found] for found in names] for true in names])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(WIDTH, 2.2 + 0.45 * len(names))
    with style(theme):
        figure, axis = plt.subplots(figsize=(side, side), layout="constrained")
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for ticks, label in ((axis.set_xticks, "predicted"), (axis.set_yticks, "reference")):
            turned: dict[str, Any] = {"rotation": 90} if label == "predicted" else {}
            ticks(range(len(names)), names, **turned)
        axis.set_xlabel("predicted")
        axis.set_ylabel("reference")
        axis.grid(visible=False)
        if len(names) <= WITH_NUMBERS:
            for (y, x), count in np.ndenumerate(counts):
                # White on dark blue, in both themes: the squares have the same colours in both.
                colour = "white" if shares[y, x] > 0.5 else "#333333"
                axis.text(x, y, f"{count:,}", ha="center", va="center", color=colour, fontsize=8)
        axis.set_title(title(table), loc="left", fontsize=10)
        return picture(figure)


def _images(table: Table, answers: list[str], asked: list[str], theme: Theme) -> bytes:
    """A sheet of the images, each below the class that was asked for, if one was."""
    import matplotlib.pyplot as plt

    assert table.manifest is not None
    height, width, channels = table.manifest.features["targets"].options["image"]
    columns = min(10, len(answers))
    lines = math.ceil(len(answers) / columns)
    with style(theme):
        figure, axes = plt.subplots(
            lines,
            columns,
            figsize=(WIDTH, 0.4 + WIDTH / columns * lines),
            squeeze=False,
            layout="constrained",
        )
        for axis in axes.flat:
            axis.axis("off")
        for axis, answer, name in zip(axes.flat, answers, asked, strict=False):
            axis.set_title(name, fontsize=9)
            pixels = np.zeros(height * width * channels, np.uint8)
            found = np.frombuffer(bytes.fromhex(answer), np.uint8)[: len(pixels)]
            pixels[: len(found)] = found
            image = pixels.reshape(height, width, channels)
            if channels == 1:
                axis.imshow(image[:, :, 0], cmap="gray", vmin=0, vmax=255)
            else:
                axis.imshow(image)
        figure.suptitle(title(table), x=0.005, ha="left", fontsize=10)
        return picture(figure)
