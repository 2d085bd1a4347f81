"""Station lists of four columns: ``id lat lon h``."""

import math
from pathlib import Path

from slipbench.datasets.readers.fields import code, latitude, longitude, number, words
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, text_rows

COLUMNS = ("station", "lat", "lon", "height_m")


def read_llh(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read an ``llh`` station list.

    One station a line, four fields between white space, no header: id, latitude, longitude (degrees,
    longitude -180 ... 360), height (m). Source: NGL's ``llh.out`` and GEONET's ``nominalPositions.llh`` have
    this layout.

    Returns
    -------
    Read
        Columns `COLUMNS`; ids stay text ("0550"). Heights of such lists are nominal and some are absurd
        (-1,223 km), so an impossible height is NaN and costs no station; do not compute with the others.

    Raises
    ------
    InputError
        See `collect`. A row is bad when a coordinate is out of range or its id came before.
    """
    return collect(path, text_rows(path, "a station list"), COLUMNS, _parse, on_bad_rows, lambda v: v[0])


def _parse(text: tuple[str, ...]) -> tuple:
    w = words(text[0], (4,))
    height = number(w[3], "height", -1e9, 1e9)
    return code(w[0]), latitude(w[1]), longitude(w[2]), height if -12_000 <= height <= 9000 else math.nan
