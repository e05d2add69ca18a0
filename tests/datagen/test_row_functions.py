"""What a row function yields is checked: one message with its name, the split and the column."""

from __future__ import annotations

import pyarrow as pa
import pytest

from components.catalog import UserError
from components.datagen.problem import Rows
from components.datagen.row_functions import batches_of

MADE = {
    "missing": {"inputs": ["a"]},
    "uneven": {"inputs": ["a", "b"], "targets": ["a"]},
    "none": {"inputs": ["a", None], "targets": ["a", "b"]},
    "lists": {"inputs": [["a"]], "targets": ["a"]},
    "surrogate": {"inputs": ["\ud800"], "targets": ["a"]},
    "mixed": {"inputs": ["a", 1], "targets": ["a", "b"]},
    "large": {"inputs": [10**40], "targets": ["a"]},
}
TOLD = {
    "missing": "from 1 on: no column 'targets'; there are: inputs",
    "uneven": "columns of different lengths: inputs 2, targets 1",
    "none": "'inputs' is None in row 1 of the batch; expected text",
    "lists": "'inputs': expected a sequence of text",
    "surrogate": "'inputs': expected a sequence of text",
    "mixed": "'inputs': expected a sequence of text",
    "large": "'inputs': expected a sequence of text (bytes for images): Python int too large",
}


def rows(split, seed, case=""):
    yield {"inputs": [], "targets": []}
    yield {"inputs": ["a"], "targets": [7]}
    if case:
        yield MADE[case]


def read(case: str = "", function: str = "rows") -> list[pa.RecordBatch]:
    made = Rows(f"{__name__}:{function}", {"case": case} if case else {})
    return list(batches_of(made, "dev", 1, ("inputs", "targets")))


def test_numbers_are_text_and_empty_batches_are_none():
    (batch,) = read()
    assert batch.to_pylist() == [{"inputs": "a", "targets": "7"}]


@pytest.mark.parametrize("case", MADE)
def test_a_batch_that_cannot_be_used(case):
    with pytest.raises(UserError) as caught:
        read(case)
    assert str(caught.value).startswith(f"{__name__}:rows: rows of dev from 1 on: ")
    assert TOLD[case] in str(caught.value)


def test_a_function_that_is_not_there():
    with pytest.raises(UserError, match="test_row_functions:row: .* did you mean 'rows'"):
        read(function="row")
    with pytest.raises(UserError, match="no_such.rows:rows: there is no module no_such; expected"):
        list(batches_of(Rows("no_such.rows:rows"), "dev", 1, ("inputs",)))
