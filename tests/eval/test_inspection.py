"""What is seen inside tiny networks on tiny problems: maps, loads, steps, and pictures of them."""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from components.datagen.schema import EOS, Manifest
from components.eval import inside_page
from components.eval.inspected_examples import LIMIT, Examples, choose, vocabularies_of
from components.eval.inspection import attention, inside, look, named, nearest, pondered, seen_of
from components.train.network import build_network, load_model_module
from components.train.records import Records
from components.train.watch import paths_of
from tests.eval import tiny
from tests.train.tiny_networks import MODELS, applies, network_of

REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = {"d_model": 16, "num_layers": 2, "num_heads": 2, "d_ff": 24}
MIXED = {**SMALL, "moe_num_experts": 4, "moe_hidden_size": 12, "moe_capacity_factor": 0.5}
ADAPTIVE = {**SMALL, "adaptive": True, "act_max_steps": 5, "act_halting_bias": -1.0}


class Problem:
    """A tiny problem on disk and a network for it."""

    def __init__(self, folder: Path, model: str = "transformer", make=tiny.copying, **values: Any):
        self.manifest = make(folder)
        self.records = Records(folder, self.manifest, "test")
        self.vocabularies = vocabularies_of(self.manifest, folder)
        keras.utils.set_random_seed(3)
        self.network = build_network(self.manifest, model, values or SMALL)

    def examples(self, count: int = 3) -> Examples:
        return choose(self.network, self.records, self.vocabularies, count)

    def look(self, count: int = 3, **more: Any):
        return look(self.network, self.records, self.vocabularies, count=count, **more)


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "PNG" and len(image.convert("L").getcolors() or [0] * 999) > 5
        return image.size


def test_examples_have_labels_and_sides_of_different_lengths(tmp_path: Path) -> None:
    problem = Problem(tmp_path)
    found = problem.examples()
    assert found.rows == [0, 1, 2] and found.split == "test"
    texts = problem.records.texts("inputs")
    for place, row in enumerate(found.rows):
        assert found.read["inputs"][place] == [*texts[row].split(), "</s>"]
        assert found.written[place] == found.read["inputs"][place]  # they are copied
        assert found.read["targets"][place] == ["\u25b8", *texts[row].split()]
    assert found.real["inputs"].shape[1] + 1 == found.real["targets"].shape[1]


def test_weights_sum_to_one_over_what_is_real_and_are_0_on_padding(tmp_path: Path) -> None:
    problem = Problem(tmp_path)
    found = problem.examples()
    seen = inside(problem.network, found.batch)
    kinds = {"encoder/layer_": "inputs", "cross_attention": "inputs", "self_attention": "targets"}
    assert len(seen) == 6 and list(seen)[0] == "network/body/encoder/layer_0/attention:weights"
    for name, (weights,) in seen.items():
        side = next(kind for part, kind in kinds.items() if part in name)
        np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-5)
        padding = ~found.real[side]
        asks = found.real["inputs" if "encoder" in name else "targets"]
        where = asks[:, None, :, None] & padding[:, None, None]
        assert where.any() and np.abs(weights * where).max() == 0
    for row, maps in enumerate(attention(seen, found)):
        assert [one.sides for one in maps] == [
            *["inputs over inputs"] * 2,
            *["targets over targets", "targets over inputs"] * 2,
        ]
        for one in maps:
            real = found.real["inputs"][row].sum()  # as many targets
            assert one.weights.shape == (2, real, real)
            assert len(one.queries.labels) == len(one.keys.labels) == real
            np.testing.assert_allclose(one.weights.sum(-1), 1.0, atol=1e-5)
        future = np.triu(np.ones(maps[2].weights.shape[1:], bool), 1)
        assert np.abs(maps[2].weights[:, future]).max(initial=0) == 0


def test_the_map_is_that_of_the_example_alone(tmp_path: Path) -> None:
    """By hand: softmax of queries times keys, of the first layer of the encoder."""
    problem = Problem(tmp_path)
    found = problem.examples(2)
    layer = problem.network.body.encoder.layers[0]
    maps = attention(inside(problem.network, found.batch), found)
    ids = found.batch["inputs"][1:, found.real["inputs"][1]]
    x = problem.network.input_net.bottom(ids) + problem.network.body.target_space
    x = x + problem.network.body.encoder.positions(np.arange(ids.shape[1]))
    h = np.asarray(layer.wrap_attention.norm(x))[0]
    q = h @ np.asarray(layer.attention.q_kernel)
    k = (h @ np.asarray(layer.attention.kv_kernel))[:, :16]
    for head in range(2):
        own = slice(8 * head, 8 * head + 8)
        scores = q[:, own] @ k[:, own].T / 8**0.5
        expected = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        np.testing.assert_allclose(maps[1][0].weights[head], expected, atol=1e-5)


def test_pictures_of_attention_heads_and_outputs(tmp_path: Path) -> None:
    patterns = ["*/decoder_1/cross_attention", "*/ffn/expand", "*/decoder_1"]
    found = Problem(tmp_path).look(2, watch=patterns)
    pictures = {picture.file: size_of(picture.content) for picture in found.shown.pictures}
    assert {"attention-1.png", "attention-2.png"} <= set(pictures)
    assert {"heads-1-decoder_1-cross_attention.png", "output-decoder_1.png"} <= set(pictures)
    assert all(width > 300 and height > 100 for width, height in pictures.values())
    rows = {row[0]: row for row in found.shown.outputs}
    # Decoders' cross attention is asked by `attend`, not called: it has heads, and no output.
    assert set(rows) == {
        *(f"encoder/layer_{i}/ffn/expand" for i in (0, 1)),
        *(f"decoder_{i}/ffn/expand" for i in (0, 1)),
        "decoder_1",
    }
    assert rows["decoder_1"][1].startswith("2 x ") and rows["decoder_1"][1].endswith(" x 16")
    assert found.shown.notes == [] and found.numbers == {}


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    problem = Problem(tmp_path)
    first, second = (inside_page.files({"": problem.look(1).shown}) for _ in range(2))
    assert first == second and set(first) == {"index.html", "attention-1.png"}


def test_labels_have_one_row_over_the_patches_of_an_image(tmp_path: Path) -> None:
    problem = Problem(tmp_path, make=tiny.animals)
    found = problem.examples(1)
    (maps,) = attention(inside(problem.network, found.batch), found)
    cross = [one for one in maps if one.sides == "targets over inputs"]
    assert [one.weights.shape for one in cross] == [(2, 1, 4)] * 2
    assert cross[0].keys.labels == ("1", "2", "3", "4")
    assert cross[0].queries.labels == tuple(problem.records.texts("targets")[:1])
    (picture,) = problem.look(1).shown.pictures
    size_of(picture.content)


def test_one_stack_shows_targets_over_inputs_and_targets(tmp_path: Path) -> None:
    problem = Problem(tmp_path, "transformer_lm")
    found = problem.examples(2)
    maps = attention(inside(problem.network, found.batch), found)
    # Each layer reads the inputs, then the targets behind them.
    sides = [one.sides for one in maps[0]]
    assert sides.count("inputs over inputs") == 2
    assert sides.count("targets over inputs and targets") == 2
    both = next(one for one in maps[0] if one.keys.name == "inputs and targets")
    assert both.keys.labels == (*found.read["inputs"][0], *found.read["targets"][0])
    np.testing.assert_allclose(both.weights.sum(-1), 1.0, atol=1e-5)


def test_attention_in_blocks_is_shown_over_all_positions(tmp_path: Path) -> None:
    problem = Problem(tmp_path, "image_transformer", **SMALL, block_length=2)
    found = problem.examples(1)
    (maps,) = attention(inside(problem.network, found.batch), found)
    assert [one.sides for one in maps] == ["targets over targets"] * 2
    for one in maps:
        assert one.weights.shape[1] > 4
        np.testing.assert_allclose(one.weights.sum(-1), 1.0, atol=1e-5)
        query, key = np.indices(one.weights.shape[1:])
        seen = (key <= query) & (query // 2 - key // 2 <= 1)
        np.testing.assert_array_equal(one.weights > 0, np.broadcast_to(seen, one.weights.shape))


def test_experts_are_drawn_and_dropped_choices_counted(tmp_path: Path) -> None:
    problem = Problem(tmp_path, "transformer_moe", **MIXED)
    found = problem.look(3)
    seen = inside(problem.network, problem.examples(3).batch)
    dropped = [float(calls[0]) for name, calls in seen.items() if name.endswith(":dropped")]
    assert len(dropped) == 2 and found.numbers == {
        "dropped_tokens": pytest.approx(np.mean(dropped))
    }
    assert 0 < found.numbers["dropped_tokens"] < 1  # half of the even share has room
    pictures = {picture.file: picture for picture in found.shown.pictures}
    assert size_of(pictures["experts.png"].content)[0] > 600
    assert pictures["experts.png"].example == 0


def test_pondering_is_averaged_over_real_positions_of_both_stacks(tmp_path: Path) -> None:
    problem = Problem(tmp_path, "universal_transformer", **ADAPTIVE)
    found, examples = problem.look(2), problem.examples(2)
    steps = pondered(inside(problem.network, examples.batch), examples)
    assert [side for side, _ in steps] == ["inputs", "targets"]
    every = np.concatenate([own for _, values in steps for own in values])
    real = sum(int(own.sum()) for own in examples.real.values())
    assert len(every) == real and 1 < every.mean() <= 5
    assert found.numbers["ponder_steps"] == pytest.approx(every.mean())
    text = inside_page.page({"": found.shown})
    assert text.count("with the steps pondered") == 4
    assert "</span>" in text and f"<sup>{int(steps[0][1][0][0])}</sup>" in text


def test_a_model_that_shows_nothing_says_so(tmp_path: Path) -> None:
    found = Problem(tmp_path, "lstm_seq2seq", d_model=16, num_layers=1).look(1)
    assert found.shown.pictures == [] and found.numbers == {}
    assert "No layer of this model shows attention" in inside_page.page({"": found.shown})


def test_a_pattern_that_no_layer_has_is_told_the_nearest(tmp_path: Path) -> None:
    paths = paths_of(Problem(tmp_path).network)
    chosen, notes = named(paths, ["*/decoder_7/cross_atention", "*/ffn"])
    assert len(chosen) == 4 and all(path.endswith("/ffn") for path in chosen.values())
    assert notes == [
        "eval.watch: no layer is called '*/decoder_7/cross_atention'; the nearest are "
        "network/body/decoder_0/cross_attention, network/body/decoder_1/cross_attention, "
        "network/body/decoder_0/self_attention"
    ]
    assert nearest("encodr", paths.values())[0] == "network/body/encoder"
    assert None not in paths.values() and len(set(paths)) == len(paths)


def test_layers_that_keras_knows_no_path_of_can_be_named(tmp_path: Path) -> None:
    """Norms are built as they are made."""
    found = Problem(tmp_path).look(1, watch=["*/decoder_0/wrap_ffn/norm"])
    assert [row[0] for row in found.shown.outputs] == ["decoder_0/wrap_ffn/norm"]
    mean, std = (float(found.shown.outputs[0][place]) for place in (2, 3))
    assert abs(mean) < 1e-4 and std == pytest.approx(1, abs=1e-3)


def test_examples_that_are_too_long_are_not_looked_at(tmp_path: Path) -> None:
    problem = Problem(tmp_path)
    problem.records.lengths["inputs"][:] = LIMIT + 1
    with pytest.raises(ValueError, match="the shortest examples of test have 513 positions"):
        problem.examples()


def test_short_examples_are_taken_first(tmp_path: Path) -> None:
    problem = Problem(tmp_path)
    lengths = problem.records.lengths["inputs"]
    lengths[:] = 50
    lengths[[4, 9]] = 7
    assert problem.examples(2).rows == [4, 9]
    lengths[2] = 49
    assert problem.examples(3).rows == [2, 4, 9]
    assert EOS in problem.examples(2).batch["inputs"]


@pytest.mark.parametrize("model", [model for model in MODELS if applies(model, "symbol")])
def test_every_model_can_be_looked_into(model: str, tmp_path: Path) -> None:
    network = network_of(model, "symbol", tmp_path)
    manifest = Manifest.load(tmp_path)
    records = Records(tmp_path, manifest, "test")
    examples = choose(network, records, vocabularies_of(manifest, tmp_path), 2)
    # All layers that there are.
    seen, notes = seen_of(network, examples.batch, list(paths_of(network)))
    assert notes or any(name.endswith(":output") for name in seen)
    assert all(np.isfinite(value).all() for calls in seen.values() for value in calls)
    found = attention(seen, examples)
    settings = {one.name for one in dataclasses.fields(load_model_module(model).Options)}
    if settings & {"num_heads", "attention"}:
        assert all(found), f"{model} attends and shows no map"
    for maps in found:
        for one in maps:
            np.testing.assert_allclose(one.weights.sum(-1), 1.0, atol=1e-5)


JAX = """
import json, sys
import numpy as np
from pathlib import Path
from tests.eval.test_inspection import Problem
from components.eval.inspection import attention, inside
problem = Problem(Path(sys.argv[1]))
for weight, value in zip(problem.network.trainable_weights, np.load(sys.argv[2]).values()):
    weight.assign(value)
found = problem.examples(2)
maps = attention(inside(problem.network, found.batch), found)
np.savez(sys.argv[3], *[one.weights for own in maps for one in own])
assert [one.layer for one in maps[0]][0] == "network/body/encoder/layer_0/attention"
"""


@pytest.mark.slow
def test_jax_sees_the_same(tmp_path: Path) -> None:
    pytest.importorskip("jax", exc_type=ImportError)
    problem = Problem(tmp_path)
    weights = [keras.ops.convert_to_numpy(one) for one in problem.network.trainable_weights]
    np.savez(tmp_path / "weights.npz", *weights)
    subprocess.run(
        [
            sys.executable,
            "-c",
            JAX,
            *(str(tmp_path / name) for name in ("", "weights.npz", "out.npz")),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        check=True,
    )
    found = problem.examples(2)
    ours = [
        one.weights for own in attention(inside(problem.network, found.batch), found) for one in own
    ]
    theirs = list(np.load(tmp_path / "out.npz").values())
    assert len(ours) == len(theirs) == 12
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
