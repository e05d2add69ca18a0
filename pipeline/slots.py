"""Where cells run that run at once: how many, and which device each one sees."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Slots:
    """environments: one for each cell at a time, what it holds beside the usual; text: in words."""

    environments: tuple[dict[str, str], ...]
    text: str
    warning: str = ""


def slots(jobs: int, runtime: Mapping[str, Any], gpus: list[str], cores: int) -> Slots:
    """Shares out a machine. jobs: cells at a time; 0: as many as it has room for.

    runtime: the section of params.yaml. gpus: the ids of those that may be used. The number of
    threads is not touched: rounding depends on it, and results are to be those of a serial run.
    """
    from components.train.runtime import parse_devices

    kind, count = parse_devices(str(runtime["devices"]))
    threads = int(runtime["threads"])
    if kind != "cpu" and gpus:
        size = len(gpus) if kind == "all" else min(count or len(gpus), len(gpus))
        groups = [gpus[i : i + size] for i in range(0, len(gpus) - size + 1, size)]
        number = jobs or len(groups)
        found = tuple({VISIBLE: ",".join(groups[i % len(groups)])} for i in range(number))
        return Slots(found, f"{number} at once on {len(groups) * size} GPUs, {size} each")
    number = jobs or max(1, cores // threads if threads else 1)
    if threads:
        each = f"{threads} thread{'s' if threads > 1 else ''} each"
        return Slots(({},) * number, f"{number} at once, {each}")
    room = max(1, cores // max(number, 2))
    warning = (
        f"runtime.threads is 0: every cell takes all {cores} cores, at once or not, because its "
        f"results depend on how many; `runtime: {{threads: {room}}}` in params.yaml gives each its "
        "share (and is another result, by rounding)"
    )
    return Slots(({},) * number, f"{number} at once", warning if cores > 1 else "")


def gpus() -> list[str]:
    """The ids of the NVIDIA GPUs that this process may use."""
    if (chosen := os.environ.get(VISIBLE)) is not None:
        return [one.strip() for one in chosen.split(",") if one.strip() not in ("", "-1")]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    done = subprocess.run(
        [program, "--query-gpu=index", "--format=csv,noheader"], capture_output=True, text=True
    )
    return done.stdout.split() if done.returncode == 0 else []
