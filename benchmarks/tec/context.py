"""What the report shows beside scores: an example of the made maps, measured indices and measured maps."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from slipbench.benchmarks.results import Outcome
from slipbench.benchmarks.tec.judge import Truth, relative_sizes
from slipbench.benchmarks.tec.options import Measured
from slipbench.benchmarks.tec.series import SiteSeries
from slipbench.datasets.anomaly.quartiles import sliding_bounds
from slipbench.datasets.anomaly.tec import (
    anomaly_maps,
    beyond,
    explained_days,
    index_anomalies,
    same_hour_bounds,
)
from slipbench.datasets.ionosphere import tec_at
from slipbench.datasets.readers.ionex import Ionex, read_ionex
from slipbench.datasets.readers.space_weather import read_space_weather
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.tec_simulated import maps_of
from slipbench.datasets.space_indices import indices_of
from slipbench.datasets.store.reader import Store

UNITS = {"f107": "10⁻²² W m⁻² Hz⁻¹", "ap": "nT", "sunspots": "1"}
#: The example is the anomaly of this size, as a share of the content there, or the next one.
_SHOWN = 0.4
#: Minutes between values of a curve.
_EVERY = 15
#: Latitudes beyond which the comparison between maps does not look, and nodes left out.
_MOST_LAT, _THIN = 65.0, 4


def example(store: Store, series: SiteSeries, window: int, after: int) -> list[Outcome]:
    """A site with anomalies: its series and bounds, its earthquakes, and maps of one planted day.

    ``series`` has the content in y_true and what is beyond the bounds in y_pred, ``bounds`` the lower and the
    upper one; ``anomalies`` (time: begin) size and hours; ``events`` the days of the earthquakes and the
    lead time; ``explained`` the days that space weather explains (1). ``map`` has content and anomaly of all
    nodes of the shown day, ``map_place`` the site, ``map_others`` those with other anomalies then;
    ``map_lat``, ``map_lon`` the grid. ``between_linear`` and ``between_rotated`` are errors between maps, see
    `between_errors`.
    """
    truth = Truth.of(store)
    indices = {name: store.read(name) for name in UNITS}
    explained = explained_days(index_anomalies(indices, window), after)
    shown = _shown(truth, relative_sizes(series, truth, window), explained, series.day)
    site = int(truth.site[shown])
    tec = series.tec[site]
    low, high = same_hour_bounds(tec, series.per_day, window)
    mine = truth.site == site
    row = int(np.searchsorted(store.read("time"), np.floor(truth.start[shown])))
    lat, lon = store.read("site_lat"), store.read("site_lon")
    others = (np.floor(truth.start) == np.floor(truth.start[shown])) & (truth.size != 0) & ~mine
    maps = maps_of(store, slice(row - window, row + 1))
    days = maps.tec.reshape(window + 1, -1, *maps.tec.shape[1:])
    lead = np.full(int(mine.sum()), float(truth.lead_days))
    hours = 24 * (truth.end - truth.start)[mine]
    return [
        _values("series", "TECU", series.time, tec, beyond(tec, low, high)),
        _values("bounds", "TECU", series.time, low, high),
        _values("anomalies", "TECU", truth.start[mine], truth.size[mine], hours),
        _values("events", "d", truth.event_day[mine], truth.event_day[mine], lead),
        _values("explained", "1", series.day, explained),
        _values("map", "TECU", _epochs(maps, days), days[-1].ravel(), anomaly_maps(days).ravel()),
        _values("map_lat", "degree", np.full(len(maps.lat), np.nan), maps.lat),
        _values("map_lon", "degree", np.full(len(maps.lon), np.nan), maps.lon),
        _values("map_place", "degree", truth.start[[shown]], lat[[site]], lon[[site]]),
        _values("map_others", "degree", truth.start[others], *(v[truth.site[others]] for v in (lat, lon))),
        *between_errors({"made maps": maps}),
    ]  # fmt: skip


def indices(o: Measured, data: Path, window: int) -> list[Outcome]:
    """The measured indices from `start` to `end` with their bounds, and how often the rule marks each.

    ``index_<name>`` has the value and what is beyond the bounds, ``bounds_<name>`` these; ``marked_share``
    the share of marked days in the whole record, of each index and of any; ``ap_hours`` the ap of every three
    hours (time: their begin) from four days before the earthquake on; ``window`` the days of the bounds.
    """
    table = read_space_weather(data_file(data, o.space_weather, "measured.space_weather")[0], "drop").table
    every = indices_of(table, np.arange(int(table["day"].min()), int(table["day"].max()) + 1))
    found = index_anomalies(every.series, window)
    first, last = (np.datetime64(d, "D").astype(int) for d in (o.start, o.end))
    shown = (every.day >= first) & (every.day <= last)
    out = []
    for name, values in every.series.items():
        low, high = sliding_bounds(values, window)
        day = every.day[shown].astype(float)
        out.append(_values(f"index_{name}", UNITS[name], day, values[shown], found[name][shown]))
        out.append(_values(f"bounds_{name}", UNITS[name], day, low[shown], high[shown]))
    marked = {name: x != 0 for name, x in found.items()} | {"any": explained_days(found)}
    shares = np.array([m[window:].mean() for m in marked.values()])
    event = np.array([np.datetime64(o.event.replace(tzinfo=None), "s").astype(float) / 86400])
    none = np.full(len(shares), np.nan)
    hours = np.arange(8) / 8
    near = table[(table["day"] >= np.floor(event[0]) - 4) & (table["day"] <= event[0])]
    time = (near["day"].to_numpy(float)[:, None] + hours).ravel()
    ap = near[[f"ap_{round(24 * h):02}" for h in hours]].to_numpy(float).ravel()
    return [
        *out,
        _values("event", "d", event, event),
        _values("window", "d", event, np.array([float(window)])),
        _values("ap_hours", "nT", time[time <= event[0]], ap[time <= event[0]]),
        replace(_values("marked_share", "1", none, shares), name=list(marked)),
    ]


def measured_maps(o: Measured, data: Path, window: int) -> list[Outcome]:
    """Curves at the epicentre and one map of every measured file, and errors between its maps.

    ``curve`` (one a file, `name` says which) has the content read linearly in y_true and rotated in y_pred;
    ``map`` that of all nodes nearest to 14 h local time at the epicentre; ``map_lat``, ``map_lon`` the grid.
    """
    files = {}
    for name in o.maps:
        path, _ = data_file(data, name, "measured.maps")
        files[path.name] = read_ionex(path)
    out = []
    for name, maps in files.items():
        step = np.timedelta64(_EVERY, "m")
        time = np.arange(maps.time[0], maps.time[-1] + np.timedelta64(1, "s"), step)
        place = np.array(o.latitude), np.array(o.longitude)
        linear, rotated = (tec_at(maps, time, *place, way) for way in ("linear", "rotated"))
        days = time.astype("datetime64[s]").astype(float) / 86400
        hour = np.mod(maps.time.astype(float) / 3600 + o.longitude / 15, 24)
        noon = int(np.argmin(np.abs(hour - 14)))
        at = np.full(maps.tec[noon].size, float(maps.time[noon].astype(float)) / 86400)
        for outcome in (
            _values("curve", "TECU", days, linear, rotated),
            _values("map", "TECU", at, maps.tec[noon].ravel()),
            _values("map_lat", "degree", np.full(len(maps.lat), np.nan), maps.lat),
            _values("map_lon", "degree", np.full(len(maps.lon), np.nan), maps.lon),
        ):
            out.append(replace(outcome, name=[name] * len(outcome.sample)))
    nan = np.array([np.nan])
    place_of = _values("map_place", "degree", nan, np.array([o.latitude]), np.array([o.longitude]))
    return [*out, place_of, *between_errors(files)]


def between_errors(files: dict[str, Ionex]) -> list[Outcome]:
    """Root-mean-square error (TECU) at left-out maps, from the maps before and after, for both ways.

    Every second map is left out, so the distance in time is twice the file's: an upper bound of the error
    between its own maps.
    """
    out = []
    for way in ("linear", "rotated"):
        found = []
        for maps in files.values():
            wide = replace(maps, time=maps.time[::2], tec=maps.tec[::2], rms=None)
            inside = np.abs(maps.lat) <= _MOST_LAT
            lat, lon = np.meshgrid(maps.lat[inside][::_THIN], maps.lon[:-1:_THIN], indexing="ij")
            left_out = [t for t in maps.time[1::2] if t < wide.time[-1]]
            missed = [tec_at(wide, t, lat, lon, way) - tec_at(maps, t, lat, lon) for t in left_out]
            found.append(float(np.sqrt(np.nanmean(np.square(missed)))))
        none = np.full(len(found), np.nan)
        out.append(replace(_values(f"between_{way}", "TECU", none, np.array(found)), name=list(files)))
    return out


def _shown(truth: Truth, relative: np.ndarray, explained: np.ndarray, day: np.ndarray) -> int:
    """Of the larger half (TECU) on unexplained days, the planted anomaly whose share is nearest `_SHOWN`."""
    large = np.abs(truth.size) >= np.median(np.abs(truth.size[truth.size != 0]))
    calm = ~explained[np.searchsorted(day, np.floor(truth.start))]
    far = np.where(np.isfinite(relative), np.abs(relative - _SHOWN), np.inf)
    return int(np.argmin(far + 10.0 * ~large + 10.0 * ~calm))


def _epochs(maps: Ionex, days: np.ndarray) -> np.ndarray:
    """Epoch of every value of the last day, days since 1970-01-01."""
    last = maps.time[-days.shape[1] :].astype(float) / 86400
    return np.repeat(last, days.shape[2] * days.shape[3])


def _values(
    quantity: str, units: str, time: np.ndarray, true: np.ndarray, pred: np.ndarray | None = None
) -> Outcome:
    none = np.full(len(time), np.nan)
    numbers = (np.asarray(v, float).tolist() for v in (time, true, none if pred is None else pred))
    return Outcome(quantity, units, list(range(len(time))), *numbers)
