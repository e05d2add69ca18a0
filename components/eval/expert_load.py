"""How evenly experts are used, as a picture: a row a layer, a column an expert, a cell its load.

Load is an expert's share of all choices; evenly, 1 / E. Shazeer et al. 2017 (arXiv 1701.06538), section 4.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from components.theme import LIGHT, WIDTH, Theme, png, style

DPI = 100
WRITTEN = 16
"""Up to so many experts the numbers are written into the cells."""


def draw(loads: Mapping[str, np.ndarray], title: str, theme: Theme = LIGHT) -> bytes:
    """PNG of loads [E] by layer; layers may have different numbers of experts."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    most = max(len(load) for load in loads.values())
    table = np.full((len(loads), most), np.nan)
    for row, load in zip(table, loads.values(), strict=True):
        row[: len(load)] = load
    hues = LinearSegmentedColormap.from_list("load", [theme.background, theme.series[1]])
    colours = hues.with_extremes(bad=theme.line)
    with style(theme, {"axes.grid": False}):
        figure, axis = plt.subplots(figsize=(WIDTH, 1.1 + 0.28 * len(loads)), layout="constrained")
        # Twice the even share is full colour unless some expert has more.
        full = max(2.0 / most, float(np.nanmax(table)))
        shown = axis.imshow(table, cmap=colours, vmin=0.0, vmax=full, aspect="auto")
        axis.set_yticks(range(len(loads)), list(loads))
        steps = range(0, most, max(1, most // 16))
        axis.set_xticks(steps, [str(expert) for expert in steps])
        axis.set_xlabel("expert")
        axis.tick_params(length=0)
        axis.set_title(title, loc="left")
        if most <= WRITTEN:
            for (row, column), value in np.ndenumerate(table):
                if not np.isnan(value):
                    ink = theme.background if value > 0.6 * full else theme.ink
                    axis.text(
                        column, row, f"{value:.2f}", ha="center", va="center", size=7, color=ink
                    )
        else:
            figure.colorbar(shown, ax=axis, fraction=0.03, pad=0.01).outline.set_visible(False)
        return png(figure, DPI)
