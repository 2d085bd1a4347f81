"""Nowcast of seismicity (science S0): daily displacement images, a- and b-values, density labels."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.local_linear import EARTH_RADIUS_M, LocalLinear, grid_nodes
from slipbench.datasets.recipes.base import RECIPES, Recipe, RecipeOptions
from slipbench.datasets.recipes.nowcast_inputs import Inputs, has_real, real_inputs, simulated_inputs
from slipbench.datasets.recipes.nowcast_plot import plot_nowcast
from slipbench.datasets.registry import Info
from slipbench.datasets.seismicity.bvalue import Correction, moving_ab
from slipbench.datasets.seismicity.completeness import maximum_curvature
from slipbench.datasets.seismicity.etas import Etas
from slipbench.datasets.seismicity.kde import daily_density, scott_bandwidth
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store

REACH_DAYS = 1  # V(t) = r(t + 1) - r(t - 1)

ALIGNMENT = (
    "Row t holds the image V(t) = r(t+1) - r(t-1) and a, b of the window of feature_window_days days that "
    "ends with day t. The last day that any feature uses is t + feature_reach_days. The labels are those of "
    "day label_time = t + label_lead_days, which is later; count_next counts the window that begins then."
)

ARRAYS = (
    ArraySpec("time", (), "float64", (), "days since 1970-01-01 UTC", "day t of the features"),
    ArraySpec("label_time", (), "float64", (), "days since 1970-01-01 UTC", "day of the labels"),
    ArraySpec(
        "ab",
        (2,),
        "float64",
        ("parameter",),
        "1",
        "a and b of log10 N(M) = a - b M, events of the window that ends with day t",
        labels={"parameter": ["a", "b"]},
    ),
    ArraySpec("event_count", (), "float64", (), "events", "events with M >= mc in that window"),
    ArraySpec("count_next", (), "float64", (), "events", "events in the window that begins on label_time"),
    ArraySpec("label_two_sided", (), "float64", (), "per day", "two-sided kernel density, label_time's day"),
    ArraySpec("label_causal", (), "float64", (), "per day", "one-sided kernel density, label_time's day"),
    ArraySpec("split", (), "uint8", (), "1", "chronological: 0 train, 2 test"),
)


class NowcastOptions(RecipeOptions):
    """Options of the nowcast dataset."""

    recipe: Literal["nowcast"] = Field(description="which recipe these options are for")
    source: Literal["auto", "real", "simulated"] = Field(
        "auto", description="measured data, made data, or measured where the data folder has them"
    )
    start: datetime.date = Field(description="first day with positions and labels (UTC)")
    end: datetime.date = Field(description="last day with positions and labels (UTC)")
    south: float = Field(22.0, ge=-80, le=80, description="southern edge of the region, degrees")
    north: float = Field(46.0, ge=-80, le=80, description="northern edge of the region, degrees")
    west: float = Field(123.0, ge=-180, le=360, description="western edge of the region, degrees")
    east: float = Field(148.0, ge=-180, le=360, description="eastern edge of the region, degrees")
    grid_size: int = Field(50, ge=2, description="rows and columns of an image")
    sigma_cells: float = Field(8.0, gt=0, description="Gaussian weight's sigma, north-south cell lengths")
    window_days: int = Field(128, ge=1, description="length of a catalogue window, days")
    min_events: int = Field(50, ge=2, description="fewest events of a window with a and b")
    mc: float | Literal["maxc"] = Field(
        "maxc", description="magnitude of completeness; maxc: maximum curvature of the training period"
    )
    magnitude_step: float = Field(0.1, gt=0, description="rounding step of the magnitudes")
    magnitude_correction: Correction = Field("aki", description="b-value as published, or Utsu's unbiased")
    label_scale: Literal["probability", "events_per_day", "mean_one"] = Field(
        "probability", description="unscaled; times the number of events; or over its training mean"
    )
    lead_days: int = Field(REACH_DAYS + 1, gt=REACH_DAYS, description="days from day t to the label's day")
    train_fraction: float = Field(0.7, gt=0, lt=1, description="leading part of the days that trains")
    on_bad_rows: Literal["fail", "drop"] = Field("fail", description="unusable rows of the catalogue")
    simulated_stations: int = Field(24, ge=3, description="stations of the made network")
    simulated_mc: float = Field(4.0, description="smallest magnitude of the made catalogue")
    simulated_background: float = Field(1.5, gt=0, description="made background events a day")

    @model_validator(mode="after")
    def _ordered(self) -> "NowcastOptions":
        if self.south >= self.north or self.west >= self.east:
            raise ValueError("south < north and west < east are needed")
        if (self.end - self.start).days < self.lead_days + 10:
            raise ValueError("end must come at least lead_days + 10 days after start")
        return self


@dataclass(frozen=True)
class _Maker:
    """Grids the displacement of its rows; everything else is ready."""

    displacement: np.ndarray
    ready: Mapping[str, np.ndarray]
    gridder: LocalLinear
    before: Mapping[str, int]

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        some = slice(rows.start, rows.stop)
        image, fallbacks = self.gridder.transform(self.displacement[some])
        missing = (~np.isfinite(self.displacement[some])).any(axis=2)
        counts = {
            "nodes_from_weighted_mean": int(fallbacks.sum()),
            "station_days_missing": int(missing.sum()),
            "images_with_missing_stations": int(missing.any(axis=1).sum()),
        }
        arrays = {name: values[some] for name, values in self.ready.items()}
        # What was decided before there were rows is counted once, with the first shard.
        return Shard(
            arrays | {"image": image.astype(np.float32)}, counts | (self.before if shard == 0 else {})
        )


@RECIPES.register(
    Info(
        name="nowcast",
        task="nowcast",
        summary="daily GNSS images, a- and b-values and seismicity density of Japan",
        reference="Wang et al. 2025 (GeoViT-PFN)",
        licence="Apache-2.0",
        limits="one region without the date line; catalogue and positions of whole days",
    )
)
class Nowcast(Recipe):
    """The nowcast dataset; see the attributes of its store for alignment, kernels and policies."""

    Options = NowcastOptions

    def plan(self) -> Plan:
        """Read or simulate the inputs, compute all catalogue series and lay out the store."""
        o: NowcastOptions = self.options
        first, last = (int(np.datetime64(d, "D").astype(int)) for d in (o.start, o.end))
        days = np.arange(first, last + 1)
        inputs = self._inputs(days)
        t = days[1 : len(days) - o.lead_days]
        label_day = t + o.lead_days
        fit_end = int(label_day[int(o.train_fraction * len(t))])
        history = inputs.catalogue.between(first - o.window_days, fit_end)
        mc = maximum_curvature(history.magnitude, o.magnitude_step) if o.mc == "maxc" else float(o.mc)
        events = inputs.catalogue.at_least(mc)

        displacement = inputs.enu_mm[2:] - inputs.enu_mm[:-2]
        displacement = displacement[: len(t)]
        ab = moving_ab(
            events.time,
            events.magnitude,
            t,
            o.window_days,
            mc,
            o.min_events,
            o.magnitude_step,
            o.magnitude_correction,
        )
        window_end = label_day + o.window_days - 1
        next_count = moving_ab(events.time, events.magnitude, window_end, o.window_days, mc).count
        labels, kernel = self._labels(events.between(-np.inf, last + 1).time, label_day, first, fit_end)

        seen = np.isfinite(displacement).all(axis=2).any(axis=1)
        enough = np.isfinite(ab.b) & (t - o.window_days + 1 >= inputs.covered[0])
        covered = window_end <= inputs.covered[1]
        keep = seen & enough & covered
        before = {
            "rows_dropped_no_station": int((~seen).sum()),
            "rows_dropped_window_below_min_events": int((seen & ~enough).sum()),
            "rows_dropped_next_window_beyond_catalogue": int((seen & enough & ~covered).sum()),
            **inputs.counts,
        }
        ready = {
            "time": t.astype(float),
            "label_time": label_day.astype(float),
            "ab": np.stack([ab.a, ab.b], axis=1),
            "event_count": ab.count.astype(float),
            "count_next": next_count.astype(float),
            **labels,
            "split": np.where(label_day < fit_end, 0, 2).astype(np.uint8),
        }
        ready = {name: values[keep] for name, values in ready.items()}
        n_train = int((ready["split"] == 0).sum())
        if not 0 < n_train < keep.sum():
            raise InputError(
                "nowcast",
                f"{n_train} training and {keep.sum() - n_train} test days remain of {len(t)} "
                f"(M >= {mc:g}, at least {o.min_events} events in {o.window_days} days)",
                "days on both sides of the split",
                "change start, end, window_days, min_events or mc",
            )
        node_lat = grid_nodes(o.south, o.north, o.grid_size)
        node_lon = grid_nodes(o.west, o.east, o.grid_size)
        sigma_m = o.sigma_cells * np.deg2rad(o.north - o.south) / o.grid_size * EARTH_RADIUS_M
        gridder = LocalLinear(sigma_m).fit(inputs.lat, inputs.lon, node_lat, node_lon)
        return Plan(
            recipe=self.info.name,
            recipe_version=self.info.version,
            options=o.model_dump(mode="json") | {"source": inputs.kind},
            seed=o.seed,
            n_rows=int(keep.sum()),
            rows_per_shard=o.rows_per_shard,
            arrays=(self._image(), *ARRAYS),
            static=tuple(
                (ArraySpec(name, values.shape, "float64", (dim,), "degrees", about), values)
                for name, dim, values, about in (
                    ("node_lat", "row", node_lat, "latitude of image rows, south to north"),
                    ("node_lon", "column", node_lon, "longitude of image columns, west to east"),
                    ("station_lat", "station", inputs.lat, "latitude of the stations"),
                    ("station_lon", "station", inputs.lon, "longitude of the stations"),
                )
            ),
            attrs=self._attrs(inputs, mc, sigma_m, fit_end) | kernel,
            sources=inputs.sources,
            statistics=("image", "ab"),
            make=_Maker(displacement[keep], ready, gridder, before),
        )

    def _inputs(self, days: np.ndarray) -> Inputs:
        o: NowcastOptions = self.options
        box = (o.south, o.north, o.west, o.east)
        if o.source == "real" or (o.source == "auto" and has_real(self.data)):
            return real_inputs(self.data, days, box, o.on_bad_rows)
        return simulated_inputs(days, box, o.simulated_stations, o.window_days, self._etas(), o.seed)

    def _etas(self) -> Etas:
        return Etas(background_per_day=self.options.simulated_background, mc=self.options.simulated_mc)

    def _labels(
        self, time: np.ndarray, label_day: np.ndarray, first: int, fit_end: int
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Both labels on the label days, and what was done to get them. `time`: events up to the last day."""
        studied, training = time[time >= first], time[(time >= first) & (time < fit_end)]
        wide, causal = scott_bandwidth(studied), scott_bandwidth(training)
        labels = {
            "label_two_sided": (daily_density(studied, label_day, wide), len(studied)),
            # Nothing that comes after the training period sets this label's constants.
            "label_causal": (
                daily_density(time, label_day, causal, causal=True, n=len(training)),
                len(training),
            ),
        }
        scaled = {}
        for name, (values, n) in labels.items():
            mean = values[label_day < fit_end].mean()
            factor = {"probability": 1.0, "events_per_day": float(n), "mean_one": 1 / mean}
            scaled[name] = values * factor[self.options.label_scale]
        return scaled, {
            "bandwidth_days": wide,
            "causal_bandwidth_days": causal,
            "label_events": len(studied),
            "kernels": {
                "label_two_sided": "Gaussian, Scott's bandwidth n^(-1/5) std of all events from start to end",
                "label_causal": "half Gaussian after each event, all earlier events of the catalogue; "
                "bandwidth and number of events from the training period",
            },
        }

    def _image(self) -> ArraySpec:
        o: NowcastOptions = self.options
        return ArraySpec(
            "image",
            (o.grid_size, o.grid_size, 3),
            "float32",
            ("row", "column", "component"),
            "mm",
            "r(t+1) - r(t-1) at the nodes; rows run north, columns east; positive east, north, up",
            chunk_rows=16 if o.rows_per_shard % 16 == 0 else 0,
            labels={"component": ["east", "north", "up"]},
        )

    def _attrs(self, inputs: Inputs, mc: float, sigma_m: float, fit_end: int) -> dict[str, Any]:
        o: NowcastOptions = self.options
        return {
            "task": "nowcast",
            "source": inputs.kind,
            "about_source": inputs.about,
            "region": {"south": o.south, "north": o.north, "west": o.west, "east": o.east},
            "grid": {
                "rows": o.grid_size,
                "columns": o.grid_size,
                "cell_lat_deg": (o.north - o.south) / o.grid_size,
                "cell_lon_deg": (o.east - o.west) / o.grid_size,
                "method": "Gaussian-weighted local linear regression at the nodes, no limit on extrapolation",
                "sigma_km": sigma_m / 1e3,
            },
            "component_order": ["east", "north", "up"],
            "stations": list(inputs.stations),
            "mc": mc,
            "mc_method": "maximum curvature of the training period" if o.mc == "maxc" else "given",
            "feature_window_days": o.window_days,
            "feature_reach_days": REACH_DAYS,
            "label_lead_days": o.lead_days,
            "label_scale": o.label_scale,
            "training_ends_before_day": fit_end,
            "alignment": ALIGNMENT,
            "policies": {
                "rows": "a day without any station, with too few events for a and b, or whose next window "
                "the catalogue does not cover has no row",
                "missing station": "left out of that day's regression, never filled",
                "singular covariance": "the node holds the weighted mean (nodes_from_weighted_mean)",
                "station without coordinates": "left out",
                "catalogue rows that cannot be used": o.on_bad_rows,
            },
            "etas": asdict(self._etas()) if inputs.kind == "simulated" else None,
        }

    @staticmethod
    def plot(store: Store, path: Path) -> None:
        """Draw two days' images, the a- and b-values and the labels (PNG)."""
        plot_nowcast(store, path)
