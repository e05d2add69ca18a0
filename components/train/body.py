"""What a file under `models/` must hold for any problem to be able to use it.

    NEEDS     a literal dict: what the model asks of a problem, {} for nothing. Keys: `inputs` and
              `targets` (allowed modalities), `provides` (features such as `parse`), `modalities` (by
              side, a file under `modalities/` of the model's own choice in place of a modality's:
              {"inputs": {"image": "pixels"}}).
    Options   a frozen dataclass: the settings that this model alone has, one `setting(...)` each; what
              several models have comes from a base class in `shared_options.py`.
    Body      the layer below.

Letters: B batch, L inputs' length, T targets' length, D d_model, H heads, K beams.
"""

from __future__ import annotations

from typing import Any, Protocol


class Body(Protocol):
    """Tensor to tensor: no vocabulary, no loss, no pixels; the modalities own those.

    `memory` is a flat dict of tensors with leading dimension B that decoding never reorders;
    a `cache` is a flat dict of tensors with leading dimension B*K that a beam search reorders.
    Under the name `fixed` it may hold a dict of tensors with leading dimension B, which no search
    reorders: for what is too large to copy at every step (see `layers/step_attention.py`).
    While decoding, sentences that are done leave: B may shrink from one step to a later one.
    """

    def __init__(self, hp: Any) -> None:
        """hp: attributes are the fields of `Hparams` and of this file's `Options`."""

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        """Inputs [B, L, D] and mask [B, L] (bool, True at real positions) to memory.

        A modality of the model's own choice may give something else: `pixels` gives a map
        [B, H, W, 3] and a mask [B, 1], True where a row is an image.
        """

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        """Targets [B, T, D], already shifted right by one, and memory to outputs [B, T, D].

        Output t must not depend on targets after t.
        """

    # A body may also have `align(memory) -> [B, L, D]`: outputs at the positions of the inputs, for
    # targets that are aligned with them. Without it the inputs are decoded in the targets' place.
    #
    # A body that keeps the texts of a packed row apart says `packs = True`. Its `encode` is then also
    # given int32 segments [B, L] in place of the mask, from 1 on, 0 for padding, and `decode` finds
    # those of the targets as memory["target_segments"] (see `layers/segments.py`).
    #
    # A body that must know the targets beforehand has `see_targets(y, mask, memory, training) ->
    # memory`: in training and where a loss is measured it is shown them [B, T, D], not shifted, with
    # their mask [B, T], between `encode` and `decode`. Some want the mask alone, to count what is real;
    # a body with latent variables infers them. While decoding it is not called, and the latents are
    # those that are most probable before any target is seen. Under `latent_nats` (float32 [B]) the memory has
    # what an example's latents cost, to be reported with the loss of its targets; in training the body
    # adds it to the loss by itself (`layers/latents.py`).
    #
    # Layers may `add_loss(scalar)` when they are called with training=True: it is added to the loss
    # of the step as it is (the mean over a batch, times its coefficient). What a person may want to
    # see of a layer goes to `watch.see`.

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        """The cache before the first step, for `max_length` steps at most."""

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """One position: y [B*K, D] at `position` (an int scalar) to output [B*K, D] and the new cache.

        T steps give what `decode` gives on the T positions together.
        """
