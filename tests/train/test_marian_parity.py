"""The paper's post-norm Transformer beside Hugging Face's Marian with the same random weights.

Everything must agree: scaling, norms, masks, heads, shift and tied softmax; with biases and the
paper's sinusoids these as well. `benchmarks/decoding.py` times the same Marian.
Needs torch and transformers, which this project does not install: skipped where they are not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from benchmarks.marian import marian_of
from components.train.network import Network, build_network
from tests.tiny import WORDS, tiny_data

torch = pytest.importorskip("torch", reason="compares with Hugging Face: pip install torch")
transformers = pytest.importorskip("transformers", reason="pip install transformers")

D, HEADS, LAYERS, FF, V = 16, 4, 2, 24, len(WORDS)


def network_of(folder: Path, **more: Any) -> Network:
    values = {"d_model": D, "num_layers": LAYERS, "num_heads": HEADS, "d_ff": FF, "norm": "post"}
    network = build_network(tiny_data(folder), "transformer", values | more)
    rng = np.random.default_rng(8)
    for weight in network.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.1, weight.shape).astype(np.float32))
    return network


@pytest.mark.parametrize("paper", [False, True])
def test_marian_with_our_weights_gives_our_logits(paper: bool, tmp_path: Path) -> None:
    more = {"attention_bias": True, "positions": "sinusoid"} if paper else {}
    network = network_of(tmp_path, **more)
    theirs = marian_of(network)
    rng = np.random.default_rng(3)
    inputs, targets = rng.integers(3, V, (3, 7)), rng.integers(3, V, (3, 6))
    inputs[1, 5:] = 0
    inputs[2, 2:] = 0
    shifted = np.pad(targets[:, :-1], [(0, 0), (1, 0)])
    with torch.no_grad():
        expected = theirs(
            input_ids=torch.tensor(inputs),
            attention_mask=torch.tensor((inputs != 0).astype(np.int64)),
            decoder_input_ids=torch.tensor(shifted),
        ).logits.numpy()
    found = network({"inputs": inputs, "targets": targets}, training=False)
    found = keras.ops.convert_to_numpy(found)
    assert np.abs(expected).max() > 0.5
    # Symbol 0 is padding: no text holds it, and its row of the softmax is ours alone.
    np.testing.assert_allclose(found[..., 1:], expected[..., 1:], atol=1e-5)
