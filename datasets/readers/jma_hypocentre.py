"""The JMA unified hypocentre catalogue in records of 96 columns."""

import math
from datetime import timedelta
from pathlib import Path

from slipbench.datasets.readers.fields import MAX_DEPTH_KM, BadRow, bad, moment, number, whole
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, text_rows

COLUMNS = (
    *("agency", "time", "lat", "lon", "depth_km", "magnitude", "magnitude_type", "magnitude_2"),
    *("magnitude_2_type", "kind", "max_intensity", "region_code", "region", "stations"),
)
JST = timedelta(hours=9)
_BELOW_MINUS_ONE = "ABC"


def read_jma_hypocentre(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read hypocentre records (``h2011`` and the like).

    Columns, from 1; numbers in F formats have no decimal point, and blanks at their end are zeros:

    ===== =============================== ===== ===============================================
    1     J JMA, U USGS, I other          45-49 depth km F5.2 (or integer in 45-47)
    2-5   year, JST                       50-52 error of the depth F3.2
    6-13  month, day, hour, minute        53-55 magnitude F2.1 (-1 = -0.1, A0 = -1.0, B0 = -2.0), type
    14-17 second F4.2                     56-58 second magnitude and its type
    18-21 error of the second F4.2        59-60 travel time table, precision
    22-24 latitude deg I3                 61    kind (1 natural, 5 low-frequency, ...)
    25-28 latitude minutes F4.2           62-64 maximum intensity, damage, tsunami
    29-32 error of the latitude F4.2      65-68 district I1, region I3
    33-36 longitude deg I4                69-92 region name A24
    37-40 longitude minutes F4.2          93-95 number of stations I3
    41-44 error of the longitude F4.2     96    how the hypocentre was found
    ===== =============================== ===== ===============================================

    Source: Japan Meteorological Agency, The Seismological Bulletin of Japan, "Format of hypocenter records".

    Returns
    -------
    Read
        Columns `COLUMNS`; times UTC (the file's JST less nine hours), degrees, km; depth and magnitudes NaN
        and stations -1 where blank.

    Raises
    ------
    InputError
        See `collect`. A row is bad when it has not 96 columns, or its time, coordinates, depth or magnitude
        are missing (time, coordinates) or impossible.
    """
    rows = text_rows(path, "JMA hypocentre records", needs_line_end=False)
    return collect(path, rows, COLUMNS, lambda text: _parse(text[0]), on_bad_rows)


def _parse(line: str) -> tuple:
    if len(line) != 96:
        raise BadRow(f"{len(line)} columns", "96")
    if line[0] not in "JUI":
        bad("record type", line[0], "J, U or I")
    year, month, day, hour, minute = (whole(line[a:b], n, 0, 9999) for a, b, n in _DATE)
    time = moment(year, month, day, hour, minute, _fixed(line[13:17], "second", 2, 60)) - JST
    lat = _angle(line[21:24], line[24:28], "latitude", 90)
    lon = _angle(line[32:36], line[36:40], "longitude", 180)
    deep = _fixed(line[44:49], "depth", 2, MAX_DEPTH_KM) if line[44:49].strip() else math.nan
    stations = whole(line[92:95], "number of stations", 0, 999) if line[92:95].strip() else -1
    return (
        line[0],
        time,
        lat,
        lon,
        deep,
        _magnitude(line[52:54]),
        line[54].strip(),
        _magnitude(line[55:57]),
        line[57].strip(),
        line[60].strip(),
        line[61].strip(),
        line[64:68].strip(),
        line[68:92].strip(),
        stations,
    )


_DATE = ((1, 5, "year"), (5, 7, "month"), (7, 9, "day"), (9, 11, "hour"), (11, 13, "minute"))


def _fixed(text: str, name: str, decimals: int, high: float) -> float:
    """A number without its decimal point; blanks at the end are zeros."""
    digits = text.lstrip()
    padded = digits.rstrip().ljust(len(digits), "0")
    if not padded or not (padded.isascii() and padded.isdigit()):
        bad(name, text, f"digits, {decimals} of them decimals")
    value = int(padded) / 10**decimals
    if value > high:
        bad(name, text, f"at most {high:g}")
    return value


def _angle(degrees: str, minutes: str, name: str, limit: int) -> float:
    whole_part = whole(degrees, name, -limit, limit)
    size = abs(whole_part) + _fixed(minutes, f"{name} minutes", 2, 60) / 60
    if size > limit:
        bad(name, f"{degrees} {minutes}", f"at most {limit} degrees")
    return -size if "-" in degrees else size


def _magnitude(text: str) -> float:
    if not text.strip():
        return math.nan
    if text[0] in _BELOW_MINUS_ONE and text[1].isascii() and text[1].isdigit():
        return -(1 + _BELOW_MINUS_ONE.index(text[0])) - int(text[1]) / 10
    if text[0] == "-":
        return -whole(text[1], "magnitude", 0, 9) / 10
    return number(text, "magnitude", 0, 99) / 10
