"""Okada displacement and gridding: pairs and fields a second."""

import numpy as np
from scipy.interpolate import RBFInterpolator

from slipbench.benchmarks.speed.measure import Row, alternating, seconds
from slipbench.datasets.gridding.spline import Grid, SplineGridder
from slipbench.datasets.physics.okada import Sources, displacement

N_SOURCES, N_STATIONS, N_FIELDS = 512, 300, 256


def _sources(rng: np.random.Generator) -> Sources:
    n = N_SOURCES
    length = rng.uniform(10e3, 200e3, n)
    dip = rng.uniform(20, 30, n)
    depth = rng.uniform(30e3, 100e3, n)
    still = np.zeros(n)
    return Sources(
        still,
        still,
        depth,
        rng.uniform(160, 240, n),
        dip,
        rng.uniform(75, 100, n),
        length,
        length / 2,
        still + 1,
        still,
    )


def rows() -> list[Row]:
    """Displacement of mixed thrust sources, and a fixed network's spline against a radial basis fit."""
    rng = np.random.default_rng(0)
    sources = _sources(rng)
    east, north = rng.uniform(-300e3, 300e3, (2, N_STATIONS))
    okada = N_SOURCES * N_STATIONS / seconds(lambda: displacement(sources, east, north)) / 1e6

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
        Row(f"Okada, {N_SOURCES} sources x {N_STATIONS} stations", okada, "M pairs/s"),
        Row(
            f"spline in tension, {N_STATIONS} stations to {grid.rows} x {grid.columns}",
            N_FIELDS / ours,
            "fields/s",
            "scipy RBF, thin plate, 16 fields at once",
            ratio,
        ),
    ]
