"""The search that the settings of an evaluation ask for."""

from __future__ import annotations

from functools import partial
from typing import Any

from components.eval.decoding.beam import beam_search
from components.eval.decoding.decoder import Search
from components.eval.decoding.distribution import InitCache, Step
from components.eval.decoding.greedy import GREEDY, follow
from components.eval.decoding.sampling import sampler
from components.eval.settings import EvalSettings


def search_of(settings: EvalSettings) -> Search:
    """Beam search, greedy decoding or sampling, by `settings.method`."""
    if settings.method == "greedy":
        return GREEDY

    def beam(
        step: Step, init_cache: InitCache, batch: dict[str, Any], memory: Any
    ) -> tuple[Any, Any]:
        size, alpha = settings.beam_size, settings.length_penalty
        ids, scores = beam_search(
            step, init_cache, batch["room"], memory, beam_size=size, alpha=alpha
        )
        return ids[:, 0], scores[:, 0]

    choose = sampler(temperature=settings.temperature, top_k=settings.top_k, top_p=settings.top_p)
    if settings.method == "beam":
        return Search(settings.beam_size, beam)
    return Search(1, partial(follow, choose=choose))
