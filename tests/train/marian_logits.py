"""Logits of Hugging Face's Marian with weights and symbols drawn by NumPy, kept in `marian_logits.npz`.

python -m tests.train.marian_logits    writes them again; needs torch and transformers
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from components.train.network import Network, build_network
from tests.tiny import WORDS, tiny_data

FILE = Path(__file__).with_suffix(".npz")
SIZES = {"d_model": 16, "num_layers": 2, "num_heads": 4, "d_ff": 24, "norm": "post"}
# The paper's: biases in attention, sines before cosines.
CASES: dict[str, dict[str, Any]] = {
    "ours": {},
    "paper": {"attention_bias": True, "positions": "sinusoid"},
}


def network_of(case: str, folder: Path) -> Network:
    """Our Transformer with every weight drawn by NumPy, scales around 1."""
    network = build_network(tiny_data(folder), "transformer", SIZES | CASES[case])
    rng = np.random.default_rng(8)
    for weight in network.trainable_weights:
        drawn = rng.normal(0, 0.3, weight.shape).astype(np.float32)
        weight.assign(drawn + weight.path.endswith("gamma"))
    return network


def batch() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    inputs = rng.integers(3, len(WORDS), (3, 7))
    inputs[1, 5:] = 0
    inputs[2, 2:] = 0
    return {"inputs": inputs, "targets": rng.integers(3, len(WORDS), (3, 6))}


def of_marian(network: Network) -> np.ndarray:
    """Hugging Face's logits with the weights of ours."""
    import torch

    from benchmarks.marian import marian_of

    inputs, targets = batch().values()
    with torch.no_grad():
        return marian_of(network)(
            input_ids=torch.tensor(inputs),
            attention_mask=torch.tensor((inputs != 0).astype(np.int64)),
            decoder_input_ids=torch.tensor(np.pad(targets[:, :-1], [(0, 0), (1, 0)])),
        ).logits.numpy()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = {case: of_marian(network_of(case, Path(folder) / case)) for case in CASES}
    np.savez(FILE, **found)


if __name__ == "__main__":
    main()
