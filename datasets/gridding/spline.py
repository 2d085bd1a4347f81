"""Station values to grids: block median, then a spline in tension, then a sea mask."""

import numpy as np

from slipbench.datasets.gridding.gaps import Gaps
from slipbench.datasets.gridding.grid import Grid, near_stations
from slipbench.datasets.gridding.tension import tension_operator


class SplineGridder:
    """Grids station values: ``fit`` on station places once, then ``transform`` any number of fields.

    For fixed stations the block membership, the blocks' positions and the spline are fixed. The spline is
    one matrix; the median of each block is taken first, sample by sample, so with ``block: median`` the
    transform is exact but not linear, and with ``block: mean`` it is linear.

    Parameters
    ----------
    grid : Grid
        Nodes, block size, tension and land rule.

    Attributes
    ----------
    land_ : ndarray of bool, shape (rows, columns)
        Nodes that are kept; the others are set to 0.
    blocks_ : Blocks
        Blocks of the complete network.
    matrix_ : ndarray, shape (b, rows * columns)
        From block values to grid values of the complete network.
    gaps_ : Gaps
        What grids fields with missing stations.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def fit(self, lat: np.ndarray, lon: np.ndarray, land: np.ndarray | None = None) -> "SplineGridder":
        """Prepare the operator.

        Parameters
        ----------
        lat, lon : ndarray, shape (m,)
            Stations, degrees.
        land : ndarray of bool, shape (rows, columns), optional
            Nodes to keep; those near these stations (`near_stations`) by default.

        Raises
        ------
        ValueError
            When there is no station or one lies outside the grid.
        """
        lat, lon = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
        if not len(lat) or not self.grid.holds(lat, lon).all():
            raise ValueError("the gridder needs stations, all inside the grid")
        self.land_ = near_stations(self.grid, lat, lon) if land is None else land
        grid = self.grid
        self.blocks_ = grid.blocks(lon, lat)
        solved = tension_operator(
            *grid.steps(self.blocks_.lon, self.blocks_.lat), grid.solved_shape, grid.tension
        )
        self.matrix_ = np.ascontiguousarray((solved[grid.nodes.ravel()] * self.land_.reshape(-1, 1)).T)
        self.gaps_ = Gaps(grid, lon, lat, self.land_)
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Grid station values; missing stations (NaN) are left out as if they had never been.

        Fields with all stations are one matrix product. Every other set of stations has its own spline
        (`Gaps`), shared by the fields of that set. Earlier calls never matter; which fields are in the call
        may change last bits, as it does with any matrix product.

        Parameters
        ----------
        values : ndarray, shape (..., m)
            Values at the stations, any unit.

        Returns
        -------
        ndarray, shape (..., rows, columns)
            Same unit; 0 at sea, and NaN on land in fields without any station.
        """
        values = np.asarray(values, np.float64)
        flat = values.reshape(-1, values.shape[-1])
        shape = (*values.shape[:-1], *self.land_.shape)
        there = ~np.isnan(flat)
        reduced = self.blocks_.reduce(flat, self.grid.block)
        if there.all():
            return np.matmul(reduced, self.matrix_).reshape(shape)
        out = np.zeros((len(flat), self.land_.size))
        land = np.flatnonzero(self.land_)
        masks, which = np.unique(np.packbits(there, axis=1), axis=0, return_inverse=True)
        of_mask = np.split(np.argsort(which.ravel(), kind="stable"), np.cumsum(np.bincount(which.ravel())))
        for fields in of_mask[: len(masks)]:
            mask = there[fields[0]]
            if mask.all():
                out[fields] = reduced[fields] @ self.matrix_
            else:
                out[np.ix_(fields, land)] = self.gaps_.grid(mask, reduced[fields]) if mask.any() else np.nan
        return out.reshape(shape)
