"""Layer normalization over the last axis, its gradient written out.

    y = x' gamma + beta,   x' = (x - mean) / sqrt(var + epsilon)
    dx = (g - mean(g) - x' mean(g x')) / sqrt(var + epsilon),   g = dy gamma

The derived gradient reads and writes the activations about half as often again. On JAX with an NVIDIA
GPU both passes are kernels of their own (`kernels/layer_norm.py`).
Reference: Ba et al. 2016 (arXiv 1607.06450), section 3. Tensor2Tensor's epsilon is 1e-6.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from components.train.accelerator import runs_triton
from components.train.watch import watched

EPSILON = 1e-6


class LayerNorm(keras.layers.Layer):
    """[..., D] -> [..., D] of the same dtype; computed in float32.

    Args:
        d_model: D.
        epsilon: added to the variance.
    """

    def __init__(self, d_model: int, *, epsilon: float = EPSILON, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.epsilon = epsilon
        shape: dict[str, Any] = {"shape": (d_model,), "autocast": False}
        self.gamma = self.add_weight(**shape, initializer="ones", name="gamma")
        self.beta = self.add_weight(**shape, initializer="zeros", name="beta")
        self.built = True

    def call(self, x: Any) -> Any:
        # Values, not variables: TensorFlow would want the gradient of a variable by another way.
        gamma, beta = ops.copy(self.gamma), ops.copy(self.beta)
        if _has_kernel(x):
            return _kernels().beside(x, gamma, beta, self.epsilon)[0]
        y = _normalise(ops.cast(x, "float32"), gamma, beta, self.epsilon)
        return ops.cast(y, x.dtype)

    def beside(self, x: Any) -> tuple[Any, Any]:
        """The norm of x, and x itself for what goes past the norm: a kernel adds their gradients."""
        if watched() or not _has_kernel(x):
            return self(x), x  # whoever watches a layer sees its calls
        return _kernels().beside(x, ops.copy(self.gamma), ops.copy(self.beta), self.epsilon)

    def compute_output_shape(self, x_shape: Any) -> Any:
        return x_shape


def _has_kernel(x: Any) -> bool:
    return runs_triton() and _kernels().fits(x.shape)


def _kernels() -> Any:
    from components.train.kernels import layer_norm  # JAX's

    return layer_norm


def _normalise(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    @ops.custom_gradient
    def function(x: Any, gamma: Any, beta: Any) -> Any:
        centred = x - ops.mean(x, axis=-1, keepdims=True)
        inverse = ops.rsqrt(ops.mean(centred * centred, axis=-1, keepdims=True) + epsilon)
        normal = centred * inverse

        def grad(*args: Any, upstream: Any = None) -> Any:
            dy = args[0] if upstream is None else upstream
            g, product = dy * gamma, dy * normal
            along = ops.mean(product * gamma, axis=-1, keepdims=True)
            dx = inverse * (g - ops.mean(g, axis=-1, keepdims=True) - normal * along)
            rows = tuple(range(len(x.shape) - 1))
            return dx, ops.sum(product, axis=rows), ops.sum(dy, axis=rows)

        return normal * gamma + beta, grad

    return function(x, gamma, beta)
