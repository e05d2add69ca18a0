"""Progress: one moving line on a terminal, few lines elsewhere."""

from __future__ import annotations

import io

import pytest

from pipeline.progress import Progress, describe, duration


def steps(progress: Progress, count: int) -> None:
    for step in range(1, count + 1):
        progress({"event": "step", "step": step, "steps": count, "loss": 1.0})


def test_ten_lines_where_nobody_watches() -> None:
    out = io.StringIO()
    steps(Progress("cell", out), 1000)
    lines = out.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[-1] == "  step 1000/1000   loss 1.0000"


def test_one_line_that_moves_on_a_terminal() -> None:
    out = io.StringIO()
    progress = Progress("cell", out, moving=True)
    steps(progress, 50)
    progress({"event": "dev", "step": 50, "steps": 50, "dev_loss": 0.25, "bleu": 31.5})
    text = out.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("  step 50/50   dev_loss 0.25   bleu 31.5\n")


def test_a_step_says_all_that_matters() -> None:
    event = {
        "event": "step",
        "step": 50,
        "steps": 300,
        "loss": 2.5,
        "learning_rate": 0.001,
        "tokens_per_second": 3900.4,
        "seconds_left": 600,
    }
    assert (
        describe(event) == "step 50/300   loss 2.5000   lr 1.00e-03   3,900 tokens/s   10 min left"
    )


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {"event": "read", "problem": "p", "split": "dev", "rows": 1500},
            "dev: 1,500 rows read so far",
        ),
        ({"event": "read", "split": "dev", "rows": 9, "done": True}, "dev: 9 rows read"),
        ({"event": "download", "url": "u", "bytes": 1_500_000, "total": None}, "u: 1.5 MB"),
        ({"event": "download", "url": "u", "bytes": 1e6, "total": 3e6}, "u: 1.0 of 3.0 MB"),
        ({"event": "shards", "problem": "p", "done": 0}, "encoding and writing shards"),
        ({"event": "shards", "done": 2, "of": 8}, "shard 2 of 8 written"),
        (
            {"event": "chosen", "checkpoint": "last", "dev_bleu": 37.694},
            "checkpoint last, dev_bleu 37.69",
        ),
        ({"event": "decode", "done": 64, "examples": 1000}, "decoded 64 of 1,000"),
        ({"event": "somethingelse", "count": 3}, "somethingelse: count 3"),
    ],
)
def test_every_event_is_a_line_of_words(event: dict, text: str) -> None:
    assert describe(event) == text


def test_durations() -> None:
    assert [duration(seconds) for seconds in (4, 89, 90, 3600, 7500)] == [
        "4 s",
        "89 s",
        "2 min",
        "60 min",
        "2 h 05 min",
    ]
