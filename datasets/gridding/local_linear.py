"""Station values on a regular grid by Gaussian-weighted local linear regression (Wang et al. 2025, eqs 1-17).

The weighted mean (9), weighted covariance of the station positions (10-12), gradient (13-15) and
first-order correction (16-17) are together a locally weighted linear regression at the node. Nothing
limits the extrapolation to nodes outside the network, as published.
"""

from functools import partial

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.thin import thin_factors
from slipbench.datasets.physics.distance import ground_distance

#: Weights never fall below exp(-this) of the node's largest, so that no sum of weights is zero.
_LARGEST_EXPONENT = 500.0
#: Below this ratio of the determinant of the position covariance to that of a circle of the same trace the
#: stations lie on a line (across to along less than 1 in 20,000); the sums are exact to far more than that.
FLATTEST = 1e-8
#: Below this share of the network's squared size the stations lie in one place.
SMALLEST = 1e-12
_BLOCK_BYTES = 64 * 2**20
#: Weights of large networks are smooth: as thin factors they take a third of the work. Their error is at most
#: this (a node's largest weight is 1), and days go back to the weights themselves where the sum of weights
#: or the ratio of the covariance's determinant to a circle's falls below the next two at any node.
_TOLERANCE, _LEAST, _ROUNDEST = 1e-13, 1.0, 1e-3
Thin = tuple[np.ndarray, np.ndarray] | None


def grid_nodes(low: float, high: float, n: int) -> np.ndarray:
    """Coordinates of `n` nodes: origin + index * cell with cell = (high - low) / n (eqs 1-4), degrees."""
    return low + np.arange(n) * ((high - low) / n)


class LocalLinear:
    """Gridder with scikit-learn's manners: `fit` on a geometry, `transform` batches of days.

    Parameters
    ----------
    sigma_m : float
        Standard deviation of the Gaussian weight on the ground, metres (eq. 7).

    Attributes
    ----------
    weights_ : ndarray, shape (nodes, stations)
        Weights, each node's largest is 1.
    xy_, node_xy_ : ndarray, shapes (2, stations) and (2, nodes)
        Latitude and longitude from the network's centre, degrees.
    """

    def __init__(self, sigma_m: float) -> None:
        self.sigma_m = sigma_m

    def fit(
        self, station_lat: np.ndarray, station_lon: np.ndarray, node_lat: np.ndarray, node_lon: np.ndarray
    ) -> "LocalLinear":
        """Prepare the weights of all nodes (rows x columns) for a fixed list of stations.

        Parameters
        ----------
        station_lat, station_lon : ndarray, shape (stations,)
            Degrees; longitudes must not jump by 360 inside the region.
        node_lat, node_lon : ndarray, shapes (rows,) and (columns,)
            Degrees.

        Raises
        ------
        InputError
            Without stations or for coordinates that are not finite.
        """
        lat, lon = np.asarray(station_lat, float), np.asarray(station_lon, float)
        if not len(lat) or not (np.isfinite(lat).all() and np.isfinite(lon).all()):
            raise InputError(
                "stations",
                f"{len(lat)} with finite or missing coordinates",
                "one or more, all finite",
                "drop them",
            )
        self.shape_ = (len(node_lat), len(node_lon))
        g_lat, g_lon = (x.ravel() for x in np.meshgrid(node_lat, node_lon, indexing="ij"))
        exponent = ground_distance(g_lat[:, None], g_lon[:, None], lat, lon) ** 2 / (2 * self.sigma_m**2)
        exponent -= exponent.min(axis=1, keepdims=True)  # (8) normalises, so a factor per node is free
        self.weights_ = np.exp(-np.minimum(exponent, _LARGEST_EXPONENT))
        # Positions about the network's centre keep the differences of second moments accurate.
        self._origin = (lat.mean(), lon.mean())
        self._thin = thin_factors(self.weights_, _TOLERANCE)
        self.xy_ = np.stack([lat - self._origin[0], lon - self._origin[1]])
        self.node_xy_ = np.stack([g_lat - self._origin[0], g_lon - self._origin[1]])
        return self

    def transform(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Grid any number of days, by matrix products over all nodes.

        Last bits depend on how many threads BLAS has (`one_blas_thread`), and on which days are together.

        Parameters
        ----------
        values : ndarray, shape (days, stations, components)
            Station values; a station counts as missing on a day when any of its components is not finite.

        Returns
        -------
        grid : ndarray, shape (days, rows, columns, components)
            Values at the nodes in the unit of `values`; NaN on a day without any station.
        fallbacks : ndarray of int, shape (days,)
            Nodes whose position covariance was singular (one station, or all on a line) and which therefore
            hold the weighted mean (9).
        """
        values = np.asarray(values, float)
        n_days, _, n_components = values.shape
        n_nodes = len(self.weights_)
        grid = np.full((n_days, n_nodes, n_components), np.nan)
        fallbacks = np.zeros(n_days, np.int64)
        block = max(1, _BLOCK_BYTES // (8 * n_nodes * (8 + 6 * n_components)))
        for start in range(0, n_days, block):
            some = np.arange(start, min(start + block, n_days))
            grid[some], fallbacks[some], sure = self._regress(values[some], self._thin)
            if not sure.all():
                some = some[~sure]
                grid[some], fallbacks[some], _ = self._regress(values[some], None)
        return grid.reshape(n_days, *self.shape_, n_components), fallbacks

    def _sums(self, values: np.ndarray, thin: Thin) -> np.ndarray:
        """Weighted sums over the stations (last axis) at every node."""
        flat = values.reshape(-1, values.shape[-1])
        flat = flat @ self.weights_.T if thin is None else (flat @ thin[1].T) @ thin[0].T
        return flat.reshape(*values.shape[:-1], -1)

    def _regress(self, values: np.ndarray, thin: Thin) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Grids and fallbacks of days, and for which days the thin factors are accurate."""
        here = np.isfinite(values).all(axis=2)
        v = np.ascontiguousarray(
            np.where(here[..., None], values, 0.0).transpose(0, 2, 1)
        )  # (days, components, stations)
        lat, lon = self.xy_
        sums = partial(self._sums, thin=thin)
        packed, mask_of = np.unique(np.packbits(here, axis=1), axis=0, return_inverse=True)
        m = np.unpackbits(packed, axis=1, count=here.shape[1]).astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = sums(m)  # (masks, nodes); zero only where no station is there at all
            mean_lat, mean_lon = sums(m * lat) / total, sums(m * lon) / total
            var_lat = sums(m * lat * lat) / total - mean_lat**2
            var_lon = sums(m * lon * lon) / total - mean_lon**2
            cov = sums(m * lat * lon) / total - mean_lat * mean_lon
            trace, det = var_lat + var_lon, var_lat * var_lon - cov**2
            size = (self.xy_**2).sum(axis=0).max()
            singular: np.ndarray = (trace <= SMALLEST * size) | (det <= FLATTEST * (trace / 2) ** 2)
            # Inverse of the covariance times the step from the weighted centre to the node.
            to_lat, to_lon = self.node_xy_[0] - mean_lat, self.node_xy_[1] - mean_lon
            safe = np.where(singular, 1.0, det)
            pull_lat = np.where(singular, 0.0, (var_lon * to_lat - cov * to_lon) / safe)
            pull_lon = np.where(singular, 0.0, (var_lat * to_lon - cov * to_lat) / safe)
            of = np.s_[mask_of.ravel(), None]
            mean = sums(v) / total[of]
            with_lat = sums(v * lat) / total[of] - mean_lat[of] * mean
            with_lon = sums(v * lon) / total[of] - mean_lon[of] * mean
            out = mean + with_lat * pull_lat[of] + with_lon * pull_lon[of]
        singular &= total > 0
        sure = (total >= _LEAST) & (det >= _ROUNDEST * (trace / 2) ** 2)
        sure_, singular_ = sure.all(axis=1) | (thin is None), singular.sum(axis=1)
        return out.transpose(0, 2, 1), singular_[mask_of.ravel()], sure_[mask_of.ravel()]
