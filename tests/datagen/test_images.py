from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from components.datagen.images import decoded


@pytest.mark.parametrize(("kind", "order"), [("PNG", "<u2"), ("TIFF", ">u2")])
def test_16_bits_a_pixel_become_8(kind, order):
    pixels = np.linspace(0, 65535, 64).reshape(8, 8).astype(order)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    grey = decoded(file.getvalue(), (8, 8, 1))
    assert np.array_equal(grey[..., 0], pixels // 256)
    assert np.array_equal(decoded(file.getvalue(), (8, 8, 3)), np.repeat(grey, 3, -1))
