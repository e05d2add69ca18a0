"""Sentences decoded a second with one Transformer's weights, ours beside CTranslate2 and Marian.

    python -m benchmarks.decoding [--beam 4] [--work .work/decoding] [--rounds 5] [--only ours ...]

The 1,000 captions of Multi30k's test_2016_flickr, a Transformer of 3+3 layers and width 256 that
was trained briefly (`benchmarks/decoding_model.py`; kept in the folder `--work`). Limit:
CTranslate2, in float32 and int8. Peer: Hugging Face's Marian `generate`. All get the same weights,
inputs sorted by length, the same beam, two threads, and from 512 sentences downwards the batch size
that suits each best. Each runs in a process of its own that waits while another is timed; a round is
one pass over the split. Starting (imports, loading) and the first pass (tracing, warming up) are
shown apart.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decoding_model import HPARAMS, QUANTIZATIONS, data_of, exported, weights_of
from benchmarks.rounds import REPOSITORY, table

ALPHA = 0.6
EXTRA = 50  # symbols that an output may have beyond its input's
# Batch sizes that were best of 32, 64, 128, 256 and 512 sentences; ours counts input positions.
HUGGING_FACE_ROWS = 64
CTRANSLATE2_ROWS = 128
Decode = Callable[[], list[list[int]]]


def network_and_records(work: Path) -> tuple[Any, Any]:
    from components.datagen.schema import Manifest
    from components.train import checkpoint
    from components.train.network import build_network
    from components.train.records import Records

    manifest = Manifest.load(data_of(work))
    network = build_network(manifest, "transformer", HPARAMS)
    checkpoint.load_weights(network, weights_of(work))
    return network, Records(data_of(work), manifest, "test")


def ours(work: Path, beam: int, rows: int, backend: str) -> Decode:
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(Runtime(backend=backend), seed=1)
    from components.eval.decoding.search import search_of
    from components.eval.input_batches import Reach
    from components.eval.predict import Predictor
    from components.eval.settings import EvalSettings

    network, records = network_and_records(work)
    method = "beam" if beam > 1 else "greedy"
    settings = EvalSettings(method=method, beam_size=beam, length_penalty=ALPHA)
    if rows:
        settings = EvalSettings(
            method=method, beam_size=beam, length_penalty=ALPHA, batch_tokens=rows
        )
    reach = Reach(settings.batch_tokens, EXTRA)

    class Ids:
        """Keeps ids, as the others do, where a vocabulary would make texts."""

        def decode(self, ids: list[int]) -> str:
            return json.dumps(ids)

    predictor = Predictor(network, Ids(), search=search_of(settings), reach=reach)  # type: ignore[arg-type]
    return lambda: [until_end(json.loads(text)) for text in predictor.predict(records).texts]


def hugging_face(work: Path, beam: int, rows: int, backend: str) -> Decode:
    import torch
    import transformers

    from benchmarks.marian import marian_of

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(2)
    network, records = network_and_records(work)
    theirs = marian_of(network)
    sources = sources_of(records)
    order = np.argsort([-len(source) for source in sources], kind="stable")
    rows = rows or HUGGING_FACE_ROWS

    def decode() -> list[list[int]]:
        found: list[list[int]] = [[]] * len(sources)
        for start in range(0, len(order), rows):
            chosen = order[start : start + rows]
            longest = len(sources[chosen[0]])
            inputs = np.zeros((len(chosen), longest), np.int64)
            for row, index in enumerate(chosen):
                inputs[row, : len(sources[index])] = sources[index]
            with torch.inference_mode():
                outputs = theirs.generate(
                    input_ids=torch.tensor(inputs),
                    attention_mask=torch.tensor((inputs != 0).astype(np.int64)),
                    num_beams=beam,
                    do_sample=False,
                    length_penalty=ALPHA,
                    max_new_tokens=longest + EXTRA,
                    suppress_tokens=[0],
                )
            for index, output in zip(chosen, outputs[:, 1:].tolist(), strict=True):
                found[index] = until_end(output)
        return found

    return decode


def ctranslate2(work: Path, beam: int, rows: int, name: str) -> Decode:
    import ctranslate2 as library
    import sentencepiece

    from components.datagen.schema import Manifest
    from components.train.records import Records

    folder = exported(work, name)
    manifest = Manifest.load(data_of(work))
    records = Records(data_of(work), manifest, "test")
    file = data_of(work) / str(manifest.features["targets"].vocabulary)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(file))
    translator = library.Translator(str(folder), inter_threads=1, intra_threads=2)
    sources = [[pieces.id_to_piece(i) for i in source[:-1]] for source in sources_of(records)]

    def decode() -> list[list[int]]:
        results = translator.translate_batch(
            sources,
            beam_size=beam,
            length_penalty=ALPHA,
            max_decoding_length=max(map(len, sources)) + 1 + EXTRA,
            max_batch_size=rows or CTRANSLATE2_ROWS,
            suppress_sequences=[[pieces.id_to_piece(0)]],
        )
        return [[*map(pieces.piece_to_id, one.hypotheses[0]), 1] for one in results]

    return decode


def sources_of(records: Any) -> list[list[int]]:
    """Ids of every input, its EOS last."""
    return [row[row != 0].tolist() for row in records.batch(range(len(records)))["inputs"]]


def until_end(ids: list[int]) -> list[int]:
    """Up to and with EOS; all where there is none."""
    return ids[: ids.index(1) + 1] if 1 in ids else [i for i in ids if i]


CONTENDERS: dict[str, tuple[Callable[..., Decode], str]] = {
    "ours": (ours, "tensorflow"),
    "Hugging Face Marian": (hugging_face, ""),
    **{f"CTranslate2 {name}": (ctranslate2, name) for name in QUANTIZATIONS},
    "ours on JAX": (ours, "jax"),
}
DEFAULT = ("ours", "Hugging Face Marian", "CTranslate2 float32", "CTranslate2 int8")


class Contender:
    """A process that decodes the split once for each line it is sent."""

    def __init__(self, name: str, args: argparse.Namespace) -> None:
        command = [sys.executable, "-m", "benchmarks.decoding", "--serve", name]
        command += ["--work", str(args.work), "--beam", str(args.beam), "--rows", str(args.rows)]
        self.name, self.process = (
            name,
            subprocess.Popen(
                command,
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if args.verbose else subprocess.DEVNULL,
                text=True,
            ),
        )
        self.start = self._read()["seconds"]
        self.first = self.decode()["seconds"]

    def decode(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write("decode\n")
        self.process.stdin.flush()
        return self._read()

    def stop(self) -> None:
        self.process.communicate()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} failed; --verbose shows why")
        return json.loads(line)


def serve(name: str, work: Path, beam: int, rows: int) -> None:
    out = sys.stdout
    sys.stdout = sys.stderr
    began = time.perf_counter()
    make, kind = CONTENDERS[name]
    decode = make(work, beam, rows, kind)
    print(json.dumps({"seconds": time.perf_counter() - began}), file=out, flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        outputs = decode()
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "outputs": outputs}), file=out, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--work",
        type=Path,
        default=REPOSITORY / ".work" / "decoding",
        help="data, weights and exports go here",
    )
    parser.add_argument("--beam", type=int, default=4, help="1: greedy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=0, help="sentences a batch; ours: positions")
    parser.add_argument("--only", nargs="+", default=DEFAULT, choices=list(CONTENDERS))
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--serve", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        return serve(args.serve, args.work, args.beam, args.rows)
    if not (args.work / "ctranslate2_int8").exists():
        subprocess.run(
            [sys.executable, "-m", "benchmarks.decoding_model", str(args.work)],
            cwd=REPOSITORY,
            check=True,
        )
    contenders = [Contender(name, args) for name in args.only]
    seconds: dict[str, list[float]] = {name: [] for name in args.only}
    outputs: dict[str, list[list[int]]] = {}
    for number in range(args.rounds):
        for one in contenders:
            print(f"\rround {number + 1} of {args.rounds}: {one.name:30}", end="", file=sys.stderr)
            found = one.decode()
            seconds[one.name].append(found["seconds"])
            outputs[one.name] = found["outputs"]
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    rows = []
    base = args.only[0]
    for one in contenders:
        one.stop()
        median = statistics.median(seconds[one.name])
        texts, reference = outputs[one.name], outputs[base]
        same = sum(a == b for a, b in zip(texts, reference, strict=True)) / len(texts)
        ratio = statistics.median(seconds[base]) / median
        figures = (len(texts) / median, sum(map(len, texts)) / median)
        numbers = [f"{value:.0f}" for value in figures]
        numbers += [f"{ratio:.2f}", f"{same:.1%}", f"{one.start:.1f}", f"{one.first:.1f}"]
        rows.append([one.name, *numbers, f"{median:.2f}"])
    head = ["", "sentences/s", "tokens/s", f"x {base}", "equal outputs", "start s", "first pass s"]
    title = (
        f"{len(outputs[base])} sentences, {'beam ' + str(args.beam) if args.beam > 1 else 'greedy'}"
    )
    print(table(title, [*head, "pass s"], rows))


if __name__ == "__main__":
    main()
