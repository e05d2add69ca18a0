"""How benchmarks are run: contenders in turn, several rounds, medians, one table."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
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


def add_step_arguments(parser: argparse.ArgumentParser, *, rounds: int, warmup: int) -> None:
    """The arguments of benchmarks whose contenders take steps, which `contend` hands on."""
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--warmup", type=int, default=warmup, help="steps before the clock starts")
    parser.add_argument("--steps", type=int, default=30, help="steps that are timed")
    parser.add_argument("--only", nargs="+", default=[""], help="contenders with these in the name")
    parser.add_argument("--folder", type=Path, default=Path(".work/benchmark"), help="for the data")
    parser.add_argument("--way", help=argparse.SUPPRESS)


def wanted(ways: Iterable[str], only: Sequence[str]) -> list[str]:
    """The contenders that `--only` names, and the limits."""
    return [name for name in ways if any(text in name for text in (*only, "limit"))]


def contend(
    module: str, ways: Iterable[str], args: argparse.Namespace, options: Sequence[str]
) -> dict[str, dict[str, float]]:
    """`interleaved` for contenders that `python -m module --way NAME` runs, told these options of args."""
    told = ["--folder", str(args.folder)]
    for option in (*options, "warmup", "steps"):
        if getattr(args, option) is not None:
            told += [f"--{option.replace('_', '-')}", str(getattr(args, option))]
    return interleaved(
        {name: lambda name=name: alone(module, ["--way", name, *told]) for name in ways},
        args.rounds,
    )


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
