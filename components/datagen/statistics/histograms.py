"""Histograms as SVG in the page itself.

Drawn without Matplotlib: every set of data has one, and a second of imports and of layout would be
the largest part of a small problem's time. The colours are the page's, so one drawing serves both
themes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from components.datagen.schema import SPLITS
from components.datagen.statistics.markup import escape

WIDTH, HEIGHT = 840, 280
LEFT, RIGHT, TOP, BOTTOM, BETWEEN = 52, 8, 34, 46, 44
TICKS = 6
BINS = 60

Panel = tuple[np.ndarray, Mapping[str, np.ndarray]]


def length_histogram(lengths: Mapping[str, Mapping[str, np.ndarray]], caption: str) -> str:
    """One panel a feature, one line a split; lengths[feature][split] is int [longest + 1], how many
    rows have that length."""
    panels = {}
    for name, splits in lengths.items():
        found = [np.flatnonzero(counted) for counted in splits.values()]
        first = min(int(own[0]) for own in found if len(own))
        last = max(int(own[-1]) for own in found if len(own))
        # Whole numbers of lengths in a bin: else some bins would hold one more than others.
        width = math.ceil((last - first + 1) / BINS)
        edges = np.arange(first, last + width + 1, width)
        panels[f"length of {name}"] = (
            edges - 0.5,
            {
                split: np.histogram(np.arange(len(counted)), edges - 0.5, weights=counted)[0]
                for split, counted in splits.items()
            },
        )
    return _svg(panels, "positions", caption)


def value_histogram(
    values: Mapping[str, tuple[np.ndarray, np.ndarray]], title: str, caption: str
) -> str:
    """The spread of numbers; values[split] is (float [n], how often each occurs)."""
    every = np.concatenate([own for own, _ in values.values()])
    edges = np.histogram_bin_edges(every, BINS)
    counted = {
        split: np.histogram(own, edges, weights=counts)[0]
        for split, (own, counts) in values.items()
    }
    return _svg({title: (edges, counted)}, "value", caption)


def ticks(low: float, high: float, most: int = TICKS) -> list[float]:
    """At most so many round numbers (1, 2 or 5 times a power of ten apart) within [low, high]."""
    if high <= low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(
        power * factor
        for factor in (1, 2, 5, 10, 20)
        if math.floor(high / power / factor) - math.ceil(low / power / factor) < most
    )
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(index * step, 12) for index in range(first, last + 1)]


def _svg(panels: Mapping[str, Panel], unit: str, caption: str) -> str:
    across = (WIDTH - LEFT - RIGHT - BETWEEN * (len(panels) - 1)) / len(panels)
    parts = []
    for index, (title, panel) in enumerate(panels.items()):
        parts += _panel(title, panel, unit, LEFT + index * (across + BETWEEN), across)
    parts += _legend([split for split in SPLITS if split in next(iter(panels.values()))[1]])
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = f'transform="rotate(-90 12 {middle:.1f})"'
    parts.append(_text(12, middle, "% of the split&#39;s rows", "middle", turned))
    return (
        f'<svg class=chart role=img aria-label="{escape(caption)}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    )


def _panel(title: str, panel: Panel, unit: str, left: float, across: float) -> list[str]:
    edges, splits = panel
    shares = {name: 100 * own / max(1, own.sum()) for name, own in splits.items()}
    highest = 1.05 * max(float(own.max()) for own in shares.values()) or 1.0
    low, high = float(edges[0]), float(edges[-1])
    base, tall = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP

    def x(value: float) -> float:
        return left + across * (value - low) / (high - low)

    def y(value: float) -> float:
        return base - tall * value / highest

    parts = [f'<text class=title x="{left:.1f}" y="{TOP - 16}">{escape(title)}</text>']
    for value in ticks(0, highest):
        line = "axis" if value == 0 else "grid"
        parts.append(f'<path class={line} d="M{left:.1f} {y(value):.1f}h{across:.1f}"/>')
        parts.append(_text(left - 6, y(value) + 4, f"{value:,g}", "end"))
    parts += [_text(x(value), base + 17, f"{value:,g}", "middle") for value in ticks(low, high)]
    parts.append(_text(left + across / 2, base + 36, unit, "middle"))
    for name, own in shares.items():
        steps = "".join(
            f"V{y(share):.1f}H{x(edge):.1f}" for share, edge in zip(own, edges[1:], strict=True)
        )
        path = f'd="M{left:.1f} {base}{steps}V{base}"'
        if name == SPLITS[0]:
            parts.append(f'<path class="area {name}" {path}/>')
        parts.append(f'<path class="line {name}" {path}/>')
    return parts


def _legend(splits: list[str]) -> list[str]:
    """At the right end, above the last panel."""
    parts = []
    for place, name in enumerate(reversed(splits)):
        right = WIDTH - RIGHT - 62 * place
        parts.append(f'<path class="line {name}" d="M{right - 52} {TOP - 20}h16"/>')
        parts.append(_text(right - 31, TOP - 16, name, "start"))
    return parts


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor={anchor} {more}>{text}</text>'
