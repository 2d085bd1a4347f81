"""`Gaps` in torch: splines for many sets of stations at once, prepared on the device."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from slipbench.datasets.gridding.blocks_torch import reduce_blocks
from slipbench.datasets.gridding.precise import Precise
from slipbench.datasets.gridding.spline import SplineGridder
from slipbench.datasets.gridding.tension_data import CLOSE, laplacian_factor
from slipbench.datasets.gridding.tension_equations import PAD, STENCIL

#: Blocks whose squared extent across is below this share of the one along lie on a line.
_FLATTEST = 1e-12


class GapsTorch(Precise):
    """The small systems of `TensionUpdate` for a batch of sets.

    Positions and systems stay float64: float32 would lose how far data lie from their nodes.

    Parameters
    ----------
    gridder : SplineGridder
        Fitted on the complete network.

    Raises
    ------
    ValueError
        When the grid is too large for the tables (`gaps.TABLE_BYTES`).
    """

    def __init__(self, gridder: SplineGridder) -> None:
        super().__init__()
        system, update = gridder.gaps_.solvers()
        if update is None:
            raise ValueError("the grid is too large for tables of Green's functions")
        self.grid, self.columns, self.middle = gridder.grid, system.nx, update.middle
        self.first_term = len(update.near)
        self.factor, whole = laplacian_factor(system.tension), update.whole
        number = np.zeros((5, 5), int)
        number[STENCIL[:, 0] + 2, STENCIL[:, 1] + 2] = np.arange(len(STENCIL))
        arrays = {
            "near": update.near,
            "places": gridder.gaps_.places,
            "row_of": update.row_of,
            "column_of": update.column_of,
            "step": STENCIL @ [system.nx, 1],
            "number": number,
            "fixed": (STENCIL == 0).all(axis=1) - update.free,
            "laplacian": update.laplacian,
            "members": gridder.blocks_.members,
            "node": whole.node,
            "counts": whole.counts,
            "into": whole.into,
            "change": update.change(whole),
        }
        self.hold(**{name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})

    @torch.no_grad()
    def forward(self, there: Tensor) -> tuple[Tensor, Tensor]:
        """Factors of the operators of sets of stations.

        Parameters
        ----------
        there : Tensor of bool, shape (sets, m)
            Stations that are not missing.

        Returns
        -------
        coefficients : Tensor of float64, shape (sets, b, u + 3)
            From block values (0 where a block has none) to weights of rows of `TensionUpdate.table`.
        rows : Tensor of int64, shape (sets, u + 3)
            Those rows: ``values @ coefficients @ table[rows]`` are the values at the land's nodes.
        """
        b: Any = self
        x_, y_ = self._positions(torch.cat([torch.ones_like(there[:1]), there]))
        x, y, present = x_[1:], y_[1:], ~x_[1:].isnan()
        x, y = torch.where(present, x, x_[0]), torch.where(present, y, y_[0])
        node, counts, dx, dy = self._nearest(x, y, present)
        same = present & (x == x_[0]) & (y == y_[0]) & (counts == b.counts)
        # Changed blocks first, as many as the set with most of them has.
        order = same.to(torch.int8).argsort(dim=1, stable=True)[:, : int((~same).sum(1).max())]
        changed = ~same.gather(1, order)
        change, into = self._equations(dx.gather(1, order), dy.gather(1, order))
        into = torch.where(present & counts, b.into.expand_as(x).scatter(1, order, into), 0.0)
        added = changed & (present & counts).gather(1, order)
        freed = changed & b.counts[order]

        nodes = torch.cat([node, b.node[order]], 1)  # whose Green's functions are used
        last = x.shape[1] + torch.arange(order.shape[1], device=x.device)
        where = torch.cat([order, last.expand_as(order)], 1)  # of them, those with a changed equation
        changes = torch.cat([change * added[..., None], -b.change[order] * freed[..., None]], 1)
        rows, at = b.row_of[nodes], nodes.gather(1, where)
        seen = changes.new_zeros(*where.shape, rows.shape[1])
        starts = (rows * b.near.shape[1])[:, None, :]
        for k, away in enumerate(b.step):
            around = b.near.take(starts + b.column_of[at + away][..., None])
            seen.addcmul_(changes[..., k, None], around)
        small = seen.gather(2, where[:, None, :].expand(-1, where.shape[1], -1))
        small.diagonal(dim1=1, dim2=2).add_(1.0)
        correction = torch.linalg.solve(small, seen[..., : x.shape[1]] * into[:, None, :])
        weights = nn.functional.pad(torch.diag_embed(into), (0, order.shape[1]))
        weights.scatter_add_(2, where[:, None, :].expand(-1, x.shape[1], -1), -correction.mT)
        return self._with_plane(weights, rows, x, y, present)

    def _positions(self, there: Tensor) -> tuple[Tensor, Tensor]:
        """The blocks' x and y in grid steps, NaN where a block has no station."""
        b: Any = self
        grid = self.grid
        at = torch.where(there[:, None], b.places, torch.nan)
        lon, lat = reduce_blocks(at, b.members, grid.block == "mean").unbind(1)
        step, (south, _, west, _) = grid.step_arcmin / 60, grid.margin
        return (lon - grid.lon_first) / step + west, (lat - grid.lat_first) / step + south

    def _nearest(self, x: Tensor, y: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Node of each datum, whether none with that node is nearer, and its place from the node."""
        j, i = torch.floor(x + PAD + 0.5), torch.floor(y + PAD + 0.5)
        dx, dy = x + PAD - j, y + PAD - i
        node, away = (i * self.columns + j).long(), torch.hypot(dx, dy)
        first = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril(-1)
        mine, theirs = away[:, :, None], away[:, None, :]
        nearer = (theirs < mine) | ((theirs == mine) & first)
        alike = node[:, :, None] == node[:, None, :]
        return node, ~(nearer & alike & present[:, None, :]).any(2), dx, dy

    def _equations(self, dx: Tensor, dy: Tensor) -> tuple[Tensor, Tensor]:
        """As `tension_data.place`: changes of the nodes' equations (..., 13), and factors of the data."""
        b: Any = self
        close = (dx.abs() < CLOSE) & (dy.abs() < CLOSE)
        dx, dy = (torch.where(close, 0.25, d) for d in (dx, dy))
        one = torch.ones_like(dx)
        sx, sy = torch.where(dx < 0, -one, one), torch.where(dy < 0, -one, one)
        zero = torch.zeros_like(dx)
        x = torch.stack([-sx, -sx, zero, sx, dx], -1)
        y = torch.stack([sy, zero, -sy, -sy, dy], -1)
        taylor = torch.stack([x, y, x * x / 2, x * y, y * y / 2], -2)
        wanted = dx.new_tensor([0.0, 0.0, 1.0, 0.0, 1.0]).expand_as(x)
        weights = torch.linalg.solve(taylor, wanted[..., None])[..., 0] * self.factor
        change = (-self.factor * b.laplacian).repeat(*dx.shape, 1)
        neighbour = b.number[y[..., :4].long() + 2, x[..., :4].long() + 2]
        change.scatter_add_(-1, neighbour, weights[..., :4])
        change[..., b.number[2, 2]] -= weights.sum(-1)
        return torch.where(close[..., None], b.fixed, change), torch.where(close, one, -weights[..., 4])

    def _with_plane(
        self, weights: Tensor, rows: Tensor, x: Tensor, y: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Take the best plane (or the mean, of data on a line) out of the data and put it back after."""
        one = present.double()
        count = one.sum(1, keepdim=True).clamp(min=1)
        cx, cy = ((v * one).sum(1, keepdim=True) / count for v in (x, y))
        dx, dy = (x - cx) * one, (y - cy) * one
        xx, yy, xy = (dx * dx).sum(1), (dy * dy).sum(1), (dx * dy).sum(1)
        det = xx * yy - xy * xy
        flat = det <= _FLATTEST * (xx + yy) ** 2
        det = torch.where(flat, 1.0, det)[:, None]
        slope_x = torch.where(flat[:, None], 0.0, (yy[:, None] * dx - xy[:, None] * dy) / det)
        slope_y = torch.where(flat[:, None], 0.0, (xx[:, None] * dy - xy[:, None] * dx) / det)
        fit = torch.stack([one / count, slope_x, slope_y], 1)  # (sets, 3, b)
        at_data = torch.stack([one, dx, dy], 1)
        weights = weights - fit.mT @ (at_data @ weights)
        # Nothing is left of as many data as the plane has terms.
        weights = torch.where((count == torch.where(flat, 1, 3)[:, None])[..., None], 0.0, weights)
        shift = torch.stack([torch.ones_like(cx), self.middle[0] - cx, self.middle[1] - cy], 1)
        terms = torch.cat([(fit * shift).sum(1, keepdim=True), fit[:, 1:]], 1)
        last = self.first_term + torch.arange(3, device=x.device)
        return torch.cat([weights, terms.mT], 2), torch.cat([rows, last.expand(len(rows), 3)], 1)
