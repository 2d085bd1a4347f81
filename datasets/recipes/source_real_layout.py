"""What a store of real earthquakes holds: its arrays and attributes."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_layout import (
    ascii_letters,
    grid_attributes,
    region_attributes,
    split_array,
    target_array,
    target_attributes,
    view_arrays,
)
from slipbench.datasets.recipes.source_options import COMPONENTS, EVENT_DAY, WINDOW_DAYS
from slipbench.datasets.recipes.source_real_events import Gathered, Observed
from slipbench.datasets.recipes.source_real_options import SourceRealOptions
from slipbench.datasets.recipes.source_real_truth import Quake
from slipbench.datasets.store.plan import ArraySpec


def row_arrays(o: SourceRealOptions, found: Gathered, n_stations: int) -> tuple[ArraySpec, ...]:
    """Arrays with a row per sample."""
    letters = max(len(e.quake.name) for e in found.events)
    here = "1 stations with data, 0 stations that are missing (NaN in ts and offset)"
    return (
        *view_arrays(o.representations, o.grid, n_stations, found.offset),
        target_array(),
        ArraySpec("present", (n_stations,), "uint8", ("station",), "1", here),
        ArraySpec("n_stations", (), "int32", (), "1", "stations with data"),
        ArraySpec("depth", (), "float64", (), "km", "depth of the earthquake, positive down; NaN: not known"),
        ArraySpec("event_time", (), "float64", (), "s", "origin time (or its day), since 1970-01-01 UTC"),
        ArraySpec("event", (letters,), "uint8", ("letter",), "1", "name of the event: ASCII, 0-padded"),
        ArraySpec("realisation", (), "int32", (), "1", "number of the noise window of the event, from 0"),
        split_array(),
    )


def per_event(found: Gathered, present: np.ndarray) -> dict[str, np.ndarray]:
    """Values of the row arrays that are the same for all rows of an event; `present` is (events, m)."""
    quakes = [e.quake for e in found.events]
    return {
        "target": np.array([(q.latitude, q.longitude, q.mw) for q in quakes]),
        "present": present.astype(np.uint8),
        "n_stations": present.sum(axis=1).astype(np.int32),
        "depth": np.array([q.depth_km for q in quakes]),
        "event_time": np.array([q.time_unix for q in quakes]),
        "event": ascii_letters(tuple(q.name for q in quakes)),
    }


def attributes(
    o: SourceRealOptions, found: Gathered, network: Stations, realisations: int, noise: dict[str, Any]
) -> dict[str, Any]:
    """Everything else a reader must know."""
    t = o.targets
    made = o.input.kind != "daily"
    return {
        "task": "source",
        "observed": found.about,
        "region": region_attributes(t.latitude, t.longitude, o.grid),
        "grid": grid_attributes(o.grid),
        "units": "mm",
        "component_order": list(COMPONENTS),
        "event_day": EVENT_DAY,
        "window_days": WINDOW_DAYS,
        "step": "offset, complete on the event day, in made noise" if made else "measured positions",
        "targets": target_attributes(t.latitude, t.longitude, t.mw),
        "policies": found.policies,
        "network": f"{len(network)} stations in the grid with data in at least one event; NaN where missing",
        "noise": noise,
        "realisations": realisations,
        "events": [
            _event(e, k * realisations, (k + 1) * realisations, o) for k, e in enumerate(found.events)
        ],
        "events_dropped": [{"event": d.event, "reason": d.reason} for d in found.dropped],
    }


def _event(e: Observed, first: int, end: int, o: SourceRealOptions) -> dict[str, Any]:
    q = e.quake
    return {
        "event": q.name,
        "time": datetime.fromtimestamp(q.time_unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "rows": [first, end],
        "latitude": q.latitude,
        "longitude": q.longitude,
        "depth_km": None if np.isnan(q.depth_km) else q.depth_km,
        "mw": q.mw,
        "truth": q.truth,
        "n_stations": len(e.stations),
        "notes": [*e.notes, *_outside(q, o)],
        "stations_left_out": {left.station: left.reason for left in e.left},
    }


def _outside(q: Quake, o: SourceRealOptions) -> list[str]:
    """What about a quake networks have never seen in training."""
    notes = []
    if not o.targets.holds(q.latitude, q.longitude):
        notes.append("outside the region of the labels")
    if not o.targets.mw.low <= q.mw <= o.targets.mw.high:
        notes.append(
            f"Mw {q.mw:.2f} lies outside {o.targets.mw.low:g} ... {o.targets.mw.high:g} of the labels"
        )
    return notes
