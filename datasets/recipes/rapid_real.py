"""Displacement of real earthquakes as it arrives (science S2 and S3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.base import RECIPES, Recipe
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.rapid_real_options import RapidRealOptions
from slipbench.datasets.recipes.rapid_real_plot import plot_rapid
from slipbench.datasets.recipes.rapid_real_records import Axis, Ready, policies, ready_records
from slipbench.datasets.recipes.source_layout import ascii_letters, split_array, target_array
from slipbench.datasets.recipes.source_real_truth import read_truths
from slipbench.datasets.registry import Info
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard, Source
from slipbench.datasets.store.reader import Store

#: Components of the displacement.
COMPONENTS = ("east", "north", "up")
#: Letters of an event's name.
LETTERS = 32
#: Values of ``quality``.
PADDING, USED, REJECTED = 0, 1, 2
TEST = 2


@RECIPES.register(
    Info(
        name="rapid_real",
        task="rapid",
        summary="real earthquakes in high-rate GNSS displacement; a row is an event; test rows only",
        reference="Ruhl et al. 2019; Murray et al. 2023",
        licence="Apache-2.0",
        needs=("data folder",),
        limits="no training rows and no statistics",
    )
)
class RapidReal(Recipe):
    """Displacement ``event × station × time × component``, NaN where missing, padded or rejected.

    Offsets are medians before the origin time. Stations are those of each event's file, sorted as there;
    events with fewer than the most are padded.
    """

    Options = RapidRealOptions

    def layout(self) -> Plan:
        """Read and clean the records and lay out the store.

        Raises
        ------
        InputError
            When an input is missing or cannot be used.
        """
        o: RapidRealOptions = self.options
        path, name = data_file(self.data, o.catalogue, "catalogue") if o.catalogue else (None, "")
        events, axis = ready_records(o, self.data, read_truths(path, o.centroids))
        if long := next((e.quake.name for e in events if len(e.quake.name) > LETTERS), None):
            raise InputError("events", f"'{long}'", f"a name of at most {LETTERS} letters", "rename the file")
        sources = [e.record.source for e in events] + ([Source.of(path, name)] if path else [])
        stations = max(len(e.rejected) for e in events)
        letters = max(len(code) for e in events for code in e.record.stations.code)
        return Plan(
            recipe=self.info.name,
            recipe_version=self.info.version,
            options=o.model_dump(mode="json"),
            seed=o.seed,
            n_rows=len(events),
            rows_per_shard=o.rows_per_shard,
            arrays=_arrays(stations, axis.n, letters),
            static=((ArraySpec("time", (), "float64", ("time",), "s", "epochs from origin"), axis.seconds),),
            attrs=_attributes(o, events, axis),
            sources=tuple({s.name: s for s in sources}.values()),
            statistics=(),
            make=RapidMaker(
                tuple(e.displacement for e in events),
                _per_event(events, stations, letters),
                stations,
                {name: sum(e.counts[name] for e in events) for name in policies(o)},
            ),
        )

    @staticmethod
    def plot(store: Store, path: Path) -> None:
        """Draw the displacement of every event against time and distance."""
        plot_rapid(store, path)


@dataclass(frozen=True)
class RapidMaker:
    """Makes whole shards; picklable. A row is an event.

    Parameters
    ----------
    displacement : tuple of ndarray, shape (m, t, 3), float32
        Of every event at its own stations, m.
    per_event : mapping
        The other row arrays, first length: events.
    stations : int
        Stations of a row: the most of any event.
    counts : mapping
        How often each policy was applied while the inputs were read; told with the first shard.
    """

    displacement: tuple[np.ndarray, ...]
    per_event: Mapping[str, np.ndarray]
    stations: int
    counts: Mapping[str, int]

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        """Make the rows of one shard; nothing is drawn."""
        chosen = [self.displacement[k] for k in rows]
        out = np.full((len(rows), self.stations, *chosen[0].shape[1:]), np.nan, np.float32)
        for row, values in zip(out, chosen, strict=True):
            row[: len(values)] = values
        arrays = {name: values[rows.start : rows.stop] for name, values in self.per_event.items()}
        arrays["displacement"] = out
        return Shard(arrays, self.counts if shard == 0 else dict.fromkeys(self.counts, 0))


def _arrays(stations: int, epochs: int, letters: int) -> tuple[ArraySpec, ...]:
    here = ("station",)
    return (
        ArraySpec(
            "displacement",
            (stations, epochs, len(COMPONENTS)),
            "float32",
            ("station", "time", "component"),
            "m",
            "from the median before the origin time; NaN: missing, padding or rejected",
            labels={"component": list(COMPONENTS)},
        ),
        ArraySpec("station_lat", (stations,), "float64", here, "degree", "latitude; NaN: padding"),
        ArraySpec("station_lon", (stations,), "float64", here, "degree", "longitude; NaN: padding"),
        ArraySpec("hypocentral_km", (stations,), "float64", here, "km", "from the hypocentre; NaN: padding"),
        ArraySpec("station_code", (stations, letters), "uint8", (*here, "letter"), "1", "ASCII, 0-padded"),
        ArraySpec("quality", (stations,), "uint8", here, "1", "0 padding, 1 used, 2 rejected (all NaN)"),
        ArraySpec(
            "hypocentre",
            (3,),
            "float64",
            ("coordinate",),
            "degree, degree, km",
            "latitude, longitude, depth (positive down), of the event's own file",
        ),
        ArraySpec("origin_time", (), "float64", (), "s", "since 1970-01-01 UTC"),
        ArraySpec("mw", (), "float64", (), "1", "moment magnitude, as in target"),
        ArraySpec("event", (LETTERS,), "uint8", ("letter",), "1", "name of the event: ASCII, 0-padded"),
        target_array(),
        split_array(),
    )


def _per_event(events: list[Ready], stations: int, letters: int) -> dict[str, np.ndarray]:
    def padded(values: list[np.ndarray], fill: float) -> np.ndarray:
        out = np.full((len(values), stations, *values[0].shape[1:]), fill, values[0].dtype)
        for row, v in zip(out, values, strict=True):
            row[: len(v)] = v
        return out

    records, quakes = [e.record for e in events], [e.quake for e in events]
    codes = [_letters(r.stations.code, letters) for r in records]
    quality = [np.where(e.rejected, REJECTED, USED).astype(np.uint8) for e in events]
    hypocentres = [(r.event.lat, r.event.lon, r.event.depth_km) for r in records]
    return {
        "station_lat": padded([r.stations.lat.astype(np.float64) for r in records], np.nan),
        "station_lon": padded([r.stations.lon.astype(np.float64) for r in records], np.nan),
        "hypocentral_km": padded([r.hypocentral_km.astype(np.float64) for r in records], np.nan),
        "station_code": padded(codes, 0),
        "quality": padded(quality, PADDING),
        "hypocentre": np.array(hypocentres, np.float64),
        "origin_time": np.array([r.event.time_unix for r in records], np.float64),
        "mw": np.array([q.mw for q in quakes], np.float64),
        "event": _letters(tuple(q.name for q in quakes), LETTERS),
        "target": np.array([(q.latitude, q.longitude, q.mw) for q in quakes], np.float64),
        "split": np.full(len(events), TEST, np.uint8),
    }


def _letters(names: tuple[str, ...], width: int) -> np.ndarray:
    out = np.zeros((len(names), width), np.uint8)
    found = ascii_letters(names)
    out[:, : found.shape[1]] = found
    return out


def _attributes(o: RapidRealOptions, events: list[Ready], axis: Axis) -> dict[str, Any]:
    return {
        "task": "rapid",
        "units": "m",
        "component_order": list(COMPONENTS),
        "interval_s": axis.interval_s,
        "first_s": axis.first_s,
        "sampling": "as in the files"
        if o.interval_s is None
        else f"straight lines between samples, every {o.interval_s:g} s, no filter",
        "offset": f"median of the {o.windows.before_s:g} s, or what there is of them, before the origin time",
        "targets": [
            {"name": "latitude", "units": "degree"},
            {"name": "longitude", "units": "degree"},
            {"name": "mw", "units": "1"},
        ],
        "policies": policies(o),
        "events": [_event(k, e) for k, e in enumerate(events)],
    }


def _event(row: int, e: Ready) -> dict[str, Any]:
    q, hypocentre = e.quake, e.record.event
    step = e.record.data.step_s
    return {
        "event": q.name,
        "time": datetime.fromtimestamp(hypocentre.time_unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "row": row,
        "latitude": q.latitude,
        "longitude": q.longitude,
        "depth_km": None if np.isnan(q.depth_km) else q.depth_km,
        "mw": q.mw,
        "truth": q.truth,
        "record_s": [e.record.start_s, e.record.start_s + step * (e.record.data.enu_m.shape[2] - 1)],
        "quiet_samples": e.quiet_samples,
        "sample_shift_s": e.shift_s,
        "n_stations": int((~e.rejected).sum()),
        "n_rejected": int(e.rejected.sum()) + len(e.record.rejected),
        "policies_applied": e.counts,
        "stations_left_out": {left.station: left.reason for left in e.left},
    }
