"""Layout of a nowcast store: its arrays and what its attributes say."""

from dataclasses import asdict
from typing import Any

import numpy as np

from slipbench.datasets.recipes.nowcast_inputs import Inputs
from slipbench.datasets.recipes.nowcast_options import REACH_DAYS, NowcastOptions
from slipbench.datasets.seismicity.catalogue import Catalogue
from slipbench.datasets.store.plan import ArraySpec

ALIGNMENT = (
    "Row t holds the image V(t) = r(t+1) - r(t-1) and a, b of the window of feature_window_days days that "
    "ends with day t. The last day that any feature uses is t + feature_reach_days. The labels are those of "
    "day label_time = t + label_lead_days, which is later; label_next_window_count counts the events of the "
    "label_horizon_days days that begin with it."
)

MC_METHODS = {
    "maxc": "maximum curvature of the training period",
    "goodness_of_fit": "goodness of fit (90 %) of the training period",
}

_SERIES = (
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
    ArraySpec("label_two_sided", (), "float64", (), "per day", "two-sided kernel density, label_time's day"),
    ArraySpec("label_causal", (), "float64", (), "per day", "one-sided kernel density, label_time's day"),
    ArraySpec(
        "label_next_window_count",
        (),
        "float64",
        (),
        "1",
        "events with M >= mc in the label_horizon_days days that begin with label_time",
    ),
    ArraySpec("split", (), "uint8", (), "1", "chronological: 0 train, 2 test"),
)


def row_arrays(o: NowcastOptions) -> tuple[ArraySpec, ...]:
    """Arrays with one entry a day."""
    return (_image(o), *_SERIES)


def _image(o: NowcastOptions) -> ArraySpec:
    return ArraySpec(
        "image",
        (o.grid_size, o.grid_size, 3),
        "float32",
        ("row", "column", "component"),
        "mm",
        "r(t+1) - r(t-1) at the nodes; rows run north, columns east; positive east, north, up",
        labels={"component": ["east", "north", "up"]},
    )


def static_arrays(
    inputs: Inputs, events: Catalogue, node_lat: np.ndarray, node_lon: np.ndarray
) -> tuple[tuple[ArraySpec, np.ndarray], ...]:
    """Coordinates of nodes and stations, and the events that everything was computed from."""
    return tuple(
        (ArraySpec(name, values.shape, "float64", (dim,), units, about), values)
        for name, dim, values, units, about in (
            ("node_lat", "row", node_lat, "degrees", "latitude of image rows, south to north"),
            ("node_lon", "column", node_lon, "degrees", "longitude of image columns, west to east"),
            ("station_lat", "station", inputs.lat, "degrees", "latitude of the stations"),
            ("station_lon", "station", inputs.lon, "degrees", "longitude of the stations"),
            ("event_time", "event", events.time, "days since 1970-01-01 UTC", "origin times, ascending"),
            ("event_lat", "event", events.latitude, "degrees", "latitude of the epicentres"),
            ("event_lon", "event", events.longitude, "degrees", "longitude of the epicentres"),
            ("event_magnitude", "event", events.magnitude, "1", "magnitudes as printed, all M >= mc"),
        )
    )


def attributes(o: NowcastOptions, inputs: Inputs, mc: float, sigma_m: float, fit_end: int) -> dict[str, Any]:
    """What the store says about itself, beside its options and the labels' kernels."""
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
        "mc_method": MC_METHODS[o.mc] if isinstance(o.mc, str) else "given",
        "feature_window_days": o.window_days,
        "feature_reach_days": REACH_DAYS,
        "label_lead_days": o.lead_days,
        "label_horizon_days": o.next_window_days,
        "label_scale": o.label_scale,
        "training_ends_before_day": fit_end,
        "alignment": ALIGNMENT,
        "catalogue_covers_days": list(inputs.covered),
        "policies": {
            "rows": "a day without any station, with too few events for a and b, or whose next window "
            "the catalogue does not cover has no row",
            "missing station": "left out of that day's regression, never filled",
            "singular covariance": "the node holds the weighted mean (nodes_from_weighted_mean)",
            "station without coordinates": "left out",
            "catalogue rows that cannot be used": o.on_bad_rows,
        },
        "etas": asdict(o.etas) if inputs.kind == "simulated" else None,
    }
