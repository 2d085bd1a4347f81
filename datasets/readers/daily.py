"""Reader of daily positions in the columns station, date, e_mm, n_mm, u_mm."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.table import Table, first_false, read_table

COLUMNS = ("station", "date", "e_mm", "n_mm", "u_mm")


@dataclass(frozen=True)
class DailySeries:
    """Daily positions on a regular grid of days.

    Parameters
    ----------
    stations : tuple of str
        Codes, sorted.
    first_day : int
        Day of the first row, days since 1970-01-01 UTC.
    enu_mm : ndarray, shape (days, stations, 3)
        East, north and up, mm, against an arbitrary origin per station; NaN where there is no position.
    """

    stations: tuple[str, ...]
    first_day: int
    enu_mm: np.ndarray

    def on_days(self, first_day: int, n_days: int) -> np.ndarray:
        """Positions of `n_days` days from `first_day` on; NaN outside the series' own days."""
        out = np.full((n_days, *self.enu_mm.shape[1:]), np.nan)
        low = max(first_day, self.first_day)
        high = min(first_day + n_days, self.first_day + len(self.enu_mm))
        if low < high:
            out[low - first_day : high - first_day] = self.enu_mm[
                low - self.first_day : high - self.first_day
            ]
        return out


def read_daily(path: Path) -> DailySeries:
    """Read daily positions (CSV, plain or gzipped) of any number of stations.

    Raises
    ------
    InputError
        With the line of the first row whose station, date or position cannot be used, or whose station
        and date came before.
    """
    table = read_table(path, COLUMNS)
    date, date_ok = table.times("date", "D")
    named = np.char.str_len(np.char.strip(table.columns["station"])) > 0
    _refuse(table, "station", named, "a station code")
    _refuse(table, "date", date_ok, "a date like 2011-03-11")
    enu = np.empty((len(date), 3))
    for i, name in enumerate(COLUMNS[2:]):
        enu[:, i], ok = table.numbers(name)
        _refuse(table, name, ok, "a number in mm")
    day = date.astype(np.int64)
    stations, station = np.unique(table.columns["station"], return_inverse=True)
    first_day, n_days = int(day.min()), int(day.max() - day.min() + 1)
    cell = (day - first_day) * len(stations) + station
    first = np.zeros(len(cell), bool)
    first[np.unique(cell, return_index=True)[1]] = True
    bad = first_false(first)
    if bad is not None:
        raise InputError(
            table.where(bad),
            f"station {stations[station[bad]]} has {date[bad]} twice",
            "one position a station and day",
            "delete one of the rows",
        )
    grid = np.full((n_days * len(stations), 3), np.nan)
    grid[cell] = enu
    return DailySeries(tuple(map(str, stations)), first_day, grid.reshape(n_days, len(stations), 3))


def _refuse(table: Table, column: str, good: np.ndarray, expected: str) -> None:
    bad = first_false(good)
    if bad is not None:
        raise InputError(
            table.where(bad), f"{column} '{table.columns[column][bad]}'", expected, "mend the row"
        )
