"""A stage's command typed by hand: no `resolve` has run before it, as it has in DVC's pipeline."""

from __future__ import annotations

import os
from pathlib import Path

from components.catalog import UserError
from pipeline.interrupt import UNDER_REPRO

DVC_STAGE = "DVC_STAGE"
"""Set by DVC in the environment of every stage."""


def refuse_stale(root: Path) -> None:
    """Raises UserError where an edit would be passed over: stages read what `resolve` wrote last.

    It is not resolved here, because a grid may be running on what is there. Costs DVC's stages nothing.
    """
    if os.environ.get(DVC_STAGE) or os.environ.get(UNDER_REPRO):
        return
    from pipeline.params import load
    from pipeline.resolve import is_current
    from pipeline.resolved import FILE

    if (root / FILE).is_file() and not is_current(root, load(root)):
        raise UserError(
            f"{FILE} is older than params.yaml, the code or the data that it is made of; expected "
            "none of them to have changed since: run `python -m pipeline resolve`, then this again"
        )
