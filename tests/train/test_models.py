"""What every model must do, over every file found under `models/`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from components.datagen.schema import Manifest
from components.train import checkpoint
from components.train.network import build_network, count_params, load_model_module
from tests.eval import tiny

FOLDER = Path(__file__).resolve().parents[2] / "components" / "train" / "models"
MODELS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
SMALL = {"d_model": 16, "num_layers": 2, "num_heads": 2, "d_ff": 24}
QUIET = {"dropout": 0.0, "attention_dropout": 0.0, "relu_dropout": 0.0}


def takes(module, values: dict) -> dict:
    from components.train.hparams import Hparams

    known = {
        field.name for owner in (Hparams, module.Options) for field in dataclasses.fields(owner)
    }
    return {name: value for name, value in values.items() if name in known}


def network_of(model: str, folder: Path, **values):
    module = load_model_module(model)
    modality = module.NEEDS.get("targets", ["symbol"])[0]
    manifest: Manifest = tiny.copying(folder) if modality == "symbol" else tiny.animals(folder)
    keras.utils.set_random_seed(5)
    return build_network(manifest, model, takes(module, {**SMALL, **QUIET, **values})), modality


def batch_of(modality: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    if modality == "class_label":
        inputs = rng.integers(0, 256, (3, 4, 4, 1)).astype(np.uint8)
        return {"inputs": inputs, "targets": np.array([[1], [0], [4]], np.int32)}
    inputs = rng.integers(3, 11, (3, 6)).astype(np.int32)
    inputs[1, 4:] = 0
    inputs[2, 2:] = 0
    targets = rng.integers(3, 11, (3, 5)).astype(np.int32)
    targets[0, 3:] = 0
    return {"inputs": inputs, "targets": targets}


def logits_of(network, batch) -> np.ndarray:
    return keras.ops.convert_to_numpy(network(batch, training=False))


@pytest.mark.parametrize("model", MODELS)
def test_every_weight_is_built_and_gets_a_gradient(model: str, tmp_path: Path) -> None:
    import tensorflow as tf

    network, modality = network_of(model, tmp_path)
    batch = batch_of(modality)
    batch["tokens"] = np.full(3, 10, np.float32)
    with tf.GradientTape() as tape:
        logits = network(batch, training=True)
        loss = network.compute_loss(x=batch, y_pred=logits)
    length = 1 if modality == "class_label" else 5
    assert tuple(logits.shape) == (3, length, network.num_classes)
    weights = [variable.value for variable in network.trainable_variables]
    for variable, gradient in zip(
        network.trainable_variables, tape.gradient(loss, weights), strict=True
    ):
        assert gradient is not None, variable.path
        dense = tf.convert_to_tensor(gradient).numpy()
        # A decoder that sees one zero vector has nothing to compare among positions of its own.
        alone = modality == "class_label" or "self_attention/q" in variable.path
        assert np.all(np.isfinite(dense)) and (alone or np.any(dense != 0)), variable.path


@pytest.mark.parametrize("model", MODELS)
def test_padding_and_the_other_examples_change_nothing(model: str, tmp_path: Path) -> None:
    network, modality = network_of(model, tmp_path)
    batch = batch_of(modality)
    logits = logits_of(network, batch)
    turned = {name: array[::-1] for name, array in batch.items()}
    np.testing.assert_allclose(logits_of(network, turned)[::-1], logits, atol=1e-5)
    if modality == "symbol":
        wider = {name: np.pad(array, [(0, 0), (0, 3)]) for name, array in batch.items()}
        np.testing.assert_allclose(logits_of(network, wider)[:, :5], logits, atol=1e-5)
        alone = {"inputs": batch["inputs"][2:, :2], "targets": batch["targets"][2:]}
        np.testing.assert_allclose(logits_of(network, alone)[0], logits[2], atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_the_future_does_not_leak(model: str, tmp_path: Path) -> None:
    network, modality = network_of(model, tmp_path)
    if modality != "symbol":
        assert not network.target_net.autoregressive
        return
    batch = batch_of(modality)
    logits = logits_of(network, batch)
    for t in range(5):
        changed = {**batch, "targets": batch["targets"].copy()}
        changed["targets"][:, t] = 9 - changed["targets"][:, t] % 7
        np.testing.assert_allclose(
            logits_of(network, changed)[:, : t + 1], logits[:, : t + 1], atol=1e-6
        )


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("model", MODELS)
def test_step_by_step_with_a_cache_is_the_whole_at_once(
    model: str, beams: int, tmp_path: Path
) -> None:
    network, modality = network_of(model, tmp_path)
    batch = batch_of(modality)
    if modality != "symbol":
        memory = network.encode(batch)
        zeros = np.zeros((3 * beams, 16), np.float32)
        h, _ = network.body.step(zeros, 0, network.init_cache(memory, beams, 1), memory)
        found = keras.ops.convert_to_numpy(network.target_net.top(h))[::beams]
        np.testing.assert_allclose(found, logits_of(network, batch)[:, 0], atol=1e-4)
        return
    logits = logits_of(network, batch)
    memory = network.encode(batch, training=False)
    cache = network.init_cache(memory, beams, 5)
    previous = np.zeros(3 * beams, np.int32)
    for t in range(5):
        step, cache = network.step(previous, t, cache, memory)
        found = keras.ops.convert_to_numpy(step).reshape(3, beams, -1)
        for beam in range(beams):
            np.testing.assert_allclose(found[:, beam], logits[:, t], atol=1e-4)
        previous = np.repeat(batch["targets"][:, t], beams)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_saved_is_what_is_loaded(model: str, tmp_path: Path) -> None:
    network, modality = network_of(model, tmp_path)
    expected = logits_of(network, batch_of(modality))
    path = tmp_path / "weights.safetensors"
    checkpoint.save(checkpoint.arrays(network.trainable_variables), path)
    for variable in network.trainable_variables:
        variable.assign(np.zeros(variable.shape, np.float32))
    checkpoint.load_weights(network, path)
    np.testing.assert_array_equal(logits_of(network, batch_of(modality)), expected)


def test_the_transformer_has_as_many_weights_as_its_formula(tmp_path: Path) -> None:
    network, _ = network_of("transformer", tmp_path)
    d, ff, layers, vocabulary = 16, 24, 2, len(tiny.WORDS)
    attention, norm, ffn = 4 * d * d, 2 * d, 2 * d * ff + ff + d
    encoder = layers * (attention + ffn + 2 * norm) + norm
    decoder = layers * (2 * attention + ffn + 3 * norm) + norm
    assert count_params(network) == vocabulary * d + d + encoder + decoder


@pytest.mark.parametrize("model", MODELS)
def test_options_say_what_they_mean(model: str) -> None:
    module = load_model_module(model)
    assert isinstance(module.NEEDS, dict) and module.__doc__
    for field in dataclasses.fields(module.Options):
        assert field.metadata["meaning"], field.name
