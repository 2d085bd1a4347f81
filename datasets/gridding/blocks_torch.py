"""Block reduction in torch, by the rules of `Blocks.reduce`."""

import torch
from torch import Tensor

_SHORT = 12  # stations in the fullest block


def reduce_blocks(values: Tensor, members: Tensor, mean: bool) -> Tensor:
    """Median or mean of each block, shape (..., b), of station values, shape (..., m).

    Missing values (NaN) are left out; a block without any value is NaN. The median of an even count is the
    mean of its two middle values, as in NumPy; ``torch.median`` takes the lower one.

    Parameters
    ----------
    values : Tensor, shape (..., m)
        Any unit.
    members : Tensor of int64, shape (b, k)
        Station numbers of each block, -1 beyond the block's count.
    mean : bool
        Mean rather than median.
    """
    taken = values[..., members.clamp(min=0).mT]  # (..., k, b)
    gone = (members < 0).mT | taken.isnan()
    count = (~gone).sum(-2)
    if mean:
        return taken.masked_fill(gone, 0.0).sum(-2) / count
    ordered = _sorted(taken.masked_fill(gone, torch.inf))
    middle = torch.stack([(count.clamp(min=1) - 1) // 2, count // 2], -2)
    return ordered.gather(-2, middle).mean(-2).masked_fill(count == 0, torch.nan)


def _sorted(values: Tensor) -> Tensor:
    """Sorted along the last axis but one, by exchanges of neighbours where it is short."""
    n = values.shape[-2]
    if n > _SHORT:
        return values.sort(-2).values
    rows = list(values.unbind(-2))
    for turn in range(n):
        for k in range(turn % 2, n - 1, 2):
            rows[k], rows[k + 1] = (
                torch.minimum(rows[k], rows[k + 1]),
                torch.maximum(rows[k], rows[k + 1]),
            )
    return torch.stack(rows, -2)
