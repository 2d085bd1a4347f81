"""Static offsets of one earthquake as text: ``lon lat east north station``."""

from pathlib import Path

from slipbench.datasets.readers.fields import code, latitude, longitude, number, words
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, text_rows

COLUMNS = ("station", "lat", "lon", "east_m", "north_m")
#: More than any earthquake has moved a site (m): the Japan Trench moved by some 50 m in 2011.
LARGEST_M = 100.0


def read_offsets(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read horizontal offsets.

    One site a line, five fields between white space, no header: longitude, latitude (degrees), east, north
    (m), station.

    Returns
    -------
    Read
        Columns `COLUMNS`.

    Raises
    ------
    InputError
        See `collect`. A row is bad when a coordinate or offset is impossible or its station came before.
    """
    return collect(path, text_rows(path, "static offsets"), COLUMNS, _parse, on_bad_rows, lambda v: v[0])


def _parse(text: tuple[str, ...]) -> tuple:
    w = words(text[0], (5,))
    east, north = (
        number(t, n, -LARGEST_M, LARGEST_M) for t, n in zip(w[2:4], ("east", "north"), strict=True)
    )
    return code(w[4]), latitude(w[1]), longitude(w[0]), east, north
