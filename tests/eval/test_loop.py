"""Retiring sentences changes no answer, and leaves only the live ones in the loop."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from components.eval.decoding import loop
from components.eval.decoding.beam import beam_search
from components.eval.decoding.decoder import Decoder
from components.eval.decoding.search import search_of
from components.eval.settings import EvalSettings
from components.train.records import Records
from tests.eval import markov, tiny

pytestmark = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="with fixed shapes no sentence leaves"
)


class Searching(keras.Model):
    """Beam search over tables, compiled for any number of sentences; `rows` is every step's."""

    def __init__(self, logits: np.ndarray, beams: int) -> None:
        super().__init__()
        self.tables, self.beams, self.built = ops.convert_to_tensor(logits), beams, True

    def call(self, batch: dict[str, Any], training: bool | None = None) -> tuple[Any, Any]:
        size = self.tables.shape[-1]
        flat = ops.reshape(self.tables, (-1, size))

        def init_cache(memory: Any, length: Any) -> dict[str, Any]:
            rows = ops.shape(memory["sentence"])[0] * self.beams
            none = ops.zeros((rows,), dtype="int32")
            return {"before": none, "fixed": {"steps": ops.zeros_like(memory["sentence"])}}

        def step(ids: Any, position: Any, cache: Any, memory: Any) -> tuple[Any, Any]:
            sentence = ops.repeat(memory["sentence"], self.beams)
            row = (sentence * size + cache["before"]) * size + ids
            steps = {"steps": cache["fixed"]["steps"] + 1}
            return ops.take(flat, row, axis=0), {"before": ids, "fixed": steps}

        memory = {"sentence": batch["sentence"]}
        return beam_search(step, init_cache, batch["room"], memory, beam_size=self.beams, alpha=0.6)


def test_few_sizes_and_less_than_a_fifth_of_a_large_batch_is_filling() -> None:
    assert loop.SIZES[:14] == (1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64)
    assert loop.SIZES[-1] > 2**15 and len(loop.SIZES) < 64
    pairs = list(zip(loop.SIZES, loop.SIZES[1:], strict=False))
    assert all(larger <= 1.25 * size for size, larger in pairs if size >= 16)


@pytest.mark.parametrize("growth", [1, 3, 8])
def test_sentences_that_leave_take_the_same_answers_with_them(
    growth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "GROWTH", growth)
    logits = markov.tables(24, 9, seed=7, sharpness=1.0)
    limits = [int(limit) for limit in np.random.default_rng(4).integers(0, 21, size=24)]
    limits[:2] = [0, 20]
    batch = {"sentence": np.arange(24, dtype=np.int32), "room": markov.room(limits)}
    model = Searching(logits, 4)
    for size in (1, 2):  # from the second shape on, one graph takes all
        model.predict_on_batch({name: array[:size, ...] for name, array in batch.items()})
    ids, scores = model.predict_on_batch(batch)
    for b, limit in enumerate(limits):
        if not limit:
            assert not ids[b].any()
            continue
        expected = markov.t2t_beam(logits[b], 4, limit, 0.6)
        for k, (score, hypothesis) in enumerate(expected):
            assert tuple(int(symbol) for symbol in ids[b, k] if symbol) == hypothesis
            assert scores[b, k] == pytest.approx(score, abs=1e-4)


def test_the_loop_computes_little_more_than_the_sentences_that_go_on(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts rows of every step of a real network: fewer as soon as an eighth can be left out."""
    monkeypatch.setattr(loop, "GROWTH", 5)
    manifest = tiny.copying(tmp_path)
    network = tiny.network(manifest, "transformer")
    records = Records(tmp_path, manifest, "test")
    inputs = records.batch(range(14))["inputs"]
    limits = np.arange(14) + 3
    batch = {"inputs": inputs, "room": np.arange(16) < limits[:, None]}
    batch["noise"] = np.zeros(batch["room"].shape, np.int32)
    rows: list[int] = []
    step = network.step

    def counted(ids: Any, *rest: Any) -> Any:
        import tensorflow as tf

        tf.py_function(lambda size: rows.append(int(size)), [tf.shape(ids)[0]], [])
        return step(ids, *rest)

    network.step = counted
    decoder = Decoder(network, search_of(EvalSettings(method="greedy")))
    for size in (1, 2):
        decoder.predict_on_batch({name: array[:size, : size + 1] for name, array in batch.items()})
    rows.clear()
    ids, _ = decoder.predict_on_batch(batch)
    needed = (ids != 0).sum(axis=1)
    assert len(rows) == needed.max()
    expected, size = [], 14
    for position in range(len(rows)):
        live = int((needed > position).sum())
        smaller = min(one for one in loop.SIZES if one >= live)
        if smaller <= 7 / 8 * size:
            size = smaller
        expected.append(size)
    assert rows == expected
    assert sum(rows) < 0.8 * len(rows) * 14


def test_a_position_is_written_once_a_layer_and_no_cache_is_copied_for_it(tmp_path: Any) -> None:
    """Counts operations of the compiled search: `TensorScatterUpdate` would copy a whole cache."""
    import tensorflow as tf

    network = tiny.network(tiny.copying(tmp_path), "transformer")
    decoder = Decoder(network, search_of(EvalSettings(beam_size=4)))

    @tf.function
    def decode(inputs: Any, room: Any) -> Any:
        return decoder({"inputs": inputs, "room": room}, training=False)

    signature = [tf.TensorSpec((None, None), dtype) for dtype in (tf.int32, tf.bool)]
    graph = decode.get_concrete_function(*signature).graph.as_graph_def()
    nodes = [node for function in graph.library.function for node in function.node_def]
    kinds = Counter(node.op for node in (*graph.node, *nodes))
    assert kinds["TensorStridedSliceUpdate"] == 2 * len(network.body.decoder)  # keys and values
    assert (
        kinds["TensorScatterUpdate"] == 2 * 5
    )  # the search's state: of those that leave, at the end
    assert kinds["Softmax"] == 1 + sum(len(layers) for layers in attentions(network))


def attentions(network: Any) -> tuple[Any, ...]:
    """Layers that weigh once, in the order encoder, decoder's own past, memory."""
    return network.body.encoder.layers, network.body.decoder, network.body.decoder
