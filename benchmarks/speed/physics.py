"""Okada displacement and gridding: pairs and fields a second."""

import numpy as np
from scipy.interpolate import RBFInterpolator

from slipbench.benchmarks.speed import okada
from slipbench.benchmarks.speed.measure import Row, alternating
from slipbench.datasets.gridding.spline import Grid, SplineGridder

N_STATIONS, N_FIELDS = 300, 256


def rows() -> list[Row]:
    """Displacement beside its peers, and a fixed network's spline against a radial basis fit."""
    rng = np.random.default_rng(0)
    grid = Grid()
    lat = rng.uniform(grid.latitude[0], grid.latitude[-1], N_STATIONS)
    lon = rng.uniform(grid.longitude[0], grid.longitude[-1], N_STATIONS)
    gridder = SplineGridder(grid).fit(lat, lon)
    values = rng.normal(size=(N_FIELDS, N_STATIONS))
    nodes = np.stack(np.meshgrid(grid.latitude, grid.longitude, indexing="ij"), -1).reshape(-1, 2)
    places = np.stack([lat, lon], 1)
    ours, peer = alternating(
        lambda: gridder.transform(values),
        lambda: RBFInterpolator(places, values[:16].T, kernel="thin_plate_spline")(nodes),
    )
    ratio = (N_FIELDS / ours) / (16 / peer)
    return [
        *okada.rows(),
        Row(
            f"spline in tension, {N_STATIONS} stations to {grid.rows} x {grid.columns}",
            N_FIELDS / ours,
            "fields/s",
            "scipy RBF, thin plate, 16 fields at once",
            ratio,
        ),
    ]
