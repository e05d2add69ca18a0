"""Which column of a file is which of the task's columns."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from components.catalog import UserError, closest


def by_position(mapping: Mapping[str, str | int], columns: Sequence[str]) -> list[int] | None:
    """Positions from 0 of `columns` if the mapping gives numbers, else None.

    Raises UserError if it mixes both, leaves a column out, or a number is below 1.
    """
    numbers = {name: value for name, value in mapping.items() if isinstance(value, int)}
    if not numbers:
        return None
    for name in columns:
        if name not in numbers:
            raise UserError(
                f"columns: {name} needs a position counted from 1, like {next(iter(numbers))}: "
                f"{next(iter(numbers.values()))}"
            )
        if numbers[name] < 1:
            raise UserError(f"columns: {name}: {numbers[name]}; positions are counted from 1")
    return [numbers[name] - 1 for name in columns]


def looks_like_header(fields: Sequence[str], columns: Sequence[str]) -> bool:
    """True if a field is one of `columns`, or nearly so: a misspelt header is not data."""
    known = [name.lower() for name in columns]
    return any(difflib.get_close_matches(field.lower(), known, 1, 0.8) for field in fields)


def header_positions(
    header: Sequence[str], mapping: Mapping[str, str | int], columns: Sequence[str], file: str
) -> list[int]:
    """Positions from 0 of `columns` in the header. Raises UserError with the closest column."""
    return [list(header).index(named(name, header, mapping, f"{file}, line 1")) for name in columns]


def named(column: str, there: Sequence[str], mapping: Mapping[str, str | int], place: str) -> str:
    """The file's name for the task's `column`. Raises UserError with the closest one."""
    name = str(mapping.get(column, column))
    if name not in there:
        wanted = f"no column {name!r}" + (f" (for {column})" if name != column else "")
        raise UserError(f"{place}: {wanted}; {closest(name, there)}")
    return name
