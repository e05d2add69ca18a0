"""Xception (Chollet 2017, arXiv 1610.02357, figure 5): depthwise separable convolutions, residual.

    entry:   large    relu(norm(conv 3x3/2)) 32, relu(norm(conv 3x3)) 64, ConvRes 128, 256, width
             small    norm(conv 3x3) to width, all places kept (Tensor2Tensor, for 200 pixels or less)
    middle:  Middle, num_layers times
    exit:    ConvRes, relu(step(x)), relu(step(x)) to d_model, mean over all places, dropped

`layers/residual_conv.py` says what step, ConvRes and Middle are. With the defaults and d_model 2048
it is the network of the paper. Deviations from Tensor2Tensor's xception: batch normalization as in
the paper, where it has layer normalization of each place; dropout before the answer alone (the
paper's section 4.3), where it drops of each block's output; the exit's shortcut is 1x1, where its is
3x3; the widths 128 and 256 do not depend on the width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import ops

from components.train.hparams import setting
from components.train.layers.conv_norm import ConvNorm
from components.train.layers.dropout import Dropout
from components.train.layers.one_answer import OneAnswer
from components.train.layers.residual_conv import ConvRes, Middle, SeparableStep
from components.train.shared_options import StemOptions

NEEDS: dict[str, Any] = {
    "inputs": ["image"],
    "targets": ["class_label", "real"],
    "modalities": {"inputs": {"image": "pixels"}},
}


@dataclass(frozen=True)
class Options(StemOptions):
    """What Xception alone is told."""

    RULES = {"len(exit_widths) == 2": "exit_widths {exit_widths} must be two numbers"}
    middle_width: int = setting(728, "channels of the middle flow", low=1)
    exit_widths: list[int] = setting(
        (1024, 1536), "channels of the exit flow's two steps before d_model"
    )


class Body(OneAnswer):
    """See `components/train/body.py` for the shapes; T is 1."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        width, (wider, widest) = hp.middle_width, hp.exit_widths
        if hp.stem == "large":
            self.entry: list[Any] = [
                ConvNorm(3, 32, 3, strides=2, padding=0, name="entry_conv_0"),
                ConvNorm(32, 64, 3, padding=0, name="entry_conv_1"),
                ConvRes(64, 128, name="entry_0"),
                ConvRes(128, 256, name="entry_1"),
                ConvRes(256, width, name="entry_2"),
            ]
        else:
            self.entry = [ConvNorm(3, width, 3, relu=False, name="entry_conv")]
        self.middle = [Middle(width, name=f"middle_{i}") for i in range(hp.num_layers)]
        self.narrow = ConvRes(width, wider, inner=width, name="exit")
        self.exit = [
            SeparableStep(wider, widest, name="exit_step_0"),
            SeparableStep(widest, hp.d_model, name="exit_step_1"),
        ]
        self.drop = Dropout(hp.dropout)

    def build(self, *_: Any) -> None:
        for layer in (*self.entry, *self.middle, self.narrow, *self.exit):
            layer.build()
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        """x [B, H, W, 3], mask [B, 1]."""
        real = mask[:, 0]
        for layer in (*self.entry, *self.middle, self.narrow):
            x = layer(x, real, training=training)
        for step in self.exit:
            x = ops.relu(step(x, real, training=training))
        return {"answer": self.drop(ops.mean(x, axis=(1, 2))[:, None], training=training)}
