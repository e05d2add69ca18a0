"""`python -m pipeline`: see `cli.py`.

DVC runs `python`, which need not be the one with the libraries: if it is not, and the project has
its `.venv`, that one takes over.
"""

import importlib.util
import os
import sys
from pathlib import Path

LIBRARIES = ("pydantic", "yaml", "psutil", "dvc", "keras", "mlflow", "apache_beam")


def main() -> int:
    """Hands over to the project's own Python if this one lacks its libraries."""
    if any(importlib.util.find_spec(name) is None for name in LIBRARIES):
        own = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "python"
        if own.is_file() and Path(sys.executable) != own:
            os.execv(own, [str(own), "-m", "pipeline", *sys.argv[1:]])
        print(
            f"error: {sys.executable} lacks the project's libraries; `make repro` installs them "
            "into .venv, then: source .venv/bin/activate",
            file=sys.stderr,
        )
        return 1
    from pipeline.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
