"""The Global CMT catalogue in its own format, ``ndk``."""

import math
import re
from datetime import datetime, timedelta
from pathlib import Path

from slipbench.datasets.readers.fields import (
    MAX_DEPTH_KM,
    BadRow,
    bad,
    code,
    latitude,
    longitude,
    moment,
    number,
    whole,
)
from slipbench.datasets.readers.rows import OnBadRows, Read, Row, collect, text_rows

COLUMNS = (
    *(
        "id",
        "time",
        "lat",
        "lon",
        "depth_km",
        "magnitude",
        "moment_nm",
        "mrr",
        "mtt",
        "mpp",
        "mrt",
        "mrp",
        "mtp",
    ),
    *("strike_1", "dip_1", "rake_1", "strike_2", "dip_2", "rake_2", "origin_time", "region"),
)
_DYNE_CM = 1e-7
_WHEN = re.compile(r".{5}(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):([ \d]\d\.\d)", re.ASCII)
_FIRST = re.compile(r".{5}\d{4}/", re.ASCII)


def read_gcmt_ndk(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read an ``ndk`` file: five lines of 80 columns an event.

    1. Hypocentre: catalogue (1-4), date ``yyyy/mm/dd`` (6-15), time ``hh:mm:ss.s`` (17-26), latitude (28-33),
       longitude (35-41), depth (43-47), mb and MS (49-55), location (57-80).
    2. Event name (1-16), data used (18-61), kind of source (63-68), half duration (70-80).
    3. ``CENTROID:`` time shift (s) and error, latitude and error, longitude and error, depth and error, kind
       of depth, time stamp.
    4. Exponent of 10 (1-2), then Mrr, Mtt, Mpp, Mrt, Mrp, Mtp (dyn cm), each with its error.
    5. Version (1-3), three principal axes (value, plunge, azimuth), scalar moment (49-56), strike, dip, rake
       of both nodal planes.

    Source: Global CMT Project, "allorder.ndk_explained"; Ekström, Nettles and Dziewoński (2012). A row is an
    event; where a record is damaged, the lines up to the next first line are one rejected row.

    Returns
    -------
    Read
        Columns `COLUMNS`; centroid time (UTC) and place, km, moments in N m in the axes up, south, east,
        degrees. The magnitude is (log10 M0 - 9.1) / 1.5, M0 in N m (Hanks and Kanamori 1979).

    Raises
    ------
    InputError
        See `collect`. A row is bad when a date, coordinate, depth, angle or moment is missing or impossible,
        or its name came before.
    """
    rows = _events(text_rows(path, "an ndk file", needs_line_end=False))
    return collect(path, rows, COLUMNS, _parse, on_bad_rows, lambda v: v[0])


def _events(lines: list[Row]) -> list[Row]:
    groups: list[list[Row]] = []
    for line in lines:
        if not groups or _FIRST.match(line.text[0]) or len(groups[-1]) == 5:
            groups.append([])
        groups[-1].append(line)
    out = []
    for group in groups:
        faults = [f"line {line.line}: {line.fault}" for line in group if line.fault]
        if len(group) != 5 and not faults:
            faults = [f"{len(group)} lines instead of 5"]
        text = tuple(line.text[0] for line in group)
        out.append(Row(group[0].line, text, faults[0] if faults else None))
    return out


def _parse(lines: tuple[str, ...]) -> tuple:
    hypocentre, name, centroid, tensor, planes = lines
    origin = _origin(hypocentre)
    words = centroid.split()
    if len(words) < 9 or words[0] != "CENTROID:":
        bad("third line", centroid, "CENTROID: and eight numbers")
    shift = number(words[1], "centroid time shift", -3600, 3600)
    lat, lon = latitude(words[3]), longitude(words[5])
    deep = number(words[7], "depth", 0, MAX_DEPTH_KM)
    exponent = whole(tensor[:2], "exponent", 15, 35)
    parts = tensor[2:].split()
    if len(parts) != 12:
        raise BadRow(f"{len(parts)} numbers in the fourth line", "12")
    unit = 10.0**exponent * _DYNE_CM
    moments = [number(t, n, -99.999, 99.999) * unit for t, n in zip(parts[::2], COLUMNS[7:13], strict=True)]
    tail = planes[3:].split()
    if len(tail) != 16:
        raise BadRow(f"{len(tail)} numbers in the fifth line", "16")
    scalar = number(tail[9], "scalar moment", 1e-3, 99.999)
    angles: list[int] = []
    for plane in (tail[10:13], tail[13:16]):
        angles += [
            whole(plane[0], "strike", 0, 360),
            whole(plane[1], "dip", 0, 90),
            whole(plane[2], "rake", -180, 180),
        ]
    return (
        code(name[:16], "event name"),
        origin + timedelta(seconds=shift),
        lat,
        lon,
        deep,
        _magnitude(scalar, exponent),
        scalar * unit,
        *moments,
        *angles,
        origin,
        hypocentre[56:80].strip(),
    )


def _origin(line: str) -> datetime:
    found = _WHEN.match(line)
    if not found:
        bad("first line", line, "a date like 2011/03/11 and a time like 05:46:23.0")
    latitude(line[27:33])
    longitude(line[34:41])
    y, m, d, hh, mm, ss = found.groups()
    return moment(int(y), int(m), int(d), int(hh), int(mm), float(ss))


def _magnitude(scalar: float, exponent: int) -> float:
    return (math.log10(scalar) + exponent - 7 - 9.1) / 1.5
