"""Residuals of daily positions: what is left of each station when its trajectory is taken out."""

from datetime import date
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.preprocess.trajectory import fit_trajectory
from slipbench.datasets.readers.daily import DailySeries, read_daily
from slipbench.datasets.readers.residuals import Residuals, read_residuals
from slipbench.datasets.readers.stations import Stations, read_stations

#: Days that a station must have: trend and seasons of less than two years are not told apart from noise.
FEWEST_DAYS = 600


def read_or_make_residuals(
    path: Path, stations: Path | None = None, first: date | None = None, last: date | None = None
) -> Residuals:
    """Residuals from their NPZ, or from a table of daily positions.

    Parameters
    ----------
    path : Path
        ``.npz`` as `read_residuals` has it, or a table as `read_daily` has it.
    stations : Path, optional
        Station list with the coordinates of the stations of a table; an NPZ has its own.
    first, last : date, optional
        First and last day (UTC) to take. Of a table, trajectories are fitted to these days alone.

    Raises
    ------
    InputError
        When a file cannot be used, a table comes without stations or an NPZ with them, or no day is left.
    """
    if not path.is_file():
        todo = "check the path, or set SLIPBENCH_DATA"
        raise InputError(path, "no such file", "residuals (NPZ) or daily positions", todo)
    if path.suffix == ".npz":
        if stations is not None:
            raise InputError(
                path, "an NPZ holds the coordinates of its stations", "no --stations", "leave it out"
            )
        residuals = read_residuals(path)
        low = _year(first) if first else -np.inf
        high = _year(last) + 1 / 366 if last else np.inf
        keep = (residuals.year >= low) & (residuals.year < high)
        _some_days(keep, path)
        return Residuals(
            residuals.values[:, :, keep], residuals.year[keep], residuals.code, residuals.lat, residuals.lon
        )
    if stations is None:
        raise InputError(
            path, "daily positions without coordinates", "--stations FILE", "name a list with code,lat,lon,h"
        )
    listed, series = read_stations(stations), read_daily(path)
    days = series.first_day + np.arange(len(series.enu_mm))
    since, until = (np.datetime64(d, "D").astype(int) if d else None for d in (first, last))
    keep = (days >= (days[0] if since is None else since)) & (days <= (days[-1] if until is None else until))
    _some_days(keep, path)
    kept = DailySeries(series.stations, int(days[keep][0]), series.enu_mm[keep])
    return trajectory_residuals(kept, listed)


def trajectory_residuals(series: DailySeries, stations: Stations) -> Residuals:
    """Take offset, trend, annual and semi-annual motion out of every station.

    Parameters
    ----------
    series : DailySeries
        Positions of m stations without steps and post-seismic motion.
    stations : Stations
        Their coordinates. A station that is not listed has NaN coordinates.

    Returns
    -------
    Residuals
        Of a station with less than 600 days all are NaN.
    """
    days = series.first_day + np.arange(len(series.enu_mm))
    values = np.full((len(series.stations), 3, len(days)), np.nan, np.float32)
    for k in range(len(series.stations)):
        positions = series.enu_mm[:, k]
        if np.isfinite(positions).all(axis=1).sum() >= FEWEST_DAYS:
            values[k] = fit_trajectory(days, positions).residuals.T
    # a day counts in windows when all three components are there
    values[np.isnan(values).any(axis=1, keepdims=True).repeat(3, axis=1)] = np.nan
    place = dict(zip(stations.code, zip(stations.lat, stations.lon, strict=True), strict=True))
    found = np.array([place.get(code, (np.nan, np.nan)) for code in series.stations])
    day = days.astype("datetime64[D]")
    year = day.astype("datetime64[Y]")
    length = ((year + 1).astype("datetime64[D]") - year.astype("datetime64[D]")).astype(float)
    into = (day - year.astype("datetime64[D]")).astype(float) + 0.5
    return Residuals(
        values, 1970 + year.astype(int) + into / length, series.stations, found[:, 0], found[:, 1]
    )


def _year(day: date) -> float:
    """Decimal year of a day's beginning."""
    length = (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
    return day.year + (day - date(day.year, 1, 1)).days / length


def _some_days(keep: np.ndarray, path: Path) -> None:
    if not keep.any():
        raise InputError(path, "no day between --from and --to", "days of the file", "correct the dates")
