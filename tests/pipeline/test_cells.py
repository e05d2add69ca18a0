"""The grid's cells: patterns, applicability, names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cells import Cell, expand, matches, reason_against, runnable

CELL = Cell("image_digits", "lstm_attention", "tiny", 12)
DIGITS = {"inputs": "image", "targets": "class_label", "provides": []}
TEXT = {"inputs": "symbol", "targets": "symbol", "provides": ["parse"]}


def test_a_cell_has_one_name_everywhere() -> None:
    assert CELL.name == "image_digits/lstm_attention/tiny/12"
    assert CELL.folder == Path("runs/image_digits/lstm_attention/tiny/12")
    assert CELL.dotted == "image_digits.lstm_attention.tiny.12"
    assert CELL.stage("evaluate") == "evaluate@image_digits-lstm_attention-tiny-12"


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("image_digits", True),
        ("image_*", True),
        ("*/lstm_*", True),
        ("*/*/tiny/12", True),
        ("*/*/*/1?", True),
        ("*/*/*/1", False),
        ("digits", False),
        ("*/transformer", False),
        ("image_*/lstm_attention/small", False),
    ],
)
def test_exclude_patterns(pattern: str, covered: bool) -> None:
    assert matches(pattern, CELL) is covered


@pytest.mark.parametrize(
    ("needs", "signature", "reason"),
    [
        ({}, DIGITS, ""),
        ({"targets": ["class_label"]}, DIGITS, ""),
        ({"targets": ["class_label"]}, TEXT, "needs targets of kind class_label, has symbol"),
        (
            {"inputs": ["symbol", "audio"]},
            DIGITS,
            "needs inputs of kind symbol or audio, has image",
        ),
        ({"provides": ["parse"]}, TEXT, ""),
        ({"provides": ["parse"]}, DIGITS, "needs parse, which the problem does not provide"),
    ],
)
def test_needs_against_what_a_problem_has(needs: dict, signature: dict, reason: str) -> None:
    assert reason_against(needs, signature) == reason


def test_the_grid_in_its_order() -> None:
    grid = {
        "problem": ["digits", "text"],
        "model": ["encoder", "both"],
        "hparams": ["a"],
        "seed": [1, 2],
        "exclude": ["digits/both/*/2"],
    }
    needs = {"encoder": {"targets": ["class_label"]}, "both": {}}
    cells = expand(grid, needs, {"digits": DIGITS, "text": TEXT})
    assert [(cell.name, cell.status) for cell in cells] == [
        ("digits/encoder/a/1", "run"),
        ("digits/encoder/a/2", "run"),
        ("digits/both/a/1", "run"),
        ("digits/both/a/2", "excluded"),
        ("text/encoder/a/1", "not applicable"),
        ("text/encoder/a/2", "not applicable"),
        ("text/both/a/1", "run"),
        ("text/both/a/2", "run"),
    ]
    assert len(runnable(cells)) == 5
