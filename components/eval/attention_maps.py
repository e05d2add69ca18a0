"""Attention over the tokens of one example as a picture: who looks at whom, in which layer.

A column of panels for each pair of sides (targets over inputs, inputs over themselves, ...), a panel for
each layer, the mean over its heads; or, of one layer, a panel for each head. Rows look, columns are
looked at; a row's weights add up to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from components.eval.labels import families, readable
from components.theme import LIGHT, Theme, png, style

DPI = 100
INCHES = 0.125
"""Of a token's row; its label is 6 points high."""
SMALLEST = 1.1
TITLE_INCHES = 0.09
"""Of a letter of the title, 11 points and bold."""
ROWS = 8
"""Layers in one picture at most; of more, some evenly over the depth."""
HEAD_COLUMNS = 4
MOST = 64
"""Positions of a side in one picture at most, the first ones."""


@dataclass(frozen=True)
class Axis:
    """One side of a map. name: inputs, targets or what it is made of; labels: one a position."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class AttentionMap:
    """One layer's attention on one example, without padding: weights [H, T, L], float32.

    layer: its path. step: which call of several, from 1 on; 0: the only one.
    """

    layer: str
    step: int
    queries: Axis
    keys: Axis
    weights: np.ndarray

    @property
    def name(self) -> str:
        return short(self.layer) + (f", step {self.step}" if self.step else "")

    def first(self, count: int) -> AttentionMap:
        """Of the first so many positions of each side."""
        queries, keys = (Axis(a.name, a.labels[:count]) for a in (self.queries, self.keys))
        return replace(self, queries=queries, keys=keys, weights=self.weights[:, :count, :count])

    @property
    def sides(self) -> str:
        return f"{self.queries.name} over {self.keys.name}"


def draw_layers(maps: Sequence[AttentionMap], title: str, theme: Theme = LIGHT) -> bytes:
    """PNG: a column for each pair of sides, a panel for each layer."""
    columns: dict[str, list[AttentionMap]] = {}
    for one in maps:
        columns.setdefault(one.sides, []).append(one.first(MOST))
    chosen = [spread(own, ROWS) for own in columns.values()]
    panels = [[(one.name, one, one.weights.mean(axis=0)) for one in own] for own in chosen]
    headings = [
        name if len(own) == len(shown) else f"{name} ({len(shown)} of {len(own)} layers)"
        for (name, own), shown in zip(columns.items(), chosen, strict=True)
    ]
    return _draw(panels, headings, title, theme)


def draw_heads(one: AttentionMap, title: str, theme: Theme = LIGHT) -> bytes:
    """PNG: a panel for each head of a layer."""
    one = one.first(MOST)
    heads = [(f"head {h + 1}", one, weights) for h, weights in enumerate(one.weights)]
    columns = min(HEAD_COLUMNS, len(heads))
    panels = [heads[start::columns] for start in range(columns)]
    return _draw(panels, [""] * columns, title, theme)


def short(path: str) -> str:
    """`network/body/decoder_0/cross_attention` is decoder_0/cross_attention."""
    parts = path.split("/")
    return "/".join(parts[2:]) if parts[1:2] == ["body"] and len(parts) > 2 else path


def spread(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many, evenly from the first to the last."""
    if len(items) <= most:
        return list(items)
    places = np.linspace(0, len(items) - 1, most).round().astype(int)
    return [items[place] for place in places]


def _draw(
    panels: list[list[tuple[str, AttentionMap, np.ndarray]]],
    headings: list[str],
    title: str,
    theme: Theme,
) -> bytes:
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm

    texts = [label for own in panels for _, one, _ in own for label in _labels(one)]
    fonts = families(texts) or families(())
    widths = [
        # A letter of a panel's name is 0.065 inches wide, one of a heading 0.073.
        max(
            SMALLEST,
            0.073 * len(heading),
            *(0.065 * len(name) for name, _, _ in own),
            *(INCHES * len(one.keys.labels) for _, one, _ in own),
        )
        for heading, own in zip(headings, panels, strict=True)
    ]
    depth = max(map(len, panels))
    heights = [
        max(
            SMALLEST,
            *(INCHES * len(own[row][1].queries.labels) for own in panels if row < len(own)),
        )
        for row in range(depth)
    ]
    # A few weights of a row are large, and the many small ones say something, too.
    colours = LinearSegmentedColormap.from_list("weights", [theme.background, theme.series[0]])
    norm = PowerNorm(0.5, vmin=0.0, vmax=1.0)
    # Room for labels: a character is 0.05 inches wide at most.
    side = 0.25 + 0.05 * max(map(len, texts))
    least = max(TITLE_INCHES * len(title) + 0.2, 4.0)
    place = _Places(widths, heights, least, left=side, gap=side + 0.15, top=0.75, below=side)
    more = {"font.family": fonts, "axes.grid": False, "xtick.labelsize": 6, "ytick.labelsize": 6}
    with style(theme, more):
        figure = plt.figure(figsize=place.size)
        figure.text(
            0.1 / place.size[0], 1 - 0.25 / place.size[1], title, fontsize=11, weight="bold"
        )
        for column, own in enumerate(panels):
            figure.text(*place.heading(column), headings[column], fontsize=9, color=theme.quiet)
            for row, (name, one, weights) in enumerate(own):
                width, height = INCHES * weights.shape[1], INCHES * weights.shape[0]
                axis = figure.add_axes(place.axis(column, row, width, height))
                axis.imshow(
                    weights, cmap=colours, norm=norm, aspect="auto", interpolation="nearest"
                )
                axis.set_title(name, loc="left", fontsize=8, pad=3)
                last = row == len(own) - 1
                keys = readable(one.keys.labels, texts) if last else []
                axis.set_xticks(range(len(keys)), keys, rotation=90)
                queries = readable(one.queries.labels, texts)
                axis.set_yticks(range(len(queries)), queries)
                axis.tick_params(length=0)
        return png(figure, DPI)


def _labels(one: AttentionMap) -> tuple[str, ...]:
    return (*one.keys.labels, *one.queries.labels)


class _Places:
    """Where panels stand: columns and rows of panels of given sizes, in inches, under a title that
    needs the width `least`."""

    def __init__(
        self,
        widths: list[float],
        heights: list[float],
        least: float,
        *,
        left: float,
        gap: float,
        top: float,
        below: float,
    ) -> None:
        self.widths, self.heights, self.left, self.gap, self.top = widths, heights, left, gap, top
        self.size = (
            max(left + sum(widths) + gap * (len(widths) - 1) + 0.2, least),
            top + sum(heights) + 0.3 * len(heights) + below,
        )

    def _x(self, column: int) -> float:
        return self.left + sum(self.widths[:column]) + self.gap * column

    def heading(self, column: int) -> tuple[float, float]:
        return self._x(column) / self.size[0], 1 - 0.5 / self.size[1]

    def axis(
        self, column: int, row: int, width: float, height: float
    ) -> tuple[float, float, float, float]:
        """Left, bottom, width and height as shares of the figure; panels are aligned at the top."""
        bottom = self.size[1] - self.top - sum(self.heights[:row]) - 0.3 * row - height
        w, h = self.size
        return self._x(column) / w, bottom / h, width / w, height / h
