"""Running text cut into windows: every unit is in one of them, none is lost at a line's end.

Raw rows are lines; a file's lines are put together again, line ends included, and cut anew. The
last window is shorter. Windows for training overlap if `stride` is less than `window`: then the text is
read from more than one beginning. Those of dev and test never do.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.catalog import UserError
from components.datagen.problem import Cut
from components.datagen.task import Option

if TYPE_CHECKING:
    import pyarrow as pa

    from components.datagen.problem import Problem

LINE_END = "<eol>"
"""The token that stands for a line's end where units are words; Mikolov's PTB calls it <eos>."""
OPTIONS = {
    "window": Option(
        "int", 0, "units of running text an example holds; 0: one example a line", low=0
    ),
    "unit": Option("str", "characters", "what a window counts", choices=("characters", "words")),
    "stride": Option(
        "int", 0, "units from one training window's beginning to the next; 0: window", low=0
    ),
}
WORDS = re.compile(r"[^ \t\n\r\f\v]+")


def regroup(
    batches: Iterator[pa.RecordBatch], problem: Problem, split: str
) -> Iterator[pa.RecordBatch]:
    """Lines to windows, where the problem asks for them."""
    size = problem.option("window")
    stride = (split == "train" and problem.option("stride")) or size
    return windows(batches, size, problem.option("unit"), stride) if size else batches


def check(where: str, problem: Problem) -> None:
    """Raises UserError on a stride that would leave units out, and on a split that is cut from
    training windows that overlap: what it is tested on would be trained on."""
    size, stride = problem.option("window"), problem.option("stride")
    if stride > size:
        raise UserError(f"{where}.stride: expected at most the window, {size}, found {stride}")
    for name in ("dev", "test"):
        cut = getattr(problem, name)
        if isinstance(cut, Cut) and cut.source == "train" and 0 < stride < size:
            raise UserError(
                f"{where}.{name}: cannot be cut from train, whose windows of {size} overlap (stride: "
                f"{stride}); expected files of its own, or stride: 0"
            )


def windows(
    batches: Iterator[pa.RecordBatch], size: int, unit: str, stride: int
) -> Iterator[pa.RecordBatch]:
    """Batches of one column of lines to batches of windows of `size` units, one every `stride`.

    unit: "characters", line ends and blanks among them, or "words", with LINE_END after each line.
    A window stands where the line stands in which it begins.
    """
    from components.datagen.sources.batch import places, spelled

    waiting: list[str] = []
    starts: list[int] = []  # of each line that begins or goes on in `waiting`
    stands: list[int | str] = []
    told = 0  # of the units that wait, those at the beginning that a window has had already
    for batch in batches:
        for line, stand in zip(batch.column(0).to_pylist(), places(batch), strict=True):
            starts.append(len(waiting))
            stands.append(stand)
            waiting.extend((*WORDS.findall(line), LINE_END) if unit == "words" else (*line, "\n"))
        begins = range(0, len(waiting) - size + 1, stride)
        if begins:
            yield _batch(waiting, begins, size, unit, batch, starts, stands)
            done, told = len(begins) * stride, size - stride
            del waiting[:done]
            kept = bisect_right(starts, done) - 1
            starts = [max(0, start - done) for start in starts[kept:]]
            stands = stands[kept:]
        # The next batch may be of another file.
        file, kind = (batch.schema.metadata[key].decode() for key in (b"file", b"unit"))
        stands = [spelled(stand, file, kind) for stand in stands]
        last = batch
    if len(waiting) > told:
        yield _batch(waiting, range(1), size, unit, last, starts, stands)


def _batch(
    units: list[str],
    begins: range,
    size: int,
    unit: str,
    like: pa.RecordBatch,
    starts: list[int],
    stands: list[int | str],
) -> pa.RecordBatch:
    import pyarrow as pa

    from components.datagen.sources.batch import make

    joint = " " if unit == "words" else ""
    told = like.schema.metadata
    return make(
        [pa.array([joint.join(units[at : at + size]) for at in begins], pa.string())],
        like.schema.names,
        file=told[b"file"].decode(),
        unit=told[b"unit"].decode(),
        places=[stands[bisect_right(starts, at) - 1] for at in begins],
    )
