"""Keras's image networks as bodies: their own outputs, averaged."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from components.catalog import UserError
from components.train.models.keras_application import Body

SMALL = {"application": "MobileNet", "image_size": 32}


def body_of(**values: object) -> Body:
    known = {"application": "MobileNet", "image_size": 0, "d_model": 1024, "dropout": 0.0}
    body = Body(SimpleNamespace(**{**known, **values}))
    body.build()
    return body


def test_the_answer_is_the_mean_of_its_map() -> None:
    body = body_of()  # of MobileNet's own width, so nothing is put behind it
    x = np.random.default_rng(1).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    found = np.asarray(body.encode(x, np.ones((2, 1), bool), training=False)["answer"])
    h = np.asarray(body.application(x, training=False))
    assert h.shape == (2, 2, 2, 1024) and found.shape == (2, 1, 1024)
    np.testing.assert_allclose(found[:, 0], h.mean((1, 2)), atol=1e-6)
    assert body.count_params() == body.application.count_params()


def test_small_images_are_made_larger_and_another_width_is_mapped() -> None:
    body = body_of(image_size=64, d_model=16)
    assert body.count_params() == body.application.count_params() + 1025 * 16
    x = np.full((1, 8, 8, 3), 0.5, np.float32)  # of one colour: larger is the same
    one = body.encode(x, np.ones((1, 1), bool), training=False)["answer"]
    other = body.encode(np.full((1, 64, 64, 3), 0.5, "f"), np.ones((1, 1), bool))["answer"]
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=1e-5)


@pytest.mark.parametrize("name", ["VGG16", "InceptionV3"])
def test_images_of_which_nothing_is_left_are_refused(name: str) -> None:
    tf = pytest.importorskip("tensorflow")
    body = body_of(application=name, d_model=8)

    def shape(side: int) -> tuple[int, ...]:
        answer = tf.function(lambda x: body.encode(x, None)["answer"])
        traced = answer.get_concrete_function(tf.TensorSpec((2, side, side, 3)))
        return tuple(traced.output_shapes)

    assert shape(75) == (2, 1, 8)
    with pytest.raises(UserError) as found:
        shape(28)
    assert f"application {name.lower().replace('v3', '_v3')}: nothing is left" in str(found.value)
    assert "28 x 28 pixels; expected more, such as image_size: 75" in str(found.value)
