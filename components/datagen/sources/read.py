"""Source to Arrow record batches: the one entry point of reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.catalog import UserError
from components.datagen.sources.formats import (
    audio_files,
    audio_table,
    bracketed_trees,
    captioned_images,
    cifar_binary,
    coco_captions,
    conllu,
    csv,
    folder_images,
    idx_images,
    jsonl,
    librispeech,
    lines,
    parallel_text,
    parquet,
    sentiment_phrases,
    sentiment_trees,
    sgm,
    squad,
    tagged_trees,
    tsv,
)
from components.datagen.sources.locate import locate
from components.datagen.sources.source import Source, check_format

if TYPE_CHECKING:
    import pyarrow as pa

# Written out, not looked up by name: the fingerprint of the data code follows import statements.
READERS = {
    "bracketed_trees": bracketed_trees.read,
    "tagged_trees": tagged_trees.read,
    "captioned_images": captioned_images.read,
    "audio_files": audio_files.read,
    "audio_table": audio_table.read,
    "cifar_binary": cifar_binary.read,
    "coco_captions": coco_captions.read,
    "conllu": conllu.read,
    "folder_images": folder_images.read,
    "librispeech": librispeech.read,
    "sentiment_phrases": sentiment_phrases.read,
    "sentiment_trees": sentiment_trees.read,
    "squad": squad.read,
    "csv": csv.read,
    "idx_images": idx_images.read,
    "jsonl": jsonl.read,
    "lines": lines.read,
    "parallel_text": parallel_text.read,
    "parquet": parquet.read,
    "sgm": sgm.read,
    "tsv": tsv.read,
}


def read(
    source: Source,
    *,
    columns: Sequence[str],
    cache_dir: Path,
    report: Callable[[Mapping[str, Any]], None] | None = None,
    base_dir: Path | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of a source, in the order of its files, a few thousand a batch.

    columns: the task's columns, in the task's order; the batches have exactly these. Text is
        `string`, trees are `string` on one line, images are `binary` (uint8, row major; the
        schema's metadata holds `image_shape`), IDX labels are `int64`.
    cache_dir: where downloads are kept.
    report: gets {"event": "download", "url", "bytes", "total"} while files are fetched.
    base_dir: what relative paths start from; the current folder by default.

    Files are found, fetched and checked against their sha256 before this returns; they are read
    while the iterator runs, in memory that does not grow with the file. `batch.place(batch, row)`
    says where a row stands in its file.

    Raises UserError, at the call or from the iterator, that names the file and the line.
    """
    check_format(source.format)
    unknown = set(source.columns) - set(columns)
    if unknown:
        raise UserError(
            f"columns: {sorted(unknown)[0]!r} is not a column of the task; "
            f"expected {', '.join(columns)}"
        )
    inputs = locate(source, cache_dir=cache_dir, report=report, base_dir=base_dir or Path.cwd())
    return _some(READERS[source.format](inputs, source, tuple(columns)), source)


def _some(batches: Iterator[pa.RecordBatch], source: Source) -> Iterator[pa.RecordBatch]:
    """The same batches. Raises UserError at the end if there was none."""
    empty = True
    for rows in batches:
        empty = False
        yield rows
    if empty:
        raise UserError(f"{', '.join(source.paths)}: no rows")
