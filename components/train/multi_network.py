"""Several problems around one body: a network for each, which share what they can.

Kaiser et al. 2017, "One Model To Learn Them All", https://arxiv.org/abs/1706.05137: one body, modality
nets by problem, a command token that starts decoding. Shared too is the embedding of the vocabulary
that the problems' texts have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from components.datagen.schema import Manifest
from components.train.network import Network


class MultiNetwork(keras.Model):
    """Batches are {name of a member: its batch}, one member each.

    Args:
        manifests: of the members, in their order.
        body: a model's `Body`, not built yet.
        hp: all hparams as attributes.
        modalities: as for `Network`.
    """

    def __init__(
        self,
        manifests: Mapping[str, Manifest],
        body: Any,
        hp: Any,
        modalities: Mapping[str, Mapping[str, str]],
    ) -> None:
        super().__init__(name="network")
        self.hp, self.body = hp, body
        nets: dict[str, Any] = {}
        self.members = {
            name: Network(manifest, body, hp, name=name, nets=nets, modalities=modalities)
            for name, manifest in manifests.items()
        }

    def build(self, *_: Any) -> None:
        for network in self.members.values():
            network.build()
        self.built = True

    def call(self, batch: dict[str, dict[str, Any]], training: bool | None = None) -> Any:
        """What the member's own network gives."""
        ((name, own),) = batch.items()
        return self.members[name](own, training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The member's own loss, a mean over its targets: a batch counts as much, whatever its problem."""
        ((name, own),) = x.items()
        member = self.members[name]
        # On JAX Keras hands what layers add to the model that is trained, which is this one.
        return member.compute_loss(x=own, y_pred=y_pred, training=training, added=self.losses)
