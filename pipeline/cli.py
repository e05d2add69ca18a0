"""The command line: `python -m pipeline <command>`, one function a command, imports inside."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from components.catalog import UserError
from pipeline.failures import StageFailed
from pipeline.interrupt import refuse_after_interrupt

ROOT = Path(".")
DESCRIPTION = """\
Runs the grid of params.yaml: problem x model x hparams x seed. A cell is one training and one
evaluation. `dvc repro` runs what is not up to date; these commands show, check, and run parts.
"""
RUN = """\
As repro, with several cells at once: same results, same dvc.lock. A cell that fails stops no other;
^C stops all, and the next run goes on from there. Each cell's output is in .work/logs/.
"""
EPILOG = """\
one cell alone:   dvc repro -s train@<problem>-<model>-<hparams>-<seed>   (recorded by DVC)
                  python -m pipeline train <problem> <model> <hparams> <seed>   (not recorded)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. 0: done; 1: failed; 2: params.yaml or the command line is wrong; 130: ^C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["dvc"]:
        from pipeline.dvc_lock import main as dvc

        return dvc(words[1:])
    options = _parser().parse_args(words)
    try:
        refuse_after_interrupt(ROOT)
        return int(options.run(options) or 0)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except StageFailed:
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; run it again to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has gone; closing stdout here keeps Python from saying so at exit.
        sys.stderr.close()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="<command>", required=True)

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(run=run)
        return added

    plan = command("plan", _plan, "show what `dvc repro` would run, cell by cell, and why")
    plan.add_argument("--all", action="store_true", help="list the cells that are up to date, too")
    command("check", _check, "check params.yaml and stop")
    repro = command(
        "repro", _repro, "check, run `dvc repro`, complete MLflow, print the comparison"
    )
    repro.add_argument("--fail-fast", action="store_true", help="stop at the first cell that fails")
    repro.add_argument("dvc", nargs="*", metavar="...", help="arguments of `dvc repro`, after --")
    at_once = command("run", _run, "as repro, with several cells at once")
    at_once.description = RUN
    at_once.add_argument(
        "-j",
        "--jobs",
        type=_jobs,
        default=0,
        metavar="N",
        help="cells at a time; else one a GPU, or the cores divided by runtime.threads (one cell "
        "where that is 0: it takes all cores)",
    )
    command("resolve", _resolve, "write resolved.json (the first stage of dvc.yaml)")
    datagen = command("datagen", _datagen, "make the data of one problem")
    datagen.add_argument("problem", help="a problem of the grid")
    for name, run, text in (
        ("train", _train, "train one cell"),
        ("evaluate", _evaluate, "decode and score one trained cell"),
    ):
        added = command(name, run, text)
        _cell_arguments(added)
        added.add_argument(
            "--to-store",
            action="store_true",
            help="keep the result in .work/, for the `dvc repro` that comes to this cell",
        )
    exported = command("export", _export, "write a trained cell for another decoder, and check it")
    _cell_arguments(exported)
    exported.add_argument("--format", choices=("ctranslate2",), default="ctranslate2")
    exported.add_argument("--to", metavar="FOLDER", type=Path, required=True)
    exported.add_argument(
        "--quantization", metavar="TYPE", help="int8, int8_float32, float16, ...; else float32"
    )
    imported = command("import", _import, "make a model of ours of another program's checkpoint")
    imported.add_argument("program", choices=("t2t",), help="t2t: a Transformer of Tensor2Tensor")
    imported.add_argument("checkpoint", type=Path, help="model.ckpt-N, or its folder: the latest")
    imported.add_argument(
        "--vocabulary",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="its .subwords; twice where inputs and targets have one each, the inputs' first",
    )
    imported.add_argument("--num-heads", metavar="N", type=int, help="else from hparams.json")
    imported.add_argument(
        "--target-space", metavar="NAME", help="what it writes: de, fr, en, ... or T2T's number"
    )
    imported.add_argument(
        "--to", metavar="FOLDER", type=Path, help="else imported/<the checkpoint's folder>"
    )
    imported.add_argument("--translate", metavar="FILE", type=Path, help="then print its lines so")
    decoded = command("decode", _decode, "print a model's answers to lines of text")
    decoded.add_argument("folder", type=Path, help="an imported model, or runs/<cell>")
    decoded.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="a line each, <sep> between two texts; else standard input",
    )
    decoded.add_argument("--method", help="beam, greedy or sample; else beam")
    decoded.add_argument("--beam-size", type=int, metavar="N", help="else 4")
    command("compare", _compare, "write reports/ and print the grid's results as tables")
    command("track", _track, "make MLflow agree with runs/: once a cell, no run left running")
    new = command("new", _new, "write the file of a new problem, task or model, with its test")
    new.add_argument("kind", choices=("problem", "task", "model"))
    new.add_argument("name", help="its name: the file's, and the one in params.yaml")
    new.add_argument("--task", help="of a problem: a name under tasks/ (else translation)")
    new.add_argument("--plugin", metavar="FOLDER", help="write it into a package of your own")
    doctor = command("doctor", _doctor, "look for what could keep the grid from running")
    doctor.add_argument(
        "--data",
        nargs="*",
        metavar="NAME",
        help="ask for the data of these problems, or of all: what is reachable, what you must give",
    )
    listed = command("list", _list, "list what params.yaml may name, with meanings")
    kinds = ("problems", "tasks", "models", "metrics", "hparams", "settings")
    listed.add_argument(
        "kind",
        choices=kinds,
        help="hparams: named sets; tasks, models: with their own settings; settings: all others",
    )
    return parser


def _jobs(text: str) -> int:
    if not (text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"expected a number of cells above 0, got {text!r}")
    return int(text)


def _cell_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("problem")
    parser.add_argument("model")
    parser.add_argument("hparams", help="name of a set")
    parser.add_argument("seed", type=int)


def _plan(options: argparse.Namespace) -> int:
    from pipeline.params import load
    from pipeline.plan import make_plan
    from pipeline.plan_text import text

    print(text(make_plan(ROOT, load(ROOT)), everything=options.all))
    return 0


def _check(_: argparse.Namespace) -> int:
    from pipeline.cells import runnable
    from pipeline.params import load

    params = load(ROOT)
    cells, problems = len(runnable(params.cells)), len(params.problems)
    print(f"params.yaml is right: {cells} cells to run, {problems} problems")
    return 0


def _repro(options: argparse.Namespace) -> int:
    from pipeline.repro import repro

    return repro(ROOT, options.dvc, keep_going=not options.fail_fast)


def _run(options: argparse.Namespace) -> int:
    from pipeline.run import run

    return run(ROOT, options.jobs)


def _resolve(_: argparse.Namespace) -> int:
    from pipeline.resolve import resolve

    resolve(ROOT)
    return 0


def _datagen(options: argparse.Namespace) -> int:
    from pipeline.by_hand import refuse_stale
    from pipeline.stages import datagen

    refuse_stale(ROOT)
    datagen(ROOT, options.problem)
    return 0


def _train(options: argparse.Namespace) -> int:
    from pipeline.by_hand import refuse_stale
    from pipeline.stages import train

    # Into the store it is of the settings that `run` has read, whatever has been edited since.
    if not options.to_store:
        refuse_stale(ROOT)
    cell = (options.problem, options.model, options.hparams, options.seed)
    return train(ROOT, *cell, to_store=options.to_store)


def _evaluate(options: argparse.Namespace) -> int:
    from pipeline.by_hand import refuse_stale
    from pipeline.stages import evaluate

    if not options.to_store:
        refuse_stale(ROOT)
    cell = (options.problem, options.model, options.hparams, options.seed)
    return evaluate(ROOT, *cell, to_store=options.to_store)


def _export(options: argparse.Namespace) -> int:
    from pipeline.export import export

    cell = (options.problem, options.model, options.hparams, options.seed)
    print(export(ROOT, cell, options.to, options.quantization))
    return 0


def _import(options: argparse.Namespace) -> int:
    from pipeline.import_t2t import decode, import_t2t

    folder, text = import_t2t(
        options.checkpoint,
        options.to,
        vocabularies=options.vocabulary,
        num_heads=options.num_heads,
        target_space=options.target_space,
    )
    print(text, file=sys.stderr if options.translate else sys.stdout)
    if options.translate:
        for answer in decode(folder, options.translate, {}):
            print(answer)
    return 0


def _decode(options: argparse.Namespace) -> int:
    from pipeline.import_t2t import decode

    settings = {"method": options.method, "beam_size": options.beam_size}
    chosen = {name: value for name, value in settings.items() if value is not None}
    for answer in decode(options.folder, options.file, chosen):
        print(answer)
    return 0


def _compare(_: argparse.Namespace) -> int:
    from pipeline.outcome import publish

    publish(ROOT)
    return 0


def _track(_: argparse.Namespace) -> int:
    from pipeline.outcome import track

    return track(ROOT)


def _new(options: argparse.Namespace) -> int:
    from pipeline.scaffold import scaffold

    print(scaffold(options.kind, options.name, options.plugin, options.task))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    if options.data is not None:
        from pipeline.doctor_data import examine_data

        return examine_data(ROOT, options.data)
    from pipeline.doctor import examine

    return examine(ROOT)


def _list(options: argparse.Namespace) -> int:
    from pipeline.listing import listing

    print(listing(ROOT, options.kind))
    return 0
