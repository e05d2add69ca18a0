"""What the pages that benchmarks write into docs/ have in common."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence

MACHINE = f"{os.cpu_count()} CPU cores, {platform.machine()}"


def row(cells: Iterable[str]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "".join(f"{row(one)}\n" for one in (titles, ["---"] * len(titles), *rows))
