"""Felt events of JMA's seismic intensity database as CSV."""

from pathlib import Path

from slipbench.datasets.readers.csv_fields import split_csv
from slipbench.datasets.readers.fields import bad, depth, iso_moment, latitude, longitude, magnitude
from slipbench.datasets.readers.jma_hypocentre import JST
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, take_header, text_rows

HEADER = ("time_jst", "latitude", "longitude", "depth_km", "mag_jma", "max_intensity", "region_ja")
COLUMNS = ("time", "lat", "lon", "depth_km", "magnitude", "max_intensity", "region")
# JMA's classes on its own scale of instrumental intensity: the lower limit of each
CLASSES = {
    **{f"震度{name}": name for name in "１２３４７"},
    **{f"震度{name}{part}": name + part for name in "５６" for part in "弱強"},
}
_ASCII = str.maketrans("１２３４５６７弱強", "1234567-+")


def read_jma_intensity(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read a table with the columns `HEADER` (times JST, degrees, km).

    Classes of intensity are ``震度１`` ... ``震度７``, with ``弱`` (lower) and ``強`` (upper) for 5 and 6.
    Source: JMA, Seismic Intensity Database; only felt events, so incomplete offshore.

    Returns
    -------
    Read
        Columns `COLUMNS`; times UTC (JST less nine hours; some events are timed to the minute only);
        ``max_intensity`` as 1, 2, 3, 4, 5-, 5+, 6-, 6+, 7; depth and magnitude NaN where blank.

    Raises
    ------
    InputError
        See `collect`. A row is bad when its time, coordinates, depth, magnitude or class are impossible.
    """
    rows = text_rows(path, "a JMA intensity CSV file")
    take_header(rows, path, lambda text: text == ",".join(HEADER), ",".join(HEADER))
    return collect(path, rows, COLUMNS, _parse, on_bad_rows)


def _parse(text: tuple[str, ...]) -> tuple:
    w = split_csv(text[0], len(HEADER))
    if w[5] not in CLASSES:
        bad("max_intensity", w[5], "a class from 震度１ to 震度７")
    return (
        iso_moment(w[0], to_the_minute=True) - JST,
        latitude(w[1]),
        longitude(w[2]),
        depth(w[3]),
        magnitude(w[4]),
        CLASSES[w[5]].translate(_ASCII),
        w[6],
    )
