"""Sequence tasks whose answer an algorithm knows, after "algorithmic" of Tensor2Tensor.

    copy             3 1 2            3 1 2
    reverse          3 1 2            2 1 3
    sort             3 1 2            1 2 3
    shift            3 1 2            4 2 3        each symbol plus `shift`, modulo the base
    addition         1 9 + 3          2 2          numbers in the base, the highest digit first
    multiplication   1 9 * 3          5 7

Symbols are the numbers 0 to base - 1, blanks between. Length generalisation is asked for with
`longer_test` (Deletang et al. 2023, 2207.02098, test on longer sequences than those of training).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from components.catalog import UserError, closest
from components.datagen.problem import Rows
from components.datagen.synthetic import disjoint

NUMBERS = {"addition": "+", "multiplication": "*"}
OPERATIONS = ("copy", "reverse", "sort", "shift", *NUMBERS)


def splits(train: int, **options: Any) -> dict[str, Any]:
    """The splits of a problem: so many training rows and 500 in each of dev and test, of which test
    has inputs of up to twice the length. options: those of `rows`."""
    sizes = {"train": train, "dev": 500, "test": 500}
    return {
        split: Rows(f"{__name__}:rows", {"examples": size, "longer_test": True, **options})
        for split, size in sizes.items()
    }


def rows(
    split: str,
    seed: int,
    *,
    operation: str,
    examples: int,
    base: int = 10,
    min_length: int = 1,
    max_length: int = 10,
    shift: int = 1,
    longer_test: bool = False,
) -> Iterator[dict[str, list[str]]]:
    """Batches of `inputs` and `targets`, `examples` rows in all, no two with the same inputs.

    min_length, max_length: symbols of the inputs, or digits of each of the two numbers, drawn
        uniformly. A number of several digits does not begin with 0.
    shift: what operation shift adds.
    longer_test: the test split's lengths go up to 2 max_length, uniformly too; its longer half is
        then what training never had.

    Splits are disjoint whatever their settings; a + b and b + a are in the same one. The same
    arguments give the same rows. Raises UserError at a setting that cannot be, and from the
    iterator if there are not as many different rows.
    """
    if operation not in OPERATIONS:
        raise UserError(f"there is no operation {operation!r}; {closest(operation, OPERATIONS)}")
    if base < 2:
        raise UserError(f"{operation}: base: {base}; expected 2 or more")
    disjoint.check_range(operation, ("min_length", min_length), ("max_length", max_length), 1)
    if longer_test and split == "test":
        max_length *= 2
    rng = random.Random(f"{seed} {split}")

    def length() -> int:
        return rng.randint(min_length, max_length)

    def draw_sequence() -> tuple[str, disjoint.Row]:
        symbols = [rng.randrange(base) for _ in range(length())]
        inputs = text(symbols)
        return inputs, {"inputs": inputs, "targets": text(answer(operation, symbols, base, shift))}

    def draw_numbers() -> tuple[str, disjoint.Row]:
        left, right = (_number(rng, length(), base) for _ in range(2))
        sign = NUMBERS[operation]
        result = left + right if operation == "addition" else left * right
        low, high = sorted((left, right))
        inputs = f"{text(digits(left, base))} {sign} {text(digits(right, base))}"
        return f"{low} {sign} {high}", {"inputs": inputs, "targets": text(digits(result, base))}

    draw: Callable[[], tuple[str, disjoint.Row] | None]
    draw = draw_numbers if operation in NUMBERS else draw_sequence
    return disjoint.rows(split, examples, draw, operation)


def answer(operation: str, symbols: list[int], base: int, shift: int) -> list[int]:
    """What becomes of a sequence by copy, reverse, sort or shift."""
    if operation == "copy":
        return symbols
    if operation == "reverse":
        return symbols[::-1]
    if operation == "sort":
        return sorted(symbols)
    return [(symbol + shift) % base for symbol in symbols]


def digits(number: int, base: int) -> list[int]:
    """The digits of a number from 0, the highest first."""
    found = [number % base]
    while number := number // base:
        found.append(number % base)
    return found[::-1]


def text(symbols: list[int]) -> str:
    """Symbols with blanks between."""
    return " ".join(map(str, symbols))


def _number(rng: random.Random, length: int, base: int) -> int:
    """A number of exactly so many digits; of one digit, 0 is one too."""
    return rng.randrange(base ** (length - 1) if length > 1 else 0, base**length)
