"""One symbol after the other, each chosen from the model's distribution; greedy: the likeliest.

y_t = argmax_v P(v | y_1 .. y_{t-1}, x)       until EOS or the sentence's limit
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from components.datagen.schema import EOS, PAD
from components.eval.decoding.decoder import Search
from components.eval.decoding.distribution import InitCache, Step, log_total
from components.eval.decoding.loop import while_open
from components.eval.decoding.top_k import top_k

# (logits [B, V], position, noise [B, T]) to the chosen symbols [B] int32, none of them padding.
Choose = Callable[[Any, Any, Any], Any]


def most_probable(logits: Any, position: Any, noise: Any) -> Any:
    """The symbol of the highest logit, [B, V] to [B] int32; of equal ones, one."""
    # Two, as one may be padding. Quicker than argmax: see `top_k.py`.
    _, best = top_k(logits, 2)
    return ops.where(ops.equal(best[:, 0], PAD), best[:, 1], best[:, 0])


def follow(
    step: Step,
    init_cache: InitCache,
    batch: dict[str, Any],
    memory: Any,
    *,
    choose: Choose = most_probable,
) -> tuple[Any, Any]:
    """One output a sentence, each symbol the one that `choose` takes.

    Args:
        step, init_cache, memory: as for `beam_search`, with one beam.
        batch: `room` [B, T] bool, as for `beam_search`; `noise` [B, T] int32 if `choose` draws.
        choose: takes the next symbols; greedy decoding if left out.

    Returns:
        ids [B, T] int32, EOS included, then PAD; their log probabilities [B] float32.
    """
    rows, length = ops.shape(batch["room"])[0], ops.shape(batch["room"])[1]
    limit = ops.sum(ops.cast(batch["room"], "int32"), axis=1)
    steps = ops.arange(length, dtype="int32")

    def advance(position: Any, state: Any, cache: Any, given: Any) -> tuple[Any, Any]:
        logits, cache = step(state["previous"], position, cache, given["memory"])
        symbols = choose(logits, position, given.get("noise"))
        chosen = ops.take_along_axis(logits, symbols[:, None], axis=1) - log_total(logits)
        symbols = ops.where(state["done"], PAD, symbols)
        total = state["total"] + ops.where(state["done"], 0.0, chosen[:, 0])
        ids = ops.where(ops.equal(steps, position), symbols[:, None], state["ids"])
        ended = ops.logical_or(ops.equal(symbols, EOS), position + 1 >= given["limit"])
        done = ops.logical_or(state["done"], ended)
        return {"done": done, "previous": symbols, "ids": ids, "total": total}, cache

    start = {
        "done": limit <= 0,
        "previous": ops.zeros((rows,), dtype="int32"),
        "ids": ops.zeros((rows, length), dtype="int32"),
        "total": ops.zeros((rows,), dtype="float32"),
    }
    given = {"memory": memory, "limit": limit}
    if "noise" in batch:
        given["noise"] = batch["noise"]
    state = while_open(
        advance, start, given, lambda given, length: init_cache(given["memory"], length), 1, length
    )
    return state["ids"], state["total"]


GREEDY = Search(1, follow)
