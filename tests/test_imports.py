"""Who may import whom, how long a file may be, and what the light commands must not load."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FILES = sorted(
    path.relative_to(REPOSITORY)
    for folder in ("components", "pipeline", "benchmarks", "tests")
    for path in (REPOSITORY / folder).rglob("*.py")
)
LIMIT = 500
# folder: what no file under it may import, at the top or inside a function.
FORBIDDEN = {
    "components": ("pipeline", "dvc", "mlflow", "tests"),
    "components/datagen": ("tensorflow", "keras", "components.eval", "components.train"),
    "components/train": ("apache_beam", "components.eval", "components.datagen.problems"),
    "components/train/models": ("tensorflow", "jax", "components.train.models"),
    "components/train/layers": ("tensorflow", "jax", "components.train.models"),
    "components/train/modalities": ("tensorflow", "jax", "components.train.models"),
    "components/eval/metrics": ("tensorflow", "keras", "components.train", "components.eval"),
    "components/eval/decoding": ("tensorflow", "jax"),
    "pipeline": ("tensorflow", "keras", "components.train.models", "tests"),
}
# Reading of a declaration's limits and meaning is shared by all; it needs the standard library only.
ALLOWED = {"components.train.hparams"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_imports_point_one_way(folder: str) -> None:
    wrong = []
    for path in FILES:
        if not path.is_relative_to(folder):
            continue
        for name in imports(path) - ALLOWED:
            if any(name == bad or name.startswith(bad + ".") for bad in FORBIDDEN[folder]):
                wrong.append(f"{path} imports {name}")
    assert not wrong


def test_no_file_is_too_long_to_read() -> None:
    lines = {path: (REPOSITORY / path).read_text().count("\n") for path in FILES}
    assert not {str(path): count for path, count in lines.items() if count > LIMIT}


def test_packages_import_nothing_by_themselves() -> None:
    filled = [path for path in FILES if path.name == "__init__.py" and imports(path)]
    assert not filled


def test_plan_loads_nothing_heavy(tmp_path: Path) -> None:
    """In an empty folder, so that it depends on no state of this one; PYTHONPATH finds the code."""
    (tmp_path / "params.yaml").write_text((REPOSITORY / "params.yaml").read_text())
    program = (
        "import sys; from pipeline.cli import main\n"
        "code = main(['plan'])\n"
        "heavy = {'tensorflow', 'keras', 'mlflow', 'apache_beam', 'jax', 'dvc'} & set(sys.modules)\n"
        "print('CODE', code, 'HEAVY', sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip().endswith("CODE 0 HEAVY []"), done.stdout + done.stderr
