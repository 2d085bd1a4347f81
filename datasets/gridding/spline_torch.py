"""A fitted `SplineGridder` in torch: block medians and one matrix product, on any device."""

import numpy as np
import torch
from torch import Tensor, nn

from slipbench.datasets.gridding.spline import SplineGridder


class SplineTorch(nn.Module):
    """Grids station values as the gridder that it is built from, with gradients.

    It holds buffers only, so ``.to(device)`` moves it; the work is in the dtype of the values.

    Parameters
    ----------
    gridder : SplineGridder
        Fitted on the network.
    dtype : torch.dtype
        Of the operator. ``float64`` agrees with NumPy to 1e-12 of the range of the values, ``float32`` to
        1e-5 of it (without TF32, which has 10 bits).
    """

    nodes: Tensor
    matrix: Tensor
    members: Tensor
    count: Tensor

    def __init__(self, gridder: SplineGridder, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        blocks = gridder.blocks_
        self.mean = gridder.grid.block == "mean"
        keep = gridder.land_.ravel()
        self.shape = gridder.land_.shape
        self.register_buffer("nodes", torch.from_numpy(np.flatnonzero(keep)), persistent=False)
        matrix = torch.from_numpy(gridder.matrix_[:, keep].copy()).to(dtype)
        self.register_buffer("matrix", matrix, persistent=False)
        self.register_buffer("members", torch.from_numpy(blocks.members), persistent=False)
        self.register_buffer("count", torch.from_numpy(blocks.count), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Grid station values.

        Parameters
        ----------
        values : Tensor, shape (..., m)
            Values at the stations, any unit, in the dtype and on the device of the module.

        Returns
        -------
        Tensor, shape (..., rows, columns)
            Same unit; 0 at sea. The gradient of a median goes to its middle value or two middle values.
        """
        out = values.new_zeros(*values.shape[:-1], self.shape[0] * self.shape[1])
        return out.index_copy_(-1, self.nodes, self._reduce(values) @ self.matrix).unflatten(-1, self.shape)

    def images(self, values: Tensor) -> Tensor:
        """Images (..., rows, columns, c), as stores hold them, of station values (..., c, m).

        The components go to their place as they are scattered: moving them afterwards takes as long again.
        """
        *more, c, _ = values.shape
        out = values.new_zeros(*more, self.shape[0] * self.shape[1], c)
        made = self._reduce(values) @ self.matrix
        return out.index_copy_(-2, self.nodes, made.mT).unflatten(-2, self.shape)

    def _reduce(self, values: Tensor) -> Tensor:
        """Median or mean of each block, shape (..., b)."""
        taken = values[..., self.members.clamp(min=0)]
        empty = self.members < 0
        if self.mean:
            return taken.masked_fill(empty, 0.0).sum(-1) / self.count
        # Numpy's rule: the mean of the two middle values where the count is even.
        ordered = taken.masked_fill(empty, torch.inf).sort(-1).values
        middle = torch.stack([(self.count - 1) // 2, self.count // 2], -1)
        return ordered.gather(-1, middle.expand(*ordered.shape[:-1], 2)).mean(-1)
