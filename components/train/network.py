"""A problem's modalities around a model's body: the Keras model that is trained and decoded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
from keras import ops

from components.catalog import UserError
from components.datagen.schema import SHARED_VOCABULARY, Feature, Manifest
from components.declaration import broken_rules
from components.train.hparams import Hparams, flat
from components.train.layers.repeated import repeated


def resolve_hparams(module: Any, values: dict[str, Any]) -> SimpleNamespace:
    """Defaults of `Hparams` and of the model's `Options`, overridden by `values`.

    Raises KeyError for a value that neither declares, UserError for values that do not go together.
    """
    merged = {**flat(Hparams()), **flat(module.Options())}
    unknown = sorted(set(values) - set(merged))
    if unknown:
        raise KeyError(f"{module.__name__} has no setting {', '.join(unknown)}")
    merged |= values
    for owner in reversed(module.Options.__mro__):
        for message, _ in broken_rules(vars(owner).get("RULES", {}), merged):
            raise UserError(message)
    return SimpleNamespace(**merged)


def load_model_module(model: str, plugins: tuple[str, ...] = ()) -> Any:
    """The module of `models/<model>.py`, from a plugin if one has it."""
    if plugins:
        from components import catalog

        return catalog.load_module("models", model, plugins)
    return import_module(f"components.train.models.{model}")


class Network(keras.Model):
    """bottom -> body -> top for one problem and one model.

    Batches are dicts: inputs and targets as `Records.batch` gives them, padded with 0, and tokens
    [B] float32, the number of real targets of the whole global batch in every row. The loss of a
    step is the sum over the batch divided by that number, so that parts of a batch on several
    devices add up to exactly the token-weighted mean.

    In a mixture (`MultiNetwork`) the targets are begun with a command, a learned vector that says
    which problem it is: it stands where a decoder sees nothing yet.

    Args:
        manifest: the problem's data.
        body: a model's `Body`, not built yet, or shared and built by then.
        hp: all hparams as attributes.
        name: of the network.
        nets: symbol modalities of other problems by name, to be shared; what is made here is added.
            None: nothing is shared, and there is no command.
        modalities: a file under `modalities/` to be taken for a modality, by side: what the model's
            NEEDS say under this name.
    """

    def __init__(
        self,
        manifest: Manifest,
        body: Any,
        hp: Any,
        name: str = "network",
        nets: dict[str, Any] | None = None,
        modalities: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        super().__init__(name=name)
        self.hp = hp
        own = modalities or {}
        self.commanded = nets is not None
        inputs, targets = manifest.features["inputs"], manifest.features["targets"]
        self.input_modality, self.target_modality = inputs.modality, targets.modality
        self.num_classes = targets.vocabulary_size
        shared = (
            hp.shared_embedding
            and inputs.modality == targets.modality == "symbol"
            and inputs.vocabulary == targets.vocabulary
        )
        self.target_net = _shared_net(targets, hp, "targets", nets, own.get("targets", {}))
        if shared:
            self.input_net = self.target_net
        else:
            self.input_net = _shared_net(inputs, hp, "inputs", nets, own.get("inputs", {}))
        self.marks_repeats = hp.mark_repeats and inputs.modality == "symbol"
        self.separator = inputs.options.get("separator")
        self.body = body

    def build(self, *_: Any) -> None:
        for layer in (self.input_net, self.target_net, self.body):
            if not layer.built:
                layer.build(None)
        width = self.hp.d_model
        draw = keras.initializers.RandomNormal(stddev=width**-0.5)
        if self.commanded:
            self.command = self.add_weight(shape=(width,), initializer=draw, name="command")
        if self.marks_repeats:
            self.repeated = self.add_weight(shape=(width,), initializer=draw, name="repeated")
        self.built = True

    def encode(self, batch: dict[str, Any], training: bool | None = None) -> dict[str, Any]:
        """The body's memory of a batch's inputs."""
        return self._encode(batch, self._bottom(batch, training), training)

    def _bottom(self, batch: dict[str, Any], training: bool | None) -> Any:
        """What the inputs' modality makes of them, [B, L, D]."""
        x = self.input_net.bottom(batch["inputs"], training=training)
        if not self.marks_repeats:
            return x
        again = repeated(batch["inputs"], batch.get("inputs_segments"), self.separator)
        # As large as an embedding, which is scaled likewise.
        vector = ops.cast(self.repeated, x.dtype) * self.hp.d_model**0.5
        return x + ops.cast(again, x.dtype)[:, :, None] * vector

    def _encode(self, batch: dict[str, Any], x: Any, training: bool | None) -> dict[str, Any]:
        mask = batch.get("inputs_segments")
        if mask is None:
            mask = self.input_net.mask(batch["inputs"])
        return self.body.encode(x, mask, training=training)

    def call(self, batch: dict[str, Any], training: bool | None = None) -> Any:
        """What the targets' modality makes of the body's outputs, teacher-forced: float32 logits
        [B, T, V], or [B, 1, 1] for a number."""
        return self._measured(batch, training)[0]

    def _measured(self, batch: dict[str, Any], training: bool | None) -> tuple[Any, dict[str, Any]]:
        """What `call` gives, and the body's memory of the batch."""
        x = self._bottom(batch, training)
        if self.target_net.aligned and self.commanded:
            x = x + ops.cast(self.command, x.dtype)
        memory = self._encode(batch, x, training)
        targets = batch["targets"]
        if hasattr(self.body, "see_targets") and self.target_net.autoregressive:
            seen = self.target_net.bottom(targets, training=training)
            real = self.target_net.mask(targets)
            memory = self.body.see_targets(seen, real, memory, training=training)
        if self.target_net.aligned:
            if "inputs_segments" in batch:
                memory["target_segments"] = batch["inputs_segments"]
            aligned = hasattr(self.body, "align")
            h = self.body.align(memory) if aligned else self.body.decode(x, memory, training)
            return self.target_net.top(h, self.input_net.mask(batch["inputs"])), memory
        if self.target_net.autoregressive:
            shifted = ops.pad(targets[:, :-1], [[0, 0], [1, 0]])
            segments = batch.get("targets_segments")
            if segments is not None:
                # Several examples in a row: each begins as it would alone.
                memory["target_segments"] = segments
                begins = ops.not_equal(segments, ops.pad(segments[:, :-1], [[0, 0], [1, 0]]))
                shifted = ops.where(begins, 0, shifted)
            y = self.target_net.bottom(shifted, training=training)
        else:
            y = ops.zeros((ops.shape(targets)[0], 1, self.hp.d_model), dtype=self.compute_dtype)
        if self.commanded and "targets_segments" in batch:
            y = ops.where(begins[:, :, None], self._begun(y), y)
        elif self.commanded:
            y = ops.concatenate([self._begun(y[:, :1]), y[:, 1:]], axis=1)
        return self.target_net.top(self.body.decode(y, memory, training=training)), memory

    def _begun(self, y: Any) -> Any:
        """The command in the place of what stands before the first target: y is [..., D]."""
        return ops.broadcast_to(ops.cast(self.command, y.dtype), ops.shape(y))

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        """The decoder's state before position 0; leaves have leading dimension B*num_beams, or
        B under the name `fixed`."""
        return self.body.init_cache(memory, num_beams, max_length)

    def step(
        self, ids: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """The previous symbols [B*K] (0 before the first) to float32 logits [B*K, V], new cache."""
        y = self.target_net.bottom(ids[:, None], training=False)[:, 0]
        if self.commanded:
            y = ops.where(ops.equal(position, 0), self._begun(y), y)
        h, cache = self.body.step(y, position, cache, memory)
        return self.target_net.top(h), cache

    def weights_of(self, targets: Any) -> Any:
        """1.0 at real targets, [B, T]."""
        return ops.cast(self.target_net.mask(targets), "float32")

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
        added: Any = None,
    ) -> Any:
        """The targets' loss, summed over real targets, over the batch's number of targets.

        added: what layers add (balance of experts, pondering); None: this network's own `losses`.

        Where the inputs of two examples were mixed (`targets_b`, `mix`: Zhang et al. 2018, arXiv
        1710.09412) the loss is mixed alike.
        """
        targets, smoothing = x["targets"], self.hp.label_smoothing
        losses = self.target_net.loss(y_pred, targets, smoothing)
        if "mix" in x:
            own = x["mix"][:, None]
            other = self.target_net.loss(y_pred, x["targets_b"], smoothing)
            losses = own * losses + (1.0 - own) * other
        real = x["tokens"][:, None] > 0
        weights = self.weights_of(targets) * ops.cast(real, "float32")
        weights = weights / ops.maximum(x["tokens"], 1.0)[:, None]
        loss = ops.sum(losses * weights)
        added = self.losses if added is None else added
        if training and added:
            # The parts of a batch that is on several devices weigh what they have of the targets, so
            # that they add up to a mean too.
            loss = loss + sum(added) * ops.sum(weights)
        return loss

    def per_example_loss(self, batch: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Without smoothing: summed nll, number of targets, number predicted right; each [B].

        With latent variables the nll has what they cost (`latent_nats`), a bound on the real one.
        """
        logits, memory = self._measured(batch, training=False)
        targets = batch["targets"]
        weights = self.weights_of(targets)
        return (
            ops.sum(self.target_net.nll(logits, targets) * weights, axis=1)
            + memory.get("latent_nats", 0.0),
            ops.sum(weights, axis=1),
            ops.sum(self.target_net.right(logits, targets) * weights, axis=1),
        )


class Losses(keras.Model):
    """`per_example_loss` as a compiled function, through `predict_on_batch` on any backend."""

    def __init__(self, network: Network) -> None:
        # Targets that are numbers stay what they are.
        super().__init__(name="losses", autocast=False)
        self.network = network
        self.built = True

    def call(self, batch: dict[str, Any], training: bool | None = None) -> Any:
        return ops.stack(self.network.per_example_loss(batch), axis=-1)


def _shared_net(
    feature: Feature, hp: Any, name: str, nets: dict[str, Any] | None, own: Mapping[str, str]
) -> Any:
    """The modality's layer; in a mixture one for all symbols of the vocabulary that is shared, or one
    for all inputs of it and one for all targets."""
    file = feature.vocabulary if feature.modality == "symbol" else None
    if nets is None or file != SHARED_VOCABULARY:
        return _make_modality(feature, hp, name, own)
    key = "text" if hp.shared_embedding else f"text_{name}"
    if key not in nets:
        nets[key] = _make_modality(feature, hp, key, own)
    return nets[key]


def _make_modality(feature: Feature, hp: Any, name: str, own: Mapping[str, str]) -> Any:
    """The modality's layer for a feature; `modalities/<modality>.py` holds it, or the model's own."""
    file = own.get(feature.modality, feature.modality)
    module = import_module(f"components.train.modalities.{file}")
    return module.Modality(feature, hp, name=name)


def build_network(
    manifest: Manifest,
    model: str,
    hparams: dict[str, Any],
    plugins: tuple[str, ...] = (),
    members: Mapping[str, Manifest] | None = None,
) -> Any:
    """A built network, its weights drawn from Keras's global seed: a `Network`, or a `MultiNetwork`
    of `members`.

    Args:
        manifest: the problem's data.
        model: a file under `models/`.
        hparams: values over the defaults; fields of `Hparams` and of the model's `Options`.
        plugins: packages that may hold the model.
    """
    module = load_model_module(model, plugins)
    hp = resolve_hparams(module, hparams)
    network: Any
    modalities = module.NEEDS.get("modalities", {})
    if members:
        from components.train.multi_network import MultiNetwork

        network = MultiNetwork(members, module.Body(hp), hp, modalities)
    else:
        network = Network(manifest, module.Body(hp), hp, modalities=modalities)
    network.build()
    return network


def count_params(network: keras.Model) -> int:
    """Number of trained values."""
    return int(sum(np.prod(weight.shape) for weight in network.trainable_weights))


def describe(hp: Any) -> dict[str, Any]:
    """All hparams as a plain dict, for records."""
    return dict(vars(hp)) if isinstance(hp, SimpleNamespace) else dataclasses.asdict(hp)
