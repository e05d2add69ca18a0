"""sentiment_phrases: the trees of `sentiment_trees`, a row for every labelled phrase.

Who trains on the Stanford Sentiment Treebank usually trains on its phrases (Socher et al. 2013,
https://aclanthology.org/D13-1170, section 5), and is tested on sentences.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from components.datagen.sources.files import File, Input
from components.datagen.sources.formats.sentiment_trees import parsed, row
from components.datagen.sources.gather import PLACE, batches, offered
from components.datagen.sources.source import Source

COLUMNS = ("text", "label", "polarity")


def read(
    inputs: tuple[tuple[Input, ...], ...], source: Source, columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Batches with the `string` columns `text`, `label` and `polarity` of `sentiment_trees`.

    A phrase that a line has twice is a row once. Raises UserError as `sentiment_trees` does.
    """
    names = offered(columns, source.columns, COLUMNS, "sentiment_phrases")
    for file in (file for group in inputs for entry in group for file in entry.files()):
        yield from batches(_rows(file, source.encoding), names, columns, file=file.name)


def _rows(file: File, encoding: str) -> Iterator[dict[str, str | int]]:
    for number, _, phrases in parsed(file, encoding):
        for phrase in dict.fromkeys(phrases):
            yield {**row(*phrase), PLACE: number}
