"""A fitted `LocalLinear` in torch, on any device, differentiable in the values."""

import torch
from torch import Tensor

from slipbench.datasets.gridding.local_linear import FLATTEST, SMALLEST, LocalLinear
from slipbench.datasets.gridding.precise import Precise


class LocalLinearTorch(Precise):
    """Grids days as the gridder that it is built from, missing stations included.

    What depends on positions alone is worked out in float64, once for every set of stations in a batch: the
    covariance of positions is a small difference of large sums.

    Parameters
    ----------
    gridder : LocalLinear
        Fitted on the network.
    dtype : torch.dtype
        Of values and grids. ``float64`` agrees with NumPy to 1e-10 of the range of a grid, ``float32`` to
        1e-4 (without TF32): outside the network values are extrapolated, errors with them.
    """

    weights: Tensor
    exact: Tensor
    xy: Tensor
    node_xy: Tensor

    def __init__(self, gridder: LocalLinear, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.shape, self.size = gridder.shape_, float((gridder.xy_**2).sum(axis=0).max())
        exact = torch.tensor(gridder.weights_.T)
        xy, node_xy = torch.tensor(gridder.xy_), torch.tensor(gridder.node_xy_)
        self.hold(exact=exact, weights=exact.to(dtype), xy=xy, node_xy=node_xy)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Grid any number of days.

        Parameters
        ----------
        values : Tensor, shape (days, stations, components)
            In the dtype and on the device of the module; a station counts as missing on a day when any of
            its components is not finite.

        Returns
        -------
        grid : Tensor, shape (days, rows, columns, components)
            Values at the nodes; NaN on a day without any station.
        fallbacks : Tensor of int64, shape (days,)
            Nodes that hold the weighted mean, see `LocalLinear.transform`.
        """
        here = values.isfinite().all(2)
        sets, of = torch.unique(here, dim=0, return_inverse=True)
        factors, fallbacks = self._factors(sets)
        lat, lon = self.xy.to(values.dtype)
        v = values.masked_fill(~here[..., None], 0.0).mT.contiguous()  # (days, components, stations)
        grid = torch.zeros((), dtype=values.dtype, device=values.device)
        for factor, part in zip(factors.to(values.dtype), (v, v * lat, v * lon), strict=True):
            grid = grid + (part @ self.weights) * factor[of, None]
        grid = grid.mT.unflatten(1, self.shape)
        return grid.masked_fill(~here.any(1)[:, None, None, None], torch.nan), fallbacks[of]

    @torch.no_grad()
    def _factors(self, sets: Tensor) -> tuple[Tensor, Tensor]:
        """What the sums of values, values by latitude and by longitude are multiplied with; fallbacks.

        Parameters
        ----------
        sets : Tensor of bool, shape (s, stations)
            Stations that are there.

        Returns
        -------
        factors : Tensor of float64, shape (3, s, nodes)
            The grid is the sum of the products.
        fallbacks : Tensor of int64, shape (s,)
            Nodes where the gradient is left out.
        """
        m = sets.double()
        lat, lon = self.xy
        total, *moments = (m * x @ self.exact for x in (1.0, lat, lon, lat * lat, lon * lon, lat * lon))
        some = total > 0
        total = torch.where(some, total, 1.0)
        mean_lat, mean_lon, lat2, lon2, lat_lon = (x / total for x in moments)
        var_lat, var_lon, cov = lat2 - mean_lat**2, lon2 - mean_lon**2, lat_lon - mean_lat * mean_lon
        trace, det = var_lat + var_lon, var_lat * var_lon - cov**2
        singular = (trace <= SMALLEST * self.size) | (det <= FLATTEST * (trace / 2) ** 2)
        to_lat, to_lon = self.node_xy[0] - mean_lat, self.node_xy[1] - mean_lon
        safe = torch.where(singular, 1.0, det) * total
        pull_lat = torch.where(singular, 0.0, (var_lon * to_lat - cov * to_lon) / safe)
        pull_lon = torch.where(singular, 0.0, (var_lat * to_lon - cov * to_lat) / safe)
        mean = 1 / total - mean_lat * pull_lat - mean_lon * pull_lon
        return torch.stack([mean, pull_lat, pull_lon]), (singular & some).sum(1)
