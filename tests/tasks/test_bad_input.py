"""A broken raw file of every task's own kind ends in one message: file, place, what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from components import catalog
from components.catalog import UserError
from components.datagen.generate import generate
from components.datagen.problem import from_settings
from tests.tasks import broken_media, broken_questions, broken_text
from tests.tasks.broken import CASES, Break
from tests.tasks.raw import RAW

PARAMETERS = [
    pytest.param(task, broken, told, id=f"{task}-{broken.__name__}") for task, broken, told in CASES
]


def test_no_task_is_forgotten() -> None:
    assert {broken.__module__ for _, broken, _ in CASES} == {
        broken_text.__name__,
        broken_questions.__name__,
        broken_media.__name__,
    }
    assert {task for task, _, _ in CASES} == set(catalog.entries("tasks")) - {"multi"}


@pytest.mark.parametrize(("task", "broken", "told"), PARAMETERS)
def test_the_message_says_where_and_what(
    task: str, broken: Break, told: tuple[str, ...], tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    settings = RAW[task](raw)
    settings = broken(raw, settings) or settings
    out = tmp_path / "data" / "mine"
    with pytest.raises(UserError) as caught:
        generate(from_settings("mine", {"task": task, **settings}), "mine", out)
    message = str(caught.value)
    for part in told:
        assert part in message
    assert "\n" not in message
    assert not list(out.parent.iterdir()), "nothing half written"
