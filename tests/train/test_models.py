"""What every model must do, over every file found under `models/` and every problem it takes."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.catalog import UserError
from components.train import checkpoint
from components.train.hparams import Hparams
from components.train.network import build_network, count_params, load_model_module
from tests.tiny import KINDS, LABELS, WORDS, tiny_data
from tests.train.tiny_networks import (
    FOLDER,
    MODELS,
    batch_of,
    cases,
    logits_of,
    loss_of,
    network_of,
    shared_network,
    special,
    unseen,
)

CASES = cases()
SEQUENCES = [model for model, kind in CASES if kind == "symbol"]
every_case = pytest.mark.parametrize(("model", "kind"), CASES)
every_sequence_model = pytest.mark.parametrize("model", SEQUENCES)


@every_case
def test_every_weight_gets_a_gradient(model: str, kind: str, tmp_path: Path) -> None:
    import tensorflow as tf

    network = shared_network(model, kind, tmp_path)
    batch = batch_of(kind)
    with tf.GradientTape() as tape:
        logits = network(batch, training=True)
        loss = network.compute_loss(x=batch, y_pred=logits)
    length = 5 if kind == "symbol" else 1
    assert tuple(logits.shape) == (3, length, network.num_classes)
    weights = [variable.value for variable in network.trainable_variables]
    # A decoder asked for one label sees one position, which is zero: there is nothing to compare
    # among positions, and nothing for an input's matrix to multiply.
    idle = () if kind == "symbol" else special(model, "IDLE", ("self_attention/q",))
    # Read out at the inputs' positions, it leaves a decoder out, which symbols have at work.
    left_out = {id(one) for one in network.body.weights if network.target_net.aligned}
    gradients = tape.gradient(loss, weights)
    for variable, gradient in zip(network.trainable_variables, gradients, strict=True):
        if gradient is None and id(variable) in left_out:
            continue
        assert gradient is not None, variable.path
        dense = tf.convert_to_tensor(gradient).numpy()
        assert np.all(np.isfinite(dense)), variable.path
        assert np.any(dense != 0) or variable.path.endswith(idle), variable.path


@every_case
def test_before_training_all_answers_are_about_as_likely(
    model: str, kind: str, tmp_path: Path
) -> None:
    """The mean loss over all answers there are is near ln V: it is above by KL(uniform || softmax), about
    half the variance of the logits. A wide network with a tied softmax is far above: as T2T multiplies
    embeddings by sqrt(d_model), the symbol just read comes out again."""
    network = shared_network(model, kind, tmp_path, noise=0.0)
    batch = batch_of(kind)
    logits = logits_of(network, batch).reshape(batch["targets"].size, -1).astype(np.float64)
    real = batch["targets"].reshape(-1) > 0 if kind == "symbol" else slice(None)
    above = np.log(np.mean(np.exp(logits), axis=-1)) - np.mean(logits, axis=-1)
    assert above[real].mean() < 1.5


@every_case
def test_padding_and_the_other_examples_change_nothing(
    model: str, kind: str, tmp_path: Path
) -> None:
    network = shared_network(model, kind, tmp_path)
    batch = batch_of(kind)
    logits = logits_of(network, batch)
    turned = {name: array[::-1] for name, array in batch.items()}
    np.testing.assert_allclose(logits_of(network, turned)[::-1], logits, atol=1e-5)
    if kind == "image":
        return
    wider = {**batch, "inputs": np.pad(batch["inputs"], [(0, 0), (0, 3)])}
    np.testing.assert_allclose(logits_of(network, wider), logits, atol=1e-5)
    alone = {"inputs": batch["inputs"][2:, :2], "targets": batch["targets"][2:]}
    np.testing.assert_allclose(logits_of(network, alone)[0], logits[2], atol=1e-5)
    if kind == "symbol":
        wider["targets"] = np.pad(batch["targets"], [(0, 0), (0, 2)])
        np.testing.assert_allclose(logits_of(network, wider)[:, :5], logits, atol=1e-5)


@every_case
def test_rows_that_fill_up_a_batch_weigh_nothing(model: str, kind: str, tmp_path: Path) -> None:
    network = shared_network(model, kind, tmp_path)
    batch = batch_of(kind)
    filled = {
        name: np.pad(array, [(0, 2)] + [(0, 0)] * (array.ndim - 1)) for name, array in batch.items()
    }
    assert loss_of(network, filled) == pytest.approx(loss_of(network, batch), abs=1e-6)


@every_sequence_model
def test_the_future_does_not_leak(model: str, tmp_path: Path) -> None:
    """Not by a bit."""
    network = unseen(shared_network(model, "symbol", tmp_path))
    batch = batch_of("symbol")
    logits = logits_of(network, batch)
    blind = special(model, "BLIND", False)
    for t in range(batch["targets"].shape[1]):
        other = batch["targets"].copy()
        other[:, t] = 3 + (other[:, t] + 1) % 8
        found = logits_of(network, {**batch, "targets": other})
        np.testing.assert_array_equal(found[:, : t + 1], logits[:, : t + 1])
        if t + 1 < logits.shape[1] and not blind:
            assert np.abs(found[:, t + 1] - logits[:, t + 1]).max() > 1e-3


@every_case
def test_step_by_step_with_a_cache_is_the_whole_at_once(
    model: str, kind: str, tmp_path: Path
) -> None:
    network = unseen(shared_network(model, kind, tmp_path))
    if network.target_net.aligned:
        pytest.skip("read out at the inputs' positions, never decoded")
    batch, beams = batch_of(kind), 3
    logits = logits_of(network, batch)
    memory = network.encode(batch, training=False)
    cache = network.init_cache(memory, beams, 5)
    previous = np.zeros(3 * beams, np.int32)
    for t in range(logits.shape[1]):
        if kind == "symbol":
            step, cache = network.step(previous, t, cache, memory)
        else:
            h, cache = network.body.step(np.zeros((3 * beams, 16), "f"), t, cache, memory)
            step = network.target_net.top(h)
        found = keras.ops.convert_to_numpy(step).reshape(3, beams, -1)
        for beam in range(beams):
            np.testing.assert_allclose(found[:, beam], logits[:, t], atol=1e-4)
        previous = np.repeat(batch["targets"][:, t], beams)


@every_case
def test_what_is_saved_is_what_is_loaded(model: str, kind: str, tmp_path: Path) -> None:
    network = shared_network(model, kind, tmp_path)
    expected = logits_of(network, batch_of(kind))
    path = tmp_path / "weights.safetensors"
    saved = checkpoint.arrays(checkpoint.weights(network))
    checkpoint.save(saved, path)
    for variable in checkpoint.weights(network):
        variable.assign(np.zeros(variable.shape, np.float32))
    checkpoint.load_weights(network, path)
    np.testing.assert_array_equal(logits_of(network, batch_of(kind)), expected)
    name = next(name for name, array in saved.items() if array.ndim > 1)
    checkpoint.save({**saved, name: saved[name][:-1]}, path)
    with pytest.raises(UserError, match=f"{name} has shape .* the model expects"):
        checkpoint.load_weights(network, path)


@every_case
def test_no_layer_is_left_to_be_built(model: str, kind: str, tmp_path: Path) -> None:
    """For one that is, Keras on JAX runs the model operation by operation first, each compiled."""
    network = shared_network(model, kind, tmp_path)
    assert not [layer.path for layer in network._flatten_layers() if not layer.built]


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_transformer_has_as_many_weights_as_its_formula(norm: str, tmp_path: Path) -> None:
    network = network_of("transformer", "symbol", tmp_path, norm=norm)
    d, ff, layers, vocabulary = 16, 24, 2, len(WORDS)
    attention, layer_norm, ffn = 4 * d * d, 2 * d, 2 * d * ff + ff + d
    closing = layer_norm if norm == "pre" else 0
    encoder = layers * (attention + ffn + 2 * layer_norm) + closing
    decoder = layers * (2 * attention + ffn + 3 * layer_norm) + closing
    assert count_params(network) == vocabulary * d + d + encoder + decoder


@pytest.mark.parametrize("attention", ["bahdanau", "luong"])
def test_the_lstm_has_as_many_weights_as_its_formula(attention: str, tmp_path: Path) -> None:
    network = network_of("lstm_attention", "symbol", tmp_path, attention=attention)
    d, layers, vocabulary = 16, 2, len(WORDS)

    def lstm(inputs: int, units: int) -> int:
        return 4 * units * (inputs + units + 1)

    encoder = layers * 2 * lstm(d, d // 2)
    decoder = lstm(2 * d, d) + (layers - 1) * lstm(d, d)
    keys, combine = d * d, 2 * d * d + d
    score = d * d + d + d if attention == "bahdanau" else 0
    assert count_params(network) == vocabulary * d + encoder + decoder + keys + combine + score


def test_a_label_has_a_column_and_a_bias(tmp_path: Path) -> None:
    network = network_of("transformer_encoder", "class_label", tmp_path)
    shapes = {weight.path.split("/")[-1]: weight.shape for weight in network.target_net.weights}
    assert shapes == {"kernel": (16, len(LABELS)), "bias": (len(LABELS),)}


@pytest.mark.parametrize("model", MODELS)
def test_a_model_declares_what_it_needs_and_what_its_options_mean(model: str) -> None:
    tree = ast.parse((FOLDER / f"{model}.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    found = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign | ast.Assign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            assert isinstance(target, ast.Name) and node.value is not None
            if target.id == "NEEDS":
                found = {"needs": ast.literal_eval(node.value)}  # readable without an import
    assert set(found["needs"]) <= {"inputs", "targets", "provides", "modalities"}
    for field in dataclasses.fields(load_model_module(model).Options):
        assert field.metadata["meaning"], field.name
        choices = field.metadata["choices"]
        assert choices is None or field.default in choices, field.name


def test_one_name_means_one_thing_in_all_models() -> None:
    common = {field.name for field in dataclasses.fields(Hparams)}
    seen: dict[str, tuple[str, Any]] = {}
    for model in MODELS:
        for field in dataclasses.fields(load_model_module(model).Options):
            assert field.name not in common, f"{model} declares {field.name} again"
            other, default = seen.setdefault(field.name, (model, field.default))
            assert field.default == default, f"{field.name} in {model} and {other}"


def test_a_setting_nobody_declares_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="lstm_attention has no setting num_heads"):
        build_network(tiny_data(tmp_path), "lstm_attention", {"num_heads": 2})


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_symbol_dropout_unnames_real_symbols_in_training_only(share: float, tmp_path: Path) -> None:
    network = network_of("transformer", "symbol", tmp_path, symbol_dropout=share)
    net = network.target_net
    unknown = keras.ops.convert_to_numpy(net.bottom(np.array([[2]]), training=False))[0, 0]
    ids = np.full((1, 2000), 5)
    ids[0, 1000:] = 0
    quiet = keras.ops.convert_to_numpy(net.bottom(ids, training=False))
    assert not np.any(np.all(quiet == unknown, axis=-1)) and not np.any(quiet[0, 1000:])
    noisy = keras.ops.convert_to_numpy(net.bottom(ids, training=True))
    lost = np.all(noisy == unknown, axis=-1)[0]
    assert not np.any(lost[1000:]) and abs(lost[:1000].mean() - share) < 0.06


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_float32_whatever_the_layers_compute_in(
    kind: str, precision: str, tmp_path: Path
) -> None:
    keras.config.set_dtype_policy(precision)
    try:
        network = network_of("transformer", kind, tmp_path)
        logits = network(batch_of(kind), training=True)
    finally:
        keras.config.set_dtype_policy("float32")
    assert network.compute_dtype == precision.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert np.all(np.isfinite(keras.ops.convert_to_numpy(logits)))
