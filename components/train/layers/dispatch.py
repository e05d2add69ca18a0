"""Positions sent to experts and back: who stands where in the rows that an expert multiplies.

The k choices of all N positions are lined up before the E experts in the order of the positions (a
counting sort, by cumulative sums over [N, E]); an expert's rows are one block, or several:

  - `in_blocks`: each block is filled from one expert's line, the last of a line only in part. Nothing
    is ever left out, however uneven the lines are, and all shapes follow from N.
  - `by_capacity`: one block an expert, of a given size; who stands beyond it is left out. No matrices
    are copied, which blocks need.

Reference: Shazeer et al. 2017 (arXiv 1701.06538), section 3; capacity: Lepikhin et al. 2021
(arXiv 2006.16668), section 2.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops


class Rows(NamedTuple):
    """`blocks` blocks of `size` rows; first [E]: the block where each expert's begin; owner [blocks]:
    whose each block is, None where block i is expert i's."""

    blocks: Any
    size: Any
    first: Any
    owner: Any


def line_up(experts: Any, real: Any, num_experts: int) -> tuple[Any, Any]:
    """For choices int32 [N, k] their places in their experts' lines, int32 [N, k], and how long the
    lines are, [E]; only positions that are `real` (bool [N]) stand in them."""
    chosen = ops.sum(ops.one_hot(experts, num_experts, dtype="int32"), axis=1)
    chosen = chosen * ops.cast(real, "int32")[:, None]
    before = ops.cumsum(chosen, axis=0) - chosen
    return ops.take_along_axis(before, experts, axis=1), ops.sum(chosen, axis=0)


def capacity(count: Any, k: int, num_experts: int, percent: int) -> Any:
    """ceil(percent / 100 * k * count / E), in whole numbers to be the same on any backend."""
    even = 100 * num_experts
    return (count * (k * percent) + (even - 1)) // even


def by_capacity(size: Any, num_experts: int) -> Rows:
    """One block of `size` rows an expert."""
    return Rows(num_experts, size, ops.arange(num_experts, dtype="int32"), None)


def in_blocks(count: Any, k: int, lines: Any) -> Rows:
    """Blocks for all choices of `count` positions, whose lines are of lengths `lines` [E].

    A block has a quarter of an even line and 16 rows: for many positions a quarter of the rows stays
    empty, and for few no more than E + N * k / 16 matrices are copied.
    """
    num_experts = lines.shape[0]
    size = count * k // (4 * num_experts) + 16
    blocks = (count * k + num_experts * (size - 1)) // size  # enough for lines of any lengths
    end = ops.cumsum((lines + (size - 1)) // size)
    first = ops.pad(end[:-1], [[1, 0]])
    passed = ops.arange(blocks, dtype="int32")[:, None] >= end
    owner = ops.minimum(ops.sum(ops.cast(passed, "int32"), axis=1), num_experts - 1)
    return Rows(blocks, size, first, owner)


def send(
    x: Any, experts: Any, place: Any, kept: Any, rows: Rows, network: Callable[[Any], Any]
) -> Any:
    """What each position's experts make of it: x [N, D] to [N, k, D], 0 for choices not kept.

    experts, place: int32 [N, k], see `line_up`; kept: bool [N, k]; network: [blocks, size, D] to the
    same shape, a block by its owner's matrices.
    """
    count, width, k = ops.shape(x)[0], x.shape[-1], experts.shape[-1]
    total = rows.blocks * rows.size
    row = ops.take(rows.first, experts, axis=0) * rows.size + place
    # The position that each row holds; what is not kept goes to one more row, which is cut off. Rows
    # in which nobody stands hold position 0, and nobody reads them.
    to = ops.reshape(ops.where(kept, row, total), (-1, 1))
    origin = ops.repeat(ops.arange(count, dtype="int32"), k)
    origin = ops.scatter(to, origin, (total + 1,))[:total]
    h = network(ops.reshape(ops.take(x, origin, axis=0), (rows.blocks, rows.size, width)))
    y = ops.take(ops.reshape(h, (-1, width)), ops.where(kept, row, 0), axis=0)
    return y * ops.cast(kept, y.dtype)[..., None]


def of_blocks(kernels: Any, owner: Any) -> Any:
    """Matrices [E, M, N] to those of the blocks' owners, [blocks, M, N]."""
    if owner is None:
        return kernels
    # As rows: TensorFlow's gradient of a reshape adds up the parts that the blocks of an expert
    # have; the gradient of `take` alone would hand them to the optimizer one by one.
    _, m, n = kernels.shape
    flat = ops.reshape(kernels, (-1, m * n))
    return ops.reshape(ops.take(flat, owner, axis=0), (-1, m, n))
