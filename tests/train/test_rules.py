"""Settings that do not go together in a model: refused by what its file declares, read or imported."""

from __future__ import annotations

from typing import Any

import pytest

from components.catalog import UserError
from components.declaration import Declaration, broken_rules, read
from components.train.hparams import Hparams, flat
from components.train.network import load_model_module, resolve_hparams
from tests.train.tiny_networks import FOLDER, MODELS

ROPE = {"d_model": 12, "num_heads": 4, "positions": "rope"}
RESNET = {"blocks": [3, 4, 6, 3], "bottleneck": True}
CASES: list[tuple[str, dict[str, Any], str]] = [
    ("transformer", {"num_heads": 3}, "num_heads 3 must divide d_model 512"),
    ("transformer_lm", {"num_kv_heads": 3}, "num_kv_heads 3 must divide num_heads 8"),
    ("transformer_encoder", ROPE, "num_heads 4 must go into d_model 12 an even number of times"),
    ("multimodel", {"moe_k": 17}, "moe_k 17 must be at most moe_num_experts 16"),
    ("lstm_seq2seq", {"d_model": 5}, "d_model 5 must be even with bidirectional True"),
    ("transformer_moe", {"moe_layers": [1, 3, 7]}, r"moe_layers \[1, 3, 7\]: layers are counted"),
    ("slicenet", {"kernels": [3, 7, 15]}, "must be as many, 3 or more"),
    ("slicenet", {"kernels": [2, 4, 6, 8]}, r"kernels \[2, 4, 6, 8\] must be odd"),
    ("bytenet", {"kernel_size": 2}, "kernel_size 2 must be odd"),
    ("multimodel", {"large_kernel_size": 2}, "large_kernel_size 2 must be odd"),
    ("shake_shake", {"num_layers": 2}, "num_layers 2 must be 2 more than a multiple of 6"),
    ("shake_shake", {"num_layers": 25}, "num_layers 25 must be 2 more than a multiple of 6"),
    ("shake_shake", {"num_layers": 8, "d_model": 12}, "d_model 12 must be a multiple of 8"),
    ("image_transformer", {"local_attention": "2d"}, "2d needs it, the image's width times"),
    ("xception", {"exit_widths": [64]}, r"exit_widths \[64\] must be two numbers"),
    ("resnet", {"blocks": [2, 0]}, r"blocks \[2, 0\] must be a number of 1 or more"),
    ("resnet", {"blocks": []}, r"blocks \[\] must be a number of 1 or more"),
    ("resnet", {**RESNET, "d_model": 20}, "d_model 20 is halved for each stage before the last"),
    (
        "transformer_vae",
        {"bottleneck_kind": "dvq", "latent_parts": 3},
        "latent_parts 3 must divide",
    ),
]


def defaults(declared: Declaration) -> dict[str, Any]:
    """All settings of a model as they are if nobody says otherwise."""
    return {**flat(Hparams()), **{one.name: one.default for one in declared.options}}


@pytest.mark.parametrize(("model", "values", "message"), CASES)
def test_what_does_not_go_together_is_refused(
    model: str, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as refused:
        resolve_hparams(load_model_module(model), values)
    declared = read(FOLDER / f"{model}.py")
    found = [text for text, _ in broken_rules(declared.rules, {**defaults(declared), **values})]
    assert str(refused.value) in found


def test_every_rule_of_every_model_is_tried() -> None:
    tried = set()
    for model, values, _ in CASES:
        declared = read(FOLDER / f"{model}.py")
        for rule, message in declared.rules.items():
            if list(broken_rules({rule: message}, {**defaults(declared), **values})):
                tried.add(rule)
    assert {rule for model in MODELS for rule in read(FOLDER / f"{model}.py").rules} == tried


def test_a_rule_names_settings_that_the_model_has() -> None:
    for model in MODELS:
        declared = read(FOLDER / f"{model}.py")
        values = defaults(declared)
        for rule, message in declared.rules.items():
            ((_, named),) = broken_rules({f"({rule}) and False": message}, values)
            assert named and set(named) <= set(values), (model, rule)
