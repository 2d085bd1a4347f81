"""GPS time as datetime64[ns]: weeks and seconds, and the other systems' times against it."""

from typing import Any

import numpy as np

#: A datetime64[ns], or an array of them.
Time = Any

#: Beginning of GPS week 0.
EPOCH = np.datetime64("1980-01-06T00:00:00", "ns")
WEEK_S = 604_800
#: BeiDou time is behind GPS time by 14 s; its week 0 is GPS week 1356 (BDS-SIS-ICD-B1I-3.0, section 3.3).
BEIDOU_BEHIND_S, BEIDOU_WEEK_0 = 14, 1356
#: GPS time is ahead of UTC by so many seconds from these days on (IERS Bulletin C).
_LEAPS = np.array(
    (
        *("1980-01-06", "1981-07-01", "1982-07-01", "1983-07-01", "1985-07-01", "1988-01-01", "1990-01-01"),
        *("1991-01-01", "1992-07-01", "1993-07-01", "1994-07-01", "1996-01-01", "1997-07-01", "1999-01-01"),
        *("2006-01-01", "2009-01-01", "2012-07-01", "2015-07-01", "2017-01-01"),
    ),
    "datetime64[ns]",
)


def seconds(value: np.ndarray | float) -> Time:
    """timedelta64[ns] from seconds."""
    return np.rint(np.asarray(value, float) * 1e9).astype("timedelta64[ns]")


def between(later: Time, earlier: Time) -> np.ndarray:
    """Seconds from `earlier` to `later`, float64; the arguments broadcast."""
    return (later - earlier) / np.timedelta64(1, "s")


def week_and_seconds(time: Time) -> tuple[np.ndarray, np.ndarray]:
    """GPS week (int) and seconds of the week (float)."""
    since = (np.asarray(time, "datetime64[ns]") - EPOCH).astype(np.int64)
    week, rest = np.divmod(since, WEEK_S * 10**9)
    return week, rest * 1e-9


def from_week(week: np.ndarray | int, second: np.ndarray | float) -> Time:
    """GPS time of a GPS week and seconds of that week."""
    return EPOCH + np.asarray(week, np.int64) * np.timedelta64(WEEK_S, "s") + seconds(second)


def leap_seconds(utc: Time) -> np.ndarray:
    """Seconds by which GPS time is ahead of UTC, from a time in UTC."""
    return np.asarray(np.searchsorted(_LEAPS, utc, side="right") - 1)
