"""What holds for every test."""

from __future__ import annotations

import gc
import os
import signal
from collections import Counter

import pytest

# A shell's background job inherits that ^C is ignored, and so would the processes that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests start some hundred processes; where this is set, each compiles the project's files for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Most of the time of tests on JAX would be LLVM's, over programs that run once.
os.environ["XLA_FLAGS"] = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)


def pytest_collection_finish() -> None:
    """The libraries are imported: from here on they need not be searched for garbage."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, then those with many: at the end no worker is left with a long one."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    many = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -many[item.path]))
