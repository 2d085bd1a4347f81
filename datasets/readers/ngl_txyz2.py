"""Nevada Geodetic Laboratory's daily Cartesian positions, ``.txyz2``."""

import math
from pathlib import Path

from slipbench.datasets.readers.fields import BadRow, code, number, words
from slipbench.datasets.readers.ngl_day import check_year, ngl_day
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, text_rows

COLUMNS = (
    *("station", "day", "x_m", "y_m", "z_m", "sigma_x_m", "sigma_y_m", "sigma_z_m"),
    *("corr_xy", "corr_xz", "corr_yz", "antenna_m"),
)
_RADII = (6_340_000.0, 6_400_000.0)


def on_the_ground(x: float, y: float, z: float) -> None:
    """A geocentric position must lie within the Earth's land: 6,340 ... 6,400 km from the centre."""
    radius = math.sqrt(x * x + y * y + z * z)
    if not _RADII[0] <= radius <= _RADII[1]:
        raise BadRow(f"position {radius / 1e3:.1f} km from the Earth's centre", "6,340 ... 6,400 km")


def read_txyz2(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read a ``.txyz2`` file.

    One line a day, 13 fields between white space, no header: station, date ``YYMMMDD``, decimal year,
    geocentric X, Y, Z (m), their sigmas (m), correlations x-y, x-z, y-z, antenna height (m). Source: Nevada
    Geodetic Laboratory, README_txyz2 (Blewitt, Hammond and Kreemer 2018).

    Returns
    -------
    Read
        Columns `COLUMNS`; ``day`` is days since 1970-01-01.

    Raises
    ------
    InputError
        See `collect`. A row is bad when its dates disagree, the position is not on the ground, a sigma is not
        positive, a correlation passes 1, or station and day came before.
    """
    return collect(path, text_rows(path, "a .txyz2 file"), COLUMNS, _parse, on_bad_rows, lambda v: v[:2])


def _parse(text: tuple[str, ...]) -> tuple:
    w = words(text[0], (13,))
    day = ngl_day(w[1])
    check_year(day, w[2])
    x, y, z = (number(t, n, -6.5e6, 6.5e6) for t, n in zip(w[3:6], COLUMNS[2:5], strict=True))
    on_the_ground(x, y, z)
    sigma = [number(t, n, 1e-9, 1000) for t, n in zip(w[6:9], COLUMNS[5:8], strict=True)]
    corr = [number(t, n, -1, 1) for t, n in zip(w[9:12], COLUMNS[8:11], strict=True)]
    return (code(w[0]), day, x, y, z, *sigma, *corr, number(w[12], "antenna height", -10, 100))
