"""Pairs a second from parallel text to TFRecord shards, beside the limit and the usual ways.

    python -m benchmarks.datagen [--pairs 580000] [--rounds 3]

Text: Multi30k en-de (../shared/data), repeated. Limit: SentencePiece alone on the same text, one
core. Peers: a Beam pipeline with one element an example and `WriteToTFRecord`; Tensor2Tensor's way,
a Python generator to `tf.train.Example` to `TFRecordWriter`; Hugging Face `datasets.map` with a fast
tokenizer, where they are installed. The peers, which are slow, get a tenth of the text; all are given
a trained vocabulary, ours trains its own, and the time without that is shown as well.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.rounds import SHARED, alone, answer, interleaved, table

FOLDER = SHARED / "multi30k" / "task1"
VOCABULARY = 6000
BATCH = 16_384


def write_text(folder: Path, pairs: int, *, packed: bool = False) -> None:
    """train.en and train.de (or .gz) of so many pairs, dev.* and test.* as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    ending = ".gz" if packed else ""
    for side in ("en", "de"):
        for split, name in (("train", "train"), ("val", "dev"), ("test_2016_flickr", "test")):
            lines = gzip.open(FOLDER / f"{split}.{side}.gz", "rb").read().splitlines(keepends=True)
            if split == "train":
                lines = (lines * (pairs // len(lines) + 1))[:pairs]
            opened = gzip.open if packed else open
            with opened(folder / f"{name}.{side}{ending}", "wb") as file:  # type: ignore[operator]
                file.writelines(lines)


def pairs_of(folder: Path, pairs: int) -> Iterator[tuple[str, str]]:
    with (
        open(folder / "train.en", encoding="utf-8") as english,
        open(folder / "train.de", encoding="utf-8") as german,
    ):
        for number, (a, b) in enumerate(zip(english, german, strict=True)):
            if number == pairs:
                return
            yield a.rstrip("\n"), b.rstrip("\n")


def processor(folder: Path) -> Any:
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "vocabulary.model"))


def limit(folder: Path, pairs: int, workers: int) -> None:
    model = processor(folder)
    sides = [list(side) for side in zip(*pairs_of(folder, pairs), strict=True)]
    began = time.perf_counter()
    for side in sides:
        for start in range(0, pairs, BATCH):
            model.encode(side[start : start + BATCH], add_eos=True, num_threads=1)
    answer(seconds=time.perf_counter() - began)


def ours(folder: Path, pairs: int, workers: int) -> None:
    from components.datagen.generate import generate
    from components.datagen.problem import from_settings

    settings = {
        "task": "translation",
        "suffixes": ["en", "de"],
        "vocabulary_size": VOCABULARY,
        **{split: str(folder / split) for split in ("train", "dev", "test")},
    }
    beam: dict[str, Any] = {"workers": workers}
    if workers > 1:
        beam["options"] = {"direct_running_mode": "multi_processing"}
    times: dict[str, float] = {}
    began = time.perf_counter()

    def report(event: Any) -> None:
        times.setdefault(event["event"], time.perf_counter() - began)

    with tempfile.TemporaryDirectory(dir=folder) as out:
        problem = from_settings("benchmark", settings, None)
        generate(problem, "benchmark", Path(out) / "data", beam=beam, report=report)
        seconds = time.perf_counter() - began
    vocabulary = times["shards"] - times["vocabulary"]
    answer(
        seconds=seconds - vocabulary,
        vocabulary=vocabulary,
        reading=times["vocabulary"],
        writing=seconds - times["shards"],
    )


def usual_beam(folder: Path, pairs: int, workers: int) -> None:
    import apache_beam as beam
    import tensorflow as tf

    path = folder / "pairs.tsv"
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{a}\t{b}\n" for a, b in pairs_of(folder, pairs))

    class Encode(beam.DoFn):
        def setup(self) -> None:
            self.model = processor(folder)

        def process(self, line: str) -> Iterator[bytes]:
            yield _example(tf, self.model, *line.split("\t"))

    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as out:
        with beam.Pipeline(runner="FnApiRunner") as pipeline:
            (
                pipeline
                | beam.io.ReadFromText(str(path))
                | beam.ParDo(Encode())
                | beam.io.WriteToTFRecord(f"{out}/train", num_shards=4)
            )
    answer(seconds=time.perf_counter() - began)


def generator(folder: Path, pairs: int, workers: int) -> None:
    import tensorflow as tf

    model = processor(folder)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as out:
        writers = [tf.io.TFRecordWriter(f"{out}/train-{i:05d}-of-00004") for i in range(4)]
        for number, (a, b) in enumerate(pairs_of(folder, pairs)):
            writers[number % 4].write(_example(tf, model, a, b))
        for writer in writers:
            writer.close()
    answer(seconds=time.perf_counter() - began)


def hugging_face(folder: Path, pairs: int, workers: int) -> None:
    import datasets
    import tokenizers

    datasets.disable_progress_bars()
    fast = tokenizers.Tokenizer(tokenizers.models.BPE())
    fast.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=VOCABULARY, show_progress=False)
    texts = [text for pair in pairs_of(folder, min(pairs, 29_000)) for text in pair]
    fast.train_from_iterator(texts, trainer)

    def encode(batch: dict[str, list[str]]) -> dict[str, list[list[int]]]:
        return {
            name: [one.ids for one in fast.encode_batch(batch[side])]
            for name, side in (("inputs", "en"), ("targets", "de"))
        }

    sides = zip(*pairs_of(folder, pairs), strict=True)
    raw = datasets.Dataset.from_dict(dict(zip(("en", "de"), map(list, sides), strict=True)))
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as out:
        made = raw.map(encode, batched=True, remove_columns=["en", "de"], num_proc=workers)
        made.save_to_disk(out)
    answer(seconds=time.perf_counter() - began)


def _example(tf: Any, model: Any, a: str, b: str) -> bytes:
    def ids(text: str) -> Any:
        return tf.train.Feature(
            int64_list=tf.train.Int64List(value=model.encode(text, add_eos=True))
        )

    features = tf.train.Features(feature={"inputs": ids(a), "targets": ids(b)})
    return tf.train.Example(features=features).SerializeToString()


WAYS = {
    "limit: SentencePiece alone, one core": (limit, 1, 1),
    "ours, 1 worker": (ours, 1, 1),
    "ours, 2 workers": (ours, 1, 2),
    "Beam, an element an example": (usual_beam, 10, 1),
    "generator, tf.train.Example": (generator, 10, 1),
    "datasets.map, fast tokenizer, 1 process": (hugging_face, 10, 1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=580_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        run, share, workers = WAYS[args.way]
        return run(args.folder, args.pairs // share, workers)
    if not FOLDER.is_dir():
        sys.exit(f"needs Multi30k in {FOLDER}")
    ways = dict(WAYS)
    if not importlib.util.find_spec("datasets"):
        print("Hugging Face datasets is not installed: left out (pip install datasets)")
        del ways["datasets.map, fast tokenizer, 1 process"]
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        write_text(folder, args.pairs)
        _train_vocabulary(folder)

        def run(name: str, pairs: int = args.pairs) -> dict[str, Any]:
            words = ["--way", name, "--pairs", str(pairs), "--folder", str(folder)]
            return alone("benchmarks.datagen", words)

        found = interleaved({name: lambda name=name: run(name) for name in ways}, args.rounds)
        small = folder / "small"
        write_text(small, args.pairs // 10)
        few = alone(
            "benchmarks.datagen",
            ["--way", "ours, 1 worker", "--pairs", str(args.pairs // 10), "--folder", str(small)],
        )
    _show(args.pairs, found, few)


def _show(pairs: int, found: dict[str, dict[str, float]], few: dict[str, Any]) -> None:
    rates = {name: pairs / WAYS[name][1] / one["seconds"] for name, one in found.items()}
    first = next(iter(rates.values()))
    rows = [
        [name, f"{rate:,.0f}", f"{rate / first:.2f}", f"{found[name]['peak_mib']:,.0f}"]
        for name, rate in rates.items()
    ]
    title = f"{pairs:,} pairs of Multi30k to shards, manifest and hashes; the vocabulary is given"
    print(table(title, ["", "pairs/s", "x limit", "peak MiB"], rows))
    one, two = found["ours, 1 worker"], found["ours, 2 workers"]
    whole = one["seconds"] + one["vocabulary"]
    beam = rates["ours, 1 worker"] / rates["Beam, an element an example"]
    print(
        f"\nours: reading {one['reading']:.1f} s, vocabulary {one['vocabulary']:.1f} s "
        f"({100 * one['vocabulary'] / whole:.0f} % of the whole), encoding and writing "
        f"{one['writing']:.1f} s; two workers {one['seconds'] / two['seconds']:.2f} x one; "
        f"{beam:.1f} x the usual Beam pipeline;\npeak memory "
        f"{one['peak_mib'] / few['peak_mib']:.2f} x that of a tenth of the pairs"
    )


def _train_vocabulary(folder: Path) -> None:
    from components.datagen.vocabulary_training import train_sentencepiece

    texts = [text for pair in pairs_of(folder, 29_000) for text in pair]
    options: dict[str, Any] = {"subword": "bpe", "coverage": 1.0, "byte_fallback": False}
    content = train_sentencepiece(texts, size=VOCABULARY, **options)
    (folder / "vocabulary.model").write_bytes(content)


if __name__ == "__main__":
    main()
