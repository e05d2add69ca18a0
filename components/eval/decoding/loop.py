"""The loop over positions that every search shares: no cache longer, no batch larger than it must be.

Where shapes may vary inside a compiled function (TensorFlow, a batch of any length), sentences that are
done leave the batch, whose last search ends long after the average one, and the cache grows by
`GROWTH` positions at a time. Libraries make a kernel for every shape (oneDNN keeps 1,024 of them), so
a batch shrinks to one of few sizes, `SIZES`, as soon as that is an eighth less to compute, and some
that are done stay as a filling. With fixed shapes (JAX) the cache has its full length from the start,
and all sentences stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from components.eval.decoding.distribution import InitCache

GROWTH = 8
SIZES = (1, 2, 4, 8, 12, *(2**n * quarters for n in range(2, 14) for quarters in (4, 5, 6, 7)))
"""1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, ...: few shapes, and little filling where there are many."""
FIXED = "fixed"
"""The leaves of a cache under this name belong to a sentence, not to one of its beams."""

State = dict[str, Any]
# (position, int32 scalar; state, cache, given) to the state and the cache at the next position.
Advance = Callable[[Any, State, Any, Any], tuple[State, Any]]


def while_open(
    advance: Advance, state: State, given: Any, init_cache: InitCache, beams: int, length: Any
) -> State:
    """Calls `advance` until every sentence is done or all `length` positions are decoded.

    Args:
        advance: one step of the search.
        state: of every sentence, leaves [B, ...]; `done` [B] bool is one of them.
        given: what a step reads of every sentence: a pytree, leaves [B, ...].
        init_cache: (given, positions) to the cache: leaves [B*beams, ...], under `fixed` [B, ...].
        beams: rows of the cache a sentence.
        length: T, an int where shapes are fixed, else a scalar tensor.

    Returns:
        The last state of every sentence.
    """

    def goes_on(position: Any, state: State, *_: Any) -> Any:
        return ops.logical_and(position < length, ops.logical_not(ops.all(state["done"])))

    start = ops.zeros((), dtype="int32")
    if isinstance(length, int):

        def step(position: Any, state: State, cache: Any) -> tuple[Any, ...]:
            return position + 1, *advance(position, state, cache, given)

        return ops.while_loop(goes_on, step, (start, state, init_cache(given, length)))[1]

    def stretch(position: Any, *parts: Any) -> tuple[Any, ...]:
        """Positions of one batch and one cache: until the cache is full or sentences can leave."""
        size = _size_for(parts[0]["done"])
        state, cache, given, rows, everyone = ops.cond(
            _worthwhile(size, ops.shape(parts[0]["done"])[0]),
            lambda: _leave(size, beams, *parts),
            lambda: parts,
        )
        end = ops.minimum((position // GROWTH + 1) * GROWTH, length)
        cache = keras.tree.map_structure(_enlarge, init_cache(given, end), cache)
        count = ops.shape(state["done"])[0]

        def goes_on_here(position: Any, state: State, *_: Any) -> Any:
            stays = ops.logical_not(_worthwhile(_size_for(state["done"]), count))
            here = ops.logical_and(position < end, stays)
            return ops.logical_and(goes_on(position, state), here)

        def step(position: Any, state: State, cache: Any) -> tuple[Any, ...]:
            return position + 1, *advance(position, state, cache, given)

        position, state, cache = ops.while_loop(goes_on_here, step, (position, state, cache))
        return position, state, cache, given, rows, everyone

    cache = init_cache(given, ops.minimum(GROWTH, length))
    rows = ops.arange(ops.shape(state["done"])[0], dtype="int32")
    parts = ops.while_loop(goes_on, stretch, (start, state, cache, given, rows, state))
    return _write(parts[-1], parts[-2], parts[1])


def _size_for(done: Any) -> Any:
    """The size that a batch needs whose sentences that go on are not `done` [N]: int32, of SIZES."""
    waiting = ops.sum(ops.cast(ops.logical_not(done), "int32"))
    sizes = ops.convert_to_tensor(SIZES, dtype="int32")
    return ops.min(ops.where(sizes >= waiting, sizes, SIZES[-1]))


def _worthwhile(size: Any, count: Any) -> Any:
    """Whether a batch of `count` sentences is to shrink to `size`."""
    return 8 * size <= 7 * count


def _leave(
    size: Any, beams: int, state: State, cache: Any, given: Any, rows: Any, everyone: State
) -> tuple[Any, ...]:
    """The parts of `while_open` for `size` sentences: those that go on, then some that are done."""
    everyone = _write(everyone, rows, state)
    chosen = ops.cast(ops.argsort(ops.cast(state["done"], "int32")), "int32")[:size]
    state, given, rows = (_take(tree, chosen) for tree in (state, given, rows))
    return state, take_cache(cache, chosen, beams), given, rows, everyone


def _write(everyone: State, rows: Any, state: State) -> State:
    """`everyone` with `state` in its places `rows` [N]."""
    return keras.tree.map_structure(
        lambda whole, part: ops.scatter_update(whole, rows[:, None], part), everyone, state
    )


def take_cache(cache: Any, sentences: Any, beams: int) -> Any:
    """The rows of these sentences [N] (int32), with all their beams."""
    first = sentences[:, None] * beams
    rows = ops.reshape(first + ops.arange(beams, dtype="int32"), (-1,))
    taken = _take({name: leaf for name, leaf in cache.items() if name != FIXED}, rows)
    return {**taken, FIXED: _take(cache[FIXED], sentences)} if FIXED in cache else taken


def reorder(cache: Any, rows: Any) -> Any:
    """The rows [B*K] (int32) of every leaf that beams do not share."""
    moved = _take({name: leaf for name, leaf in cache.items() if name != FIXED}, rows)
    return {**moved, FIXED: cache[FIXED]} if FIXED in cache else moved


def _take(tree: Any, rows: Any) -> Any:
    return keras.tree.map_structure(lambda leaf: ops.take(leaf, rows, axis=0), tree)


def _enlarge(longer: Any, leaf: Any) -> Any:
    """A leaf with zeros up to the shape of `longer`; a state without positions is kept."""
    # Not `slice_update`, for which TensorFlow compiles a program of every shape.
    sizes = zip(ops.shape(longer), ops.shape(leaf), strict=True)
    return ops.pad(leaf, [[0, long - short] for long, short in sizes])
