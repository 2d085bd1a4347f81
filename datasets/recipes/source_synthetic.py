"""Synthetic earthquakes seen by a GNSS network (science S1), after Costantino et al. (2023)."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.spline import SplineGridder
from slipbench.datasets.noise.parametric import parametric_sampler
from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.noise.transplant import transplant
from slipbench.datasets.physics.source import PARAMETERS
from slipbench.datasets.readers.residuals import read_residuals
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.base import RECIPES, Recipe
from slipbench.datasets.recipes.source_maker import Noise, SourceMaker, SurrogateDays
from slipbench.datasets.recipes.source_network import NGL_LIST, listed_network, made_network
from slipbench.datasets.recipes.source_options import (
    COMPONENTS,
    EVENT_DAY,
    FRAMES,
    WINDOW_DAYS,
    SourceSyntheticOptions,
)
from slipbench.datasets.recipes.source_plot import plot_sources
from slipbench.datasets.registry import Info
from slipbench.datasets.store.plan import ArraySpec, Plan, Source
from slipbench.datasets.store.reader import Store

RESIDUALS = "daily/cascadia211_daily_2005_2015.npz"

# Third words of the seed sequences of what is drawn once for a store; shards use two words.
_NETWORK_STREAM, _SPLIT_STREAM = 1, 2


@RECIPES.register(
    Info(
        name="source_synthetic",
        task="source",
        summary="synthetic earthquakes off Honshu seen by GNSS: images, series, source parameters",
        reference="Costantino et al. 2023, Okada 1985, Smith and Wessel 1990",
        licence="Apache-2.0",
        limits="homogeneous half-space; daily positions; no post-seismic motion",
    )
)
class SourceSynthetic(Recipe):
    """Random sources, Okada displacement, network noise, gridded images.

    Positions of day t of a 100-day window are noise(t) + offset * [t >= 50], in mm. ``img`` is
    position(51) - position(49) on the grid, ``its`` the positions of days 43 ... 57 on the grid, ``ts`` the
    positions at the stations.
    """

    Options = SourceSyntheticOptions

    def plan(self) -> Plan:
        """Choose the network, prepare noise and gridding, lay out the store.

        Raises
        ------
        InputError
            When the options ask for real input that is not there or cannot be used, or for more stations than
            there are.
        """
        o: SourceSyntheticOptions = self.options
        sources: list[Source] = []
        stations, network = self._network(sources)
        noise, noise_note = self._noise(stations, sources)
        gridder = SplineGridder(o.grid).fit(stations.lat, stations.lon)
        maker = SourceMaker(
            sampling=o.sampling,
            stations=stations,
            noise=noise,
            days=o.days,
            gridder=gridder,
            representations=o.representations,
            split=split_of(o.n_samples, o.split.train, o.split.validation, self._stream(_SPLIT_STREAM)),
            poisson=o.poisson,
            n_components=len(COMPONENTS),
        )
        return Plan(
            recipe=self.info.name,
            recipe_version=self.info.version,
            options=o.model_dump(mode="json"),
            seed=o.seed,
            n_rows=o.n_samples,
            rows_per_shard=o.rows_per_shard,
            arrays=self._arrays(),
            static=self._static(stations, gridder),
            attrs=self._attributes(network, noise_note),
            sources=tuple(sources),
            statistics=tuple(r for r in o.representations),
            make=maker,
        )

    @staticmethod
    def plot(store: Store, path: Path) -> None:
        """Draw four samples of different magnitude."""
        plot_sources(store, path)

    def _stream(self, word: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence([self.options.seed, 0, word]))

    def _input(self, name: str, key: str) -> Path:
        """Path of a file in the data folder; `key` is the option that asks for it."""
        if self.data is None:
            raise InputError(
                key,
                "needs real data, and there is no data folder",
                name,
                "set SLIPBENCH_DATA to the data folder",
            )
        path = self.data / name
        if not path.is_file():
            raise InputError(
                path, f"no such file ({key} needs it)", name, "set SLIPBENCH_DATA to the data folder"
            )
        return path

    def _network(self, sources: list[Source]) -> tuple[Stations, str]:
        o = self.options
        rng = self._stream(_NETWORK_STREAM)
        listed = self.data is not None and (self.data / NGL_LIST).is_file()
        if o.stations == "made" or (o.stations == "auto" and not listed):
            return made_network(
                o.n_stations, o.grid, rng
            ), "made: evenly scattered on a rough outline of Honshu"
        path = self._input(NGL_LIST, "stations: ngl")
        stations = listed_network(o.n_stations, o.grid, path, rng)
        sources.append(Source.of(self.data, NGL_LIST))  # type: ignore[arg-type]
        return stations, "Nevada Geodetic Laboratory's list: random subset of the stations in the grid"

    def _noise(self, stations: Stations, sources: list[Source]) -> tuple[Any, dict[str, Any]]:
        o = self.options
        if not o.days:
            return None, {"kind": "none: no array with noise is stored"}
        noise: Noise
        if o.noise == "parametric":
            noise = parametric_sampler(
                stations.lat, stations.lon, WINDOW_DAYS, o.days, COMPONENTS, o.parametric
            )
            return noise, {"kind": "parametric", "about": "white + flicker + random walk, separable in space"}
        residuals = read_residuals(self._input(RESIDUALS, "noise: surrogate"))
        sources.append(Source.of(self.data, RESIDUALS))  # type: ignore[arg-type]
        moved = transplant(
            residuals,
            stations.lat,
            stations.lon,
            WINDOW_DAYS,
            components=tuple(range(len(COMPONENTS))),
            step_days=o.surrogate.step_days,
            coverage=o.surrogate.coverage,
        )
        w, d, m, c = moved.windows.shape
        noise = SurrogateDays(SurrogateNoise.fit(moved.windows.reshape(w, d, m * c)), o.days, c)
        note = {
            "kind": "surrogate",
            "about": "Cascadia residuals given to the stations one to one, Fourier phases randomised alike for "
            "the whole network",
            "windows": w,
            "share_interpolated": moved.filled,
            "distance_stretch": moved.stretch,
        }
        return noise, note

    def _arrays(self) -> tuple[ArraySpec, ...]:
        o = self.options
        g, m, c = o.grid, o.n_stations, list(COMPONENTS)
        chunk = math.gcd(o.rows_per_shard, 16)
        image = ("latitude", "longitude", "component")
        labels = {"component": c}
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
            "offset": ((m, 2), ("station", "component"), "noise-free static displacement"),
        }
        views = [
            ArraySpec(name, shape, "float32", dims, "mm", about, chunk, labels)
            for name, (shape, dims, about) in known.items()
            if name in o.representations
        ]
        names = {"parameter": [name for name, _ in PARAMETERS]}
        return (
            *views,
            ArraySpec(
                "target",
                (3,),
                "float64",
                ("target",),
                "degree, degree, 1",
                "centroid latitude and longitude, moment magnitude",
                labels={"target": ["latitude", "longitude", "mw"]},
            ),
            ArraySpec(
                "source",
                (len(PARAMETERS),),
                "float64",
                ("parameter",),
                ", ".join(unit for _, unit in PARAMETERS),
                "rectangular fault; depth of the centroid, positive down",
                labels=names,
            ),
            ArraySpec("split", (), "uint8", (), "1", "0 train, 1 validation, 2 test"),
        )

    def _static(self, stations: Stations, gridder: SplineGridder) -> tuple[tuple[ArraySpec, np.ndarray], ...]:
        g = self.options.grid
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
                ArraySpec(
                    "land", (), "uint8", ("latitude", "longitude"), "1", "1 land, 0 sea (images are 0)"
                ),
                gridder.land_.astype(np.uint8),
            ),
            (
                ArraySpec("station_code", (), "uint8", ("station", "letter"), "1", "ASCII, 0-padded"),
                _letters(stations.code),
            ),
        )

    def _attributes(self, network: str, noise: dict[str, Any]) -> dict[str, Any]:
        o = self.options
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
            "region": {
                "source_latitude": [s.latitude.low, s.latitude.high],
                "source_longitude": [s.longitude.low, s.longitude.high],
                "grid_latitude": [float(g.latitude[0]), float(g.latitude[-1])],
                "grid_longitude": [float(g.longitude[0]), float(g.longitude[-1])],
                "note": "the grid holds land with stations; sources may lie outside it, most of them at sea",
            },
            "grid": {
                "registration": "gridline (nodes)",
                "rows": "row 0 is the southernmost",
                "columns": "column 0 is the westernmost",
                "step_arcmin": g.step_arcmin,
                "block": f"{g.block} of {g.block_arcmin:g} arc-min blocks centred on every fifth node"
                if g.block_arcmin == 5 * g.step_arcmin
                else f"{g.block} of {g.block_arcmin:g} arc-min blocks",
                "spline": f"continuous curvature in tension {g.tension:g}, degrees taken as equal in both directions",
                "land_rule": f"a node is land within {g.land_km:g} km of a station; sea nodes are 0",
            },
            "units": "mm",
            "component_order": list(COMPONENTS),
            "event_day": EVENT_DAY,
            "window_days": WINDOW_DAYS,
            "step": "the offset is complete on the event day",
            "projection": "azimuthal equidistant on a sphere of 6371 km, centred on each source; vectors turned "
            "to each station's own east and north",
            "half_space": f"homogeneous, elastic, Poisson ratio {o.poisson:g}, 30 GPa",
            "targets": [
                {"name": "latitude", "units": "degree", "low": s.latitude.low, "high": s.latitude.high},
                {"name": "longitude", "units": "degree", "low": s.longitude.low, "high": s.longitude.high},
                {"name": "mw", "units": "1", "low": s.mw.low, "high": s.mw.high},
            ],
            "policies": {
                f"surface_{'redrawn' if s.surface == 'redraw' else 'pushed_down'}": f"upper edge above "
                f"{s.min_top_km:g} km: {surface}",
                "stress_drop_redrawn": bounds,
            },
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


def _letters(codes: tuple[str, ...]) -> np.ndarray:
    width = max(len(c) for c in codes)
    return np.array([list(c.encode("ascii", "replace").ljust(width, b"\0")) for c in codes], np.uint8)
