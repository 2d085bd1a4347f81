"""Nevada Geodetic Laboratory's daily series, ``.tenv3``."""

import math
from pathlib import Path

from slipbench.datasets.readers.fields import code, latitude, number, whole, words
from slipbench.datasets.readers.ngl_day import check_week, check_year, ngl_day
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, take_header, text_rows

COLUMNS = (
    *("station", "day", "reference_lon", "east_m", "north_m", "up_m", "antenna_m"),
    *(
        "sigma_east_m",
        "sigma_north_m",
        "sigma_up_m",
        "corr_en",
        "corr_eu",
        "corr_nu",
        "lat",
        "lon",
        "height_m",
    ),
)


def read_tenv3(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read a ``.tenv3`` file.

    A header line that starts with ``site``, then one line a day of 20 fields (23 since 2020): station, date
    ``YYMMMDD``, decimal year, MJD, GPS week, day of the week (0 = Sunday), longitude of the reference
    meridian (deg), east, north and up in metres, each as integer and fractional part, antenna height (m),
    sigma of east, north, up (m), correlations east-north, east-up, north-up, and latitude, longitude (deg),
    height (m). Source: Nevada Geodetic Laboratory, README_tenv3 (Blewitt, Hammond and Kreemer 2018).

    Returns
    -------
    Read
        Columns `COLUMNS`; ``day`` is days since 1970-01-01, east is counted from the reference meridian,
        north from the equator; position NaN in files of 20 columns.

    Raises
    ------
    InputError
        See `collect`. Bad rows: as for ``.tenv``; an east of more than 30 km from the meridian, a north of
        more than 10,100 km, a height outside -1 ... 9 km.
    """
    rows = text_rows(path, "a .tenv3 file")
    take_header(rows, path, lambda text: text.split()[:1] == ["site"], "a line starting with 'site YYMMMDD'")
    return collect(path, rows, COLUMNS, _parse, on_bad_rows, lambda v: v[:2])


def _parse(text: tuple[str, ...]) -> tuple:
    w = words(text[0], (20, 23))
    day = ngl_day(w[1])
    check_year(day, w[2])
    check_week(day, *w[3:6])
    enu = []
    limits = (("east", -30_000, 30_000), ("north", -10_100_000, 10_100_000), ("up", -1000, 9000))
    for i, (name, low, high) in enumerate(limits):
        # the integer part stays when the fraction passes 1
        enu.append(whole(w[7 + 2 * i], name, low, high) + number(w[8 + 2 * i], name, -1000, 1000))
    sigma = [number(x, n, 1e-9, 1000) for x, n in zip(w[14:17], COLUMNS[7:10], strict=True)]
    corr = [number(x, n, -1, 1) for x, n in zip(w[17:20], COLUMNS[10:13], strict=True)]
    place = (math.nan,) * 3
    if len(w) == 23:
        # longitudes of some stations are given below -180
        place = (latitude(w[20]), number(w[21], "longitude", -360, 360), number(w[22], "height", -1000, 9000))
    meridian = number(w[6], "reference longitude", -180, 180)
    return (code(w[0]), day, meridian, *enu, number(w[13], "antenna height", -10, 100), *sigma, *corr, *place)
