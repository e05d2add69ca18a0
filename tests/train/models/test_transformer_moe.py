"""The Transformer with experts: which layers have them, what is counted, and what is dropped when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.train.models.transformer_moe import mixtures
from components.train.watch import watching
from tests.train.tiny_networks import batch_of
from tests.train.tiny_networks import network_of as tiny_network_of

SMALL = {"moe_num_experts": 4, "moe_hidden_size": 12, "moe_loss_coef": 0.1}
# Asked for one label, a decoder has one position, and its input is zero: nothing is compared, and
# nothing comes of it before the memory is looked at.
IDLE = ("self_attention/q", "self_attention/kv", "self_attention/output", "norm/gamma")
ENCODER, DECODER = "network/body/encoder_1/experts", "network/body/decoder_1/experts"


def network_of(folder: Path, kind: str = "symbol", **values: Any) -> Any:
    return tiny_network_of("transformer_moe", kind, folder, **values)


def test_every_second_layer_has_experts_or_those_that_are_named(tmp_path: Path) -> None:
    assert mixtures((), 6) == {1, 3, 5} and mixtures((), 5) == {1, 3} and mixtures((), 1) == {0}
    assert mixtures((2,), 5) == {2}
    network = network_of(tmp_path, num_layers=3, num_decoder_layers=1, moe_layers=[0, 2])
    paths = {weight.path.split("/body/")[-1] for weight in network.trainable_weights}
    having = {path.split("/")[0] for path in paths if "experts" in path}
    assert having == {"encoder_0", "encoder_2", "decoder_0"}


def test_it_has_as_many_weights_as_its_formula(tmp_path: Path) -> None:
    from components.train.network import count_params
    from tests.tiny import WORDS

    d, ff, experts, hidden = 16, 24, 4, 12
    attention, norm, ffn = 4 * d * d, 2 * d, 2 * d * ff + ff + d
    mixture = experts * 2 * d * hidden + 2 * d * experts  # no biases; gate and noise
    encoder = 2 * (attention + 2 * norm) + ffn + mixture + norm
    decoder = 2 * (2 * attention + 3 * norm) + ffn + mixture + norm
    assert count_params(network_of(tmp_path)) == len(WORDS) * d + d + encoder + decoder


@pytest.mark.parametrize("kind", ["symbol", "class_label"])
def test_what_is_counted_are_the_real_positions(kind: str, tmp_path: Path) -> None:
    network, batch = network_of(tmp_path, kind, moe_capacity_factor=1.0), batch_of(kind)
    asked = np.count_nonzero(batch["targets"]) if kind == "symbol" else 3
    filled = {
        name: np.pad(array, [(0, 2)] + [(0, 3 * (name == "inputs"))] * (array.ndim - 1))
        for name, array in batch.items()
    }
    for given in (batch, filled):
        for training in (False, True):
            with watching() as seen:
                network(given, training=training)
            for path, real in ((ENCODER, np.count_nonzero(batch["inputs"])), (DECODER, asked)):
                assert seen[f"{path}:importance"][0].sum() == pytest.approx(real, abs=1e-4)
                assert seen[f"{path}:load"][0].sum() == pytest.approx(1, abs=1e-6)
                assert seen[f"{path}:load"][0].shape == (4,)
                assert 0 <= seen[f"{path}:dropped"][0] < 0.6


def test_capacity_drops_in_training_and_never_where_answers_are_measured(tmp_path: Path) -> None:
    tight, free = (network_of(tmp_path, moe_capacity_factor=factor) for factor in (0.3, 0))
    batch = batch_of("symbol")
    np.testing.assert_array_equal(tight(batch, training=False), free(batch, training=False))
    with watching() as seen:
        trained = tight(batch, training=True)
    assert np.isfinite(trained).all()
    # 12 real inputs, 2 choices each, 4 experts: ceil(0.3 * 24 / 4) = 2 rows each.
    sent = np.round(24 * seen[f"{ENCODER}:load"][0])
    assert seen[f"{ENCODER}:dropped"][0] == pytest.approx(np.maximum(sent - 2, 0).sum() / 24)
    assert seen[f"{ENCODER}:dropped"][0] >= (24 - 4 * 2) / 24 - 1e-6


def test_each_mixture_adds_its_loss_in_training_only(tmp_path: Path) -> None:
    network, batch = network_of(tmp_path), batch_of("symbol")
    network(batch, training=False)
    assert network.losses == []
    logits = network(batch, training=True)
    assert len(network.losses) == 2 and min(float(loss) for loss in network.losses) > 0
    with_them = float(network.compute_loss(x=batch, y_pred=logits))
    added = sum(float(loss) for loss in network.losses)
    network(batch, training=False)
    without = float(network.compute_loss(x=batch, y_pred=logits))
    assert with_them - without == pytest.approx(added, rel=1e-4)
