"""Pairs a second from parallel text to TFRecord shards, beside the limit and the usual ways.

    python -m benchmarks.datagen [--pairs 580000] [--rounds 3]

Text: Multi30k en-de (../shared/data), repeated. Limit: SentencePiece alone on the same text, one
core, for each of its two kinds of subwords. Peers, with BPE: a Beam pipeline with one element an
example and `WriteToTFRecord`; Tensor2Tensor's way, a Python generator to `tf.train.Example` to
`TFRecordWriter`; Hugging Face `datasets.map` with a fast tokenizer. The peers, which are slow, get a
tenth of the text; all are given a trained vocabulary, ours trains its own, and the table is without
that time, which stands below.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.multi30k import FOLDER
from benchmarks.rounds import alone, answer, interleaved, table

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


def processor(folder: Path, subword: str = "bpe") -> Any:
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{subword}.model"))


def limit(folder: Path, pairs: int, workers: int, subword: str) -> None:
    model = processor(folder, subword)
    sides = [list(side) for side in zip(*pairs_of(folder, pairs), strict=True)]
    began = time.perf_counter()
    for side in sides:
        for start in range(0, pairs, BATCH):
            model.encode(side[start : start + BATCH], add_eos=True, num_threads=1)
    answer(seconds=time.perf_counter() - began)


def ours(folder: Path, pairs: int, workers: int, subword: str) -> None:
    # The libraries first, as for the others.
    import sentencepiece  # noqa: F401
    from tfx_bsl.coders import example_coder  # noqa: F401

    import components.datagen.beam_graph  # noqa: F401
    from components.datagen.generate import generate
    from components.datagen.problem import from_settings

    settings = {
        "task": "translation",
        "suffixes": ["en", "de"],
        "vocabulary_size": VOCABULARY,
        "subword": subword,
        **{split: str(folder / split) for split in ("train", "dev", "test")},
    }
    times: dict[str, float] = {}
    began = time.perf_counter()

    def report(event: Any) -> None:
        times.setdefault(event["event"], time.perf_counter() - began)

    with tempfile.TemporaryDirectory(dir=folder) as out:
        problem = from_settings("benchmark", settings, None)
        generate(problem, "benchmark", Path(out) / "data", beam={"workers": workers}, report=report)
        seconds = time.perf_counter() - began
    vocabulary = times["shards"] - times["vocabulary"]
    # The largest worker's, for each of them; what they share with this process counts again.
    own, forked = (
        resource.getrusage(who).ru_maxrss // 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    answer(
        peak_mib=own + workers * forked,
        seconds=seconds - vocabulary,
        vocabulary=vocabulary,
        reading=times["vocabulary"],
        writing=seconds - times["shards"],
    )


def usual_beam(folder: Path, pairs: int, workers: int, subword: str) -> None:
    import apache_beam as beam
    import tensorflow as tf

    path = folder / "pairs.tsv"
    with open(path, "w", encoding="utf-8") as file:
        for a, b in pairs_of(folder, pairs):
            file.write("{}\t{}\n".format(a.replace("\t", " "), b.replace("\t", " ")))

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


def generator(folder: Path, pairs: int, workers: int, subword: str) -> None:
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


def hugging_face(folder: Path, pairs: int, workers: int, subword: str) -> None:
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


LIMIT, OURS = "limit: SentencePiece {} alone, one core", "ours, {}, {}"
BEAM = "Beam, an element an example"
# name: (function, share of the text that it gets, workers, subword, sources packed)
WAYS: dict[str, tuple[Any, int, int, str, bool]] = {
    LIMIT.format("BPE"): (limit, 1, 1, "bpe", False),
    OURS.format("BPE", "1 worker"): (ours, 1, 1, "bpe", False),
    OURS.format("BPE", "2 workers"): (ours, 1, 2, "bpe", False),
    OURS.format("BPE", "gz sources"): (ours, 1, 1, "bpe", True),
    BEAM: (usual_beam, 10, 1, "bpe", False),
    "generator, tf.train.Example": (generator, 10, 1, "bpe", False),
    "datasets.map, fast tokenizer, 1 process": (hugging_face, 10, 1, "bpe", False),
    LIMIT.format("unigram"): (limit, 1, 1, "unigram", False),
    OURS.format("unigram", "1 worker"): (ours, 1, 1, "unigram", False),
    OURS.format("unigram", "2 workers"): (ours, 1, 2, "unigram", False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=580_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        run, share, workers, subword, _ = WAYS[args.way]
        return run(args.folder, args.pairs // share, workers, subword)
    if not FOLDER.is_dir():
        sys.exit(f"needs Multi30k in {FOLDER}")
    ways = dict(WAYS)
    if not importlib.util.find_spec("datasets"):
        print("Hugging Face datasets is not installed: left out (`make benchmark` installs it)")
        del ways["datasets.map, fast tokenizer, 1 process"]
    with tempfile.TemporaryDirectory() as text:
        sizes = (args.pairs, args.pairs // 10)
        for pairs in sizes:
            for packed in (False, True):
                write_text(_folder(Path(text), pairs, packed), pairs, packed=packed)
        _train_vocabularies(_folder(Path(text), args.pairs, False))

        def run(name: str, pairs: int = args.pairs) -> dict[str, Any]:
            folder = _folder(Path(text), pairs, WAYS[name][4])
            words = ["--way", name, "--pairs", str(pairs), "--folder", str(folder)]
            return alone("benchmarks.datagen", words)

        found = interleaved({name: lambda name=name: run(name) for name in ways}, args.rounds)
        few = {name: run(name, sizes[1])["peak_mib"] for name in ways if WAYS[name][0] is ours}
    _show(args.pairs, found, few)


def _folder(text: Path, pairs: int, packed: bool) -> Path:
    return text / f"{pairs}{'-gz' if packed else ''}"


def _show(pairs: int, found: dict[str, dict[str, float]], few: dict[str, Any]) -> None:
    rates = {name: pairs / WAYS[name][1] / one["seconds"] for name, one in found.items()}
    limits = {WAYS[name][3]: rate for name, rate in rates.items() if WAYS[name][0] is limit}
    rows = [
        [
            name,
            f"{rate:,.0f}",
            f"{rate / limits[WAYS[name][3]]:.2f}",
            f"{rate / rates[BEAM]:.1f}",
            f"{found[name]['peak_mib']:,.0f}",
            f"{found[name]['peak_mib'] / few[name]:.2f}" if name in few else "",
        ]
        for name, rate in rates.items()
    ]
    title = f"{pairs:,} pairs of Multi30k to shards, manifest and hashes; the vocabulary is given"
    head = ["", "pairs/s", "x limit", "x Beam", "peak MiB", "x of a tenth"]
    print(table(title, head, rows))
    print(
        "(peak MiB: of the whole run, imports and the training of the vocabulary included; with 2"
    )
    print("workers the sum over three processes, what they share counted three times)\n")
    for subword in ("BPE", "unigram"):
        one = found[OURS.format(subword, "1 worker")]
        two = found[OURS.format(subword, "2 workers")]
        print(f"ours, {subword}: two workers are {one['seconds'] / two['seconds']:.2f} x one")
        whole = one["seconds"] + one["vocabulary"]
        print(
            f"ours, {subword}, 1 worker: reading {one['reading']:.1f} s, encoding and writing "
            f"{one['writing']:.1f} s, and the vocabulary {one['vocabulary']:.1f} s "
            f"({100 * one['vocabulary'] / whole:.0f} % of the whole)"
        )


def _train_vocabularies(folder: Path) -> None:
    from components.datagen.vocabulary_training import train_sentencepiece

    texts = [text for pair in pairs_of(folder, 29_000) for text in pair]
    options: dict[str, Any] = {"coverage": 1.0, "byte_fallback": False}
    for subword in ("bpe", "unigram"):
        content = train_sentencepiece(texts, size=VOCABULARY, subword=subword, **options)
        (folder / f"{subword}.model").write_bytes(content)


if __name__ == "__main__":
    main()
