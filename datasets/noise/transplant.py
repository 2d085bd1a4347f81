"""Real residuals of one network carried over to the stations of another, as windows for surrogates.

The dense residual set that can be had is Cascadia's. In each window every target station takes the
residuals of one donor station with little missing, no donor twice, so that neighbours stay neighbours: the
assignment has the least sum of squared distances after both networks are centred and scaled to unit
deviation per axis. Distances between stations therefore are *not* kept; `Transplant.stretch` says by how
much they differ, and with them the decay of the correlation with distance.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.residuals import Residuals


@dataclass(frozen=True)
class Transplant:
    """Complete windows on the target stations.

    Parameters
    ----------
    windows : ndarray, shape (w, d, m, c)
        Residuals in mm: window, day, station, component (of the residuals, in their order).
    filled : float
        Share of the values that were missing and are interpolated in time.
    stretch : float
        Median ratio of a distance between donors to that between the stations they stand for.
    """

    windows: np.ndarray
    filled: float
    stretch: float


def transplant(
    residuals: Residuals,
    lat: np.ndarray,
    lon: np.ndarray,
    n_days: int,
    components: tuple[int, ...] = (0, 1, 2),
    step_days: int | None = None,
    coverage: float = 0.9,
) -> Transplant:
    """Cut windows and assign donors.

    Parameters
    ----------
    residuals : Residuals
        The donors.
    lat, lon : ndarray, shape (m,)
        Target stations, degrees.
    n_days : int
        Length of a window.
    components : tuple of int
        Which of east, north, up.
    step_days : int, optional
        Days between the first days of windows; `n_days` by default.
    coverage : float
        Least share of a donor's days in a window; what is missing is interpolated linearly.

    Raises
    ------
    InputError
        When no window has a donor for every target station.
    """
    values = residuals.values[:, list(components)]
    known = np.isfinite(residuals.lat) & np.isfinite(residuals.lon)
    there = np.isfinite(values).all(axis=1)
    target = _unit(lat, lon)
    windows, missing, stretches, most = [], 0, [], 0
    for first in range(0, len(residuals.year) - n_days + 1, step_days or n_days):
        days = slice(first, first + n_days)
        donors = np.flatnonzero(known & (there[:, days].mean(axis=1) >= coverage))
        most = max(most, len(donors))
        if len(donors) < len(lat):
            continue
        places = _unit(residuals.lat[donors], residuals.lon[donors])
        cost = ((target[:, None] - places[None]) ** 2).sum(axis=-1)
        chosen = donors[linear_sum_assignment(cost)[1]]
        stretches.append(_stretch(lat, lon, residuals.lat[chosen], residuals.lon[chosen]))
        missing += int((~there[chosen, days]).sum())
        windows.append(_filled(values[chosen, :, days], there[chosen, days]))
    if not windows:
        raise InputError(
            "n_stations",
            f"{len(lat)} stations, but no {n_days}-day window has more than {most} usable donors",
            f"at most {most} stations with surrogate noise",
            "ask for fewer stations or use parametric noise",
        )
    stacked = np.stack(windows).transpose(0, 3, 1, 2)
    return Transplant(stacked, missing / (len(windows) * len(lat) * n_days), float(np.median(stretches)))


def _unit(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Places centred and scaled to unit deviation per axis."""
    xy = np.stack([lon, lat], axis=-1).astype(np.float64)
    spread = xy.std(axis=0)
    return (xy - xy.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _distances(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    x, y = lon * np.cos(np.deg2rad(lat.mean())), lat
    return np.hypot(x[:, None] - x, y[:, None] - y)[np.triu_indices(len(lat), 1)]


def _stretch(lat: np.ndarray, lon: np.ndarray, donor_lat: np.ndarray, donor_lon: np.ndarray) -> float:
    before, after = _distances(lat, lon), _distances(donor_lat, donor_lon)
    return float(np.median(after[before > 0] / before[before > 0])) if (before > 0).any() else 1.0


def _filled(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Values (m, c, d) with missing days interpolated linearly, and held beyond the ends."""
    out = values.astype(np.float64)
    day = np.arange(out.shape[-1])
    for station in np.flatnonzero(~there.all(axis=1)):
        known = there[station]
        for series in out[station]:
            series[~known] = np.interp(day[~known], day[known], series[known])
    return out
