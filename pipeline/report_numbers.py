"""Numbers as people read them; one way for the terminal, Markdown, HTML and the pictures."""

from __future__ import annotations

from collections.abc import Iterable

NAMES = {"bleu": "BLEU", "chrf": "chrF", "ter": "TER", "bracket_f1": "bracket F1"}


def metric_name(key: str) -> str:
    """`bracket_f1` is bracket F1, `well_formed` is well formed."""
    return NAMES.get(key, key.replace("_", " "))


def decimals(values: Iterable[float]) -> int:
    """Four for shares (0..1), two for percentages; the same down a column."""
    return 4 if all(abs(value) <= 1 for value in values) else 2


def p_value(p: float | None) -> str:
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def count(value: float) -> str:
    """1234567 is 1.23 M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """Two units at most: 42 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
