"""Perplexity a token of the references, teacher forced, EOS counted; lower is better.

    perplexity = exp(nll / tokens),   bits_per_token = nll / (tokens ln 2)

Perplexities compare only between models with the same vocabulary. Statistics of an example: summed
negative log-likelihood in nats, tokens, tokens predicted right. No tokens at all give 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

INPUT = "loss"
HIGHER_IS_BETTER = False
MAIN = "perplexity"
# exp of more is no longer a finite float64, and JSON has no infinity.
LARGEST_LOG = 700.0


def statistics(targets: Sequence[str], predictions: np.ndarray) -> np.ndarray:
    """Ignored, [N, 3] of nll, tokens, right tokens -> the same as float64."""
    return np.asarray(predictions, np.float64).reshape(-1, 3)


def score(summed: np.ndarray) -> dict[str, Any]:
    """[..., 3] -> perplexity, bits_per_token, token_accuracy, each [...]."""
    tokens = np.maximum(summed[..., 1], 1)
    nats = summed[..., 0] / tokens
    return {
        "perplexity": np.exp(np.minimum(nats, LARGEST_LOG)),
        "bits_per_token": nats / np.log(2.0),
        "token_accuracy": summed[..., 2] / tokens,
    }


def signature() -> str:
    """How the number is meant."""
    return "a token, EOS included, no label smoothing"


def metric(targets: Sequence[str], predictions: np.ndarray) -> dict[str, float]:
    """Perplexity, 1 (perfect) upwards."""
    summed = statistics(targets, predictions).sum(axis=0)
    return {key: float(value) for key, value in score(summed).items()}
