"""Reader of earthquake catalogues in the columns id, time, longitude, latitude, magnitude, x, y."""

from pathlib import Path
from typing import Literal

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.table import first_false, read_table
from slipbench.datasets.seismicity.catalogue import Catalogue

COLUMNS = ("id", "time", "longitude", "latitude", "magnitude", "x", "y")
_MS_PER_DAY = 86_400_000.0


def read_catalogue(path: Path, on_bad_rows: Literal["fail", "drop"] = "fail") -> tuple[Catalogue, int]:
    """Read a catalogue; ``x`` and ``y`` (a local projection) are not used.

    Parameters
    ----------
    path : Path
        CSV, plain or gzipped; times in UTC.
    on_bad_rows : {"fail", "drop"}
        What to do with a row whose time, coordinates or magnitude cannot be used, or whose id came before:
        raise, or leave it out and count it. Files that are cut off or have other columns always raise.

    Returns
    -------
    catalogue : Catalogue
        Sorted by time.
    dropped : int
        Rows left out.

    Raises
    ------
    InputError
        With the line of the first bad row.
    """
    table = read_table(path, COLUMNS)
    time, time_ok = table.times("time", "ms")
    longitude, lon_ok = table.numbers("longitude")
    latitude, lat_ok = table.numbers("latitude")
    magnitude, magnitude_ok = table.numbers("magnitude")
    first = np.zeros(len(time), bool)
    first[np.unique(table.columns["id"], return_index=True)[1]] = True
    checks = [
        ("time", time_ok, "an ISO 8601 time in UTC"),
        ("longitude", lon_ok & (longitude >= -180) & (longitude <= 360), "-180 to 360 degrees"),
        ("latitude", lat_ok & (latitude >= -90) & (latitude <= 90), "-90 to 90 degrees"),
        ("magnitude", magnitude_ok & (magnitude >= -3) & (magnitude <= 10), "a number from -3 to 10"),
        ("id", first, "an id that occurs once"),
    ]
    good = np.logical_and.reduce([ok for _, ok, _ in checks])
    bad = first_false(good)
    if bad is not None and on_bad_rows == "fail":
        column, _, expected = next(check for check in checks if not check[1][bad])
        raise InputError(
            table.where(bad),
            f"{column} '{table.columns[column][bad]}'",
            expected,
            "mend the row, or set on_bad_rows: drop",
        )
    if not good.any():
        raise InputError(path, "no usable rows", "at least one event", "check the file")
    keep = np.flatnonzero(good)
    order = keep[np.argsort(time[keep], kind="stable")]
    days = time[order].astype(np.int64) / _MS_PER_DAY
    return Catalogue(days, longitude[order], latitude[order], magnitude[order]), int((~good).sum())
