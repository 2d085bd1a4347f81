"""Station list: ``code,lat,lon,h`` with one header line (Nevada Geodetic Laboratory's columns)."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError

COLUMNS = ("code", "lat", "lon", "h")


@dataclass(frozen=True)
class Stations:
    """GNSS stations.

    Parameters
    ----------
    code : tuple of str
        Names, all different.
    lat, lon : ndarray, shape (m,)
        Degrees; longitude as given in the file, -180 ... 360.
    height : ndarray, shape (m,)
        Metres above the ellipsoid.
    """

    code: tuple[str, ...]
    lat: np.ndarray
    lon: np.ndarray
    height: np.ndarray

    def __len__(self) -> int:
        return len(self.code)

    def take(self, index: np.ndarray) -> "Stations":
        """The stations at `index` (numbers or a mask), in that order."""
        index = np.arange(len(self))[index]
        return Stations(
            tuple(self.code[i] for i in index), self.lat[index], self.lon[index], self.height[index]
        )


def read_stations(path: Path) -> Stations:
    """Read a station list.

    Raises
    ------
    InputError
        With the line's number: no file, no rows, other columns, a row with too few or too many values, a
        value that is not a number, coordinates out of range, or a code that came before.
    """
    where = path.as_posix()
    if not path.is_file():
        raise InputError(where, "no such file", "a station list", "set SLIPBENCH_DATA to the data folder")
    try:
        with path.open(newline="", encoding="utf-8") as f:
            rows = list(csv.reader(f))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(where, "not a text table", "CSV in UTF-8", "get the file again") from error
    header = ",".join(COLUMNS)
    if not rows:
        raise InputError(where, "the file is empty", f"the columns {header}", "get the file again")
    if tuple(c.strip() for c in rows[0]) != COLUMNS:
        raise InputError(
            f"{where}:1", f"columns {','.join(rows[0])}", f"the columns {header}", "mend the header line"
        )
    codes: dict[str, int] = {}
    values = []
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        place = f"{where}:{line}"
        if len(row) != len(COLUMNS):
            raise InputError(
                place,
                f"{len(row)} values",
                f"{len(COLUMNS)} ({header})",
                "the line is cut or has extra commas; get the file again",
            )
        code = row[0].strip()
        if not code:
            raise InputError(place, "no station code", "a code in column 1", "mend the line")
        if code in codes:
            raise InputError(
                place, f"station '{code}' came before on line {codes[code]}", "each code once", "drop one"
            )
        codes[code] = line
        values.append(_numbers(place, row))
    if not values:
        raise InputError(where, "no station below the header", "at least one row", "get the file again")
    lat, lon, height = np.array(values).T
    return Stations(tuple(codes), lat, lon, height)


def _numbers(place: str, row: list[str]) -> tuple[float, ...]:
    out = []
    for name, text, low, high in zip(COLUMNS[1:], row[1:], (-90, -180, -1000), (90, 360, 9000), strict=True):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(place, f"{name} '{text.strip()}'", "a finite number", "mend the line")
        if not low <= value <= high:
            raise InputError(place, f"{name} {value:g}", f"{name} in {low} ... {high}", "mend the line")
        out.append(value)
    return tuple(out)
