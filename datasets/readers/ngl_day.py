"""The date columns that all of the Nevada Geodetic Laboratory's series share."""

import re
from datetime import date

from slipbench.datasets.readers.fields import BadRow, bad, number, whole

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAY = re.compile(r"(\d\d)([A-Z]{3})(\d\d)", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()
_MJD_EPOCH = date(1858, 11, 17).toordinal()
_GPS_EPOCH = date(1980, 1, 6).toordinal()


def ngl_day(text: str) -> int:
    """Days since 1970-01-01 from ``YYMMMDD``; two-digit years are 1980 ... 2079."""
    found = _DAY.fullmatch(text)
    if not found or found[2] not in _MONTHS:
        bad("date", text, "a date like 11MAR11")
    year = int(found[1]) + (1900 if int(found[1]) >= 80 else 2000)
    try:
        return date(year, _MONTHS.index(found[2]) + 1, int(found[3])).toordinal() - _EPOCH
    except ValueError as error:
        raise BadRow(f"date '{text}'", "a day that exists") from error


def check_year(day: int, text: str) -> None:
    """The decimal year of a row must be within three days of its date."""
    at = date.fromordinal(day + _EPOCH)
    expected = at.year + (at.timetuple().tm_yday - 0.5) / 365.25
    if abs(number(text, "decimal year", 1980, 2080) - expected) > 3 / 365.25:
        bad("decimal year", text, f"{expected:.4f} on {at}")


def check_week(day: int, mjd: str, week: str, weekday: str) -> None:
    """Modified Julian day, GPS week and day of the week must be those of the date.

    The day of the week counts from Sunday, from 0 in ``.tenv3`` and from 1 in ``.tenv``.
    """
    ordinal = day + _EPOCH
    if whole(mjd, "MJD", 0, 99999) != ordinal - _MJD_EPOCH:
        bad("MJD", mjd, f"{ordinal - _MJD_EPOCH}, the day of the date column")
    expected, weekday_from_0 = divmod(ordinal - _GPS_EPOCH, 7)
    if whole(week, "GPS week", 0, 9999) != expected:
        bad("GPS week", week, f"{expected}, the week of the date column")
    if whole(weekday, "day of the week", 0, 7) - weekday_from_0 not in (0, 1):
        bad("day of the week", weekday, f"{weekday_from_0} or {weekday_from_0 + 1}")
