"""What was seen inside a network, as the pictures and tables that `inside_page.py` puts on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from components.eval import attention_maps, expert_load, labels, layer_outputs
from components.eval.attention_maps import AttentionMap
from components.eval.inside_page import Picture
from components.eval.inspected_examples import Examples
from components.eval.layer_outputs import Output

OUTPUTS = 24
"""Pictures of layers' outputs at most."""


def shown(
    seen: Mapping[str, list[np.ndarray]],
    maps: Sequence[Sequence[AttentionMap]],
    pondered: Sequence[tuple[str, list[np.ndarray]]],
    examples: Examples,
    closer: Iterable[str],
) -> dict[str, Any]:
    """The fields of a `Shown`, notes aside.

    closer: paths of layers whose heads are shown one by one.
    """
    outputs = [
        Output(layer, call if len(calls) > 1 else 0, value)
        for layer, calls in _of(seen, "output")
        for call, value in enumerate(calls, start=1)
    ]
    pictures = [*_attention(maps, examples, set(closer)), *_experts(seen, examples)]
    matrices = [one for one in outputs if one.matrix() is not None]
    pictures += [_output(one, examples) for one in matrices[:OUTPUTS]]
    return {
        "pictures": pictures,
        "outputs": [output.row() for output in outputs],
        "tokens": _tokens(examples, pondered),
    }


def _of(seen: Mapping[str, list[np.ndarray]], kind: str) -> Iterable[tuple[str, list[np.ndarray]]]:
    """(path, calls) of every layer that showed this."""
    for name, calls in seen.items():
        path, _, found = name.rpartition(":")
        if found == kind:
            yield path, calls


def _attention(
    maps: Sequence[Sequence[AttentionMap]], examples: Examples, closer: set[str]
) -> Iterable[Picture]:
    for number, (row, own) in enumerate(zip(examples.rows, maps, strict=True), start=1):
        # Over one position all weights are 1.
        worth = [one for one in own if one.weights.shape[2] > 1]
        if worth:
            title = f"Attention on {examples.split} example {row + 1}, the mean over heads"
            content = attention_maps.draw_layers(worth, title)
            yield Picture(f"attention-{number}.png", title, content, row + 1)
        for one in worth:
            if one.layer in closer:
                title = f"{one.name} on {examples.split} example {row + 1}, head by head"
                content = attention_maps.draw_heads(one, title)
                yield Picture(f"heads-{number}-{_file(one.name)}.png", title, content, row + 1)


def _experts(seen: Mapping[str, list[np.ndarray]], examples: Examples) -> Iterable[Picture]:
    loads = {
        attention_maps.short(path): np.mean(calls, axis=0) for path, calls in _of(seen, "load")
    }
    if loads:
        numbers = ", ".join(str(row + 1) for row in examples.rows)
        title = f"Load of the experts, {examples.split} examples {numbers}"
        yield Picture("experts.png", title, expert_load.draw(loads, title))


def _output(output: Output, examples: Examples) -> Picture:
    matrix = output.matrix()
    assert matrix is not None
    names = labels.numbers(len(matrix))
    for side, real in examples.real.items():
        if real.shape[1] == len(matrix):
            matrix, names = matrix[real[0]], examples.read[side][0]
            break
    matrix, names = matrix[: attention_maps.MOST], names[: attention_maps.MOST]
    row = examples.rows[0] + 1
    title = f"{output.name} on {examples.split} example {row}"
    content = layer_outputs.draw(matrix, labels.readable(names, names), title)
    return Picture(f"output-{_file(output.name)}.png", title, content, row)


def _tokens(
    examples: Examples, pondered: Sequence[tuple[str, list[np.ndarray]]]
) -> list[tuple[int, str, list[str], list[int]]]:
    """(number of the example, side, its symbols, steps that each was pondered, if any)."""
    sides = {"inputs": examples.read["inputs"], "targets": examples.written}
    found = []
    for place, row in enumerate(examples.rows):
        for side in examples.real:
            taken = [values[place] for name, values in pondered if name == side]
            steps = [int(step) for step in taken[0]] if taken else []
            found.append((row + 1, side, sides[side][place], steps))
    return found


def _file(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "_" else "-" for letter in name)
