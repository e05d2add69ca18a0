"""CTranslate2 decodes our weights to our outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.catalog import UserError
from components.eval.export_ctranslate2 import export
from pipeline.export import export as export_cell
from tests.eval.pairs import HPARAMS, random_network, saved, write_pairs


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs"))


def trained(data: Path, folder: Path, hparams: dict[str, Any]) -> Path:
    return saved(random_network(data, hparams), folder / "best.safetensors")


@pytest.mark.parametrize("values", [{"norm": "pre"}, {"norm": "post", "num_encoder_layers": 1}])
def test_the_same_log_probabilities_and_outputs(
    values: dict[str, Any], data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ctranslate2")
    hparams = {**HPARAMS, **values}
    weights = trained(data, tmp_path, hparams)
    out = tmp_path / "exported"
    found = export(
        data_dir=data, weights=weights, model="transformer", hparams=hparams, out_dir=out
    )
    assert found["examples"] == 30 and found["difference"] < 1e-4 and found["same"] >= 29
    assert {path.name for path in out.iterdir()} >= {"model.bin", "vocabulary.model"}
    with pytest.raises(UserError, match="is not empty"):
        export(data_dir=data, weights=weights, model="transformer", hparams=hparams, out_dir=out)


def test_int8_is_close(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    found = export(
        data_dir=data,
        weights=trained(data, tmp_path, HPARAMS),
        model="transformer",
        hparams=HPARAMS,
        out_dir=tmp_path / "int8",
        quantization="int8",
    )
    assert 1e-6 < found["difference"] < 1.0


def test_an_unknown_quantization_is_refused(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    with pytest.raises(UserError, match="int9 is not a valid .*int8_float16"):
        export(
            data_dir=data,
            weights=trained(data, tmp_path, HPARAMS),
            model="transformer",
            hparams=HPARAMS,
            out_dir=tmp_path / "out",
            quantization="int9",
        )
    assert not (tmp_path / "out").exists()


def test_another_model_is_refused(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    with pytest.raises(UserError, match="only transformer can be exported"):
        export(
            data_dir=data,
            weights=tmp_path / "none",
            model="lstm_attention",
            hparams={},
            out_dir=tmp_path / "out",
        )
    assert not (tmp_path / "out").exists()


def resolve(root: Path, model: str, hparams: dict[str, Any], **more: str) -> None:
    cell = {"cell": f"pairs/{model}/tiny/1", "train": "", "evaluate": "", **more}
    resolved = {
        "plugins": [],
        "problems": {},
        "hparams": {"tiny": {model: {"hparams": hparams}}},
        "settings": {"runtime": {}},
        "cells": [cell],
    }
    (root / "resolved.json").write_text(json.dumps(resolved))


def test_a_cell_is_exported_as_it_was_trained(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    hparams = {**HPARAMS, "norm": "post", "num_heads": 2}
    resolve(tmp_path, "transformer", HPARAMS)  # edited since
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pairs").symlink_to(data)
    run = tmp_path / "runs" / "pairs" / "transformer" / "tiny" / "1"
    (run / "checkpoint").mkdir(parents=True)
    weights = trained(data, run / "checkpoint", hparams)
    (run / "train.json").write_text(json.dumps({"hparams": hparams}))
    said = export_cell(tmp_path, ("pairs", "transformer", "tiny", 1), tmp_path / "out", None)
    assert "of 30 greedy outputs on dev are equal to ours" in said
    expected = tmp_path / "expected"
    export(data_dir=data, weights=weights, model="transformer", hparams=hparams, out_dir=expected)
    for name in ("model.bin", "config.json"):
        assert (tmp_path / "out" / name).read_bytes() == (expected / name).read_bytes()


@pytest.mark.parametrize(
    ("model", "hparams", "more", "expected"),
    [
        ("bytenet", {}, {}, "only transformer can be exported to CTranslate2, not bytenet"),
        ("transformer", {"positions": "rotary"}, {}, "positions 'rotary' is not exported"),
        ("vit", {}, {"status": "not applicable", "reason": "no image"}, "is not run: no image"),
        ("transformer", {}, {}, "best.safetensors is not there; `dvc repro train@"),
    ],
)
def test_a_cell_says_whether_it_can_be_exported_before_it_is_trained(
    model: str, hparams: dict[str, Any], more: dict[str, str], expected: str, tmp_path: Path
) -> None:
    resolve(tmp_path, model, hparams, **more)
    with pytest.raises(UserError, match=expected):
        export_cell(tmp_path, ("pairs", model, "tiny", 1), tmp_path / "out", None)
    assert not (tmp_path / "out").exists()
