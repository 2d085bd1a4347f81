"""What an S1 store holds: its arrays and attributes."""

from typing import Any

import numpy as np

from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.physics.okada import kernel
from slipbench.datasets.physics.source import PARAMETERS, Range
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_options import (
    COMPONENTS,
    EVENT_DAY,
    FRAMES,
    WINDOW_DAYS,
    Representation,
    SourceSyntheticOptions,
)
from slipbench.datasets.recipes.source_variants import (
    variant_arrays,
    variant_attributes,
    variant_policies,
)
from slipbench.datasets.store.plan import ArraySpec


def view_arrays(
    representations: tuple[Representation, ...], g: Grid, m: int, offset: str
) -> tuple[ArraySpec, ...]:
    """What networks read, of `m` stations on the grid `g`; `offset` says what the offsets are."""
    image = ("latitude", "longitude", "component")
    labels = {"component": list(COMPONENTS)}
    known = {
        "img": (
            (g.rows, g.columns, 2),
            image,
            "displacement from the day before to the day after the event",
        ),
        "its": (
            (FRAMES, g.rows, g.columns, 2),
            ("frame", *image),
            f"positions of the {FRAMES} days centred on the event day",
        ),
        "ts": ((m, WINDOW_DAYS, 2), ("station", "day", "component"), "positions of the window"),
        "offset": ((m, 2), ("station", "component"), offset),
    }
    return tuple(
        ArraySpec(name, shape, "float32", dims, "mm", about, labels=labels)
        for name, (shape, dims, about) in known.items()
        if name in representations
    )


def target_array() -> ArraySpec:
    """The regressed values."""
    return ArraySpec(
        "target",
        (3,),
        "float64",
        ("target",),
        "degree, degree, 1",
        "centroid latitude and longitude, moment magnitude",
        labels={"target": ["latitude", "longitude", "mw"]},
    )


def split_array() -> ArraySpec:
    """Which part a row belongs to."""
    return ArraySpec("split", (), "uint8", (), "1", "0 train, 1 validation, 2 test")


def row_arrays(o: SourceSyntheticOptions) -> tuple[ArraySpec, ...]:
    """Arrays with a row per sample."""
    offset = "noise-free static displacement"
    names = {"parameter": [name for name, _ in PARAMETERS]}
    return (
        *view_arrays(o.representations, o.grid, o.n_stations, offset),
        *variant_arrays(o),
        target_array(),
        ArraySpec(
            "source",
            (len(PARAMETERS),),
            "float64",
            ("parameter",),
            ", ".join(unit for _, unit in PARAMETERS),
            "rectangular fault; depth of the centroid, positive down",
            labels=names,
        ),
        split_array(),
    )


def static_arrays(
    grid: Grid, stations: Stations, land: np.ndarray
) -> tuple[tuple[ArraySpec, np.ndarray], ...]:
    """Network, grid axes and land mask."""
    g = grid
    here = ("station",)
    return (
        (ArraySpec("station_lat", (), "float64", here, "degree", "station latitude"), stations.lat),
        (ArraySpec("station_lon", (), "float64", here, "degree", "station longitude"), stations.lon),
        (ArraySpec("grid_lat", (), "float64", ("latitude",), "degree", "latitude of rows"), g.latitude),
        (
            ArraySpec("grid_lon", (), "float64", ("longitude",), "degree", "longitude of columns"),
            g.longitude,
        ),
        (
            ArraySpec("land", (), "uint8", ("latitude", "longitude"), "1", "1 land, 0 sea (images are 0)"),
            land.astype(np.uint8),
        ),
        (
            ArraySpec("station_code", (), "uint8", ("station", "letter"), "1", "ASCII, 0-padded"),
            ascii_letters(stations.code),
        ),
    )


def region_attributes(latitude: Range, longitude: Range, g: Grid) -> dict[str, Any]:
    """Where sources and grid lie."""
    return {
        "source_latitude": [latitude.low, latitude.high],
        "source_longitude": [longitude.low, longitude.high],
        "grid_latitude": [float(g.latitude[0]), float(g.latitude[-1])],
        "grid_longitude": [float(g.longitude[0]), float(g.longitude[-1])],
        "note": "the grid holds land with stations; sources may lie outside it, most of them at sea",
    }


def grid_attributes(g: Grid) -> dict[str, Any]:
    """How images are made."""
    return {
        "registration": "gridline (nodes)",
        "rows": "row 0 is the southernmost",
        "columns": "column 0 is the westernmost",
        "step_arcmin": g.step_arcmin,
        "block": f"{g.block} of {g.block_arcmin:g} arc-min blocks centred on every fifth node"
        if g.block_arcmin == 5 * g.step_arcmin
        else f"{g.block} of {g.block_arcmin:g} arc-min blocks",
        "spline": f"continuous curvature in tension {g.tension:g}; a degree counts alike both ways",
        "land_rule": f"land: within {g.land_km:g} km of a station of the whole list; sea nodes are 0",
    }


def target_attributes(latitude: Range, longitude: Range, mw: Range) -> list[dict[str, Any]]:
    """Names, units and ranges of the regressed values, in the order of the array."""
    return [
        {"name": "latitude", "units": "degree", "low": latitude.low, "high": latitude.high},
        {"name": "longitude", "units": "degree", "low": longitude.low, "high": longitude.high},
        {"name": "mw", "units": "1", "low": mw.low, "high": mw.high},
    ]


def attributes(o: SourceSyntheticOptions, network: str, noise: dict[str, Any]) -> dict[str, Any]:
    """Everything else a reader must know; `network` and `noise` describe the inputs."""
    g, s = o.grid, o.sampling
    surface = {
        "redraw": "depth, angles and stress drop are drawn again; latitude, longitude and Mw stay",
        "push_down": "the centroid is lowered, beyond depth_km if need be",
    }[s.surface]
    drop = s.stress_drop
    bounds = {
        "redraw": f"drawn again outside {drop.low_mpa:g} ... {drop.high_mpa:g} MPa",
        "none": "no bounds",
    }[drop.truncation]
    return {
        "task": "source",
        "region": region_attributes(s.latitude, s.longitude, g),
        "grid": grid_attributes(g),
        "units": "mm",
        "component_order": list(COMPONENTS),
        "event_day": EVENT_DAY,
        "window_days": WINDOW_DAYS,
        "step": "the offset is complete on the event day",
        "projection": "azimuthal equidistant on a sphere of 6371 km, centred on each source; vectors turned "
        "to each station's own east and north",
        "half_space": f"homogeneous, elastic, Poisson ratio {o.poisson:g}, 30 GPa",
        "okada_kernel": kernel(),
        "targets": target_attributes(s.latitude, s.longitude, s.mw),
        "policies": {
            f"surface_{'redrawn' if s.surface == 'redraw' else 'pushed_down'}": f"upper edge above "
            f"{s.min_top_km:g} km: {surface}",
            "stress_drop_redrawn": bounds,
            **variant_policies(o),
        },
        **variant_attributes(o),
        "network": network,
        "noise": noise,
    }


def split_of(n: int, train: float, validation: float, rng: np.random.Generator) -> np.ndarray:
    """Split (0, 1, 2) of `n` rows: a random permutation cut at exact counts."""
    order = rng.permutation(n)
    first, second = round(train * n), round((train + validation) * n)
    out = np.full(n, 2, np.uint8)
    out[order[:first]] = 0
    out[order[first:second]] = 1
    return out


def ascii_letters(codes: tuple[str, ...]) -> np.ndarray:
    """Names as ASCII, uint8 (n, length of the longest), padded with zeros."""
    width = max(len(c) for c in codes)
    return np.array([list(c.encode("ascii", "replace").ljust(width, b"\0")) for c in codes], np.uint8)
