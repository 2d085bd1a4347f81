"""A torch module whose buffers keep their precision."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Precise(nn.Module):
    """Buffers that move with the module and are never cast.

    A trainer that casts its model to float32 or float16 must not take digits from positions and operators
    that are prepared in float64. Nothing is kept in checkpoints.
    """

    def hold(self, **arrays: Tensor) -> None:
        """Register buffers."""
        for name, array in arrays.items():
            self.register_buffer(name, array, persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Precise":
        at = next(self.buffers()).device
        device = fn(torch.empty(0, device=at)).device
        return super()._apply(lambda t: t.to(device), recurse)
