"""What a network of GNSS stations knows some seconds after the origin time of an earthquake.

A snapshot holds `FEATURES` of some stations, from samples up to its second only. Hypocentre and origin time
are taken as known, as with the magnitude from peak ground displacement.
"""

import numpy as np

from slipbench.datasets.physics.projection import project
from slipbench.datasets.preprocess.hampel import nan_median

#: Speed of the S front that "seconds since" counts from, km/s.
FRONT_KM_S = 3.5
#: Longest quiet stretch before the origin time that gives position and noise, s; fewest samples of it.
QUIET_S, LEAST_QUIET = 60.0, 5
#: Means of displacement over the last seconds, shorter and longer.
SHORT_S, LONG_S = 5, 30
#: Displacements are given as the inverse hyperbolic sine of so many metres, which keeps mm and 10 m apart.
UNIT_M = 0.01
#: Seconds likewise.
UNIT_S = 10.0
_LEAST_M = 1e-4

#: Names and units in order.
FEATURES: tuple[tuple[str, str], ...] = (
    ("asinh of the last 5 s, east", "cm"),
    ("asinh of the last 5 s, north", "cm"),
    ("asinh of the last 5 s, up", "cm"),
    ("asinh of the last 30 s, east", "cm"),
    ("asinh of the last 30 s, north", "cm"),
    ("asinh of the last 30 s, up", "cm"),
    ("log10 of the peak displacement so far", "m"),
    ("log10 of the peak so far of 5 s means", "m"),
    ("log10 of the scatter before the earthquake", "m"),
    ("asinh of the time since that peak", "10 s"),
    ("asinh of the time since the S front", "10 s"),
    ("log10 of the hypocentral distance", "km"),
    ("east of the epicentre", "km"),
    ("north of the epicentre", "km"),
    ("depth of the hypocentre", "km"),
    ("log10 of the time since the origin", "s"),
    ("sine of the azimuth of the station", "1"),
    ("cosine of the azimuth of the station", "1"),
    ("way of the last 30 s, east", "1"),
    ("way of the last 30 s, north", "1"),
    ("asinh of the last 30 s, away from the epicentre", "cm"),
    ("asinh of the last 30 s, clockwise round it", "cm"),
)


def chosen(hypocentral_km: np.ndarray, count: int) -> np.ndarray:
    """Numbers of at most `count` stations, near ones first.

    The nearer half of `count` are the nearest there are; the others stand evenly in the ranking of the rest,
    so that a dense network is also seen from afar. NaN distances are never chosen.
    """
    order = np.argsort(hypocentral_km, kind="stable")[: int(np.isfinite(hypocentral_km).sum())]
    if len(order) <= count:
        return order
    near = count - count // 2
    rest = order[near:]
    picks = ((np.arange(count // 2) + 0.5) * len(rest) / max(count // 2, 1)).astype(int)
    return np.concatenate([order[:near], rest[picks]])


def snapshots(
    displacement: np.ndarray,
    first_s: float,
    interval_s: float,
    east_km: np.ndarray,
    north_km: np.ndarray,
    depth_km: np.ndarray,
    seconds: np.ndarray,
) -> np.ndarray:
    """Features of the stations at some seconds.

    A station counts at a second if it has at least 5 of the last 60 s before the origin time, and a sample in
    the last 5 s and since the origin; at others all its features are NaN.

    Parameters
    ----------
    displacement : ndarray, shape (n, m, t, 3)
        East, north, up (m) of n events at m stations, any origin; NaN where missing.
    first_s, interval_s : float
        Seconds after the origin time of the first sample (negative: before), and between samples.
    east_km, north_km : ndarray, shape (n, m)
        Stations from the epicentre; NaN where there is none.
    depth_km : ndarray, shape (n,)
        Depth of the hypocentre.
    seconds : ndarray, shape (n, k)
        Seconds after the origin time, at least 1; no later sample is used.

    Returns
    -------
    ndarray, shape (n, k, m, 22), float32
        `FEATURES`.

    Raises
    ------
    ValueError
        When a second lies outside the samples or before 1 s.
    """
    x = np.asarray(displacement, np.float64)
    n, m, t, _ = x.shape
    time = first_s + interval_s * np.arange(t)
    last = np.floor((seconds - first_s) / interval_s + 1e-9).astype(int)
    if (seconds < 1).any() or (last >= t).any() or first_s >= 0:
        raise ValueError("seconds lie outside the samples, or there are none before the origin time")
    x = np.where(np.isfinite(x).all(axis=-1, keepdims=True), x, np.nan)
    rest, scatter = _quiet(x[:, :, (time < 0) & (time >= -QUIET_S)])
    begin = int(np.argmax(time >= 0))
    moved = x[:, :, begin:] - rest[:, :, None]
    at = last - begin
    short = _mean_of_last(moved, max(1, round(SHORT_S / interval_s)))
    long = _mean_of_last(moved, max(1, round(LONG_S / interval_s)))
    peak = np.fmax.accumulate(np.linalg.norm(moved, axis=-1), axis=-1)
    size = np.linalg.norm(short, axis=-1)
    smooth = np.fmax.accumulate(size, axis=-1)
    grows = np.where(size >= smooth, np.arange(size.shape[-1]), 0)
    since = interval_s * (np.arange(size.shape[-1]) - np.maximum.accumulate(grows, axis=-1))
    event = np.arange(n)[:, None]

    def pick(values: np.ndarray) -> np.ndarray:
        return np.moveaxis(values, 2, 1)[event, at]  # (n, k, m, ...)

    distance = np.sqrt(east_km**2 + north_km**2 + depth_km[:, None] ** 2)[:, None]
    elapsed = np.asarray(seconds, np.float64)[..., None]
    level = np.hypot(east_km, north_km)
    sine, cosine = (a / np.where(level > 0, level, 1.0) for a in (east_km, north_km))
    sine, cosine = sine[:, None], cosine[:, None]
    slow = pick(long)
    # a unit vector, shorter where the noise is not far below
    way = slow[..., :2] / (np.linalg.norm(slow[..., :2], axis=-1) + scatter[:, None] + _LEAST_M)[..., None]
    there = np.ones((n, at.shape[1], m))
    columns = (
        *np.moveaxis(np.arcsinh(pick(short) / UNIT_M), -1, 0),
        *np.moveaxis(np.arcsinh(slow / UNIT_M), -1, 0),
        np.log10(np.maximum(pick(peak), _LEAST_M)),
        np.log10(np.maximum(pick(smooth), _LEAST_M)),
        np.log10(np.maximum(scatter, _LEAST_M))[:, None] * there,
        np.arcsinh(pick(since) / UNIT_S),
        np.arcsinh((elapsed - distance / FRONT_KM_S) / UNIT_S),
        np.log10(np.maximum(distance, 1.0)) * there,
        east_km[:, None] * there,
        north_km[:, None] * there,
        depth_km[:, None, None] * there,
        np.log10(elapsed) * there,
        sine * there,
        cosine * there,
        *np.moveaxis(way, -1, 0),
        np.arcsinh((slow[..., 0] * sine + slow[..., 1] * cosine) / UNIT_M),
        np.arcsinh((slow[..., 0] * cosine - slow[..., 1] * sine) / UNIT_M),
    )
    out = np.stack(columns, axis=-1)
    return np.where(np.isfinite(out).all(axis=-1, keepdims=True), out, np.nan).astype(np.float32)


def event_snapshots(
    displacement: np.ndarray,
    first_s: float,
    interval_s: float,
    lat: np.ndarray,
    lon: np.ndarray,
    hypocentre: np.ndarray,
    seconds: np.ndarray,
    count: int,
    reach_km: float,
) -> np.ndarray:
    """Features of `chosen` stations of one earthquake.

    Parameters
    ----------
    displacement : ndarray, shape (m, t, 3)
        As in `snapshots`.
    first_s, interval_s : float
        As in `snapshots`.
    lat, lon : ndarray, shape (m,)
        Stations, degrees; NaN for padding.
    hypocentre : ndarray, shape (3,)
        Latitude, longitude (degrees), depth (km).
    seconds : ndarray, shape (k,)
        Seconds after the origin time.
    count : int
        Most stations. Those without enough samples before the origin time are never chosen.
    reach_km : float
        Farthest station from the epicentre, km.

    Returns
    -------
    ndarray, shape (k, j, 22), float32
        `FEATURES` of j stations, at most `count`.
    """
    time = first_s + interval_s * np.arange(displacement.shape[1])
    quiet = displacement[:, (time < 0) & (time >= -QUIET_S)]
    usable = np.isfinite(lat) & (np.isfinite(quiet).all(axis=2).sum(axis=1) >= LEAST_QUIET)
    number = np.flatnonzero(usable)
    place = (np.asarray(v, np.float64) for v in (hypocentre[:1], hypocentre[1:2], lat[number], lon[number]))
    east, north, _ = project(*place)
    east, north = east[0] / 1e3, north[0] / 1e3
    away = np.hypot(east, north)
    depth = float(hypocentre[2])
    pick = chosen(np.where(away <= reach_km, np.hypot(away, depth), np.nan), count)
    some = displacement[number[pick]][None]
    places = (east[None, pick], north[None, pick])
    return snapshots(some, first_s, interval_s, *places, np.array([depth]), seconds[None])[0]


def _quiet(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Median position (n, m, 3) and scatter (n, m) of samples (n, m, t, 3); NaN where there are too few."""
    enough = np.isfinite(x[..., 0]).sum(axis=-1) >= LEAST_QUIET
    series = np.where(enough[..., None, None], x.swapaxes(2, 3), np.nan)
    rest = nan_median(series)
    scatter = 1.4826 * nan_median(np.abs(series - rest[..., None]))
    return rest, np.linalg.norm(scatter, axis=-1)


def _mean_of_last(x: np.ndarray, samples: int) -> np.ndarray:
    """Mean of the samples there are among the last few up to each, (n, m, t, 3); NaN where there are none."""
    here = np.isfinite(x)
    total = np.cumsum(np.where(here, x, 0.0), axis=2)
    count = np.cumsum(here, axis=2)
    for running in (total, count):
        running[:, :, samples:] -= running[:, :, :-samples].copy()
    return np.divide(total, count, out=np.full(x.shape, np.nan), where=count > 0)
