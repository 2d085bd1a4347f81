"""ReLU6 in place, with nothing kept for its gradient but the result."""

from typing import Any

import torch
from torch import Tensor, nn


class _Relu6(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        result = x.clamp_(0, 6)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (result,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(grads[0], result, 0.0, 6.0)


class Relu6(nn.Module):
    """``min(max(x, 0), 6)``, written over x; values and gradients are those of `torch.nn.ReLU6`.

    That one keeps its input, in place too, where autograd copies it first: a third of what a MobileNetV2
    keeps for the backward pass. The gradient needs the result alone, which the next convolution keeps anyway.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x."""
        return _Relu6.apply(x)
