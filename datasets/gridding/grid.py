"""The regular grid that station values are put on, and its land."""

from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeInt

from slipbench.datasets.gridding.blocks import Blocks, make_blocks
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

    @property
    def solved_shape(self) -> tuple[int, int]:
        """Rows and columns of the grid that the spline is solved on, with the margin."""
        south, north, west, east = self.margin
        return south + self.rows + north, west + self.columns + east

    @property
    def nodes(self) -> np.ndarray:
        """Numbers (rows, columns) of the nodes on the grid that the spline is solved on, row by row."""
        south, _, west, _ = self.margin
        number = np.arange(self.solved_shape[0] * self.solved_shape[1]).reshape(self.solved_shape)
        return number[south : south + self.rows, west : west + self.columns]

    def steps(self, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places in steps along columns and rows from the first node of the grid that is solved on."""
        step = self.step_arcmin / 60
        return (lon - self.lon_first) / step + self.margin[2], (lat - self.lat_first) / step + self.margin[0]

    def blocks(self, lon: np.ndarray, lat: np.ndarray) -> Blocks:
        """Blocks that stations fall into."""
        return make_blocks(lon, lat, (self.lon_first, self.lat_first), self.block_arcmin / 60, self.block)

    def holds(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Whether places lie within the outermost nodes."""
        y, x = self.latitude, self.longitude
        return (lat >= y[0]) & (lat <= y[-1]) & (lon >= x[0]) & (lon <= x[-1])


def near_stations(grid: Grid, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Land mask (rows, columns): nodes within ``land_km`` of a station. It needs no coastline."""
    away = ground_distance(grid.latitude[:, None, None], grid.longitude[:, None], lat, lon)
    return away.min(axis=-1) <= grid.land_km * 1e3
