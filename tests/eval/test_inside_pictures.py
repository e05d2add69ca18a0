"""The pictures of attention, experts and outputs, and the page that holds them, from made-up numbers."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from components.datagen.schema import Feature
from components.eval import attention_maps, expert_load, inside_page, labels, layer_outputs
from components.eval.attention_maps import AttentionMap, Axis
from components.eval.inside_page import Picture, Shown
from components.theme import LIGHT


def attention_map(
    weights: np.ndarray, layer: str = "network/body/a", step: int = 0
) -> AttentionMap:
    heads, queries, keys = weights.shape
    rows, columns = (
        tuple(f"{name}{i}" for i in range(n)) for name, n in (("y", queries), ("x", keys))
    )
    return AttentionMap(layer, step, Axis("targets", rows), Axis("inputs", columns), weights)


def pixels(picture: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def of_colour(picture: np.ndarray, colour: str) -> np.ndarray:
    """Where a picture has a colour, as bool [height, width]."""
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return (np.abs(picture.astype(int) - wanted) <= 2).all(-1)


def test_a_weight_of_one_is_one_cell_of_full_colour_where_it_belongs() -> None:
    """Row 0 looks at column 2: right of the middle, in the upper half of the panel."""
    weights = np.zeros((1, 2, 3), np.float32)
    weights[0, 0, 2] = weights[0, 1, 0] = 1.0
    full = of_colour(
        pixels(attention_maps.draw_layers([attention_map(weights)], "t")), LIGHT.series[0]
    )
    rows, columns = np.nonzero(full)
    cell = round(attention_maps.INCHES * attention_maps.DPI)
    assert full.sum() == pytest.approx(2 * cell * cell, rel=0.3)
    assert columns[rows == rows.min()].min() > columns[rows == rows.max()].max()


def test_heads_are_averaged_in_one_picture_and_apart_in_the_other() -> None:
    weights = np.stack([np.eye(20), np.eye(20)[::-1]]).astype(np.float32)
    mean = pixels(attention_maps.draw_layers([attention_map(weights)], "t"))
    apart = pixels(attention_maps.draw_heads(attention_map(weights), "t"))
    assert not of_colour(mean, LIGHT.series[0]).any()  # halves only
    assert of_colour(apart, LIGHT.series[0]).any()
    assert apart.shape[1] > 1.3 * mean.shape[1]


def test_many_layers_and_long_texts_are_cut() -> None:
    rng = np.random.default_rng(1)
    many = [
        attention_map(rng.random((2, 3, 3), np.float32), f"network/body/l{i}") for i in range(30)
    ]
    few = pixels(attention_maps.draw_layers(many[:8], "t"))
    assert pixels(attention_maps.draw_layers(many, "t")).shape == few.shape
    assert attention_maps.spread(list(range(12)), 5) == [0, 3, 6, 8, 11]
    long = attention_map(rng.random((1, 300, 200), np.float32))
    assert long.first(64).weights.shape == (1, 64, 64)
    assert max(pixels(attention_maps.draw_layers([long], "t")).shape) < 1200


def test_steps_of_a_shared_layer_have_names() -> None:
    assert attention_map(np.ones((1, 1, 1)), "network/body/time/attention", 2).name == (
        "time/attention, step 2"
    )
    assert attention_maps.short("network/targets") == "network/targets"


@pytest.mark.parametrize("experts", [4, 64])
def test_loads_of_different_layers(experts: int) -> None:
    loads = {"encoder_1/experts": np.full(experts, 1 / experts), "decoder_1/experts": np.eye(3)[1]}
    picture = pixels(expert_load.draw(loads, "Load"))
    assert of_colour(picture, LIGHT.series[1]).sum() > 100  # all of the load of one expert
    assert (experts > 3) == bool(of_colour(picture, LIGHT.line).sum() > 1000)  # no fourth expert


def test_an_output_in_numbers_and_as_a_picture() -> None:
    value = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    output = layer_outputs.Output("network/body/ffn", 0, value)
    assert output.row() == ("ffn", "2 x 3 x 4", "11.5", "6.922", "0", "23")
    matrix = output.matrix()
    assert matrix is not None and matrix.shape == (3, 4)
    assert pixels(layer_outputs.draw(matrix, ["a", "b", "c"], "t")).size
    assert pixels(layer_outputs.draw(np.zeros((1, 1)), ["a"], "t")).size
    assert layer_outputs.Output("a", 1, value[0, 0]).matrix() is None
    assert layer_outputs.Output("a", 1, value[:0]).row()[:2] == ("a, step 1", "0 x 3 x 4")


class Words:
    """A vocabulary of four words."""

    def decode(self, ids: list[int]) -> str:
        return ["", "", "<unk>", " cat ", "a very long word of a language"][ids[0]]


def test_labels_are_short_and_never_empty() -> None:
    symbols = Feature("symbol", "x", 5)
    found = labels.symbols([3, 4, 1, 0], symbols, Words())  # type: ignore[arg-type]
    assert found == ["cat", "a very long w\u2026", "</s>", "\u2423"]
    assert labels.symbols([3], Feature("class_label", "x", 5), Words()) == ["cat"]  # type: ignore[arg-type]
    assert labels.symbols([3, 3], Feature("audio"), None) == ["1", "2"]


def test_a_script_without_a_font_is_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert labels.families(["der B\u00e4r", labels.START, labels.EMPTY]) == ["DejaVu Sans"]
    latin, chinese = labels._characters("DejaVu Sans"), frozenset(map(ord, "\u4e2d\u6587"))
    fonts = {"DejaVu Sans": latin}
    monkeypatch.setattr(labels, "_characters", lambda name: fonts.get(name, frozenset()))
    assert labels.families(["\u4e2d"]) is None
    assert labels.readable(["\u4e2d", "\u6587"], ["\u4e2d\u6587"]) == ["1", "2"]
    fonts["SimHei"] = chinese
    assert labels.families(["a \u4e2d"]) == ["DejaVu Sans", "SimHei"]
    assert labels.readable(["\u4e2d"], ["\u4e2d"]) == ["\u4e2d"]


def test_the_page_shows_symbols_pictures_numbers_and_notes() -> None:
    picture = Picture("attention-1.png", "Attention <1>", b"png", 7)
    shown = Shown(
        [picture],
        [("ffn", "2 x 3", "0", "1", "-1", "1")],
        [(7, "inputs", ["<a>", "b"], []), (7, "targets", ["c"], [3])],
        ["a note & more"],
    )
    text = inside_page.page({"": shown})
    assert "&lt;a&gt;<sup>1</sup>" in text and "b<sup>2</sup>" in text
    assert "c<sup>3</sup>" in text and "--share:1.00" in text
    assert 'alt="Attention &lt;1&gt;" src="attention-1.png"' in text
    assert "a note &amp; more" in text and "<td>2 x 3</td>" in text
    assert "<!-- body -->" not in text and "Inside the model" in text
    files = inside_page.files({"one": shown, "two": shown})
    assert set(files) == {"index.html", "one.attention-1.png", "two.attention-1.png"}
    assert b"<h2>two</h2>" in files["index.html"]
    assert set(inside_page.without("not applicable: why")) == {"index.html"}
