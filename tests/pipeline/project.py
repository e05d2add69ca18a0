"""A whole project in a temporary folder: the real pipeline on a real DVC repository.

The heavy components (data generation, trainer, evaluation) are replaced in the copy by the files of
`stand_ins/`, which write what the contracts say within milliseconds. What runs, when and why is the
pipeline's own doing, and is what these tests look at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
STAND_INS = {
    "generate.py": "components/datagen",
    "trainer.py": "components/train",
    "runtime.py": "components/train",
    "evaluate.py": "components/eval",
    "predict.py": "components/eval",
    "compare.py": "pipeline",
}
COPIED = ("components", "pipeline", ".dvc/config", ".dvcignore", ".gitignore", "dvc.yaml")
PARAMS = """\
grid:
  problem: [image_digits, pairs]
  model: [transformer, lstm_attention]
  hparams: [tiny, small]
  seed: [1]
  exclude: []
plugins: []
problems:
  pairs:
    task: translation
    train: ../outside/train.tsv
    dev: ../outside/dev.tsv
    test: ../outside/test.tsv
    vocabulary_size: 20
hparams:
  parent: {d_model: 16, num_heads: 2}
  tiny:
    base: parent
    dropout: 0.1
  small: {base: transformer_test}
train:
  steps: 10
eval:
  split: test
  beam_size: 2
runtime: {backend: tensorflow}
tracking: {enabled: false}
"""
PAIRS = "".join(f"{word} house\t{word} Haus\n" for word in ("a", "the", "one", "my", "no"))


@dataclass(frozen=True)
class Run:
    """A command's end: its exit code, what it printed, the stages that DVC says it ran."""

    code: int
    output: str
    seconds: float

    @property
    def stages(self) -> list[str]:
        return re.findall(r"^Running stage '([^']+)'", self.output, flags=re.MULTILINE)


class Project:
    """A project in `folder/project`, with data outside of it in `folder/outside`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "project"

    @staticmethod
    def create(folder: Path) -> Project:
        """Copies the repository's code, puts the stand-ins in, and commits it all to git."""
        project = Project(folder)
        for name in COPIED:
            source, target = REPOSITORY / name, project.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        for name, place in STAND_INS.items():
            shutil.copy(Path(__file__).parent / "stand_ins" / name, project.root / place / name)
        (project.root / "params.yaml").write_text(PARAMS)
        (folder / "outside").mkdir()
        for split in ("train", "dev", "test"):
            (folder / "outside" / f"{split}.tsv").write_text(PAIRS)
        project.git("init", "-q")
        project.commit("start")
        return project

    def copy(self, folder: Path) -> Project:
        """A project in the same state somewhere else."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Project(folder)

    def command(self, *words: str, timeout: float = 120) -> Run:
        started = time.monotonic()
        done = subprocess.run(
            words, cwd=self.root, env=environment(), capture_output=True, text=True, timeout=timeout
        )
        seconds = time.monotonic() - started
        return Run(done.returncode, done.stdout + done.stderr, seconds)

    def dvc(self, *words: str) -> Run:
        return self.command(sys.executable, "-m", "dvc", *words)

    def pipeline(self, *words: str) -> Run:
        return self.command(sys.executable, "-m", "pipeline", *words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Starts a command in a process group of its own, as a terminal does."""
        return subprocess.Popen(
            words,
            cwd=self.root,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def git(self, *words: str) -> Run:
        done = self.command("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words)
        assert done.code == 0, done.output
        return done

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces the one place where `old` stands."""
        path = self.root / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))

    def fail(self, name: str, how: str = "") -> None:
        """Tells a stand-in to fail: the data of a problem or the training of a model."""
        (self.root / ".fail").mkdir(exist_ok=True)
        (self.root / ".fail" / name).write_text(how)

    def unfail(self) -> None:
        shutil.rmtree(self.root / ".fail")


def environment() -> dict[str, str]:
    """With this Python first on the PATH, as in an active virtual environment.

    No warm process: the stand-ins need none of the libraries that it would spend seconds on.
    """
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    own = {"DVC_NO_ANALYTICS": "1", "NO_COLOR": "1", "TENSORGRID_WARM": "0"}
    return {**kept, "PATH": os.pathsep.join(paths), **own}
