"""Question answering: a question and a passage in, the part of the passage that answers it out.

Two pointers into the inputs, the first and the last piece of the answer (Devlin et al. 2019, section
4.2); where there is no answer (SQuAD 2.0) both point at the `<sep>` between question and passage.
Raw rows: `question`, `context`, `answer`, `answers` (all accepted ones, tabs between), `start` (the
answer's place in characters, -1 where there is none).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.datagen.standard_rows import SEPARATOR
from components.datagen.task import RowError, Task

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem

COLUMNS = ("question", "context", "answer", "answers", "start")


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """-> standard rows; a target is "first end", in characters of the inputs. Raises RowError where
    `start` is no whole number, or the answer is blank or does not stand there."""
    import pyarrow as pa

    inputs, targets, shown = [], [], []
    columns = (batch.column(name).cast("string").to_pylist() for name in COLUMNS)
    for row, (question, context, answer, answers, start) in enumerate(zip(*columns, strict=True)):
        before = f"{question} {SEPARATOR} "
        try:
            at = int(start)
        except ValueError:
            raise RowError(
                row, f"start {start!r}: expected a whole number, -1: no answer"
            ) from None
        if at < 0:
            place = (len(question) + 1, len(question) + 1 + len(SEPARATOR))
        elif not answer.strip():
            raise RowError(row, f"the answer {answer!r} is blank; start -1 says: no answer")
        elif context[at : at + len(answer)] != answer:
            found = context[at : at + len(answer)]
            raise RowError(row, f"the answer {answer!r} is not at {at}, where {found!r} is")
        else:
            place = (len(before) + at, len(before) + at + len(answer))
        inputs.append(before + context)
        targets.append(f"{place[0]} {place[1]}")
        shown.append(answers)
    text = pa.array(inputs, pa.string())
    return pa.RecordBatch.from_pydict(
        {
            "inputs": text,
            "targets": pa.array(targets, pa.string()),
            "inputs_text": text,
            "targets_text": pa.array(shown, pa.string()),
        }
    )


def symbols(problem: Problem) -> tuple[str, ...]:
    """What stands between question and passage."""
    return (SEPARATOR,)


TASK = Task(
    columns=COLUMNS,
    inputs="symbol",
    targets="span",
    vocabularies={"inputs": "sentencepiece", "targets": "as inputs"},
    metrics=("squad",),
    dev_metric="squad",
    rows=rows,
    symbols=symbols,
)
