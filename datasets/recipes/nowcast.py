"""Nowcast of seismicity (science S0): daily displacement images, a- and b-values, density labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.local_linear import LocalLinear, grid_nodes
from slipbench.datasets.physics.projection import EARTH_RADIUS_M
from slipbench.datasets.recipes.base import RECIPES, Recipe
from slipbench.datasets.recipes.nowcast_inputs import Inputs, has_real, real_inputs, simulated_inputs
from slipbench.datasets.recipes.nowcast_layout import attributes, row_arrays, static_arrays
from slipbench.datasets.recipes.nowcast_options import NowcastOptions
from slipbench.datasets.recipes.nowcast_plot import plot_nowcast
from slipbench.datasets.registry import Info
from slipbench.datasets.seismicity.bvalue import moving_ab
from slipbench.datasets.seismicity.completeness import goodness_of_fit, maximum_curvature
from slipbench.datasets.seismicity.kde import daily_density, scott_bandwidth
from slipbench.datasets.store.plan import Plan, Shard
from slipbench.datasets.store.reader import Store


@dataclass(frozen=True)
class _Maker:
    """Grids the displacement of its rows; everything else is ready."""

    displacement: np.ndarray
    ready: Mapping[str, np.ndarray]
    gridder: LocalLinear
    before: dict[str, int]

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
        version=5,
        limits="one region without the date line; catalogue and positions of whole days",
    )
)
class Nowcast(Recipe):
    """The nowcast dataset; see the attributes of its store for alignment, kernels and policies."""

    Options = NowcastOptions

    def layout(self) -> Plan:
        """Read or simulate the inputs, compute all catalogue series and lay out the store."""
        o: NowcastOptions = self.options
        first, last = (int(np.datetime64(d, "D").astype(int)) for d in (o.start, o.end))
        days = np.arange(first, last + 1)
        inputs = self.inputs(days)
        t = days[1 : len(days) - o.lead_days]
        label_day = t + o.lead_days
        fit_end = int(label_day[int(o.train_fraction * len(t))])
        mc = self.completeness(inputs, first, fit_end)
        if inputs.kind == "simulated" and mc < o.simulated_mc:
            raise InputError("mc", f"{mc:g}", f"simulated_mc ({o.simulated_mc:g}) or more", "raise mc")
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
        window_end = label_day + o.next_window_days - 1
        begins, ends = np.searchsorted(events.time, [label_day, window_end + 1])
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
            **labels,
            "label_next_window_count": (ends - begins).astype(float),
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
            arrays=row_arrays(o),
            static=static_arrays(inputs, events, node_lat, node_lon),
            attrs=attributes(o, inputs, mc, sigma_m, fit_end) | kernel,
            sources=inputs.sources,
            statistics=("image", "ab"),
            make=_Maker(displacement[keep], ready, gridder, before),
        )

    def completeness(self, inputs: Inputs, first: int, end: int) -> float:
        """Magnitude of completeness: as given, or of the catalogue from a window before `first` until `end`.

        Raises
        ------
        InputError
            When there are no events, or no threshold fits well enough.
        """
        o: NowcastOptions = self.options
        if not isinstance(o.mc, str):
            return float(o.mc)
        history = inputs.catalogue.between(first - o.window_days, end).magnitude
        if o.mc == "maxc":
            return maximum_curvature(history, o.magnitude_step)
        found = goodness_of_fit(history, o.magnitude_step)
        if found.mc is None:
            raise InputError(
                "mc",
                f"the best fit of any threshold is {found.fit.max():.0f} %",
                "90 % for 'mc: goodness_of_fit'",
                "use maxc or give mc",
            )
        return found.mc

    def inputs(self, days: np.ndarray) -> Inputs:
        """Positions and catalogue that the options ask for; raises InputError for unusable files."""
        o: NowcastOptions = self.options
        box = (o.south, o.north, o.west, o.east)
        if o.source == "real" or (o.source == "auto" and has_real(self.data)):
            return real_inputs(self.data, days, box, o.on_bad_rows)
        return simulated_inputs(days, box, o.simulated_stations, o.next_window_days, o.etas, o.seed)

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
        scaled, per_event = {}, {"label_next_window_count": 1.0}
        for name, (values, n) in labels.items():
            mean = values[label_day < fit_end].mean()
            factor = {"probability": 1.0, "events_per_day": float(n), "mean_one": 1 / mean}
            scaled[name] = values * factor[self.options.label_scale]
            per_event[name] = float(factor[self.options.label_scale]) / n
        return scaled, {
            "bandwidth_days": wide,
            "causal_bandwidth_days": causal,
            "label_events": len(studied),
            "studied_days": [first, int(label_day[-1])],
            "label_per_event": per_event,
            "kernels": {
                "label_two_sided": "Gaussian, Scott's bandwidth n^(-1/5) std of all events from start to end",
                "label_causal": "half Gaussian after each event, all earlier events of the catalogue; "
                "bandwidth and number of events from the training period",
                "label_next_window_count": "none: every event of the days ahead counts 1",
            },
        }

    @staticmethod
    def plot(store: Store, path: Path) -> None:
        """Draw two days' images, the a- and b-values and the labels (PNG)."""
        plot_nowcast(store, path)
