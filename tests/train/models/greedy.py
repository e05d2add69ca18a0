"""Greedy decoding with nothing kept from step to step, to compare a compiled search with."""

from __future__ import annotations

from typing import Any

import numpy as np

from components.datagen.schema import EOS
from components.eval.decoding.decoder import Decoder
from components.eval.decoding.greedy import GREEDY
from components.train.network import Network
from tests.train.tiny_networks import logits_of, unseen

Found = tuple[np.ndarray, np.ndarray]


def greedy_of_the_whole(network: Network, inputs: np.ndarray, limits: Any) -> Found:
    """Symbols [B, max(limits)], each the likeliest after all before, PAD after EOS and limits; and
    their log probabilities [B]."""
    network = unseen(network)
    ids = np.zeros((len(inputs), max(limits)), np.int32)
    total = np.zeros(len(inputs))
    done = np.zeros(len(inputs), bool)
    for t in range(max(limits)):
        done |= t >= np.array(limits)
        logits = logits_of(network, {"inputs": inputs, "targets": ids[:, : t + 1]})[:, t]
        symbols = 1 + logits[:, 1:].argmax(-1)
        ids[:, t] = np.where(done, 0, symbols)
        chosen = logits[np.arange(len(ids)), symbols] - np.log(np.exp(logits).sum(-1))
        total += np.where(done, 0.0, chosen)
        done |= ids[:, t] == EOS
    return ids, total


def greedy_by_steps(network: Network, inputs: np.ndarray, limits: Any) -> Found:
    """The same by the search that evaluation uses, compiled, with a cache that grows."""
    room = np.arange(max(limits)) < np.array(limits)[:, None]
    batch = {"inputs": inputs, "room": room, "noise": room.astype(np.float32)}
    ids, total = Decoder(network, GREEDY).predict_on_batch(batch)
    return np.asarray(ids), np.asarray(total)
