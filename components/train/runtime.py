"""Prepares a process for Keras: backend, threads, determinism, precision, devices.

`configure` must run before anything imports Keras, because Keras reads its backend once.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

from components.catalog import UserError
from components.train.hparams import Runtime


def parse_devices(devices: str) -> tuple[str, int]:
    """`auto`, `all`, `cpu`, `gpu:4` -> (kind, count); count 0 means as many as there are.

    Raises UserError for anything else.
    """
    kind, _, count = devices.partition(":")
    if kind not in ("auto", "all", "cpu", "gpu", "tpu") or (count and not count.isdigit()):
        raise UserError(
            f"params.yaml: runtime.devices is {devices!r}; expected auto, all, cpu, or kind:count "
            "such as gpu:4 or cpu:2"
        )
    return kind, int(count) if count else (1 if kind in ("auto", "cpu") else 0)


def environment(runtime: Runtime) -> dict[str, str]:
    """What the environment must hold before TensorFlow, JAX or Keras is imported."""
    kind, _ = parse_devices(runtime.devices)
    found = {"KERAS_BACKEND": runtime.backend}
    if runtime.threads:
        found |= dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), str(runtime.threads))
    if runtime.backend == "jax" and kind == "cpu":
        found["JAX_PLATFORMS"] = "cpu"
    return found


def available_cores() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def cores() -> int:
    """Threads to work with: those that `runtime.threads` gave this process, else all cores."""
    return int(os.environ.get("OMP_NUM_THREADS", 0)) or available_cores()


def configure(runtime: Runtime, seed: int) -> None:
    """Sets the backend, threads, determinism, precision and the seed of this process.

    Raises UserError if Keras was imported with another backend, or the backend is not installed.
    """
    kind, count = parse_devices(runtime.devices)
    _check_backend(runtime.backend)
    os.environ.update(environment(runtime))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if runtime.backend == "jax":
        _prepare_jax(kind, count, runtime)
    with _quiet_stderr():
        import keras

    if keras.backend.backend() != runtime.backend:
        raise UserError(
            f"Keras already runs on {keras.backend.backend()} in this process; "
            f"start a new one for runtime.backend: {runtime.backend}"
        )
    if runtime.backend == "tensorflow":
        _prepare_tensorflow(kind, count, runtime)
    # A class label is a target of one position, over which a decoder's softmax is rightly 1.
    warnings.filterwarnings("ignore", message="You are using a softmax over axis")
    keras.config.set_dtype_policy(runtime.precision)
    with _quiet_stderr():  # Keras seeds TensorFlow as well, and imports it for that
        keras.utils.set_random_seed(seed)
    if runtime.backend == "jax":
        _distribute_jax(runtime)


def shared_devices(runtime: Runtime) -> list[str]:
    """Names of the devices that share every batch; `configure` must have run.

    Raises UserError if fewer are here than `runtime.devices` asks for.
    """
    kind, count = parse_devices(runtime.devices)
    if runtime.backend == "jax":
        import keras

        names = keras.distribution.list_devices()
    else:
        import tensorflow as tf

        names = [device.name for device in tf.config.list_logical_devices()]
    if kind in ("auto", "all"):
        found = [name for name in names if "cpu" not in name.lower()] or names
    else:
        found = [name for name in names if kind in name.lower()]
    if len(found) < max(count, 1):
        raise UserError(
            f"params.yaml: runtime.devices is {runtime.devices!r}, but {runtime.backend} sees "
            f"{', '.join(names)} only"
        )
    return found[:count] if count else found


def described_devices(runtime: Runtime) -> list[str]:
    """`shared_devices` with what accelerators they are, for the record of a run."""
    names = shared_devices(runtime)
    if runtime.backend == "jax":
        import jax

        kinds = {f"{device.platform}:{device.id}": device.device_kind for device in jax.devices()}
        return [f"{name} {kinds.get(name, '')}".removesuffix(" cpu").strip() for name in names]
    import tensorflow as tf

    kinds = {
        f"/device:GPU:{number}": tf.config.experimental.get_device_details(device)["device_name"]
        for number, device in enumerate(tf.config.list_physical_devices("GPU"))
    }
    return [f"{name} {kinds.get(name, '')}".strip() for name in names]


def strategy_scope(runtime: Runtime) -> Any:
    """The `tf.distribute.MirroredStrategy` scope for several devices on TensorFlow, else a null one."""
    if runtime.backend != "tensorflow":
        return contextlib.nullcontext()
    names = shared_devices(runtime)
    if len(names) == 1:
        return contextlib.nullcontext()
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(names).scope()


@contextlib.contextmanager
def undivided() -> Iterator[None]:
    """Batches are not cut among JAX's devices here, because the last ones have too few rows for it."""
    import keras

    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)


def _check_backend(backend: str) -> None:
    import importlib.util

    if importlib.util.find_spec(backend) is None:
        raise UserError(
            f"params.yaml: runtime.backend is {backend}, which is not installed; "
            f"`make repro EXTRA={backend}` installs it"
        )
    loaded = sys.modules.get("keras")
    if loaded is not None and loaded.backend.backend() != backend:
        raise UserError(
            f"Keras already runs on {loaded.backend.backend()} in this process; "
            f"start a new one for runtime.backend: {backend}"
        )


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Holds back what TensorFlow's C++ says while it is imported (that there is no GPU, that oneDNN
    is used), which no log level silences; it is shown if the import fails."""
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        saved = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _prepare_tensorflow(kind: str, count: int, runtime: Runtime) -> None:
    import tensorflow as tf

    # Keras traces `predict` once for each of the first few shapes; TensorFlow takes that for a fault.
    tf.get_logger().setLevel("ERROR")
    # TensorFlow 2.21's dependency optimizer breaks the nested loops of decoding for bodies of one
    # layer: the compiled search returns empty tensors, the same search run eagerly does not.
    tf.config.optimizer.set_experimental_options({"dependency_optimization": False})
    if runtime.deterministic:
        tf.config.experimental.enable_op_determinism()
    if runtime.threads:
        tf.config.threading.set_intra_op_parallelism_threads(runtime.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    if kind == "cpu":
        tf.config.set_visible_devices([], "GPU")
        if count > 1:
            cpu = tf.config.list_physical_devices("CPU")[0]
            tf.config.set_logical_device_configuration(
                cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
            )


def _prepare_jax(kind: str, count: int, runtime: Runtime) -> None:
    flags = os.environ.get("XLA_FLAGS", "")
    if kind == "cpu" and count > 1:
        flags += f" --xla_force_host_platform_device_count={count}"
    if runtime.deterministic and kind != "cpu":
        flags += " --xla_gpu_deterministic_ops=true"
    os.environ["XLA_FLAGS"] = flags.strip()
    import jax

    cache = os.path.join(os.getcwd(), ".work", "jax-cache")
    jax.config.update("jax_compilation_cache_dir", cache)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)


def _distribute_jax(runtime: Runtime) -> None:
    import keras

    devices = shared_devices(runtime)
    if len(devices) > 1:
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
        )
