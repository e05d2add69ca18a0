"""`python -m pipeline export`: a trained cell for programs that know nothing of this one."""

from __future__ import annotations

import json
from pathlib import Path

from components.catalog import UserError
from pipeline.resolved import read


def export(
    root: Path, cell_name: tuple[str, str, str, int], out_dir: Path, quantization: str | None
) -> str:
    """Exports the weights that were evaluated (else `best`) and says how they compare.

    Raises UserError if the cell is not in the grid or not trained, or cannot be exported.
    """
    resolved = read(root)
    cell = resolved.cell(*cell_name)
    folder = root / cell.folder
    metrics = folder / "metrics.json"
    chosen = "best"
    if metrics.is_file():
        chosen = json.loads(metrics.read_text(encoding="utf-8")).get("checkpoint", "best")
    weights = folder / "checkpoint" / f"{chosen}.safetensors"
    if not weights.is_file():
        raise UserError(f"{weights} is not there; `dvc repro {cell.stage('train')}` makes it")
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(Runtime(**resolved.settings["runtime"]), cell.seed)
    from components.eval.export_ctranslate2 import export as run

    found = run(
        data_dir=root / "data" / cell.problem,
        weights=weights,
        model=cell.model,
        hparams=resolved.hparams[cell.hparams][cell.model]["hparams"],
        out_dir=out_dir,
        quantization=quantization,
    )
    return (
        f"{out_dir}: {cell.name}, checkpoint {chosen}, for CTranslate2 ({quantization or 'float32'})\n"
        f"  {found['same']} of {found['examples']} greedy outputs on dev are equal to ours; log "
        f"probabilities differ by {found['difference']:.1e} at most"
    )
