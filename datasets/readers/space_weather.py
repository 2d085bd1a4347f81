"""CelesTrak's daily space weather: Kp, ap, Ap, sunspot number, F10.7 (fixed columns, version 1.2)."""

import math
from datetime import datetime
from itertools import accumulate
from pathlib import Path

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.fields import BadRow, bad, moment, number_or_nan, whole
from slipbench.datasets.readers.rows import OnBadRows, Read, collect, take_header, text_rows

KIND = "a space weather file of CelesTrak"
FIRST_LINE = "DATATYPE CssiSpaceWeather"
_HOURS = tuple(f"{hour:02}" for hour in range(0, 24, 3))
COLUMNS = (
    *("day", *(f"kp_{h}" for h in _HOURS), *(f"ap_{h}" for h in _HOURS)),
    *("ap", "sunspots", "f107_adjusted", "f107_qualifier", "f107"),
)
#: Kp in tenths, as the file has it, and the ap that belongs to it (Bartels et al. 1939).
AP_OF_KP = {
    **{0: 0, 3: 2, 7: 3, 10: 4, 13: 5, 17: 6, 20: 7, 23: 9, 27: 12, 30: 15, 33: 18, 37: 22, 40: 27, 43: 32},
    **{47: 39, 50: 48, 53: 56, 57: 67, 60: 80, 63: 94, 67: 111, 70: 132, 73: 154, 77: 179, 80: 207},
    **{83: 236, 87: 300, 90: 400},
}
_KP_OF_TENTHS = {tenths: third / 3 for third, tenths in enumerate(AP_OF_KP)}
#: FORMAT(I4,I3,I3,I5,I3,8I3,I4,8I4,I4,F4.1,I2,I4,F6.1,I2,5F6.1)
_WIDTHS = (4, 3, 3, 5, 3, *[3] * 8, 4, *[4] * 8, 4, 4, 2, 4, 6, 2, *[6] * 5)
_ENDS = tuple(accumulate(_WIDTHS))


def read_space_weather(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read the observed days of ``SW-All.txt`` or ``SW-Last5Years.txt``; predictions are no rows.

    Rows are the lines between ``BEGIN OBSERVED`` and ``END OBSERVED``, as many as ``NUM_OBSERVED_POINTS``
    says. Source: CelesTrak, Space Weather Data Documentation.

    Returns
    -------
    Read
        Columns `COLUMNS`; ``day`` since 1970-01-01 UTC, Kp in thirds (0 ... 9) and ap (nT) of the three hours
        from the hour of their name, ``ap`` the day's mean, ``f107`` as observed and ``f107_adjusted`` to
        1 au (10^-22 W m^-2 Hz^-1), its qualifier 0 measured, 4 interpolated; NaN where blank.

    Raises
    ------
    InputError
        See `collect`; for another kind of file, and one with fewer or more rows than it says. A row is bad
        when a number is impossible, its day came before, an ap is not that of its Kp, or the day's is not
        their mean.
    """
    rows = text_rows(path, KIND)
    take_header(rows, path, lambda text: text == FIRST_LINE, FIRST_LINE)
    lines = [row.text[0].strip(" \t") if row.fault is None else "" for row in rows]
    try:
        first = lines.index("BEGIN OBSERVED")
        rows = rows[first + 1 : lines.index("END OBSERVED", first)]
    except ValueError as error:
        raise InputError(
            path, "no whole block of observations", "BEGIN OBSERVED ... END OBSERVED", "fetch the file again"
        ) from error
    told = f"NUM_OBSERVED_POINTS {len(rows)}"
    if told not in lines[:first]:
        raise InputError(path, f"no line '{told}' above as many rows", "it", "fetch the file again")
    return collect(path, rows, COLUMNS, _parse, on_bad_rows, lambda values: values[0])


def _parse(text: tuple[str, ...]) -> tuple:
    line = text[0]
    if len(line) != _ENDS[-1]:
        raise BadRow(f"{len(line)} columns", str(_ENDS[-1]))
    f = [line[end - width : end] for width, end in zip(_WIDTHS, _ENDS, strict=True)]
    year, month, day = whole(f[0], "year", 1900, 2100), whole(f[1], "month", 1, 12), whole(f[2], "day", 1, 31)
    days = (moment(year, month, day) - datetime(1970, 1, 1)).days
    kp = [number_or_nan(word, "Kp", 0, 90) for word in f[5:13]]
    ap = [number_or_nan(word, "ap", 0, 400) for word in f[14:22]]
    for tenths, amplitude in zip(kp, ap, strict=True):
        if not math.isnan(tenths) and AP_OF_KP.get(int(tenths)) != amplitude:
            bad("Kp and ap", f"{tenths:g}, {amplitude:g}", "a pair of the scale")
    mean = number_or_nan(f[22], "Ap", 0, 400)
    if abs(mean - sum(ap) / len(ap)) > 0.5:
        bad("Ap", f[22].strip(), f"{sum(ap) / len(ap):g}, the mean of the day")
    return (
        days,
        *(_KP_OF_TENTHS.get(int(tenths)) if tenths == tenths else math.nan for tenths in kp),
        *ap,
        mean,
        number_or_nan(f[25], "sunspot number", 0, 1000),
        number_or_nan(f[26], "F10.7", 40, 2000),
        number_or_nan(f[27], "qualifier", 0, 4),
        number_or_nan(f[30], "F10.7", 40, 2000),
    )
