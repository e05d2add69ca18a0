"""Colours and type of every picture that is drawn, for light and for dark pages."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

WIDTH = 8.4
"""Inches; at 200 dots an inch that is twice the width of a README's column."""


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


@contextmanager
def style(theme: Theme, more: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Matplotlib's settings for one picture, and `more`; nothing stays set afterwards."""
    import matplotlib

    matplotlib.use("Agg")
    settings: dict[Any, Any] = {
        "figure.facecolor": theme.background,
        "axes.facecolor": theme.background,
        "savefig.facecolor": theme.background,
        "text.color": theme.ink,
        "text.parse_math": False,  # a text with two dollar signs is no formula
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
    settings.update(more or {})
    with matplotlib.rc_context(settings):
        yield


def png(figure: Any, dpi: int) -> bytes:
    """The figure's bytes; it is closed."""
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    # Matplotlib's own version would otherwise be in the file, and change its bytes.
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()
