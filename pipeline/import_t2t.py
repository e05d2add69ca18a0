"""`python -m pipeline import t2t` and `decode`: models from elsewhere, and what they say to a text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.catalog import UserError
from pipeline import resolved


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


def decode(
    folder: Path, file: Path | None, settings: dict[str, Any], root: Path = Path(".")
) -> list[str]:
    """A model's answers to the lines of a file, or of the standard input. Raises UserError.

    root: the project whose plugins may hold the model.
    """
    from components.eval.text_model import load, read_lines, split_lines

    if file is not None:
        lines = list(read_lines(file))
    else:
        lines = list(split_lines(sys.stdin.buffer.read(), "standard input"))
    if not folder.is_dir():
        raise UserError(f"{folder} is not there; expected an imported model or a folder of runs/")
    # An imported model needs no project around it; one of runs/ may be a plugin's.
    plugins = resolved.read(root).plugins if (root / resolved.FILE).is_file() else ()
    return load(folder, plugins=plugins).answers(lines, settings)
