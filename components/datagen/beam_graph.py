"""The Beam graph: chunks of rows to pieces of shards to shards.

    Create(chunks) | encode a chunk -> (shard, piece)... | GroupByKey | write a shard

An element is a file name and a range in it, never an example: the data stays in Arrow files of the
work folder, which all workers must see (a shared file system, where they are on other machines).
A shard orders its records by their place in the layout, so neither the number of workers nor the
order in which they finish can be seen in its bytes.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from components.catalog import UserError, closest
from components.datagen import forked_workers, vocabulary
from components.datagen.encoding import LOPSIDED, TOO_LONG, Encoded, Limits, encode
from components.datagen.layout import DROPPED
from components.datagen.schema import SPLITS, Feature
from components.datagen.shards import frame, shard_name, write_records
from components.datagen.spool import read_chunk
from components.datagen.statistics.sketch import Statistics


@dataclass(frozen=True)
class Work:
    """What every worker needs to know.

    folder: the work folder, holding `rows/` (chunks and plans), `pieces/` and `results/`.
    out: where shards and vocabularies lie.
    sizes: split -> (rows placed, shards).
    """

    folder: str
    out: str
    features: Mapping[str, Feature]
    limits: Limits
    sizes: Mapping[str, tuple[int, int]]


class EncodeChunk(beam.DoFn):
    """A chunk's file name -> (shard name, (piece file, number of its batch))."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._vocabularies: dict[str, vocabulary.Vocabulary] = {}

    def setup(self) -> None:
        # Once a file, because two features that share one share what it remembers.
        files: dict[str, vocabulary.Vocabulary] = {}
        for name, feature in self._work.features.items():
            if file := feature.vocabulary:
                if file not in files:
                    files[file] = vocabulary.load(Path(self._work.out) / file)
                self._vocabularies[name] = files[file]

    def process(self, chunk: str) -> Iterator[tuple[str, tuple[str, int]]]:
        work = self._work
        rows = read_chunk(Path(work.folder) / "rows" / chunk)
        plan = np.load(Path(work.folder) / "rows" / f"{chunk}.npy")
        pieces: list[tuple[str, pa.RecordBatch]] = []
        for number, split in enumerate(SPLITS):
            wanted = np.flatnonzero((plan[:, 0] == number) & (plan[:, 1] != DROPPED))
            if len(wanted):
                all_of_them = len(wanted) == rows.num_rows
                chosen = rows if all_of_them else rows.take(pa.array(wanted))
                encoded = encode(
                    chosen,
                    work.features,
                    self._vocabularies,
                    work.limits,
                    texts=split != "train",
                )
                position = plan[wanted, 1].astype(np.int64)  # for products of them
                pieces.extend(_split_by_shard(split, encoded, position, work))
                _write_statistics(chunk, split, chosen, encoded, position, work)
        path = Path(work.folder) / "pieces" / chunk
        _write_pieces(path, [piece for _, piece in pieces])
        for batch, (shard, _) in enumerate(pieces):
            yield shard, (chunk, batch)


class WriteShard(beam.DoFn):
    """(shard name, its pieces) -> shard name; leaves the shard, and its figures in `results/`."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def process(self, element: tuple[str, Iterable[tuple[str, int]]]) -> Iterator[str]:
        name, pieces = element
        folder = Path(self._work.folder)
        table = pa.Table.from_batches(
            [_open_pieces(folder / "pieces" / file).get_batch(at) for file, at in sorted(pieces)]
        )
        flags = table.column("flags").to_numpy()
        kept = np.ones(len(flags), bool)
        if name.startswith("train-"):
            kept = (flags & self._work.limits.drop) == 0
        order = np.argsort(table.column("position").to_numpy())  # which all differ
        order = order[kept[order]]
        records = pa.concat_arrays(table.column("record").chunks).take(pa.array(order))
        shard = write_records(Path(self._work.out) / name, records)
        result: dict[str, Any] = {
            "shard": asdict(shard),
            "too_long": int(np.count_nonzero(flags & TOO_LONG)),
            "lopsided": int(np.count_nonzero(flags & LOPSIDED)),
            "lengths": {
                feature: np.bincount(table.column(f"length/{feature}").to_numpy()[order]).tolist()
                for feature in self._work.features
            },
        }
        _write_whole(folder / "results" / f"{name}.json", json.dumps(result).encode())
        yield name


def run(chunks: list[str], work: Work, runner: str, options: Mapping[str, Any]) -> None:
    """Builds and runs the graph.

    Raises UserError on a runner or option that Beam does not know, a job service that does not
    answer, or what a worker cannot use; else whatever the runner raises.
    """
    import grpc

    options = dict(options)
    chosen: Any = runner
    if options.get("direct_running_mode") == "forked":
        del options["direct_running_mode"]
        chosen = FnApiRunner(default_environment=forked_workers.ForkedEnvironment())
    try:
        pipeline = beam.Pipeline(runner=chosen, options=_pipeline_options(options))
    except (ValueError, ImportError) as error:
        known = (*StandardOptions.KNOWN_RUNNER_NAMES, "FnApiRunner")
        raise UserError(
            f"beam.runner: Beam has no runner {runner!r}; {closest(runner, known)}"
        ) from error
    try:
        with _quiet(runner), pipeline:
            (
                pipeline
                # Spread over the workers; one alone has nobody to share with.
                | "Chunks" >> beam.Create(chunks, reshuffle=not _alone(runner, options))
                | "Encode" >> beam.ParDo(EncodeChunk(work))
                | "Shards" >> beam.GroupByKey()
                | "Write" >> beam.ParDo(WriteShard(work))
            )
    except grpc.FutureTimeoutError as error:
        raise UserError(
            f"beam.options.job_endpoint: no Beam job service answers at "
            f"{options.get('job_endpoint')}"
        ) from error
    except RuntimeError as error:
        _tell(error)
        raise


def _tell(error: RuntimeError) -> None:
    """Raises what a worker in another process or thread said: only its traceback arrives."""
    _, found, message = str(error).rpartition(f"{UserError.__module__}.{UserError.__name__}: ")
    if found:
        raise UserError(message.partition(" [while running")[0].strip()) from error
    if forked_workers.lost():
        raise RuntimeError(forked_workers.ENDED) from error


def _alone(runner: str, options: Mapping[str, Any]) -> bool:
    return runner == "FnApiRunner" and options.get("direct_num_workers") == 1


@contextmanager
def _quiet(runner: str) -> Iterator[None]:
    """FnApiRunner logs a traceback for an error that it raises as well; others only log it."""
    logger = logging.getLogger("apache_beam")
    level = logger.level
    if runner == "FnApiRunner":
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _pipeline_options(options: Mapping[str, Any]) -> PipelineOptions:
    known = PipelineOptions(flags=[]).get_all_options(drop_default=False)
    for name in options:
        if name not in known:
            raise UserError(f"beam.options.{name}: Beam has no such option; {closest(name, known)}")
    return PipelineOptions.from_dictionary(dict(options))


def _split_by_shard(
    split: str, encoded: Encoded, position: np.ndarray, work: Work
) -> Iterator[tuple[str, pa.RecordBatch]]:
    rows, shards = work.sizes[split]
    batch = pa.RecordBatch.from_pydict(
        {
            "position": pa.array(position),
            "record": frame(encoded.examples),
            "flags": pa.array(encoded.flags),
        }
        | {f"length/{name}": pa.array(value) for name, value in encoded.lengths.items()}
    )
    shard = position * shards // rows
    for index in np.unique(shard):
        piece = batch.take(pa.array(np.flatnonzero(shard == index)))
        yield shard_name(split, int(index), shards), piece


def _write_statistics(
    chunk: str,
    split: str,
    rows: pa.RecordBatch,
    encoded: Encoded,
    position: np.ndarray,
    work: Work,
) -> None:
    """What the page of statistics is to know of a chunk's rows; of train those that are kept."""
    lengths, kept = encoded.lengths, None
    if split == "train" and np.any(encoded.flags & work.limits.drop):
        kept = (encoded.flags & work.limits.drop) == 0
        rows, position = rows.filter(pa.array(kept)), position[kept]
        lengths = {name: one[kept] for name, one in lengths.items()}
    counts = {
        name: ids.counts(work.features[name].vocabulary_size or 0, kept)
        for name, ids in encoded.ids.items()
    }
    statistics = Statistics(work.features, work.sizes[split][0])
    statistics.add(rows, counts, lengths, position)
    _write_whole(Path(work.folder) / "statistics" / f"{chunk}.{split}", statistics.to_bytes())


def _write_whole(path: Path, content: bytes) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def _write_pieces(path: Path, pieces: list[pa.RecordBatch]) -> None:
    """Whole or not at all: a runner may try a bundle again, or twice at once."""
    if not pieces:
        return
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with pa.OSFile(str(partial), "wb") as file, pa.ipc.new_file(file, pieces[0].schema) as writer:
        for piece in pieces:
            writer.write_batch(piece)
    os.replace(partial, path)


def _open_pieces(path: Path) -> pa.ipc.RecordBatchFileReader:
    return pa.ipc.open_file(pa.memory_map(str(path)))
