"""The stations of the S1 dataset: a subset of a real list, or a made network over north-east Honshu."""

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.readers.stations import Stations

NGL_LIST = "stations/ngl_japan_box.csv"

#: Rough outline of Honshu east of 139.2 E (longitude, latitude in degrees), clockwise from Sagami Bay. Drawn
#: by hand to some 10 km: it only has to give a made network a realistic shape.
HONSHU = np.array(
    [
        (139.20, 35.30), (139.20, 38.10), (139.50, 38.40), (139.95, 39.00), (140.05, 39.60), (139.85, 39.95),
        (139.90, 40.50), (140.30, 40.70), (140.30, 41.10), (140.65, 41.15), (140.90, 40.95), (141.20, 41.25),
        (141.40, 41.20), (141.55, 40.50), (141.85, 40.10), (142.05, 39.60), (141.95, 39.30), (141.60, 38.90),
        (141.50, 38.35), (140.95, 38.10), (141.00, 37.40), (140.75, 36.80), (140.60, 36.20), (140.85, 35.72),
        (140.40, 35.15), (139.85, 34.95), (139.70, 35.15),
    ]
)  # fmt: skip

_CANDIDATES = 12


def inside(outline: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Whether points lie inside a closed outline (k, 2): an odd number of its sides lies to the east."""
    x0, y0 = outline[:, 0], outline[:, 1]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    y = lat[..., None]
    crosses = (y0 <= y) != (y1 <= y)
    slope = (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
    return (crosses & (x0 + (y - y0) * slope > lon[..., None])).sum(axis=-1) % 2 == 1


def made_network(n: int, grid: Grid, rng: np.random.Generator) -> Stations:
    """`n` evenly scattered stations on the outlined land inside `grid`, at height 0.

    Each station is the one out of a dozen random candidates that lies farthest from those already placed
    (Mitchell 1991), which gives the nearly even spacing of GEONET: 300 stations lie about 15 km apart.

    Raises
    ------
    InputError
        When the grid holds none of the outlined land.
    """
    lon, lat = grid.longitude, grid.latitude
    probe_lat, probe_lon = np.meshgrid(lat, lon, indexing="ij")
    if inside(HONSHU, probe_lon, probe_lat).sum() < 4:
        raise InputError(
            "grid",
            "holds no land of the made network",
            "a grid over north-east Honshu",
            "use 'stations: ngl'",
        )
    placed = np.empty((n, 2))
    scale = np.array([np.cos(np.deg2rad(lat.mean())), 1.0])
    for k in range(n):
        found = np.empty((0, 2))
        while len(found) < _CANDIDATES:
            some = rng.uniform((lon[0], lat[0]), (lon[-1], lat[-1]), (4 * _CANDIDATES, 2))
            found = np.concatenate([found, some[inside(HONSHU, some[:, 0], some[:, 1])]])
        found = found[:_CANDIDATES]
        apart = ((found[:, None] - placed[None, :k]) * scale) ** 2
        placed[k] = found[apart.sum(axis=-1).min(axis=1).argmax()] if k else found[0]
    return Stations(tuple(f"M{k:04d}" for k in range(n)), placed[:, 1], placed[:, 0], np.zeros(n))


def thinned(listed: Stations, n: int, grid: Grid, rng: np.random.Generator) -> Stations:
    """`n` stations drawn at random from those of a list that lie inside `grid`, in the list's order.

    Raises
    ------
    InputError
        When there are fewer.
    """
    listed = listed.take(grid.holds(listed.lat, listed.lon))
    if len(listed) < n:
        raise InputError(
            "n_stations",
            f"{n} asked for, {len(listed)} in the grid",
            f"at most {len(listed)}",
            "ask for fewer",
        )
    return listed.take(np.sort(rng.choice(len(listed), size=n, replace=False)))
