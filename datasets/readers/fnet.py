"""Moment tensors of NIED's F-net as text."""

from datetime import timedelta
from pathlib import Path

from slipbench.datasets.readers.fields import (
    BadRow,
    bad,
    depth,
    latitude,
    longitude,
    magnitude,
    moment,
    number,
    whole,
    words,
)
from slipbench.datasets.readers.jma_hypocentre import JST
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, take_header, text_rows

COLUMNS = (
    *("time", "lat", "lon", "depth_km", "magnitude", "moment_nm", "jma_depth_km", "jma_magnitude", "region"),
    *("strike_1", "dip_1", "rake_1", "strike_2", "dip_2", "rake_2", "variance_reduction"),
    *("mxx", "mxy", "mxz", "myy", "myz", "mzz", "stations"),
)
_FIELDS = 21


def read_fnet(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read the text of F-net's mechanism search.

    A header line that starts with ``Origin_Time(UT)`` or ``Origin_Time(JST)``, then one event a line, at
    least 21 fields between white space: ``yyyy/mm/dd,hh:mm:ss.ss``, latitude, longitude (deg), JMA depth
    (km), JMA magnitude, region, strike, dip, rake (each ``plane1;plane2``, deg), M0 (N m), depth (km), Mw,
    variance reduction (%), mxx, mxy, mxz, myy, myz, mzz (x north, y east, z down) in the unit that follows
    them (N m), number of stations; more fields (stations, address) where the header has them. Source: NIED,
    F-net mechanism catalogue (Fukuyama et al. 1998).

    Returns
    -------
    Read
        Columns `COLUMNS`; times UTC, epicentre by JMA, depth and Mw of the tensor, moments in N m.

    Raises
    ------
    InputError
        See `collect`. A row is bad when a time, coordinate, angle, moment or depth is missing or impossible.
    """
    rows = text_rows(path, "F-net's mechanism text")
    header = take_header(rows, path, _is_header, "a line starting with Origin_Time(UT) or Origin_Time(JST)")
    shift = JST if "(JST)" in header.split()[0] else timedelta(0)
    count = len(header.split())
    return collect(path, rows, COLUMNS, lambda text: _parse(text[0], count, shift), on_bad_rows)


def _is_header(text: str) -> bool:
    names = text.split()
    return len(names) >= _FIELDS and names[0] in ("Origin_Time(UT)", "Origin_Time(JST)")


def _parse(line: str, count: int, shift: timedelta) -> tuple:
    w = words(line, (count,))
    parts = w[0].replace(",", "/").replace(":", "/").split("/")
    if len(parts) != 6:
        bad("origin time", w[0], "yyyy/mm/dd,hh:mm:ss.ss")
    year, month, day, hour, minute = (whole(t, "origin time", 0, 9999) for t in parts[:5])
    time = moment(year, month, day, hour, minute, number(parts[5], "second", 0, 60)) - shift
    planes = list(
        zip(*(_pair(t, n, low, high) for t, (n, low, high) in zip(w[6:9], _ANGLES, strict=True)), strict=True)
    )
    unit = number(w[19], "unit", 1e8, 1e25)
    return (
        time,
        latitude(w[1]),
        longitude(w[2]),
        number(w[10], "depth", 0, 800),
        number(w[11], "Mw", -3, 10),
        number(w[9], "M0", 1e6, 1e25),
        depth(w[3]),
        magnitude(w[4]),
        w[5],
        *planes[0],
        *planes[1],
        number(w[12], "variance reduction", -1e4, 100),
        *(number(t, n, -1e4, 1e4) * unit for t, n in zip(w[13:19], COLUMNS[16:22], strict=True)),
        whole(w[20], "number of stations", 0, 999),
    )


_ANGLES = (("strike", -360, 360), ("dip", 0, 90), ("rake", -180, 180))


def _pair(text: str, name: str, low: float, high: float) -> tuple[float, float]:
    halves = text.split(";")
    if len(halves) != 2:
        raise BadRow(f"{name} '{text[:40]}'", "two angles like 187;35")
    return number(halves[0], name, low, high), number(halves[1], name, low, high)
