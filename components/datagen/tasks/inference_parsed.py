"""Natural language inference on sentences with their binary parses, as SNLI, MultiNLI and SICK have.

    ( ( two dogs ) ( run . ) )                               a parse
    two dogs run .                                           its tokens
    shift shift reduce shift shift reduce reduce             its transitions: 2N - 1 for N tokens

A transition pushes the next token, or makes one constituent of the two on top (Bowman et al. 2016,
arXiv 1603.06021, section 2). Raw rows: `premise_parse`, `hypothesis_parse`, `label`; the texts are the
parses' tokens. Inputs and targets are as in `inference`; the extras give both sentences apart, with
the ids that the tokens have in the inputs, and the transitions of both, all without EOS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.datagen.standard_rows import SKIP_LABEL, joined, read_and_write, without_skipped
from components.datagen.task import RowError, Task
from components.datagen.tasks.inference import symbols

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem

SHIFT, REDUCE = "shift", "reduce"
SENTENCES = ("premise", "hypothesis")


def read_parse(parse: str) -> tuple[list[str], list[str]]:
    """The N tokens of a binary parse and its 2N - 1 transitions, in the order of the text.

    A lone token is a parse too. Raises ValueError, which says what was found, if brackets do not
    balance, one does not hold exactly two parts, or there is not exactly one tree.
    """
    from components.datagen.vocabulary import tokens_of

    tokens: list[str] = []
    transitions: list[str] = []
    parts = [0]  # of each bracket that is open; the first stands for the whole text
    for piece in tokens_of(parse):
        if piece == "(":
            parts.append(0)
            continue
        if piece == ")":
            if len(parts) == 1:
                raise ValueError("a closing bracket that no bracket opened")
            found = parts.pop()
            if found != 2:
                near = f"after {tokens[-1]!r}" if tokens else "at the beginning"
                raise ValueError(
                    f"the bracket closed {near} holds {found} part{'s' * (found != 1)}; "
                    "a binary parse has two in each"
                )
            transitions.append(REDUCE)
        else:
            tokens.append(piece)
            transitions.append(SHIFT)
        parts[-1] += 1
    if len(parts) > 1:
        raise ValueError(f"{len(parts) - 1} bracket(s) never closed")
    if parts[0] != 1:
        raise ValueError(f"expected one tree, found {parts[0]}")
    return tokens, transitions


def rows(batch: pa.RecordBatch, problem: Problem) -> pa.RecordBatch:
    """`premise_parse`, `hypothesis_parse`, `label` -> standard rows and the extras.

    Raises RowError on a parse that `read_parse` cannot read.
    """
    import pyarrow as pa

    label = batch.column("label").cast("string")
    extras: dict[str, pa.Array] = {}
    for sentence in SENTENCES:
        texts, moves = [], []
        for row, parse in enumerate(batch.column(f"{sentence}_parse").to_pylist()):
            try:
                tokens, transitions = read_parse(parse)
            except ValueError as error:
                raise RowError(row, f"{sentence}_parse: {error}: {_shown(parse)}") from error
            texts.append(" ".join(tokens))
            moves.append(" ".join(transitions))
        extras[sentence] = pa.array(texts, pa.string())
        extras[f"{sentence}_transitions"] = pa.array(moves, pa.string())
    standard = read_and_write(joined(extras["premise"], extras["hypothesis"]), label)
    columns = dict(zip(standard.schema.names, standard.columns, strict=True))
    return pa.RecordBatch.from_pydict({**columns, **extras})


def _shown(parse: str) -> str:
    return repr(parse if len(parse) <= 60 else f"{parse[:57]}...")


def feature_options(problem: Problem) -> dict[str, dict[str, Any]]:
    """What is read as a tree has no end symbol: a token too many would be one that nothing shifts."""
    return {name: {"eos": False} for name in TASK.extras}


TASK = Task(
    columns=("premise_parse", "hypothesis_parse", "label"),
    inputs="symbol",
    targets="class_label",
    vocabularies={
        "inputs": "tokens",
        "targets": "label",
        "premise": "as inputs",
        "hypothesis": "as inputs",
        "hypothesis_transitions": "as premise_transitions",
    },
    fixed=("inputs",),  # a transition shifts a token
    metrics=("accuracy", "f1", "matthews"),
    dev_metric="accuracy",
    rows=rows,
    regroup=without_skipped,
    feature_options=feature_options,
    symbols=symbols,
    extras=dict.fromkeys(
        ("premise", "hypothesis", "premise_transitions", "hypothesis_transitions"), "symbol"
    ),
    tokens={"premise_transitions": (SHIFT, REDUCE)},
    provides=("parse",),
    options=SKIP_LABEL,
)
