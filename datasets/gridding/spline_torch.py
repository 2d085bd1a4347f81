"""A fitted `SplineGridder` in torch: block medians and one matrix product, on any device."""

import numpy as np
import torch
from torch import Tensor, nn

from slipbench.datasets.gridding.blocks_torch import reduce_blocks
from slipbench.datasets.gridding.gaps_torch import GapsTorch
from slipbench.datasets.gridding.spline import SplineGridder

_SETS, _FIELDS = 256, 512  # at once


class SplineTorch(nn.Module):
    """Grids station values as the gridder that it is built from, with gradients.

    It holds buffers only, so ``.to(device)`` moves it.

    Parameters
    ----------
    gridder : SplineGridder
        Fitted on the network.
    dtype : torch.dtype
        Of values and images. ``float64`` agrees with NumPy to 1e-10 of the range of a field, ``float32`` to
        1e-5 (without TF32, which has 10 bits).
    gaps : bool
        Grid fields with missing stations (NaN) as NumPy does, exactly, whatever the sets of stations. The
        small system of every set in a batch is solved on the device in float64, which takes tables of up to
        256 MiB (`gaps.TABLE_BYTES`) and waits for the device once or twice a call. Without, the image of a
        field with a missing station is NaN on land, so no gap goes unnoticed.
    """

    nodes: Tensor
    matrix: Tensor
    members: Tensor
    table: Tensor

    def __init__(
        self, gridder: SplineGridder, dtype: torch.dtype = torch.float32, gaps: bool = False
    ) -> None:
        super().__init__()
        self.mean, self.shape = gridder.grid.block == "mean", gridder.land_.shape
        land = np.flatnonzero(gridder.land_)
        self.register_buffer("nodes", torch.from_numpy(land), persistent=False)
        self.register_buffer("members", torch.from_numpy(gridder.blocks_.members), persistent=False)
        matrix = torch.from_numpy(gridder.matrix_[:, land]).to(dtype)
        self.register_buffer("matrix", matrix, persistent=False)
        self.gaps = GapsTorch(gridder) if gaps else None
        update = gridder.gaps_.solvers()[1] if gaps else None
        if update is not None:
            self.register_buffer("table", torch.from_numpy(update.table).to(dtype), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Grid station values.

        Parameters
        ----------
        values : Tensor, shape (..., m)
            Values at the stations, any unit, in the dtype and on the device of the module; NaN is missing.

        Returns
        -------
        Tensor, shape (..., rows, columns)
            Same unit; 0 at sea, NaN on land in fields without any station. The gradient of a median goes to
            its middle value or two middle values.
        """
        flat = values.reshape(-1, values.shape[-1])
        out = flat.new_zeros(len(flat), self.shape[0] * self.shape[1])
        out.index_copy_(-1, self.nodes, self._on_land(flat))
        return out.reshape(*values.shape[:-1], *self.shape)

    def images(self, values: Tensor) -> Tensor:
        """The same as images (..., rows, columns, c), as stores hold them, of station values (..., c, m).

        Components go to their places as the land is filled in; moving them afterwards takes as long again.
        """
        *more, c, m = values.shape
        on_land = self._on_land(values.reshape(-1, m)).unflatten(0, (-1, c)).mT
        out = on_land.new_zeros(len(on_land), self.shape[0] * self.shape[1], c)
        return out.index_copy_(1, self.nodes, on_land).reshape(*more, *self.shape, c)

    def _on_land(self, flat: Tensor) -> Tensor:
        """Values at the nodes on land (n, land) of station values (n, m)."""
        there = ~flat.isnan()
        reduced = reduce_blocks(flat, self.members, self.mean)
        if self.gaps is None:
            return reduced.masked_fill(~there.all(1, keepdim=True), torch.nan) @ self.matrix
        return reduced @ self.matrix if bool(there.all()) else self._with_gaps(reduced, there)

    def _with_gaps(self, reduced: Tensor, there: Tensor) -> Tensor:
        """Values on land (n, land) of block values (n, b) with their sets of stations (n, m)."""
        assert self.gaps is not None
        empty = ~there.any(1, keepdim=True)
        sets, of = torch.unique(there | empty, dim=0, return_inverse=True)
        clean = reduced.nan_to_num(nan=0.0)
        parts, fields = [], []
        for first in range(0, len(sets), _SETS):
            coefficients, rows = self.gaps(sets[first : first + _SETS])
            here = ((of >= first) & (of < first + _SETS)).nonzero()[:, 0]
            for some in here.split(_FIELDS):
                mine = of[some] - first
                factor = coefficients.to(clean.dtype)[mine]
                weights = (clean[some, None] @ factor)[:, 0]
                # Spread over the whole table, one product serves fields of all sets.
                spread = weights.new_zeros(len(some), len(self.table)).scatter_add(1, rows[mine], weights)
                parts.append(spread @ self.table)
                fields.append(some)
        on_land = torch.cat(parts)[torch.cat(fields).argsort()]
        return on_land.masked_fill(empty, torch.nan)
