"""Which patches the modalities that cut images can make; read before any image is, so nothing is imported.

A modality that is not named here, such as `pixels`, takes an image as it is.
"""

from __future__ import annotations

import math

# Files under modalities/, each with its patches; None: all that divide both sides of an image.
CUTTING: dict[str, tuple[int, ...] | None] = {
    "image": None,
    "patches": None,
    "xception_entry": (1, 2, 4, 8, 16),  # an image is halved up to four times
}
MOST = 32  # the largest patch that is proposed


def refused(modality: str, patch: int, height: int, width: int) -> str:
    """What is wrong with patches of `patch` pixels a side for a modality; empty: nothing."""
    if modality not in CUTTING:
        return ""
    common, made = math.gcd(height, width), CUTTING[modality]
    if common % patch == 0 and (made is None or patch in made):
        return ""
    fit = [n for n in made or range(1, MOST + 1) if common % n == 0]
    return (
        f"expected a patch that divides both sides of an image of {height} x {width} pixels, such "
        f"as {', '.join(map(str, fit))}, found {patch}"
    )
