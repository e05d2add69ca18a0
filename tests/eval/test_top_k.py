"""The k largest by blocks are the k largest."""

import numpy as np
import pytest
from keras import ops

from components.eval.decoding.top_k import BLOCK, WIDE, top_k


@pytest.mark.parametrize("width", [5, WIDE * 5 - 1, WIDE * 5, WIDE * 5 + 7, 50 * BLOCK, 6001])
def test_values_and_columns_are_those_of_sorting(width):
    k = 5
    x = np.stack([np.random.default_rng(row).permutation(width) for row in range(7)])
    x = x.astype(np.float32)
    values, columns = map(ops.convert_to_numpy, top_k(ops.convert_to_tensor(x), k))
    assert values.tolist() == [list(range(width - 1, width - 1 - k, -1))] * 7
    assert (np.take_along_axis(x, columns, axis=1) == values).all()


def test_the_largest_may_all_stand_in_one_block_or_at_the_very_end():
    x = np.zeros((2, 30 * BLOCK + 3), np.float32)
    x[0, 40:44] = [1, 4, 3, 2]
    x[1, -4:] = [1, 2, 3, 4]
    values, columns = map(ops.convert_to_numpy, top_k(ops.convert_to_tensor(x), 4))
    assert values.tolist() == [[4, 3, 2, 1]] * 2
    assert columns[0].tolist() == [41, 42, 43, 40]
    assert columns[1].tolist() == [602, 601, 600, 599]
