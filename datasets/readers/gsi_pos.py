"""GSI's daily coordinates of GEONET stations, ``.pos`` (solutions F3, F5, R3, R5)."""

from pathlib import Path

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.fields import (
    BadRow,
    bad,
    code,
    latitude,
    longitude,
    moment,
    number,
    whole,
    words,
)
from slipbench.datasets.readers.ngl_txyz2 import on_the_ground
from slipbench.datasets.readers.rows import OnBadRows, Read, Row, collect, text_rows

COLUMNS = ("station", "time", "x_m", "y_m", "z_m", "lat", "lon", "height_m")


def read_gsi_pos(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read a ``.pos`` file: one station, one year.

    Blocks ``+SITE/INF`` (with a line ``ID 950178``), ``+SOLVER/INF`` and ``+DATA``, each closed by the same
    name with a minus. In the data block a line that starts with ``*`` is a comment; every other line is a row
    of ten fields: year, month, day, HH:MM:SS, X, Y, Z (m, geocentric), latitude, longitude (deg), ellipsoidal
    height (m), as ``-3.9577000000E+06``. Source: Geospatial Information Authority of Japan, format of
    GEONET's daily coordinates (Nakagawa et al. 2009).

    Returns
    -------
    Read
        Columns `COLUMNS`; times UTC as in the file (noon of the day).

    Raises
    ------
    InputError
        See `collect`; for a file without station id or without a closed data block. A row is bad when its
        time does not exist or came before, or the position is not on the ground.
    """
    site, rows = _split(path, text_rows(path, "a GSI .pos file"))
    return collect(path, rows, COLUMNS, lambda text: _parse(site, text[0]), on_bad_rows, lambda v: v[1])


def _split(path: Path, lines: list[Row]) -> tuple[str, list[Row]]:
    block, site, closed, rows = "", "", False, []
    for row in lines:
        text = row.text[0].strip(" \t\r\v\f")  # other white space does not make a line a comment
        if text in ("+SITE/INF", "+SOLVER/INF", "+DATA"):
            block = text[1:]
        elif text in ("-SITE/INF", "-SOLVER/INF", "-DATA"):
            closed |= text == "-DATA"
            block = ""
        elif block in ("SITE/INF", "SOLVER/INF"):
            name, _, value = text.partition(" ")
            if name == "ID" and not row.fault:
                site = value
        elif block != "DATA":
            rows.append(row._replace(fault="a line outside of the blocks"))
        elif not text.startswith("*"):
            rows.append(row)
    try:
        site = code(site, "ID")
    except BadRow as error:
        raise InputError(
            path, error.what, "a line 'ID 950178' in +SITE/INF", "fetch the file again"
        ) from error
    if not closed:
        raise InputError(
            f"{path}:{lines[-1].line}", "no line -DATA", "a closed data block", "fetch the file again"
        )
    return site, rows


def _parse(site: str, line: str) -> tuple:
    w = words(line, (10,))
    clock = w[3].split(":")
    if len(clock) != 3:
        bad("time", w[3], "HH:MM:SS")
    time = moment(
        *(whole(t, n, 0, 9999) for t, n in zip(w[:3], ("year", "month", "day"), strict=True)),
        *(whole(t, n, 0, 59) for t, n in zip(clock, ("hour", "minute", "second"), strict=True)),
    )
    x, y, z = (number(t, n, -6.5e6, 6.5e6) for t, n in zip(w[4:7], COLUMNS[2:5], strict=True))
    on_the_ground(x, y, z)
    return site, time, x, y, z, latitude(w[7]), longitude(w[8]), number(w[9], "height", -1000, 9000)
