"""Global CMT events in the small CSV that pyCSEP ships."""

from pathlib import Path

from slipbench.datasets.readers.csv_fields import split_csv
from slipbench.datasets.readers.fields import (
    FIRST_YEAR,
    LAST_YEAR,
    depth,
    latitude,
    longitude,
    magnitude,
    moment,
    whole,
)
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, take_header, text_rows

HEADER = ("lon", "lat", "mag", "day", "month", "year", "depth")
COLUMNS = ("time", "lat", "lon", "depth_km", "magnitude")


def read_gcmt_csv(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read a table with the columns `HEADER` (degrees, Mw, km).

    Source: Savran et al. (2022), pyCSEP's copy of the Global CMT catalogue. It holds no time of the day, no
    mechanism and, against its name, no centroids: its places are the reference hypocentres (in Japan the
    median distance to those of the USGS is 0.5 km; Tohoku 2011 is at 38.32 N, 142.37 E, its centroid at
    37.52 N, 143.05 E), and every depth is 30 km.

    Returns
    -------
    Read
        Columns `COLUMNS`; ``time`` is midnight UTC of the day.

    Raises
    ------
    InputError
        See `collect`. A row is bad when its date, coordinates, depth or magnitude are impossible.
    """
    rows = text_rows(path, "a Global CMT CSV file")
    take_header(rows, path, lambda text: text == ",".join(HEADER), ",".join(HEADER))
    return collect(path, rows, COLUMNS, _parse, on_bad_rows)


def _parse(text: tuple[str, ...]) -> tuple:
    w = split_csv(text[0], len(HEADER))
    year = whole(w[5], "year", FIRST_YEAR, LAST_YEAR)
    day = moment(year, whole(w[4], "month", 1, 12), whole(w[3], "day", 1, 31))
    return day, latitude(w[1]), longitude(w[0]), depth(w[6]), magnitude(w[2])
