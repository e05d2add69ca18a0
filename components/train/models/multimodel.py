"""MultiModel, "One Model To Learn Them All" (Kaiser et al. 2017, arXiv 1706.05137).

    encoder:  h = Conv(.. Conv(x + timing)), windows on both sides       num_encoder_layers times
    mixer:    g = Conv(Conv(Look(y))), windows on the left, y the targets shifted right
    decoder:  g = Look(Conv(g)), windows on the left                     num_decoder_layers times
    output:   LN(g)

In the middle of the encoder and of the decoder stands a mixture of experts, Mix. Conv, Look and Mix
are in `layers/multimodel_blocks.py`. The paper has 6 and 4 layers, 4 of 240 experts (of 60, on one
problem), and drops 0.4 of every Conv.

The modality nets are a part of the model: `modalities/xception_entry.py` for images, `audio_residual`
for sound, `xception_exit` for labels. For these, and for whatever is aligned with the inputs, the
encoder answers alone, as in Tensor2Tensor; trained on nothing else, the rest is idle. Which problem
it is, in a mixture, the command says that `Network` starts decoding with (and adds to inputs that
are answered at); alone there is no start but zeros, which no symbol looks like.

Deviations, from Tensor2Tensor 1.0's multimodel_1p8: blocks are the paper's, whose taps are 8 apart
(T2T took its SliceNet's; its later multimodel_base has mixtures beside all convolutions); the mixer
adds what it looked up to the targets, as the decoder does (T2T joins them by one more convolution);
attention is multi-head (T2T: `simple`); the decoder ends with a norm, without which logits begin with
a variance that grows with its depth. `without` leaves a part out, as the paper's table 4 does; how
its decoder saw the inputs without attention is not told, here it is told the mean of their states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.train.hparams import setting
from components.train.layers.attention import padding_bias
from components.train.layers.conv_attention import empty_state, own_keys, short_timing
from components.train.layers.experts import Experts
from components.train.layers.layer_norm import LayerNorm
from components.train.layers.multimodel_blocks import Block, Conv, Look, Mean, Mix
from components.train.shared_options import AttentionOptions, DepthOptions, ExpertOptions

NEEDS: dict[str, Any] = {
    "modalities": {
        "inputs": {"image": "xception_entry", "audio": "audio_residual"},
        "targets": {"class_label": "xception_exit"},
    },
}


@dataclass(frozen=True)
class Options(AttentionOptions, DepthOptions, ExpertOptions):
    """What MultiModel alone is told."""

    RULES = {"large_kernel_size % 2 == 1": "large_kernel_size {large_kernel_size} must be odd"}
    large_kernel_size: int = setting(15, "taps of the wide windows; odd", low=1)
    audio_blocks: int = setting(
        4, "residual blocks over sound before the one of d_model channels", low=1, high=8
    )
    without: str = setting(
        "nothing", "the part that is left out", choices=("nothing", "experts", "attention")
    )


class Body(keras.layers.Layer):
    """See `components/train/body.py` for the shapes."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.d_model = hp.d_model

        def conv(name: str, padding: str) -> Conv:
            large = hp.large_kernel_size
            return Conv(hp.d_model, large=large, padding=padding, dropout=hp.dropout, name=name)

        def look(name: str) -> list[Block]:
            if hp.without == "attention":
                return []
            drop = hp.attention_dropout
            return [Look(hp.d_model, num_heads=hp.num_heads, dropout=drop, name=name)]

        def around_experts(layers: list[list[Block]], name: str) -> list[Block]:
            mix = [] if hp.without == "experts" else [Mix(hp.d_model, experts(hp), name=name)]
            half = (len(layers) + 1) // 2
            return sum((*layers[:half], mix, *layers[half:]), start=list[Block]())

        deep = hp.num_encoder_layers or hp.num_layers
        layers: list[list[Block]] = [[conv(f"encoder_{i}", "both")] for i in range(deep)]
        self.encoder = around_experts(layers, "encoder_mix")
        self.mixer = [
            *(look("mixer_look") or [Mean("mixer_mean")]),
            conv("mixer_0", "left"),
            conv("mixer_1", "left"),
        ]
        deep = hp.num_decoder_layers or hp.num_layers
        layers = [[conv(f"decoder_{i}", "left"), *look(f"decoder_look_{i}")] for i in range(deep)]
        self.decoder = around_experts(layers, "decoder_mix")
        self.close = LayerNorm(hp.d_model, name="close")

    def build(self, *_: Any) -> None:
        for block in (*self.encoder, *self.mixer, *self.decoder):
            block.build((None, None, self.d_model))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        h = x + ops.cast(short_timing(ops.arange(ops.shape(x)[1]), self.d_model), x.dtype)
        for block in self.encoder:
            h = block(h, real=mask, training=training)
        memory = {"states": h, "padding": padding_bias(mask)}
        for block in (*self.mixer, *self.decoder):
            memory |= block.offer(h, mask)
        return memory

    def align(self, memory: dict[str, Any]) -> Any:
        return memory["states"]

    def see_targets(
        self, y: Any, mask: Any, memory: dict[str, Any], training: bool | None = None
    ) -> dict[str, Any]:
        """Nothing of them is looked at but which are real, for the decoder's experts."""
        return {**memory, "asked": mask}

    def decode(self, y: Any, memory: dict[str, Any], training: bool | None = None) -> Any:
        real = memory.get("asked")
        for block in (*self.mixer, *self.decoder):
            y = block(y, real=real, memory=memory, training=training)
        return self.close(y)

    def init_cache(self, memory: dict[str, Any], num_beams: int, max_length: Any) -> dict[str, Any]:
        blocks = (*self.mixer, *self.decoder)
        return empty_state(memory["states"], num_beams, max_length, blocks, blocks)

    def step(
        self, y: Any, position: Any, cache: dict[str, Any], memory: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        grown, past = own_keys(cache, position)
        fixed: dict[str, Any] = {}
        for block in (*self.mixer, *self.decoder):
            y, windows, kept = block.step(y, position, cache, memory, past)
            grown |= windows
            fixed |= kept
        return self.close(y), {**grown, "fixed": fixed} if fixed else grown


def experts(hp: Any) -> Experts:
    """A mixture as the hparams say."""
    return Experts(
        hp.d_model,
        num_experts=hp.moe_num_experts,
        k=hp.moe_k,
        hidden=hp.moe_hidden_size,
        loss_coef=hp.moe_loss_coef,
        capacity_factor=hp.moe_capacity_factor,
        name="experts",
    )
