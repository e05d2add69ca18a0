"""The optimizer a set of hparams asks for, as Keras has it: clipping, accumulation and EMA included."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
from keras import ops

from components.train.adam import Adam
from components.train.schedules import Schedule

# Muon is for matrices between hidden states (Jordan et al. 2024). Embeddings, logits and tables of
# positions have Adam, and so has all that is not a matrix.
NOT_MUON = [r"(inputs|targets|positions|relative)/"]


def make_optimizer(hp: Any, total_steps: int) -> keras.optimizers.Optimizer:
    """Builds the optimizer of `hp` (fields of `Hparams`) for a training of `total_steps` batches.

    With `accumulate_steps` n, one update is made from n batches; the schedule counts updates, and
    `ema_decay` is an update's, spread over n batches because Keras averages after every batch.
    """
    optimizer = _make(hp, total_steps)
    # `fit` ends by overwriting the weights with their moving average. The trainer calls `fit` once
    # an interval and must go on from the weights that were trained; it swaps the averages itself.
    optimizer.finalize_variable_values = lambda variables: None
    optimizer._update_model_variables_moving_average = partial(_average, optimizer)
    if hp.accumulate_steps > 1:
        optimizer._filter_empty_gradients = _zeros_for_none
    if hp.clip_norm and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.distribute.has_strategy():
            optimizer._clip_gradients = partial(_clip_sum, optimizer._clip_gradients)
            optimizer._all_reduce_sum_gradients = lambda pairs: pairs
    return optimizer


def _zeros_for_none(gradients: Any, variables: Any) -> Any:
    """In a mixture a batch has gradients of its own problem's nets. Keras on TensorFlow would update
    those of the last batch alone, and forget what the others have accumulated."""
    found = zip(gradients, variables, strict=True)
    return [ops.zeros_like(v) if g is None else g for g, v in found], list(variables)


def _clip_sum(clip: Any, gradients: Any) -> Any:
    """Clips what all devices have found together; Keras would clip each one's share before the sum."""
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return clip(context.all_reduce(tf.distribute.ReduceOp.SUM, gradients))


def _average(optimizer: Any, variables: Any) -> None:
    """Keras's moving average of weights, that does not stay near its start in a short training.

    Update t = 1, 2, ... decays by min(ema_decay, (1 + t) / (10 + t)), as TensorFlow's
    `ExponentialMovingAverage(num_updates=t)`: until the window of `ema_decay` has gone by, the average
    is over about the last tenth of the updates. It begins at the weights after the first update.
    """
    if not optimizer.use_ema:
        return
    updates = ops.cast(optimizer.iterations, "float32")  # before this one
    start = ((1 + updates) / (10 + updates)) ** (1 / (optimizer.gradient_accumulation_steps or 1))
    decay = ops.minimum(optimizer.ema_momentum, start) * ops.cast(updates > 0, "float32")
    for variable, average in zip(variables, optimizer._model_variables_moving_average, strict=True):
        momentum = ops.cast(decay, variable.dtype)
        average.assign(momentum * average + (1 - momentum) * variable)


def _make(hp: Any, total_steps: int) -> keras.optimizers.Optimizer:
    updates = max(total_steps // hp.accumulate_steps, 1)
    schedule = Schedule(
        hp.learning_rate_schedule,
        hp.learning_rate,
        hp.warmup_steps,
        hp.d_model,
        updates,
        hp.accumulate_steps,
    )
    common: dict[str, Any] = {
        "learning_rate": schedule,
        "global_clipnorm": hp.clip_norm or None,
        "use_ema": hp.ema_decay > 0,
        "ema_momentum": (hp.ema_decay or 0.99) ** (1 / hp.accumulate_steps),
        "gradient_accumulation_steps": hp.accumulate_steps if hp.accumulate_steps > 1 else None,
    }
    decay = hp.weight_decay or None
    adam = {"beta_1": hp.beta1, "beta_2": hp.beta2, "epsilon": hp.epsilon}
    if hp.optimizer == "adam":
        return Adam(**adam, weight_decay=decay, **common)
    if hp.optimizer == "adamw":
        return keras.optimizers.AdamW(**adam, weight_decay=hp.weight_decay, **common)
    if hp.optimizer == "lamb":
        return keras.optimizers.Lamb(**adam, weight_decay=decay, **common)
    if hp.optimizer == "lion":
        return keras.optimizers.Lion(beta_1=hp.beta1, beta_2=hp.beta2, weight_decay=decay, **common)
    if hp.optimizer == "adafactor":
        return keras.optimizers.Adafactor(weight_decay=decay, **common)
    if hp.optimizer == "sgd":
        return keras.optimizers.SGD(momentum=hp.beta1, weight_decay=decay, **common)
    if hp.optimizer == "muon":  # whose own momentum is Keras's 0.95
        adam = {"adam_beta_1": hp.beta1, "adam_beta_2": hp.beta2, "epsilon": hp.epsilon}
        decays = {"weight_decay": decay, "adam_weight_decay": decay}
        return keras.optimizers.Muon(exclude_layers=NOT_MUON, **adam, **decays, **common)
    raise ValueError(f"no optimizer is named {hp.optimizer!r}")
