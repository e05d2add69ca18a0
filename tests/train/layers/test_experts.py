"""Mixtures of experts against running every expert on every position, and capacity against counting."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from components.train.layers.dispatch import by_capacity, capacity, in_blocks, line_up
from components.train.layers.experts import Experts
from components.train.layers.feed_forward import FeedForward
from components.train.watch import watching

D, F = 6, 10
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="asks TensorFlow for gradients and graphs"
)


def mixture(num_experts: int = 5, k: int = 2, **values: Any) -> Experts:
    """A layer whose gates prefer the first experts."""
    rng = np.random.default_rng(num_experts)
    given = {"hidden": F, "loss_coef": 0.1, **values}
    layer = Experts(D, num_experts=num_experts, k=k, name="mixture", **given)
    layer.build()
    gate = rng.normal(0, 1, (D, num_experts))
    gate[0] -= np.arange(num_experts)
    layer.gating.gate_kernel.assign(gate)
    layer.gating.noise_kernel.assign(rng.normal(0, 0.5, (D, num_experts)))
    return layer


def positions(*shape: int) -> np.ndarray:
    x = np.random.default_rng(9).normal(size=(*shape, D)).astype(np.float32)
    x[..., 0] = np.abs(x[..., 0])
    return x


def seeded(layer: Experts) -> Experts:
    layer.gating.seeds = keras.random.SeedGenerator(4)
    return layer


def dense(layer: Experts, x: Any, real: Any, training: bool) -> Any:
    """Every expert on every position [N, D], what was not chosen weighed by 0."""
    chosen = seeded(layer).gating(x, real, training=training)
    gates = ops.sum(
        ops.one_hot(chosen.experts, layer.num_experts) * chosen.gates[..., None], axis=1
    )
    y = 0.0
    for e in range(layer.num_experts):
        h = ops.relu(ops.matmul(x, layer.expand[e]))
        y = y + gates[:, e : e + 1] * ops.matmul(h, layer.contract[e]) * (D / F) ** 0.5
    return y * ops.cast(real, "float32")[:, None] if training else y


def found(x: Any) -> np.ndarray:
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("count", [1, 7, 300])
@pytest.mark.parametrize("experts", [2, 5, 24])
def test_the_mixture_is_every_expert_weighed_by_its_gate(count: int, experts: int) -> None:
    layer, x = mixture(experts), positions(count)
    expected = dense(layer, x, np.ones(count, bool), training=False)
    np.testing.assert_allclose(found(layer(x, training=False)), found(expected), atol=1e-5)


@pytest.mark.parametrize("factor", [0.0, 5.0])
def test_both_ways_agree_where_nothing_is_dropped(factor: float) -> None:
    layer, x = mixture(capacity_factor=factor), positions(4, 30)
    mask = np.arange(30) < np.array([30, 12, 1, 0])[:, None]
    expected = found(dense(layer, x.reshape(-1, D), mask.reshape(-1), training=True))
    y = found(seeded(layer)(x, mask, training=True)).reshape(-1, D)
    np.testing.assert_allclose(y, expected, atol=1e-5)
    assert not y[~mask.reshape(-1)].any() and y[mask.reshape(-1)].all()


def test_with_all_experts_and_no_noise_it_is_a_soft_mixture() -> None:
    layer, x = mixture(num_experts=4, k=4), positions(20)
    gate, expand, contract = (
        np.asarray(one, np.float64)
        for one in (layer.gating.gate_kernel, layer.expand, layer.contract)
    )
    weights = np.exp(x @ gate)
    weights /= weights.sum(axis=1, keepdims=True)
    hidden = np.maximum(np.einsum("nd,edf->nef", x, expand), 0)
    y = np.einsum("ne,nef,efd->nd", weights, hidden, contract) * (D / F) ** 0.5
    np.testing.assert_allclose(found(layer(x, training=False)), y, atol=1e-5)


@pytest.mark.parametrize("factor", [0.0, 1.0])
@pytest.mark.parametrize("training", [True, False])
def test_one_expert_is_a_feed_forward_network(training: bool, factor: float) -> None:
    layer, x = mixture(num_experts=1, k=1, capacity_factor=factor), positions(2, 9)
    plain = FeedForward(D, F, relu_dropout=0.0)
    plain.build((None, None, D))
    plain.expand.kernel.assign(layer.expand[0])
    plain.contract.kernel.assign(layer.contract[0] * (F / D) ** -0.5)
    y = found(layer(x, np.ones((2, 9), bool), training=training))
    np.testing.assert_allclose(y, found(plain(x)), atol=1e-5)


def favoured(factor: float) -> Experts:
    """Two experts, of which the first reads all positions: noise is small, and its gate is ahead."""
    layer = mixture(num_experts=2, k=1, capacity_factor=factor)
    gate, noise = np.zeros((D, 2)), np.zeros((D, 2))
    gate[0] = [100, 0]
    noise[0] = -100
    layer.gating.gate_kernel.assign(gate)
    layer.gating.noise_kernel.assign(noise)
    return layer


def test_what_is_over_the_capacity_is_dropped_in_training_only() -> None:
    layer, x = favoured(1.0), positions(2, 4)
    x[..., 0] = 1
    mask = np.array([[True, False, True, True], [True, True, True, False]])
    with watching() as seen:
        trained = found(layer(x, mask, training=True))
        evaluated = found(layer(x, mask, training=False))
    # Six real positions, two experts: three rows each, for the first three real positions.
    kept = np.array([[True, False, True, True], [False, False, False, False]])
    np.testing.assert_array_equal(trained.any(axis=-1), kept)
    np.testing.assert_allclose(trained[kept], evaluated[kept], atol=1e-6)
    assert evaluated.any(axis=-1).all()
    assert list(seen) == ["mixture:load", "mixture:importance", "mixture:dropped"]
    for times in range(2):
        np.testing.assert_allclose(seen["mixture:load"][times], [1, 0])
        np.testing.assert_allclose(seen["mixture:importance"][times], [6, 0], atol=1e-5)
        assert seen["mixture:dropped"][times] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("count", "k", "experts", "factor", "rows"),
    [(6, 1, 2, 1.0, 3), (7, 1, 2, 1.0, 4), (4096, 2, 16, 1.25, 640), (10, 2, 16, 1.1, 2)],
)
def test_capacity_is_an_even_share_times_the_factor_rounded_up(
    count: int, k: int, experts: int, factor: float, rows: int
) -> None:
    assert capacity(count, k, experts, round(100 * factor)) == rows


@pytest.mark.parametrize("seed", range(8))
def test_every_choice_has_a_row_of_its_own_and_of_its_expert(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, num_experts = int(rng.integers(1, 400)), int(rng.integers(2, 12))
    k = int(rng.integers(1, num_experts + 1))
    taste = rng.exponential(size=num_experts) ** 3  # some experts get nearly all
    scores = rng.random((count, num_experts)) ** (1 / (taste + 1e-3))
    experts = np.argsort(-scores, axis=1)[:, :k].astype(np.int32)
    real = rng.random(count) < 0.8
    place, lines = (found(one) for one in line_up(experts, real, num_experts))
    for e in range(num_experts):
        assert place[real][experts[real] == e].tolist() == list(range(lines[e]))
    rows = in_blocks(count, k, ops.convert_to_tensor(lines))
    row = (found(rows.first)[experts] * rows.size + place)[real]
    assert len(set(row.ravel().tolist())) == row.size
    np.testing.assert_array_equal(found(rows.owner)[row // rows.size], experts[real])
    assert rows.blocks * rows.size <= 1.25 * count * k + 16 * (num_experts + count * k / 16)
    assert by_capacity(rows.size, num_experts).owner is None


@on_tensorflow
@pytest.mark.parametrize("factor", [0.0, 5.0, 0.6])
def test_gradients_reach_the_experts_that_were_used_and_are_those_of_the_formula(
    factor: float,
) -> None:
    import tensorflow as tf

    layer, x = mixture(num_experts=8, capacity_factor=factor), tf.constant(positions(7))
    weights = [layer.expand, layer.contract, layer.gating.gate_kernel, layer.gating.noise_kernel]

    @tf.function(
        input_signature=[tf.TensorSpec([None, D]), tf.TensorSpec([None], tf.bool)],
        autograph=False,
    )
    def gradients(x: Any, real: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, real, training=True)
            loss = tf.reduce_sum(y * y)
        return tape.gradient(loss, [x, *(one.value for one in weights)])

    real = np.arange(7) != 3
    seeded(layer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as TensorFlow's, of parts of a gradient of unknown size
        ours = gradients(x, real)
    assert not any(isinstance(one, tf.IndexedSlices) for one in ours)
    used = set(found(seeded(layer).gating(x, real, training=True).experts)[real].ravel().tolist())
    reached = {e for e in range(8) if np.any(ours[1][e]) and np.any(ours[2][e])}
    assert reached == used and 2 < len(used) < 8
    assert np.isfinite(ours[3]).all() and np.any(ours[3]) and np.any(ours[4])
    if factor == 0.6:
        return  # some are dropped, which the formula does not know
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = dense(layer, x, real, training=True)
        loss = tf.reduce_sum(y * y)
    theirs = tape.gradient(loss, [x, *(one.value for one in weights)])
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, tf.convert_to_tensor(other), atol=2e-5)


@on_tensorflow
def test_one_graph_serves_all_counts() -> None:
    import tensorflow as tf

    layer = mixture(capacity_factor=1.25)
    traced: list[bool] = []

    def call(x: Any, mask: Any) -> Any:
        traced.append(True)
        return layer(x, mask, training=False), layer(x, mask, training=True)

    graph = tf.function(
        call, input_signature=[tf.TensorSpec([None, None, D]), tf.TensorSpec([None, None], tf.bool)]
    )
    for shape in ((1, 1), (3, 17), (20, 40)):
        x, mask = positions(*shape), np.ones(shape, bool)
        quiet, noisy = graph(x, mask)
        np.testing.assert_allclose(quiet, layer(x, mask, training=False), atol=1e-6)
        assert np.isfinite(noisy).all() and noisy.shape == x.shape
    assert len(traced) == 1


def test_the_loss_is_the_imbalance_and_of_training_only() -> None:
    layer, x = mixture(loss_coef=0.5), positions(30)
    layer(x, training=False)
    assert layer.losses == []
    seeded(layer)(x, training=True)
    imbalance = seeded(layer).gating(x, np.ones(30, bool), training=True).imbalance
    (loss,) = layer.losses
    assert float(loss) == pytest.approx(0.5 * float(imbalance)) and float(loss) > 0


def test_16_bits_are_of_the_experts_and_not_of_the_gates() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer, x = mixture(), positions(50)
    finally:
        keras.config.set_dtype_policy("float32")
    y = layer(ops.cast(x, "bfloat16"), training=False)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    rounded = ops.cast(ops.cast(x, "bfloat16"), "float32")
    expected = found(dense(layer, rounded, np.ones(50, bool), training=False))
    np.testing.assert_allclose(found(ops.cast(y, "float32")), expected, atol=0.1)
    assert np.abs(expected).max() > 1


@pytest.mark.parametrize("k", [0, 6])
def test_k_is_between_one_and_all(k: int) -> None:
    with pytest.raises(ValueError, match="from 1 to the number of experts, 5"):
        mixture(k=k)
