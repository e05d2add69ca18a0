"""The loss of a target that is one of V: what the modalities with logits over a vocabulary share."""

from __future__ import annotations

from typing import Any

from keras import ops

from components.datagen.schema import Feature
from components.train.loss import negative_log_likelihood, smoothed_cross_entropy


def size_of(feature: Feature) -> int:
    """V. Raises ValueError if the feature has no vocabulary."""
    if not feature.vocabulary_size:
        raise ValueError(f"a {feature.modality} feature needs a vocabulary_size")
    return feature.vocabulary_size


class Categorical:
    """Logits [..., V] against int targets [...]; every result is float32 [...]."""

    def loss(self, logits: Any, targets: Any, label_smoothing: float) -> Any:
        """Cross-entropy with label smoothing, what training minimises."""
        return smoothed_cross_entropy(logits, targets, label_smoothing)

    def nll(self, logits: Any, targets: Any) -> Any:
        """The negative log-likelihood in nats, what is reported."""
        return negative_log_likelihood(logits, targets)

    def right(self, logits: Any, targets: Any) -> Any:
        """1.0 where the most probable is the target."""
        return ops.cast(ops.equal(ops.argmax(logits, axis=-1), targets), "float32")
