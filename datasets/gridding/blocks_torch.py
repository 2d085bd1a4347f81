"""Block reduction in torch, by the rules of `Blocks.reduce`."""

import torch
from torch import Tensor


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
    taken = values[..., members.clamp(min=0)]
    gone = (members < 0) | taken.isnan()
    count = (~gone).sum(-1)
    if mean:
        return taken.masked_fill(gone, 0.0).sum(-1) / count
    ordered = taken.masked_fill(gone, torch.inf).sort(-1).values
    middle = torch.stack([(count.clamp(min=1) - 1) // 2, count // 2], -1)
    return ordered.gather(-1, middle).mean(-1).masked_fill(count == 0, torch.nan)
