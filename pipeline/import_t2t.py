"""`python -m pipeline import t2t` and `decode`: models from elsewhere, and what they say to a text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.catalog import UserError


def import_t2t(
    checkpoint: Path,
    to: Path | None,
    *,
    vocabularies: Sequence[Path],
    num_heads: int | None,
    target_space: str | None,
) -> tuple[Path, str]:
    """Imports a Tensor2Tensor checkpoint; the folder, and what to tell of it. Raises UserError."""
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(Runtime(), 1)
    from components.train.import_t2t.importer import import_t2t as run
    from components.train.import_t2t.variables import find

    out = to or Path("imported") / find(checkpoint).absolute().parent.name
    found = run(
        checkpoint,
        out,
        vocabularies=vocabularies,
        num_heads=num_heads,
        target_space=target_space,
    )
    sizes = ", ".join(f"{name}: {value}" for name, value in found.hparams.items())
    space = "none" if found.target_space is None else str(found.target_space)
    text = (
        f"{out}: {found.variables} variables, {found.params:,} parameters, target space {space}\n"
        f"  transformer with {{{sizes}}}\n"
        f"  python -m pipeline decode {out} FILE    answers the lines of a file"
    )
    return out, text


def decode(folder: Path, file: Path | None, settings: dict[str, Any]) -> list[str]:
    """A model's answers to the lines of a file, or of the standard input. Raises UserError."""
    from components.eval.text_model import load, read_lines

    if file is not None:
        lines = list(read_lines(file))
    else:
        lines = sys.stdin.read().splitlines()
    if not folder.is_dir():
        raise UserError(f"{folder} is not there; expected an imported model or a folder of runs/")
    return load(folder).answers(lines, settings)
