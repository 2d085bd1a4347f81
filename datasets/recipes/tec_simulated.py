"""Made ionosphere maps with planted anomalies (science S2), to test rules on electron content."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.ionex import Ionex
from slipbench.datasets.readers.space_weather import read_space_weather
from slipbench.datasets.recipes.base import RECIPES, Recipe
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.source_streams import stream
from slipbench.datasets.recipes.tec_plot import plot_tec
from slipbench.datasets.recipes.tec_simulated_options import TecSimulatedOptions
from slipbench.datasets.registry import Info
from slipbench.datasets.space_indices import SpaceIndices, indices_of
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard, Source
from slipbench.datasets.store.reader import Store
from slipbench.datasets.synthesis.space_indices import made_indices
from slipbench.datasets.synthesis.tec_maps import TecMaker, made_weather
from slipbench.datasets.synthesis.tec_planted import Planted, drawn_sites, plant

#: Least content of a map, and the step of its values: what IONEX files hold.
_LEAST, _STEP = 0.1, 0.1
_HEIGHT_KM = 450.0
#: Random streams of a store.
_INDICES, _WEATHER, _PLANTED = 21, 22, 23
#: Days before the first whose Ap the storms look back to.
_BACK = 2


@dataclass(frozen=True)
class _Maker:
    """Makes the maps of its days, adds what is planted, and rounds."""

    maker: TecMaker
    planted: Planted
    lat: np.ndarray
    lon: np.ndarray
    sites: np.ndarray

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        maps, time = self.maker.maps(rows, self.lat, self.lon), self.maker.times(rows)
        nodes = np.meshgrid(self.lat, self.lon, indexing="ij")
        maps += self.planted.added(time.ravel(), *nodes, *self.sites.T).reshape(maps.shape)
        low = maps < _LEAST
        tec = np.rint(np.where(low, _LEAST, maps) / _STEP) * _STEP
        some = slice(rows.start + _BACK, rows.stop + _BACK)
        series = {name: values[some] for name, values in self.maker.indices.series.items()}
        day = self.maker.indices.day[some].astype(np.float64)
        split = np.full(len(rows), 2, np.uint8)
        return Shard(
            {"tec": tec.astype(np.float32), "time": day, "split": split, **series},
            {"nodes_raised_to_the_least": int(low.sum())},
        )


@RECIPES.register(
    Info(
        name="tec_simulated",
        task="tec",
        summary="made ionosphere maps of consecutive days with planted anomalies; test rows only",
        reference="Klobuchar 1987; Prölss 1995; Wang et al. 2024 (document 002)",
        licence="Apache-2.0",
        limits="a simple climate: shapes that rules must cope with, no physics of the ionosphere",
    )
)
class TecSimulated(Recipe):
    """One row a day: global maps and the day's space weather; earthquakes and planted anomalies beside."""

    Options = TecSimulatedOptions

    def layout(self) -> Plan:
        """Read or make the indices, draw weather, sites and anomalies, lay out the store.

        Raises
        ------
        InputError
            When the indices cannot be read or do not cover the days, or there is no room for the sites.
        """
        o: TecSimulatedOptions = self.options
        first = int(np.datetime64(o.start, "D").astype(int))
        day = np.arange(first - _BACK, first + o.n_days)
        indices, sources = self._indices(day)
        weather = made_weather(
            o.n_days * o.maps_per_day,
            o.maps_per_day,
            o.memory,
            o.spread,
            o.patch_km,
            stream(o.seed, 0, _WEATHER),
        )
        rng = stream(o.seed, 0, _PLANTED)
        try:
            sites = drawn_sites(o.sites, o.apart_km, o.most_lat, rng)
        except ValueError as error:
            raise InputError(
                "sites", str(error), "fewer or nearer ones", "change sites or apart_km"
            ) from error
        days = (first + o.background_days, first + o.n_days - 1 - o.lead_days)
        planted = plant(
            *(o.sites, o.sites_with_anomalies, o.events_per_site, days, o.lead_days),
            *(o.size, o.radius_km, o.hours, rng),
        )
        lat = np.linspace(87.5, -87.5, round(175 / o.step_lat) + 1)
        lon = np.linspace(-180, 180, round(360 / o.step_lon) + 1)
        return Plan(
            recipe=self.info.name,
            recipe_version=self.info.version,
            options=o.model_dump(mode="json"),
            seed=o.seed,
            n_rows=o.n_days,
            rows_per_shard=o.rows_per_shard,
            arrays=_arrays(o, len(lat), len(lon)),
            static=_static(lat, lon, sites, planted),
            attrs={
                "task": "tec",
                "maps_per_day": o.maps_per_day,
                "height_km": _HEIGHT_KM,
                "indices": o.indices,
                "policies": {
                    "nodes_raised_to_the_least": f"content below {_LEAST:g} TECU: set to it",
                    "rounding": f"to {_STEP:g} TECU, as files hold it",
                },
            },
            sources=sources,
            statistics=(),
            make=_Maker(TecMaker(indices, weather, o.maps_per_day), planted, lat, lon, sites),
        )

    def _indices(self, day: np.ndarray) -> tuple[SpaceIndices, tuple[Source, ...]]:
        o: TecSimulatedOptions = self.options
        if o.indices == "made":
            return made_indices(day, stream(o.seed, 0, _INDICES)), ()
        path, name = data_file(self.data, o.space_weather, "space_weather")
        found = indices_of(read_space_weather(path, "drop").table, day)
        gone = np.flatnonzero(np.isnan([found.f107, found.ap, found.sunspots]).any(axis=0))
        if len(gone):
            missing = np.datetime64(int(day[gone[0]]), "D")
            raise InputError(path, f"no observed F10.7, Ap or sunspot number of {missing}", "every day",
                             "change start or n_days")  # fmt: skip
        return found, (Source.of(path, name),)

    @staticmethod
    def plot(store: Store, path: Path) -> None:
        """Draw maps of the day of the largest anomaly, and its site's series."""
        plot_tec(store, path)


def maps_of(store: Store, rows: slice = slice(None)) -> Ionex:
    """Maps of some days of a store, one after the other."""
    day, tec = store.read("time", rows), store.read("tec", rows)
    step = 24 * 3600 // int(store.attrs["maps_per_day"])
    seconds = (day[:, None] * 86400 + np.arange(tec.shape[1]) * step).ravel()
    return Ionex(
        seconds.astype("datetime64[s]"),
        store.read("lat"),
        store.read("lon"),
        float(store.attrs["height_km"]),
        tec.reshape(-1, *tec.shape[2:]),
    )


def _arrays(o: TecSimulatedOptions, rows: int, columns: int) -> tuple[ArraySpec, ...]:
    shape, dims = (o.maps_per_day, rows, columns), ("map", "latitude", "longitude")
    return (
        ArraySpec("tec", shape, "float32", dims, "TECU", "vertical electron content, maps from 0 h UTC on"),
        ArraySpec("time", (), "float64", (), "days since 1970-01-01 UTC", "day"),
        ArraySpec("f107", (), "float64", (), "1e-22 W m-2 Hz-1", "solar radio flux at 10.7 cm, observed"),
        ArraySpec("ap", (), "float64", (), "nT", "daily mean of ap"),
        ArraySpec("sunspots", (), "float64", (), "1", "international sunspot number"),
        ArraySpec("split", (), "uint8", (), "1", "2: test"),
    )


def _static(
    lat: np.ndarray, lon: np.ndarray, sites: np.ndarray, planted: Planted
) -> tuple[tuple[ArraySpec, np.ndarray], ...]:
    day = "days since 1970-01-01 UTC"
    return tuple(
        (ArraySpec(name, values.shape, "float64", (dim,), units, about), values.astype(np.float64))
        for name, dim, values, units, about in (
            ("lat", "latitude", lat, "degrees", "of the rows, north to south"),
            ("lon", "longitude", lon, "degrees", "of the columns, west to east; the last is the first again"),
            ("site_lat", "site", sites[:, 0], "degrees", "latitude of the made earthquakes"),
            ("site_lon", "site", sites[:, 1], "degrees", "longitude of the made earthquakes"),
            ("event_site", "event", planted.site, "1", "number of the earthquake's site"),
            ("event_day", "event", planted.event_day, day, "day of the earthquake"),
            ("anomaly_start", "event", planted.start, day, "begin of the anomaly before it"),
            ("anomaly_hours", "event", planted.hours, "hours", "length of the anomaly"),
            ("anomaly_radius", "event", planted.radius_km, "km", "where the anomaly has faded"),
            ("anomaly_size", "event", planted.size, "TECU", "at the centre; 0: there is none"),
        )
    )
