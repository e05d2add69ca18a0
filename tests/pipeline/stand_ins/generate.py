"""Stand-in for components/datagen/generate.py: the data contract in a millisecond, no Beam."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from components.catalog import UserError
from components.datagen.problem import Problem, local_files, signature
from components.datagen.schema import SPLITS, Feature, Lengths, Manifest, Shard, Split


def generate(
    problem: Problem,
    name: str,
    out_dir: Path,
    *,
    beam: dict[str, Any],
    cache_dir: Path,
    seed: int,
    report: Any,
) -> Manifest:
    """Writes a manifest whose bytes depend on the problem's settings and local files."""
    if Path(".fail", name).exists():
        raise UserError(f"{name}: told to fail")
    digest = hashlib.sha256(f"{problem.vocabulary_size} {problem.options} {seed}".encode())
    for path in local_files(problem):
        digest.update(path.read_bytes())
    out_dir.mkdir(parents=True, exist_ok=True)
    lengths = {"targets": Lengths(1, 1.0, 1, 1)}
    shard = Shard("train-00000-of-00001.tfrecord", 1, 1, digest.hexdigest())
    declared = signature(problem)
    manifest = Manifest(
        problem=name,
        task=problem.task,
        features={side: Feature(declared[side]) for side in ("inputs", "targets")},
        splits={split: Split(1, (shard,), lengths) for split in SPLITS},
        metrics=tuple(declared["metrics"]),
        dev_metric=declared["dev_metric"],
        seed=seed,
    )
    manifest.save(out_dir)
    report({"event": "end", "problem": name})
    return manifest
