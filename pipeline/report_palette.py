"""Colours, type and spacing of the report's pictures, for light and for dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Theme:
    """`series` are the hues of Okabe and Ito (2008), told apart by colour-blind readers."""

    background: str
    ink: str
    quiet: str
    line: str
    series: tuple[str, ...]


LIGHT = Theme(
    background="#ffffff",
    ink="#1f2328",
    quiet="#59636e",
    line="#d1d9e0",
    series=("#0072b2", "#d55e00", "#009e73", "#b0478c", "#a07400", "#2f9bd6"),
)
DARK = Theme(
    background="#15191f",
    ink="#e6e8eb",
    quiet="#9aa4af",
    line="#343b44",
    series=("#56b4e9", "#ff8f4d", "#2fcf9f", "#e79ac6", "#e6b93c", "#9db2ff"),
)


def colours(labels: Sequence[str], theme: Theme) -> dict[str, str]:
    """A colour by label, the same in every picture; beyond six all are grey, with their names."""
    distinct = list(dict.fromkeys(labels))
    return {
        label: theme.series[index] if index < len(theme.series) else theme.quiet
        for index, label in enumerate(distinct)
    }


def spread(
    values: Sequence[float], gap: float, low: float = -math.inf, high: float = math.inf
) -> list[float]:
    """The nearest places to `values` at least `gap` apart, in the same order, from low to high.

    >>> spread([1.0, 1.0, 5.0], 2.0)
    [0.0, 2.0, 5.0]
    """
    order = sorted(range(len(values)), key=lambda index: values[index])
    clusters: list[tuple[float, list[int]]] = []
    for index in order:
        clusters.append((values[index], [index]))
        while True:
            middle, members = clusters[-1]
            half = gap * (len(members) - 1) / 2
            # Where there is no room for all names they stand out at the top, not over the axis.
            middle = max(min(middle, high - half), low + half)
            clusters[-1] = (middle, members)
            if len(clusters) == 1:
                break
            below, fewer = clusters[-2]
            if middle - below >= gap * (len(fewer) + len(members)) / 2:
                break
            both = fewer + members
            # The middle that moves the members least once they stand `gap` apart.
            clusters[-2:] = [(sum(values[i] for i in both) / len(both), both)]
    places = [0.0] * len(values)
    for middle, members in clusters:
        for rank, index in enumerate(members):
            places[index] = middle + gap * (rank - (len(members) - 1) / 2)
    return places


@contextmanager
def style(theme: Theme) -> Iterator[None]:
    """Matplotlib's settings for one picture; nothing stays set afterwards."""
    import matplotlib

    matplotlib.use("Agg")
    settings: dict[Any, Any] = {
        "figure.facecolor": theme.background,
        "axes.facecolor": theme.background,
        "savefig.facecolor": theme.background,
        "text.color": theme.ink,
        "axes.labelcolor": theme.quiet,
        "axes.titlecolor": theme.ink,
        "axes.titlesize": 9.5,
        "axes.titlepad": 8,
        "axes.labelsize": 8.5,
        "axes.edgecolor": theme.line,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "grid.color": theme.line,
        "grid.linewidth": 0.7,
        "xtick.color": theme.line,
        "ytick.color": theme.line,
        "xtick.labelcolor": theme.quiet,
        "ytick.labelcolor": theme.quiet,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "ytick.major.size": 0,
        "font.family": "DejaVu Sans",
        "lines.solid_capstyle": "round",
        "figure.constrained_layout.w_pad": 0.09,
        "figure.constrained_layout.h_pad": 0.08,
    }
    with matplotlib.rc_context(settings):
        yield
