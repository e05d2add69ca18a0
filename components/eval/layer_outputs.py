"""What a named layer gives out: its shape, mean and spread, and a picture where it is a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.eval.attention_maps import short
from components.theme import LIGHT, WIDTH, Theme, png, style

DPI = 100


@dataclass(frozen=True)
class Output:
    """A layer's output [B, ...]. step: which call of several, from 1 on; 0: the only one."""

    layer: str
    step: int
    value: np.ndarray

    @property
    def name(self) -> str:
        return short(self.layer) + (f", step {self.step}" if self.step else "")

    def row(self) -> tuple[str, str, str, str, str, str]:
        """Name, shape, mean, standard deviation, least and greatest, as a table's row."""
        value = self.value.astype(np.float64)
        shape = " x ".join(map(str, value.shape))
        if not value.size:
            return self.name, shape, "", "", "", ""
        found = (value.mean(), value.std(), value.min(), value.max())
        return self.name, shape, *(f"{number:.4g}" for number in found)  # type: ignore[return-value]

    def matrix(self) -> np.ndarray | None:
        """The first example's, [L, D], if it is one."""
        return self.value[0] if self.value.ndim == 3 and self.value[0].size else None


def draw(matrix: np.ndarray, labels: list[str], title: str, theme: Theme = LIGHT) -> bytes:
    """PNG of [L, D]: a row a position, a column a unit; 0 is the page's colour."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list(
        "values", [theme.series[1], theme.background, theme.series[0]]
    )
    most = float(np.abs(matrix).max()) or 1.0
    with style(theme, {"axes.grid": False, "ytick.labelsize": 6}):
        figure, axis = plt.subplots(
            figsize=(WIDTH, 1.2 + 0.125 * len(matrix)), layout="constrained"
        )
        shown = axis.imshow(
            matrix, cmap=colours, vmin=-most, vmax=most, aspect="auto", interpolation="nearest"
        )
        axis.set_yticks(range(len(labels)), labels)
        axis.tick_params(length=0)
        axis.set_xlabel("unit")
        axis.set_title(title, loc="left")
        figure.colorbar(shown, ax=axis, fraction=0.03, pad=0.01).outline.set_visible(False)
        return png(figure, DPI)
