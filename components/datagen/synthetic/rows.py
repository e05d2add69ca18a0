"""Rows of the synthetic problems: sentences of the grammar, split by what they are made of.

The splits are disjoint by construction, whatever their sizes and seeds: a sentence's own checksum
says which one it may be in. One word pair in seven (a noun as subject or object of a verb, an
adjective of a noun) never occurs in train, so that dev and test ask for new combinations of known
words.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from functools import cache

from components.catalog import UserError
from components.datagen.synthetic import english, german
from components.datagen.synthetic.sampling import Sentences

BATCH = 2000
# Out of this many checksums, one is dev, one is test and the others are train.
PARTS = 8
HELD_OUT_PERIOD = 7
SHORTEST = 4
# So many sentences in a row that bring nothing new say that there is hardly more: among those of at
# most five words, one in 70 is new to dev; in general one in nine.
PATIENCE = 2000


@cache
def held_out(kind: str, word: str, other: str) -> bool:
    """Whether a word pair is kept out of the training split."""
    return zlib.crc32(f"{kind} {word} {other}".encode()) % HELD_OUT_PERIOD == 0


def split_of(sentence: str) -> str:
    """The split that an English sentence may be in."""
    part = zlib.crc32(sentence.encode()) % PARTS
    return {0: "dev", 1: "test"}.get(part, "train")


def pairs(
    split: str, seed: int, examples: int, longest: int = 25
) -> Iterator[tuple[str, str, str]]:
    """`examples` different triples of English tree, English sentence, German sentence.

    longest: words of an English sentence at most, punctuation counted.
    Raises UserError where that allows fewer different sentences.
    """
    sampler = Sentences(random.Random(f"{seed} {split}"))
    seen: set[str] = set()
    drawn = 0  # since the last sentence that was new
    while len(seen) < examples:
        drawn += 1
        if drawn > PATIENCE:
            raise UserError(
                f"rows.longest: {longest}: only {len(seen)} different sentences for {split} are so "
                "short; expected a larger number, or fewer examples"
            )
        value = sampler.sentence()
        if split == "train" and any(held_out(*pair) for pair in value.pairs):
            continue
        tree = english.tree(value)
        sentence = english.text(tree)
        if split_of(sentence) != split or sentence in seen:
            continue
        if not SHORTEST <= len(english.words(tree)) <= longest:
            continue
        drawn = 0
        seen.add(sentence)
        yield tree, sentence, german.sentence(value)


def translation(
    split: str, seed: int, *, examples: int, longest: int
) -> Iterator[dict[str, list[str]]]:
    """Batches of `inputs` (English) and `targets` (German)."""
    batch: dict[str, list[str]] = {"inputs": [], "targets": []}
    for _, sentence, translated in pairs(split, seed, examples, longest):
        batch["inputs"].append(sentence)
        batch["targets"].append(translated)
        if len(batch["inputs"]) == BATCH:
            yield batch
            batch = {"inputs": [], "targets": []}
    if batch["inputs"]:
        yield batch


def trees(split: str, seed: int, *, examples: int, longest: int) -> Iterator[dict[str, list[str]]]:
    """Batches of `tree`, the constituency trees of the English sentences."""
    batch: list[str] = []
    for tree, _, _ in pairs(split, seed, examples, longest):
        batch.append(tree)
        if len(batch) == BATCH:
            yield {"tree": batch}
            batch = []
    if batch:
        yield {"tree": batch}
