"""Several texts in one row: nothing is lost, nothing leaks, and the loss is that of each alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.catalog import UserError
from components.datagen.generate import generate
from components.datagen.problem import from_settings
from components.datagen.schema import Manifest
from components.train.batches import Plan
from components.train.hparams import Runtime, TrainSettings
from components.train.network import build_network
from components.train.packing import PackedStream, count_examples, first_fit
from components.train.records import Records
from components.train.trainer import train
from tests.tasks.raw import RAW
from tests.tiny import tiny_data
from tests.train.tiny_networks import logits_of, loss_of, network_of

PLAN = Plan(batch_tokens=96, max_length=24, seed=3, packing=True)


def stream_of(folder: Path, kind: str = "symbol") -> PackedStream:
    return PackedStream(Records(folder, tiny_data(folder, kind), "train"), PLAN)


def test_first_fit_by_hand() -> None:
    sizes = np.array([[6, 2], [5, 5], [4, 1], [3, 3], [1, 9]])
    # 6+4 fill row 0; 5+3 stand in row 1, whose second side is full for the last one.
    assert first_fit(sizes, room=10) == [[0, 2], [1, 3], [4]]
    assert first_fit(sizes, room=10, open_rows=1) == [[0], [1, 2], [3], [4]]


def test_every_example_is_once_in_an_epoch_and_batches_have_one_shape(tmp_path: Path) -> None:
    stream = stream_of(tmp_path)
    seen: Counter[int] = Counter()
    for batch in stream.epoch(2):
        seen.update(int(i) for row in batch for i in row)
        made = stream.make(batch)
        assert {made[side].shape for side in ("inputs", "targets")} == {(4, 24)}
        assert count_examples(made) == sum(map(len, batch))
        np.testing.assert_array_equal(made["inputs"] != 0, made["inputs_segments"] != 0)
    assert set(seen) == set(stream.kept) and set(seen.values()) == {1}
    assert len(stream.epoch(0)) == len(stream.epoch(1)) == stream.batches_per_epoch
    full = [made["targets"] for made in stream.batches(0, stream.batches_per_epoch - 1)]
    assert np.mean([np.mean(one != 0) for one in full]) > 0.8
    again = [batch["targets"] for batch in stream_of(tmp_path).batches(0, 3)]
    for one, other in zip(full, again, strict=False):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("variant", "values"),
    [
        ("transformer", {}),
        ("transformer", {"mark_repeats": True}),
        ("transformer:relative", {}),
        ("transformer:modern", {}),
        ("transformer_lm", {}),
        ("transformer_lm:causal", {}),
        ("transformer_lm:modern", {}),
    ],
)
def test_a_packed_row_gives_the_logits_of_each_example_alone(
    variant: str, values: dict[str, Any], tmp_path: Path
) -> None:
    network = network_of(variant, "symbol", tmp_path, **values)
    stream = stream_of(tmp_path)
    rows = stream.epoch(0)[0]
    batch = stream.make(rows)
    packed = logits_of(network, batch)
    assert max(map(len, rows)) > 2
    for row, own in enumerate(rows):
        at = 0
        for example in own:
            alone = stream.records.batch([example])
            size = alone["targets"].shape[1]
            expected = logits_of(network, {**alone, "tokens": np.ones(1, np.float32)})[0]
            np.testing.assert_allclose(packed[row, at : at + size], expected, atol=1e-5)
            at += size
    flat = stream.records.batch(np.concatenate(rows))
    count = float(np.count_nonzero(flat["targets"]))
    flat["tokens"] = np.full(len(flat["targets"]), count, np.float32)
    losses = [
        float(keras.ops.convert_to_numpy(network.compute_loss(x=one, y_pred=network(one))))
        for one in (batch, flat)
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


@pytest.fixture(scope="module", params=["tagging", "masked_lm"])
def aligned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data with something at each position of its inputs: given, or made as a batch is read."""
    folder = tmp_path_factory.mktemp(request.param)
    problem = from_settings("mine", {"task": request.param, **RAW[request.param](folder)})
    generate(problem, "mine", folder / "data")
    return folder / "data"


@pytest.mark.parametrize("model", ["transformer_encoder", "transformer_lm", "transformer"])
def test_what_stands_at_each_position_is_packed_with_it(model: str, aligned: Path) -> None:
    manifest = Manifest.load(aligned)
    small = {"d_model": 16, "num_layers": 2, "num_heads": 2, "d_ff": 24, "label_smoothing": 0.0}
    network = build_network(manifest, model, small)
    stream = PackedStream(Records(aligned, manifest, "train"), PLAN)
    rows = stream.epoch(0)[0]
    batch = stream.make(rows)
    np.testing.assert_array_equal(batch["inputs_segments"], batch["targets_segments"])
    assert max(map(len, rows)) > 1
    packed = logits_of(network, batch)
    for row, own in enumerate(rows):
        at = 0
        for example in own:
            alone = stream.records.batch([example])
            size = alone["inputs"].shape[1]
            np.testing.assert_array_equal(
                batch["targets"][row, at : at + size], alone["targets"][0]
            )
            expected = logits_of(network, {**alone, "tokens": np.ones(1, np.float32)})[0]
            np.testing.assert_allclose(packed[row, at : at + size], expected, atol=1e-5)
            at += size
    flat = stream.records.batch(np.concatenate(rows))
    flat["tokens"] = np.full(len(flat["targets"]), np.count_nonzero(flat["targets"]), np.float32)
    assert loss_of(network, batch) == pytest.approx(loss_of(network, flat), abs=1e-5)


def test_a_training_on_packed_rows_counts_examples(tmp_path: Path) -> None:
    data = tmp_path / "data"
    manifest = tiny_data(data)

    def run(model: str, **hparams: object) -> dict[str, object]:
        small = {"d_model": 16, "num_layers": 1, "batch_tokens": 96, "max_length": 24}
        return train(
            data_dir=data,
            model=model,
            hparams={**small, "packing": True, **hparams},
            settings=TrainSettings(steps=0, epochs=1, eval_steps=50, dev_examples=0),
            runtime=Runtime(),
            seed=1,
            out_dir=tmp_path / model,
            work_dir=tmp_path / f"{model}-work",
            report=lambda event: None,
        )

    done = run("transformer", num_heads=2, d_ff=16)
    assert Manifest.load(data).splits["train"].examples == manifest.splits["train"].examples
    examples = float(done["examples_per_second"]) * float(done["train_seconds"])  # type: ignore[arg-type]
    assert examples == pytest.approx(manifest.splits["train"].examples, rel=0.02)
    with pytest.raises(UserError, match="lstm_attention cannot keep the texts of a row apart"):
        run("lstm_attention")


def test_images_are_not_packed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="inputs of kind image, targets of kind class_label"):
        stream_of(tmp_path, "image")
