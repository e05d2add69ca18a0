"""The paper's post-norm Transformer beside Hugging Face's Marian with the same random weights.

Everything must agree: scaling, norms, masks, heads, shift and tied softmax; with biases and the
paper's sinusoids these as well. `benchmarks/decoding.py` times the same Marian.
Marian's logits are kept in a file, because this project installs neither torch nor transformers; where
they are, Marian itself must give what the file says.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.train.marian_logits import CASES, FILE, batch, network_of, of_marian


@pytest.mark.parametrize("case", CASES)
def test_our_weights_give_marians_logits(case: str, tmp_path: Path) -> None:
    found = keras.ops.convert_to_numpy(network_of(case, tmp_path)(batch(), training=False))
    expected = np.load(FILE)[case]
    assert np.abs(expected).max() > 0.5
    # Symbol 0 is padding: no text holds it, and its row of the softmax is ours alone.
    np.testing.assert_allclose(found[..., 1:], expected[..., 1:], atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_the_file_holds_what_marian_says(case: str, tmp_path: Path) -> None:
    for peer in ("torch", "transformers"):
        pytest.importorskip(peer, reason=f"Marian itself: pip install {peer}")
    found = of_marian(network_of(case, tmp_path))
    np.testing.assert_allclose(found, np.load(FILE)[case], atol=1e-5)
