"""Where the Sun is, as the attitude of satellites needs it."""

import numpy as np

from slipbench.datasets.positioning.gps_time import Time, between, leap_seconds

_J2000 = np.datetime64("2000-01-01T12:00:00", "ns")
_UNIT_M = 149_597_870_700.0


def sun_position(time: Time) -> np.ndarray:
    """Earth-fixed position of the Sun in m, shape (..., 3), good to about 0.01 degrees.

    The low-precision formula of the Astronomical Almanac (page C5); UT1 is taken as UTC.

    Parameters
    ----------
    time : ndarray, datetime64[ns]
        GPS time.
    """
    utc = np.asarray(time) - leap_seconds(time) * np.timedelta64(1, "s")
    days = between(utc, _J2000) / 86_400
    mean, longitude = np.deg2rad(357.528 + 0.9856003 * days), 280.460 + 0.9856474 * days
    along = np.deg2rad(longitude + 1.915 * np.sin(mean) + 0.020 * np.sin(2 * mean))
    tilt = np.deg2rad(23.439 - 4e-7 * days)
    distance = _UNIT_M * (1.00014 - 0.01671 * np.cos(mean) - 0.00014 * np.cos(2 * mean))
    sidereal = np.deg2rad(280.46061837 + 360.98564736629 * days)
    x, y = np.cos(along), np.cos(tilt) * np.sin(along)
    c, s = np.cos(sidereal), np.sin(sidereal)
    return distance[..., None] * np.stack([c * x + s * y, c * y - s * x, np.sin(tilt) * np.sin(along)], -1)
