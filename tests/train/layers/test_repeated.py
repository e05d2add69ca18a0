"""Symbols that occur again in the same text."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from components.datagen import vocabulary
from components.datagen.generate import generate
from components.datagen.problem import from_settings
from components.datagen.standard_rows import SEPARATOR
from components.train.layers.repeated import repeated
from components.train.network import build_network
from tests.tasks.raw import RAW
from tests.train.tiny_networks import batch_of, logits_of, network_of


def test_what_is_repeated_by_counting() -> None:
    rng = np.random.default_rng(2)
    ids, segments = rng.integers(0, 9, (5, 12)), np.sort(rng.integers(1, 4, (5, 12)), axis=1)
    alone = keras.ops.convert_to_numpy(repeated(ids))
    packed = keras.ops.convert_to_numpy(repeated(ids, segments))
    for row in range(5):
        for place in range(12):
            here, own = ids[row, place], ids[row][segments[row] == segments[row, place]]
            assert alone[row, place] == (here != 0 and list(ids[row]).count(here) > 1)
            assert packed[row, place] == (here != 0 and list(own).count(here) > 1)


def test_of_two_texts_what_both_have() -> None:
    rng = np.random.default_rng(3)
    between = 8
    ids = rng.integers(0, 8, (6, 12))
    ids[:5, 4] = between
    ids[2, 7] = between
    # Two examples in the row: each is looked at alone.
    ids[4, 10], segments = between, np.ones_like(ids)
    segments[4, 6:] = 2
    found = keras.ops.convert_to_numpy(repeated(ids, segments, between))
    assert found[:5].any() and not found[5].any()  # the last has one text
    for row, place in np.ndindex(ids.shape):
        own = segments[row] == segments[row, place]
        texts = np.cumsum(ids[row] == between)
        others = set(ids[row][own & (texts != texts[place])])
        here = ids[row, place]
        assert found[row, place] == (here not in (0, between) and here in others)


def test_a_network_reads_the_mark_and_not_the_padding(tmp_path: Path) -> None:
    network = network_of("transformer_encoder", "class_label", tmp_path, mark_repeats=True)
    batch = batch_of("class_label")
    before = logits_of(network, batch)
    wide = {**batch, "inputs": np.pad(batch["inputs"], [[0, 0], [0, 3]])}
    np.testing.assert_allclose(logits_of(network, wide), before, atol=1e-5)
    network.repeated.assign(network.repeated * 0 + 0.5)
    again = keras.ops.convert_to_numpy(repeated(batch["inputs"])).any(axis=1)
    assert 0 < again.sum() < 3  # some rows of the batch, not all
    moved = np.abs(logits_of(network, batch) - before).max(axis=(1, 2)) > 1e-3
    np.testing.assert_array_equal(moved, again)


def test_what_stands_between_two_texts_is_known_to_the_network(tmp_path: Path) -> None:
    data = tmp_path / "data"
    problem = from_settings("mine", {"task": "inference", **RAW["inference"](tmp_path)})
    manifest = generate(problem, "mine", data)
    inputs = manifest.features["inputs"]
    assert inputs.vocabulary is not None
    between = vocabulary.load(data / inputs.vocabulary).id_of(SEPARATOR)
    hparams = {"d_model": 8, "num_layers": 1, "num_heads": 2, "d_ff": 8, "mark_repeats": True}
    network = build_network(manifest, "transformer_encoder", hparams)
    assert between > 2 and network.separator == between
