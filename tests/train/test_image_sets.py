"""The named sets of image networks: each is one that its models take, of the size that it says."""

from __future__ import annotations

from typing import Any

import pytest

from components import catalog
from components.train.hparams import Hparams, TrainSettings, flat
from components.train.network import load_model_module, resolve_hparams
from pipeline.located import read
from pipeline.sets import built_in

MODELS = {"resnet": "resnet", "xception": "xception", "vit": "vit", "shake": "shake_shake"}
FILE = catalog.ROOT / "components" / "train" / "sets" / "images.yaml"
NAMES = sorted(read(FILE).data)


def model_of(name: str) -> str:
    (model,) = [model for start, model in MODELS.items() if name.startswith(start)]
    return model


def values_of(name: str) -> dict[str, Any]:
    own = dict(built_in()[name])
    base = own.pop("base", None)
    return {**(values_of(base) if base else {}), **own}


@pytest.mark.parametrize("name", NAMES)
def test_a_set_holds_what_its_model_takes(name: str) -> None:
    values = values_of(name)
    module = load_model_module(model_of(name))
    known = {**flat(Hparams()), **flat(TrainSettings()), **flat(module.Options())}
    assert not set(values) - set(known)
    for key, value in values.items():
        assert isinstance(value, float | int if isinstance(known[key], float) else object), key
    hparams = {key: value for key, value in values.items() if key not in flat(TrainSettings())}
    hp = resolve_hparams(module, hparams)
    if hp.d_model <= 384 and hp.num_layers <= 12:  # the large ones are in the models' own tests
        module.Body(hp).build(None)


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152, 200])
def test_a_resnet_has_the_layers_of_its_name(depth: int) -> None:
    """Table 1 of He et al. 2016: two or three in each block, one before them and the logits."""
    values = values_of(f"resnet_{depth}")
    assert sum(values["blocks"]) * (3 if values["bottleneck"] else 2) + 2 == depth
