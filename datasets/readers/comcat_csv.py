"""USGS ComCat catalogues as CSV."""

from pathlib import Path

from slipbench.datasets.readers.csv_fields import split_csv
from slipbench.datasets.readers.fields import code, depth, iso_moment, latitude, longitude, magnitude
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, take_header, text_rows

HEADER = (
    *("time", "latitude", "longitude", "depth", "mag", "magType", "nst", "gap", "dmin", "rms", "net", "id"),
    *("updated", "place", "type", "horizontalError", "depthError", "magError", "magNst", "status"),
    *("locationSource", "magSource"),
)
COLUMNS = ("id", "time", "lat", "lon", "depth_km", "magnitude", "magnitude_type", "event_type", "place")


def read_comcat_csv(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read what ``earthquake.usgs.gov/fdsnws/event/1/query?format=csv`` gives.

    A header line of the 22 names in `HEADER`, then one event a line; quotes as RFC 4180. Source: USGS, "CSV
    format" of the ANSS Comprehensive Earthquake Catalog.

    Returns
    -------
    Read
        Columns `COLUMNS`; times UTC, degrees, km; depth and magnitude NaN where blank.

    Raises
    ------
    InputError
        See `collect`. A row is bad when its time, coordinates, depth or magnitude are impossible or its id
        came before.
    """
    rows = text_rows(path, "a ComCat CSV file")
    take_header(rows, path, lambda text: text == ",".join(HEADER), ",".join(HEADER))
    return collect(path, rows, COLUMNS, _parse, on_bad_rows, lambda v: v[0])


def _parse(text: tuple[str, ...]) -> tuple:
    row = dict(zip(HEADER, split_csv(text[0], len(HEADER)), strict=True))
    return (
        code(row["id"], "id"),
        iso_moment(row["time"]),
        latitude(row["latitude"]),
        longitude(row["longitude"]),
        depth(row["depth"]),
        magnitude(row["mag"]),
        row["magType"],
        row["type"],
        row["place"],
    )
