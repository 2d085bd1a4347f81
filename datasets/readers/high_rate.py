"""1 Hz displacement of one earthquake in an NPZ file."""

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.fields import MAX_DEPTH_KM, MIN_DEPTH_KM, BadRow, code, iso_moment
from slipbench.datasets.readers.npz import read_npz
from slipbench.datasets.readers.rows import OnBadRows, Read, Row, collect

COLUMNS = ("station", "lat", "lon", "elevation_m", "samples")
_KEYS = ("enu_0p1mm", "station", "lat", "lon", "elev_m", "t0_unix", "dt_s")
_EVENT = ("origin_time", "hypo", "mw")
MISSING = np.int32(-2147483648)
_SIZES = {"lat": 90.0, "lon": 360.0, "elev_m": 12_000.0}


@dataclass(frozen=True)
class Hypocentre:
    """Where and when an earthquake began, and how large it was.

    Parameters
    ----------
    time_unix : float
        Origin time, seconds since 1970 (UTC).
    lat, lon : float
        Degrees.
    depth_km : float
        Kilometres, positive down.
    mw : float
        Moment magnitude.
    """

    time_unix: float
    lat: float
    lon: float
    depth_km: float
    mw: float


@dataclass(frozen=True)
class HighRate:
    """Displacement of m stations at t times.

    Parameters
    ----------
    stations : DataFrame
        Columns `COLUMNS`, one row per station; ``samples`` counts the times with all components.
    enu_m : ndarray, shape (m, 3, t), float32
        East, north, up in m against an arbitrary origin per station and component; NaN where missing.
    start_unix : float
        Seconds since 1970 of the first sample.
    step_s : float
        Seconds between samples.
    event : Hypocentre or None
        The earthquake, where the file says which.
    """

    stations: pd.DataFrame
    enu_m: np.ndarray
    start_unix: float
    step_s: float
    event: Hypocentre | None


def read_high_rate(path: Path, on_bad_rows: OnBadRows = "fail") -> tuple[HighRate, Read]:
    """Read ``enu_0p1mm`` int32 [station, 3, time] (0.1 mm, -2147483648 = missing) and its companions.

    ``station``, ``lat``, ``lon``, ``elev_m`` [station], ``t0_unix``, ``dt_s`` (after Ruhl et al. 2019, Murray
    et al. 2023); ``origin_time`` (ISO 8601, UTC), ``hypo`` (latitude, longitude, depth in km) and ``mw``, all
    three or none, describe the earthquake. A row is a station. Large displacements are kept: outliers are
    for a filter to find.

    Returns
    -------
    data : HighRate
        Accepted stations.
    read : Read
        The same stations as a table (index: number of the station in the file, from 1) and the rejected ones.

    Raises
    ------
    InputError
        No NPZ, arrays missing or of other shapes or types, an impossible start, step or earthquake. A station
        is bad when a coordinate is impossible, it has no sample or its name came before.
    """
    raw = _arrays(path)
    event = _event(path, raw)
    samples = (raw["enu_0p1mm"] != MISSING).all(1).sum(1)

    def parse(text: tuple[str, ...]) -> tuple:
        i = int(text[0]) - 1
        place = [float(raw[name][i]) for name in _SIZES]
        for value, (name, limit) in zip(place, _SIZES.items(), strict=True):
            if not abs(value) <= limit:
                raise BadRow(f"{name} {value:g}", f"at most {limit:g}")
        if not samples[i]:
            raise BadRow("no sample with all components", "at least one")
        return (code(str(raw["station"][i])), *place, int(samples[i]))

    rows = [Row(i, (str(i),)) for i in range(1, len(samples) + 1)]
    read = collect(path, rows, COLUMNS, parse, on_bad_rows, lambda v: v[0])
    values = raw["enu_0p1mm"][read.table.index.to_numpy() - 1]
    enu = np.where(values == MISSING, np.float32(np.nan), values * np.float32(1e-4))
    return HighRate(read.table, enu, float(raw["t0_unix"]), float(raw["dt_s"]), event), read


def _arrays(path: Path) -> dict[str, np.ndarray]:
    raw = read_npz(path, _KEYS, "1 Hz displacements", _EVENT)
    x, stations = raw["enu_0p1mm"], raw["station"]
    if x.dtype != np.int32 or x.ndim != 3 or x.shape[1] != 3 or stations.shape != x.shape[:1]:
        raise InputError(
            f"{path}:enu_0p1mm", f"{x.dtype} {x.shape}", "int32 (stations, 3, times)", "get the file again"
        )
    for name in (*_SIZES, "t0_unix", "dt_s"):
        shape = x.shape[:1] if name in _SIZES else ()
        if raw[name].shape != shape or raw[name].dtype.kind not in "iuf":
            raise InputError(
                f"{path}:{name}", f"{raw[name].dtype} {raw[name].shape}", f"numbers {shape}", "mend it"
            )
    if not 0 < float(raw["dt_s"]) <= 3600 or not abs(float(raw["t0_unix"])) < 4e9:
        raise InputError(
            f"{path}:dt_s", "an impossible start or step", "seconds since 1970, seconds", "mend it"
        )
    return raw


def _event(path: Path, raw: dict[str, np.ndarray]) -> Hypocentre | None:
    given = [name for name in _EVENT if name in raw]
    if not given:
        return None
    where = f"{path}:{given[0]}"
    try:
        if len(given) < len(_EVENT) or raw["hypo"].shape != (3,) or raw["hypo"].dtype.kind not in "iuf":
            raise BadRow(", ".join(given), "origin_time, hypo (3) and mw")
        lat, lon, depth_km = map(float, raw["hypo"])
        mw, time = raw["mw"], raw["origin_time"]
        if time.shape or time.dtype.kind != "U" or mw.shape or mw.dtype.kind not in "iuf":
            raise BadRow(f"origin_time {time.dtype}, mw {mw.dtype}", "a text and a number")
        inside = abs(lat) <= 90 and abs(lon) <= 360 and MIN_DEPTH_KM <= depth_km <= MAX_DEPTH_KM
        if not inside or not -3 <= float(mw) <= 10:
            raise BadRow(f"hypo {lat:g}, {lon:g}, {depth_km:g} km, mw {float(mw):g}", "a possible earthquake")
        began = iso_moment(str(time)).replace(tzinfo=UTC).timestamp()
    except BadRow as bad:
        raise InputError(where, bad.what, bad.expected, "mend it") from bad
    return Hypocentre(began, lat, lon, depth_km, float(mw))
