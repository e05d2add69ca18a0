"""CTranslate2 decodes our weights to our outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.catalog import UserError
from components.datagen.generate import generate
from components.datagen.problem import from_settings
from components.datagen.schema import Manifest
from components.eval.export_ctranslate2 import export
from components.train import checkpoint
from components.train.network import build_network

HPARAMS = {"d_model": 32, "num_layers": 2, "num_heads": 4, "d_ff": 48}
WORDS = (
    "one two three four five six seven eight nine ten red green blue dogs cats run sleep".split()
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(1)
    for split, size in (("train", 200), ("dev", 30), ("test", 5)):
        rows = [" ".join(rng.choice(WORDS, rng.integers(1, 9))) for _ in range(size)]
        (folder / f"{split}.tsv").write_text("".join(f"{row}\t{row[::-1]}\n" for row in rows))
    splits = {split: str(folder / f"{split}.tsv") for split in ("train", "dev", "test")}
    settings = {"task": "translation", "vocabulary_size": 80, **splits}
    generate(from_settings("pairs", settings, None), "pairs", folder / "data")
    return folder / "data"


def trained(data: Path, folder: Path, hparams: dict[str, Any]) -> Path:
    keras.utils.set_random_seed(2)
    network = build_network(Manifest.load(data), "transformer", hparams)
    rng = np.random.default_rng(8)
    for weight in network.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.2, weight.shape).astype(np.float32))
    path = folder / "best.safetensors"
    checkpoint.save(checkpoint.arrays(network.trainable_variables), path)
    return path


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
