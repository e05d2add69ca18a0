"""The image networks that come with Keras (keras.applications), as they are, from random weights.

    h = application(x)                  [B, H', W', C]
    answer: mean of h over all places, dropped, then a linear map to d_model where C is another

For photographs: most halve the sides five times, so images of few pixels are to be made larger
(`image_size`). `resnet`, `xception` and `shake_shake` are made of our own layers, which keep the pixels
of small images and leave rows that only fill up a batch out of batch normalization; Keras's layers
count those in. References: each application's paper, named by Keras (`help(keras.applications.Xception)`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from components.catalog import UserError
from components.train.hparams import setting
from components.train.layers.dropout import Dropout
from components.train.layers.one_answer import OneAnswer

NEEDS: dict[str, Any] = {
    "inputs": ["image"],
    "targets": ["class_label", "real"],
    "modalities": {"inputs": {"image": "pixels"}},
}
# Those that take pixels from -1 to 1: EfficientNet and ConvNeXt have a scale of their own.
APPLICATIONS = (
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "NASNetMobile",
    "ResNet50",
    "ResNet101",
    "ResNet152",
    "ResNet50V2",
    "ResNet101V2",
    "ResNet152V2",
    "VGG16",
    "VGG19",
    "Xception",
)
ENOUGH = 75  # pixels a side, for each of them


@dataclass(frozen=True)
class Options:
    """What is taken from Keras, and how large its images are."""

    application: str = setting("ResNet50V2", "a network's name in Keras", choices=APPLICATIONS)
    image_size: int = setting(0, "pixels a side that images are brought to; 0: as they come", low=0)


class Body(OneAnswer):
    """See `components/train/body.py` for the shapes; T is 1."""

    def __init__(self, hp: Any) -> None:
        super().__init__(name="body")
        self.size = hp.image_size
        make = getattr(keras.applications, hp.application)
        self.application = make(include_top=False, weights=None, input_shape=(None, None, 3))
        self.width = self.application.output_shape[-1]
        same = self.width == hp.d_model
        self.project = None if same else keras.layers.Dense(hp.d_model, name="project")
        self.drop = Dropout(hp.dropout)

    def build(self, *_: Any) -> None:
        if self.project is not None:
            self.project.build((None, self.width))
        self.built = True

    def encode(self, x: Any, mask: Any, training: bool | None = None) -> dict[str, Any]:
        """x [B, H, W, 3], mask [B, 1]."""
        if self.size:
            x = ops.image.resize(x, (self.size, self.size), interpolation="bilinear")
        try:
            places = self.application(x, training=training)
        except ValueError as error:
            if min(x.shape[1:3]) >= ENOUGH:
                raise
            raise self._refused(x) from error  # a window is larger than what is left
        if 0 in places.shape[1:3]:
            raise self._refused(x)
        h = self.drop(ops.mean(places, axis=(1, 2)), training=training)
        return {"answer": (self.project(h) if self.project is not None else h)[:, None]}

    def _refused(self, x: Any) -> UserError:
        height, width = x.shape[1:3]
        return UserError(
            f"application {self.application.name}: nothing is left of images of {height} x {width} "
            f"pixels; expected more, such as image_size: {ENOUGH}"
        )
