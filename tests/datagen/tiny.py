"""A translation problem of a few hundred short sentences, written as files into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.datagen.problem import Problem, from_settings

NUMBERS = {"one": "eins", "two": "zwei", "three": "drei", "four": "vier", "five": "fünf"}
NOUNS = {"cat": "Katze", "dog": "Hund", "house": "Haus", "tree": "Baum", "bird": "Vogel"}


def pairs(count: int, start: int = 0) -> list[tuple[str, str]]:
    """Different pairs for different numbers."""
    found = []
    for number in range(start, start + count):
        words = [
            (list(NUMBERS.items())[number % 5]),
            (list(NOUNS.items())[number // 5 % 5]),
            (str(number), str(number)),
        ]
        found.append((" ".join(word[0] for word in words), " ".join(word[1] for word in words)))
    return found


def write_pairs(folder: Path, split: str, rows: list[tuple[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for side, suffix in enumerate(("en", "de")):
        text = "".join(f"{row[side]}\n" for row in rows)
        (folder / f"{split}.{suffix}").write_text(text, encoding="utf-8")


def tiny_problem(folder: Path, train: list[tuple[str, str]] | None = None, **more: Any) -> Problem:
    """300 training, 20 dev and 20 test pairs, or the training pairs given."""
    write_pairs(folder, "train", pairs(300) if train is None else train)
    write_pairs(folder, "dev", pairs(20, 1000))
    write_pairs(folder, "test", pairs(20, 2000))
    splits = {split: str(folder / split) for split in ("train", "dev", "test")}
    settings = {"task": "translation", "suffixes": ["en", "de"], "vocabulary_size": 60}
    return from_settings("tiny", {**settings, **splits, **more})
