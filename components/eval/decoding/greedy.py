"""One symbol after the other, each chosen from the model's distribution; greedy: the likeliest.

y_t = argmax_v P(v | y_1 .. y_{t-1}, x)       until EOS or the sentence's limit
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from components.datagen.schema import EOS, PAD
from components.eval.decoding.decoder import Search
from components.eval.decoding.distribution import IMPOSSIBLE, InitCache, Step, log_total
from components.eval.decoding.loop import while_open

# (logits [B, V] without padding, position) to the chosen symbols [B] int32.
Choose = Callable[[Any, Any], Any]


def most_probable(logits: Any, position: Any) -> Any:
    """The first symbol of the highest logit, [B, V] to [B] int32."""
    return ops.cast(ops.argmax(logits, axis=-1), "int32")


def follow(
    step: Step, init_cache: InitCache, room: Any, *, choose: Choose = most_probable
) -> tuple[Any, Any]:
    """One output a sentence, each symbol the one that `choose` takes.

    Args:
        step, init_cache, room: as for `beam_search`, with one beam.
        choose: takes the next symbols; greedy decoding if left out.

    Returns:
        ids [B, T] int32, EOS included, then PAD; their log probabilities [B] float32.
    """
    batch, length = ops.shape(room)[0], ops.shape(room)[1]
    limit = ops.sum(ops.cast(room, "int32"), axis=1)
    steps = ops.arange(length, dtype="int32")

    def advance(
        position: Any, done: Any, previous: Any, ids: Any, total: Any, cache: Any
    ) -> tuple[Any, Any, Any, Any, Any, Any]:
        logits, cache = step(previous, position, cache)
        never = ops.cast(ops.equal(ops.arange(logits.shape[-1]), PAD), "float32") * IMPOSSIBLE
        symbols = choose(logits + never, position)
        chosen = ops.take_along_axis(logits, symbols[:, None], axis=1) - log_total(logits)
        symbols = ops.where(done, PAD, symbols)
        total = total + ops.where(done, 0.0, chosen[:, 0])
        ids = ops.where(ops.equal(steps, position), symbols[:, None], ids)
        ended = ops.logical_or(ops.equal(symbols, EOS), position + 1 >= limit)
        return position + 1, ops.logical_or(done, ended), symbols, ids, total, cache

    nothing = ops.zeros((batch,), dtype="int32")
    ids = ops.zeros((batch, length), dtype="int32")
    total = ops.zeros((batch,), dtype="float32")
    start = (ops.zeros((), dtype="int32"), limit <= 0, nothing, ids, total)
    state = while_open(advance, start, init_cache, length)
    return state[3], state[4]


GREEDY = Search(1, lambda step, init_cache, batch: follow(step, init_cache, batch["room"]))
