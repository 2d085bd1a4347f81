"""How far our spline in tension is from GMT's: fields of both, and their differences by region."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import Delaunay

from slipbench.benchmarks.speed.gmt import LIMIT, gmt_grid
from slipbench.datasets.gridding.spline import Grid, SplineGridder, near_stations
from slipbench.datasets.physics.okada import Sources, displacement

#: What GMT is asked for and the same choice of ours: its default region, or exactly the grid's.
WAYS = {"default": (LIMIT, (2, 3, 2, 3)), "-Qr": (f"{LIMIT} -Qr", (0, 0, 0, 0))}


@dataclass(frozen=True)
class Field:
    """One field at stations.

    Parameters
    ----------
    name : str
        What it is.
    lat, lon, values : ndarray, shape (m,)
        Degrees; millimetres.
    """

    name: str
    lat: np.ndarray
    lon: np.ndarray
    values: np.ndarray


def okada_fields(n_sources: int, n_stations: int, seed: int, grid: Grid) -> list[Field]:
    """East and north displacement of thrust faults under scattered stations, with 1 mm of noise."""
    rng = np.random.default_rng(seed)
    fields = []
    for k in range(n_sources):
        lat = rng.uniform(grid.latitude[0], grid.latitude[-1], n_stations)
        lon = rng.uniform(grid.longitude[0], grid.longitude[-1], n_stations)
        y0, x0 = rng.uniform(36, 40), rng.uniform(140, 142)
        east = (lon - x0) * 111.2e3 * np.cos(np.deg2rad(y0))
        north = (lat - y0) * 111.2e3
        length = rng.uniform(30e3, 100e3)
        one = {
            "depth": rng.uniform(25e3, 60e3),
            "strike": rng.uniform(160, 240),
            "dip": rng.uniform(15, 30),
            "rake": rng.uniform(75, 100),
            "length": length,
            "width": length / 2,
            "slip": rng.uniform(0.5, 3),
        }
        source = Sources(
            east=np.zeros(1),
            north=np.zeros(1),
            opening=np.zeros(1),
            **{name: np.array([value]) for name, value in one.items()},
        )
        moved = 1e3 * displacement(source, east, north)[0] + rng.normal(0, 1, (n_stations, 3))
        fields += [Field(f"Okada {k} {'en'[c]}", lat, lon, moved[:, c]) for c in (0, 1)]
    return fields


def tohoku_fields(data: Path, grid: Grid) -> list[Field]:
    """Observed offsets of 2011-03-11, east and north, at the sites inside the grid (land and sea floor)."""
    table = np.loadtxt(data / "coseismic" / "tohoku_co_obs_EN_m.txt", usecols=(0, 1, 2, 3))
    lon, lat, east, north = table[grid.holds(table[:, 1], table[:, 0])].T
    return [Field("Tohoku 2011 e", lat, lon, 1e3 * east), Field("Tohoku 2011 n", lat, lon, 1e3 * north)]


@dataclass(frozen=True)
class Compared:
    """Our grid, GMT's and the largest and root-mean-square differences in percent of GMT's range.

    Parameters
    ----------
    ours, gmt : ndarray, shape (rows, columns)
        Millimetres.
    largest, rms : dict
        By region: ``all``, ``hull`` (inside the stations' convex hull), ``outside``, ``land`` (the mask).
    """

    ours: np.ndarray
    gmt: np.ndarray
    largest: dict[str, float]
    rms: dict[str, float]


def compare(field: Field, grid: Grid, way: str) -> Compared:
    """Grid a field by both, without a mask; `way` is a key of `WAYS`."""
    options, margin = WAYS[way]
    grid = grid.model_copy(update={"margin": margin})
    everywhere = np.ones((grid.rows, grid.columns), bool)
    ours = SplineGridder(grid).fit(field.lat, field.lon, everywhere).transform(field.values)
    gmt = gmt_grid(field.lat, field.lon, field.values, grid, options)
    nodes = np.stack(np.meshgrid(grid.longitude, grid.latitude), axis=-1)
    inside = Delaunay(np.stack([field.lon, field.lat], axis=1)).find_simplex(nodes) >= 0
    regions = {
        "all": everywhere,
        "hull": inside,
        "outside": ~inside,
        "land": near_stations(grid, field.lat, field.lon),
    }
    percent = np.abs(ours - gmt) / np.ptp(gmt) * 100
    return Compared(
        ours,
        gmt,
        {name: float(percent[where].max(initial=0)) for name, where in regions.items()},
        {name: float(np.sqrt((percent[where] ** 2).mean())) for name, where in regions.items()},
    )
