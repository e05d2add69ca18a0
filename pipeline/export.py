"""`python -m pipeline export`: a trained cell for programs that know nothing of this one."""

from __future__ import annotations

import json
from pathlib import Path

from components.catalog import UserError
from pipeline.cells import RUN
from pipeline.resolved import read


def export(
    root: Path, cell_name: tuple[str, str, str, int], out_dir: Path, quantization: str | None
) -> str:
    """Exports the weights that were evaluated (else `best`) and says how they compare.

    Raises UserError if the cell is not in the grid or not run there, cannot be exported, or is not
    trained.
    """
    resolved = read(root)
    cell = resolved.cell(*cell_name)
    if cell.status != RUN:
        raise UserError(f"{cell.name} is not run: {cell.reason}")
    hparams = resolved.hparams[cell.hparams][cell.model]["hparams"]
    from components.train.hparams import Runtime
    from components.train.runtime import configure

    configure(Runtime(**resolved.settings["runtime"]), cell.seed)
    from components.eval.export_ctranslate2 import export as run
    from components.eval.export_ctranslate2 import unsupported_model
    from components.train.network import load_model_module, resolve_hparams

    # Before anything is asked to be trained for it.
    module = load_model_module(cell.model, resolved.plugins)
    reason = unsupported_model(module.__name__, resolve_hparams(module, hparams))
    if reason:
        raise UserError(f"{cell.name}: {reason}")
    folder = root / cell.folder
    metrics = folder / "metrics.json"
    chosen = "best"
    if metrics.is_file():
        chosen = json.loads(metrics.read_text(encoding="utf-8")).get("checkpoint", "best")
    weights = folder / "checkpoint" / f"{chosen}.safetensors"
    if not weights.is_file():
        raise UserError(f"{weights} is not there; `dvc repro {cell.stage('train')}` makes it")
    # What was trained, whatever params.yaml has said since.
    hparams = json.loads((folder / "train.json").read_text(encoding="utf-8"))["hparams"]
    found = run(
        data_dir=root / "data" / cell.problem,
        weights=weights,
        model=cell.model,
        hparams=hparams,
        out_dir=out_dir,
        quantization=quantization,
    )
    return (
        f"{out_dir}: {cell.name}, checkpoint {chosen}, for CTranslate2 ({quantization or 'float32'})\n"
        f"  {found['same']} of {found['examples']} greedy outputs on dev are equal to ours; log "
        f"probabilities differ by {found['difference']:.1e} at most"
    )
