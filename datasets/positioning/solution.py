"""Positions that RTKLIB wrote, and the same as the displacement table of the project."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from slipbench.datasets.positioning.frames import geodetic, to_enu
from slipbench.datasets.positioning.gps_time import from_week, leap_seconds
from slipbench.datasets.positioning.text_file import TextFile
from slipbench.datasets.readers.high_rate import COLUMNS, MISSING, HighRate

KIND = "a position file of RTKLIB"
_WEEK = (0, 5000)
#: Quality that RTKLIB gives to precise point positions.
PPP = 6


@dataclass(frozen=True)
class Solution:
    """Positions of one antenna's mark.

    Parameters
    ----------
    time : ndarray, shape (n,), datetime64[ns]
        GPS time, ascending.
    position_m : ndarray, shape (n, 3)
        Earth-fixed, m, in the frame of the orbits.
    quality, satellites : ndarray, shape (n,), int
        RTKLIB's quality (6: precise point position) and the number of satellites.
    program : str
        What wrote the file.
    """

    time: np.ndarray
    position_m: np.ndarray
    quality: np.ndarray
    satellites: np.ndarray
    program: str


def read_solution(path: Path) -> Solution:
    """Read a ``.pos`` file with GPS weeks and seconds and earth-fixed positions.

    Raises
    ------
    InputError
        When the file is missing or damaged or of another form. A file without positions is read.
    """
    file = TextFile(path, KIND)
    program, rows = "", []
    while file.peek() is not None:
        line = file.next()
        if line.startswith("%"):
            if line.startswith("% program"):
                program = line.partition(":")[2].strip()
            continue
        parts = line.split()
        if len(parts) < 7:
            file.wrong(f"{len(parts)} fields", "week, seconds, x, y, z, quality, satellites")
        week = file.whole(parts[0], "week", *_WEEK)
        second = file.number(parts[1], "second", 0, 604_800)
        xyz = [file.number(p, "coordinate", -1e8, 1e8) for p in parts[2:5]]
        rows.append((week, second, *xyz, *(file.whole(p, "count", 0, 999) for p in parts[5:7])))
    table = np.array(rows, float).reshape(-1, 7)
    time = from_week(table[:, 0].astype(int), table[:, 1])
    if len(time) > 1 and not (np.diff(time) > np.timedelta64(0, "ns")).all():
        file.wrong("an epoch that is not after the one before", "ascending epochs")
    return Solution(time, table[:, 2:5], table[:, 5].astype(int), table[:, 6].astype(int), program)


def to_high_rate(solution: Solution, station: str, origin_m: np.ndarray, step_s: float) -> HighRate:
    """East, north and up of one station at every epoch of a regular grid, NaN where there is no position.

    Parameters
    ----------
    solution : Solution
        At least one position; times that lie off the grid by more than 1 ms are left out.
    station : str
        Name of the station.
    origin_m : ndarray, shape (3,)
        Where displacement is zero, earth-fixed, m, in the solution's frame.
    step_s : float
        Seconds between epochs.

    Returns
    -------
    HighRate
        As the 1 Hz files of the project; ``start_unix`` is UTC.
    """
    since = (solution.time - solution.time[0]) / np.timedelta64(1, "ns") * 1e-9 / step_s
    at = np.rint(since).astype(int)
    kept = abs(since - at) * step_s <= 1e-3
    enu = np.full((1, 3, at[kept][-1] + 1), np.nan, np.float32)
    enu[0][:, at[kept]] = to_enu(solution.position_m - origin_m, origin_m)[kept].T
    utc = solution.time[0] - leap_seconds(solution.time[0]) * np.timedelta64(1, "s")
    lat, lon, height = (float(v) for v in geodetic(origin_m))
    row = (station, lat, lon, height, int(np.isfinite(enu).all(1).sum()))
    stations = pd.DataFrame([row], columns=list(COLUMNS), index=pd.Index([1], name="line"))
    return HighRate(stations, enu, float(utc.astype(np.int64)) * 1e-9, step_s, None)


def save_high_rate(data: HighRate, to: BinaryIO) -> None:
    """Write displacements as the NPZ that `readers.high_rate.read_high_rate` reads (0.1 mm)."""
    counts = np.rint(np.nan_to_num(data.enu_m.astype(float)) * 1e4).astype(np.int32)
    table = data.stations
    np.savez_compressed(
        to,
        enu_0p1mm=np.where(np.isnan(data.enu_m), MISSING, counts),
        station=table["station"].to_numpy(str),
        lat=table["lat"].to_numpy(float),
        lon=table["lon"].to_numpy(float),
        elev_m=table["elevation_m"].to_numpy(float),
        t0_unix=np.float64(data.start_unix),
        dt_s=np.float64(data.step_s),
    )
