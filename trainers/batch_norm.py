"""Batch normalisation over the batches of all ranks, also where torch offers none (on CPUs)."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional


class _Normalise(torch.autograd.Function):
    """Normalisation by the mean and variance of all ranks' batches, with one reduction each way.

    Every rank's loss depends on every rank's input, so the gradients that flow through the statistics are
    summed over ranks; those of weight and bias stay this rank's own, as DDP expects.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, ...]:
        mean, variance = torch.batch_norm_update_stats(x.to(weight.dtype), None, None, 0.0)
        # in float64 the mean square loses nothing that matters when the squared mean is taken off again
        here = torch.cat([mean, variance, torch.ones_like(mean[:1])]).double()
        n = x.numel() // x.shape[1]
        channels = len(mean)
        here[channels:-1] += here[:channels].square()
        total = here * n
        dist.all_reduce(total)
        count = total[-1]
        mean64 = total[:channels] / count
        mean = mean64.to(weight.dtype)
        variance = (total[channels:-1] / count - mean64.square()).clamp_min(0.0).to(weight.dtype)
        ctx.save_for_backward(x, weight, mean, variance, count)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, variance, count)
        return functional.batch_norm(x, mean, variance, weight, bias, eps=eps), mean, variance, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, variance, count = ctx.saved_tensors
        gradient = gradients[0]
        # given statistics: of the gradients this leaves the sums over the batch, those of weight and bias
        _, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, x, weight, mean, variance, None, None, False, ctx.eps, [False, True, True]
        )
        sums = torch.cat([of_weight, of_bias]).double()
        dist.all_reduce(sums)
        slope, level = (sums / count).to(weight.dtype).chunk(2)
        inverse = torch.rsqrt(variance + ctx.eps)
        scale = weight * inverse
        per_x = -scale * inverse * slope
        constant = -scale * level - per_x * mean
        per_x, constant, scale = (t[:, None, None] for t in (per_x, constant, scale))
        of_x = torch.addcmul(constant, x.to(weight.dtype), per_x).addcmul_(gradient.to(weight.dtype), scale)
        return of_x.to(x.dtype), of_weight, of_bias, None


class SharedBatchNorm2d(nn.BatchNorm2d):
    """``nn.BatchNorm2d`` whose statistics in training are those of the whole batch, not of a rank's share.

    ``torch.nn.SyncBatchNorm`` does the same for GPUs and refuses other tensors. The two forms have the same
    state, and alone in the world this one is ``nn.BatchNorm2d``.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (batch, channel, row, column)."""
        if not (
            self.training and dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
        ):
            return super().forward(x)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        out, mean, variance, n = _Normalise.apply(x, self.weight, self.bias, self.eps)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_((variance * n / (n - 1)).to(mean.dtype), self.momentum)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked += 1
        return out


def share_batch_norm(network: nn.Module) -> None:
    """Turn every ``nn.BatchNorm2d`` of a network into a `SharedBatchNorm2d`, in place."""
    for layer in network.modules():
        if type(layer) is nn.BatchNorm2d:
            layer.__class__ = SharedBatchNorm2d
