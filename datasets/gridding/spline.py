"""Station values to grids: block median, then a spline in tension, then a sea mask."""

from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeInt

from slipbench.datasets.gridding.blocks import Blocks, make_blocks
from slipbench.datasets.gridding.tension import tension_operator
from slipbench.datasets.options import Options
from slipbench.datasets.physics.distance import ground_distance


class Grid(Options):
    """A regular grid of nodes (gridline registration); row 0 is the southernmost, column 0 the westernmost.

    The default has the 76 x 36 nodes of Costantino et al. (2023), which at 5 arc-min span 6.25 x 2.917
    degrees, 15 x 7 blocks of 25 arc-min exactly: 35-41.25 N, 139.25-142.167 E, the land of north-east Honshu
    with its Pacific coast. It cannot hold their source region (35-41 N, 139-146 E), most of which is sea.
    """

    lat_first: float = Field(35.0, ge=-89, le=89, description="latitude of row 0, degrees")
    lon_first: float = Field(139.25, ge=-180, le=360, description="longitude of column 0, degrees")
    step_arcmin: float = Field(5.0, gt=0, description="distance of nodes in latitude and longitude, arc-min")
    rows: int = Field(76, ge=4, description="nodes in latitude")
    columns: int = Field(36, ge=4, description="nodes in longitude")
    block_arcmin: float = Field(25.0, gt=0, description="size of the block reduction, arc-min")
    block: Literal["median", "mean"] = Field("median", description="block reduction; only the mean is linear")
    tension: float = Field(0.25, ge=0, lt=1, description="tension of the spline, inside and at the edges")
    margin: tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt, NonNegativeInt] = Field(
        (2, 3, 2, 3),
        description="nodes that the spline's own region has beyond the grid: south, north, west, east; the "
        "default is what GMT's surface takes for 76 x 36 nodes, 0 is its -Qr",
    )
    land_km: float = Field(25.0, gt=0, description="a node is land within this distance of a station, km")

    @property
    def latitude(self) -> np.ndarray:
        """Latitudes of the rows, degrees, ascending."""
        return self.lat_first + np.arange(self.rows) * self.step_arcmin / 60

    @property
    def longitude(self) -> np.ndarray:
        """Longitudes of the columns, degrees, ascending."""
        return self.lon_first + np.arange(self.columns) * self.step_arcmin / 60

    def holds(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Whether places lie within the outermost nodes."""
        y, x = self.latitude, self.longitude
        return (lat >= y[0]) & (lat <= y[-1]) & (lon >= x[0]) & (lon <= x[-1])


def near_stations(grid: Grid, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Land mask (rows, columns): nodes within ``land_km`` of a station. It needs no coastline."""
    away = ground_distance(grid.latitude[:, None, None], grid.longitude[:, None], lat, lon)
    return away.min(axis=-1) <= grid.land_km * 1e3


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
        self._lat, self._lon = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
        if not len(self._lat) or not self.grid.holds(self._lat, self._lon).all():
            raise ValueError("the gridder needs stations, all inside the grid")
        self.land_ = near_stations(self.grid, self._lat, self._lon) if land is None else land
        self._prepared: dict[bytes, tuple[Blocks, np.ndarray]] = {}
        self._operator(np.ones(len(self._lat), bool))
        return self

    def _operator(self, there: np.ndarray) -> tuple[Blocks, np.ndarray]:
        """Blocks and masked matrix of a set of stations, kept for the next field with the same set."""
        key = np.packbits(there).tobytes()
        if key not in self._prepared:
            grid, step = self.grid, self.grid.step_arcmin / 60
            lon, lat = self._lon[there], self._lat[there]
            blocks = make_blocks(
                lon, lat, (grid.lon_first, grid.lat_first), grid.block_arcmin / 60, grid.block
            )
            x, y = (blocks.lon - grid.lon_first) / step, (blocks.lat - grid.lat_first) / step
            south, north, west, east = grid.margin
            shape = (south + grid.rows + north, west + grid.columns + east)
            solved = tension_operator(x + west, y + south, shape, grid.tension).reshape(*shape, -1)
            matrix = solved[south : south + grid.rows, west : west + grid.columns].reshape(-1, len(x))
            self._prepared[key] = blocks, np.ascontiguousarray((matrix * self.land_.reshape(-1, 1)).T)
        return self._prepared[key]

    @property
    def blocks_(self) -> Blocks:
        """Blocks of the complete network."""
        return self._operator(np.ones(len(self._lat), bool))[0]

    @property
    def matrix_(self) -> np.ndarray:
        """Block values (b) to grid values (rows * columns) of the complete network, shape (b, nodes)."""
        return self._operator(np.ones(len(self._lat), bool))[1]

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Grid station values; a missing station (NaN) is left out, with an operator of its own.

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
        out = np.empty((len(flat), self.land_.size))
        there = ~np.isnan(flat)
        if there.all():
            blocks, matrix = self._operator(there[0] if len(flat) else np.ones(flat.shape[1], bool))
            np.matmul(blocks.reduce(flat, self.grid.block), matrix, out=out)
        else:
            masks, which = np.unique(there, axis=0, return_inverse=True)
            for k, mask in enumerate(masks):
                rows = np.flatnonzero(which.reshape(-1) == k)
                if not mask.any():
                    out[rows] = np.where(self.land_.ravel(), np.nan, 0.0)
                    continue
                blocks, matrix = self._operator(mask)
                out[rows] = blocks.reduce(flat[rows][:, mask], self.grid.block) @ matrix
        return out.reshape(*values.shape[:-1], *self.land_.shape)
