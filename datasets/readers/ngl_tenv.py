"""Nevada Geodetic Laboratory's older daily series, ``.tenv``."""

from pathlib import Path

from slipbench.datasets.readers.fields import code, number, words
from slipbench.datasets.readers.ngl_day import check_week, check_year, ngl_day
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, text_rows

COLUMNS = (
    *("station", "day", "east_m", "north_m", "up_m", "antenna_m", "sigma_east_m", "sigma_north_m"),
    *("sigma_up_m", "corr_en", "corr_eu", "corr_nu"),
)


def read_tenv(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read a ``.tenv`` file.

    One line a day, 16 fields between white space, no header: station, date ``YYMMMDD``, decimal year, MJD,
    GPS week, day of the week (1 = Sunday), delta east, north, up (m, against the first epoch), antenna height
    (m), sigma of east, north, up (m), correlations east-north, east-up, north-up. Source: Nevada Geodetic
    Laboratory, README_tenv (Blewitt, Hammond and Kreemer 2018).

    Returns
    -------
    Read
        Columns `COLUMNS`; ``day`` is days since 1970-01-01.

    Raises
    ------
    InputError
        See `collect`. A row is bad when its four dates disagree, a displacement passes 1,000 m, a sigma is
        not positive, a correlation passes 1, or station and day came before.
    """
    return collect(path, text_rows(path, "a .tenv file"), COLUMNS, _parse, on_bad_rows, lambda v: v[:2])


def _parse(text: tuple[str, ...]) -> tuple:
    w = words(text[0], (16,))
    day = ngl_day(w[1])
    check_year(day, w[2])
    check_week(day, *w[3:6])
    shift = [number(x, n, -1000, 1000) for x, n in zip(w[6:9], COLUMNS[2:5], strict=True)]
    sigma = [number(x, n, 1e-9, 1000) for x, n in zip(w[10:13], COLUMNS[6:9], strict=True)]
    corr = [number(x, n, -1, 1) for x, n in zip(w[13:], COLUMNS[9:], strict=True)]
    return (code(w[0]), day, *shift, number(w[9], "antenna height", -10, 100), *sigma, *corr)
