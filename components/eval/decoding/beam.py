"""Beam search as Tensor2Tensor does it, batched, with a cache, on any Keras backend.

Of K alive hypotheses a sentence, every step scores all continuations and takes the best 2K, of
which at least K do not end. Those that end with EOS compete for K finished places by

    score = log P(y | x) / ((5 + |y|) / 6)^alpha          |y| counts EOS

the K best others stay alive. A sentence is done when its best finished score is above what its best
alive hypothesis could still reach, log P / ((5 + limit) / 6)^alpha, or at its length limit. If
nothing has finished by then, the alive ones are returned.

Deviations from Tensor2Tensor: a hypothesis that never ended is scored as if it had the length
limit (T2T returns a bare log probability there); each sentence has its own limit and stops
changing when it is done, so that its result does not depend on what else is in the batch; padding
is never a continuation.
Reference: Wu et al. 2016 (arXiv 1609.08144), section 7; tensor2tensor/utils/beam_search.py.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from components.datagen.schema import EOS, PAD
from components.eval.decoding.distribution import IMPOSSIBLE, InitCache, Step
from components.eval.decoding.loop import reorder, while_open
from components.eval.decoding.top_k import top_k


def length_penalty(length: Any, alpha: float) -> Any:
    """((5 + length) / 6)^alpha as float32, of the shape of `length`."""
    return ((5.0 + ops.cast(length, "float32")) / 6.0) ** alpha


def beam_search(
    step: Step, init_cache: InitCache, room: Any, memory: Any, *, beam_size: int, alpha: float
) -> tuple[Any, Any]:
    """The most probable outputs under the length penalty.

    Args:
        step: (previous symbols [B*K] int32, 0 at first; position, int32 scalar; cache; memory) to
            (float32 logits [B*K, V], new cache). Rows of a sentence stand together.
        init_cache: (memory, positions) to the cache, whose leaves have leading dimension B*K (B
            under the name `fixed`, see `components/train/body.py`).
        room: [B, T] bool, True at the positions that a sentence's output may take; the number of
            them is the sentence's limit, 0 for rows that only fill up the batch.
        memory: what `step` reads of every sentence, leaves [B, ...].
        beam_size: K.
        alpha: exponent of the length penalty, not negative.

    Returns:
        ids [B, K, T] int32, EOS included, then PAD; scores [B, K] float32; both best first. Places
        that no hypothesis took have score -1e9.
    """
    search = _Search(step, room, beam_size, alpha)
    given = {"memory": memory, "limit": search.limit}
    state = while_open(
        search.advance,
        search.start(),
        given,
        lambda given, length: init_cache(given["memory"], length),
        beam_size,
        search.length,
    )
    return search.results(state)


def pick(x: Any, index: Any) -> Any:
    """x [B, N, ...] and index [B, M] to [B, M, ...]: row b of the result is x[b, index[b]]."""
    batch, n = ops.shape(x)[0], ops.shape(x)[1]
    flat = ops.reshape(x, (batch * n, *ops.shape(x)[2:]))
    rows = ops.arange(batch, dtype="int32")[:, None] * n + index
    picked = ops.take(flat, ops.reshape(rows, (-1,)), axis=0)
    return ops.reshape(picked, (batch, ops.shape(index)[1], *ops.shape(x)[2:]))


def possible(scores: Any) -> Any:
    """True where there is a hypothesis at all."""
    return scores > IMPOSSIBLE / 2


class _Search:
    """The step functions of one search; see `beam_search` for the arguments."""

    def __init__(self, step: Step, room: Any, beam_size: int, alpha: float) -> None:
        self.step, self.size, self.alpha = step, beam_size, alpha
        self.batch, self.length = ops.shape(room)[0], ops.shape(room)[1]
        self.limit = ops.sum(ops.cast(room, "int32"), axis=1)
        self.steps = ops.arange(self.length, dtype="int32")

    def start(self) -> dict[str, Any]:
        """Before position 0 the K hypotheses are one: the others are impossible.

        done [B] bool; alive and finished hypotheses: ids [B, K, T], scores [B, K] (log
        probabilities of the alive ones).
        """
        ids = ops.zeros((self.batch, self.size, self.length), dtype="int32")
        none = ops.full((self.batch, self.size), IMPOSSIBLE, dtype="float32")
        first = ops.cast(ops.arange(self.size) > 0, "float32") * IMPOSSIBLE
        return {
            "done": self.limit <= 0,
            "alive_ids": ids,
            "alive": ops.zeros_like(none) + first,
            "finished_ids": ids,
            "finished": none,
        }

    def advance(self, position: Any, state: Any, cache: Any, given: Any) -> tuple[Any, Any]:
        """One position for every sentence; those that are done keep what they have."""
        alive_ids, done = state["alive_ids"], state["done"]
        previous = ops.take(alive_ids, ops.maximum(position - 1, 0), axis=2)
        logits, cache = self.step(ops.reshape(previous, (-1,)), position, cache, given["memory"])
        log_probs, beams, symbols = self.candidates(logits, state["alive"])
        ids = self.extend(pick(alive_ids, beams), symbols, position)
        ends = ops.equal(symbols, EOS)
        impossible = IMPOSSIBLE * ops.cast(ends, "float32")

        new_alive, chosen = ops.top_k(log_probs + impossible, self.size)
        parents = pick(beams, chosen)
        first = ops.arange(ops.shape(done)[0], dtype="int32")[:, None] * self.size
        cache = reorder(cache, ops.reshape(first + parents, (-1,)))

        scores = log_probs / length_penalty(position + 1, self.alpha)
        scores = ops.where(ops.logical_and(ends, possible(log_probs)), scores, IMPOSSIBLE)
        pool = ops.concatenate([state["finished"], scores], axis=1)
        new_finished, best = ops.top_k(pool, self.size)
        pool_ids = ops.concatenate([state["finished_ids"], ids], axis=1)

        row, matrix = done[:, None], done[:, None, None]
        alive = ops.where(row, state["alive"], new_alive)
        finished = ops.where(row, state["finished"], new_finished)
        hope = alive[:, :1] / self.final_penalty(given["limit"])
        beaten = (finished[:, :1] > hope)[:, 0]
        ended = ops.logical_or(beaten, position + 1 >= given["limit"])
        return {
            "done": ops.logical_or(done, ended),
            "alive_ids": ops.where(matrix, alive_ids, pick(ids, chosen)),
            "alive": alive,
            "finished_ids": ops.where(matrix, state["finished_ids"], pick(pool_ids, best)),
            "finished": finished,
        }, cache

    def candidates(self, logits: Any, alive: Any) -> tuple[Any, Any, Any]:
        """The best 2K continuations a sentence: log probabilities, beams, symbols, all [B, 2K]."""
        # The best 2K of a sentence are among the best 2K of each beam (one more, as padding may be
        # one of them); so the large array is read once and never written.
        width = min(2 * self.size + 1, logits.shape[-1])
        top, symbols = top_k(logits, width)
        # log P of the best symbol from the softmax, which backends compute in one go.
        best = ops.take_along_axis(ops.softmax(logits), symbols[:, :1], axis=-1)
        top = top - top[:, :1] + ops.log(best) + ops.reshape(alive, (-1, 1))
        top = ops.where(ops.equal(symbols, PAD), 2 * IMPOSSIBLE, top)
        shape = (-1, self.size * width)
        log_probs, index = ops.top_k(ops.reshape(top, shape), 2 * self.size)
        index = ops.cast(index, "int32")
        symbols = pick(ops.reshape(symbols, shape), index)
        return log_probs, index // width, symbols

    def extend(self, ids: Any, symbols: Any, position: Any) -> Any:
        """ids [B, M, T] with symbols [B, M] at `position`."""
        return ops.where(ops.equal(self.steps, position), symbols[:, :, None], ids)

    def final_penalty(self, limit: Any) -> Any:
        """The penalty of the longest output that a sentence may have, [B] to [B, 1]."""
        return length_penalty(limit, self.alpha)[:, None]

    def results(self, state: dict[str, Any]) -> tuple[Any, Any]:
        """The finished hypotheses; the alive ones of sentences where there is none."""
        alive, finished = state["alive"], state["finished"]
        some = possible(finished[:, :1])
        ids = ops.where(some[:, :, None], state["finished_ids"], state["alive_ids"])
        unfinished = ops.where(possible(alive), alive / self.final_penalty(self.limit), IMPOSSIBLE)
        return ids, ops.where(some, finished, unfinished)
