"""How benchmarks are run: contenders in turn, several rounds, medians, one table."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared" / "data"


def alone(module: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Runs `python -m module arguments`, which prints one line of JSON, in a process of its own.

    Returns that JSON. Raises SystemExit with the process's last words if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=REPOSITORY, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{module} {' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def answer(**values: Any) -> None:
    """What a process started by `alone` ends with: its figures and its peak memory, if they do not
    say it (`peak_mib`)."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"peak_mib": max(own, children) // 1024, **values}))


def interleaved(
    contenders: Mapping[str, Callable[[], dict[str, Any]]], rounds: int
) -> dict[str, dict[str, float]]:
    """Each contender once a round, so that a busy minute hits all; the median of each figure."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, run in contenders.items():
            print(f"\rround {number + 1} of {rounds}: {name:40}", end="", file=sys.stderr)
            found[name].append(run())
    print("\r" + " " * 70 + "\r", end="", file=sys.stderr)
    return {
        name: {key: statistics.median(one[key] for one in results) for key in results[0]}
        for name, results in found.items()
    }


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns, the first to the left."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (head, *rows)
    ]
    return "\n".join([title, *lines])
