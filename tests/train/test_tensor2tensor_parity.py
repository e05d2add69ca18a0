"""A checkpoint that Tensor2Tensor wrote, imported, against plain NumPy.

Every model variable of the checkpoint is used by both.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from components.eval.text_model import load
from components.train.import_t2t.importer import import_t2t
from tests.train.t2t_reference import Reference, read

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "t2t_checkpoint"
V, GERMAN = 8190, 8

pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason=f"{FOLDER.name} is not beside the project"
)


@pytest.mark.parametrize(("told", "space"), [(None, GERMAN), ("5", 5)])
def test_tensor2tensors_own_weights_give_the_logits_of_the_formulas(
    told: str | None, space: int, tmp_path: Path
) -> None:
    found = import_t2t(FOLDER, tmp_path / "imported", target_space=told)
    assert found.target_space == space  # of translation to German, which the optimizer has seen
    variables = {
        name: value for name, value in read(FOLDER / "model.ckpt-1").items() if "Adam" not in name
    }
    formulas = Reference(variables, heads=2, space=space)
    rng = np.random.default_rng(1)
    inputs, targets = rng.integers(2, V, (2, 9)), rng.integers(2, V, (2, 7))
    inputs[1, 6:] = 0
    expected = formulas.logits(inputs, targets, (V, V))
    network = load(tmp_path / "imported").network
    ours = network({"inputs": inputs, "targets": targets}, training=False)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours), expected, atol=1e-5)
    model = {name for name in variables if name.startswith("transformer/")}
    assert formulas.used == model and found.variables == len(model) == 81
