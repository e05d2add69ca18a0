"""How the pictures of the statistics page look; a series of colours a split."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from components import theme as pictures
from components.theme import Theme

DPI = 160


def style(theme: Theme) -> AbstractContextManager[None]:
    """Matplotlib's settings for one picture; nothing stays set afterwards."""
    more = {
        "axes.titlelocation": "left",
        "legend.fontsize": 8.5,
        "legend.frameon": False,
    }
    return pictures.style(theme, more)


def png(figure: Any) -> bytes:
    """The figure's bytes; it is closed."""
    return pictures.png(figure, DPI)
