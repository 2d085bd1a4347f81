"""Earth-fixed positions: latitude and longitude, local east, north and up, and the European frame."""

import numpy as np

#: GRS80.
_A, _F = 6_378_137.0, 1 / 298.257222101
_E2 = _F * (2 - _F)
_MAS = np.deg2rad(1 / 3_600_000)
#: From ITRF2014 at 2010.0 and rates a year (Altamimi 2018, EUREF Technical Note 1, tables 1 and 2):
#: translation in mm, scale in 1e-9, rotation in milliarcseconds.
_EUROPEAN = {
    "ETRF2000": (
        np.array([54.7, 52.2, -74.1, 2.12, 1.701, 10.290, -16.632]),
        np.array([0.1, 0.1, -1.9, 0.11, 0.081, 0.490, -0.792]),
    ),
    "ETRF2014": (
        np.array([0.0, 0.0, 0.0, 0.0, 1.785, 11.151, -16.170]),
        np.array([0.0, 0.0, 0.0, 0.0, 0.085, 0.531, -0.770]),
    ),
}


def geodetic(position_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latitude and longitude in degrees and height in m above GRS80; positions have shape (..., 3).

    Bowring's formula (1976), iterated; below 0.1 mm between 10 km under and 40,000 km above the ellipsoid.
    """
    x, y, z = np.moveaxis(np.asarray(position_m, float), -1, 0)
    p, b = np.hypot(x, y), _A * (1 - _F)
    reduced = np.arctan2(z, p * (1 - _F))
    for _ in range(4):
        top = z + _E2 / (1 - _E2) * b * np.sin(reduced) ** 3
        lat = np.arctan2(top, p - _E2 * _A * np.cos(reduced) ** 3)
        reduced = np.arctan2((1 - _F) * np.sin(lat), np.cos(lat))
    n = _A / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    height = p * np.cos(lat) + z * np.sin(lat) - _A**2 / n
    return np.rad2deg(lat), np.rad2deg(np.arctan2(y, x)), height


def to_enu(difference_m: np.ndarray, origin_m: np.ndarray) -> np.ndarray:
    """East, north and up in m of earth-fixed differences, shape (..., 3), at one position, shape (3,)."""
    lat, lon, _ = (np.deg2rad(v) for v in geodetic(origin_m))
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return difference_m @ np.stack([east, np.cross(up, east), up], axis=1)


def to_european(position_m: np.ndarray, frame: str, year: float) -> np.ndarray:
    """Positions, shape (..., 3), carried from ITRF2014 to a European frame at the same epoch.

    These frames move with the stable part of Europe: in 2020 about 0.75 m to the south-west of ITRF2014.
    IGS14 and IGb14 are ITRF2014 to a millimetre.

    Parameters
    ----------
    position_m : ndarray, shape (..., 3)
        ITRF2014, m.
    frame : {"ETRF2000", "ETRF2014"}
        Which.
    year : float
        Decimal year at which the position holds.
    """
    value, rate = _EUROPEAN[frame]
    now = value + rate * (year - 2010.0)
    turned = np.cross(now[4:] * _MAS, position_m)
    return position_m + now[:3] * 1e-3 + now[3] * 1e-9 * position_m + turned


def decimal_year(time: np.datetime64) -> float:
    """Year and its part that has passed."""
    year = time.astype("datetime64[Y]")
    length = (year + 1).astype("datetime64[ns]") - year.astype("datetime64[ns]")
    return float(year.astype(int) + 1970 + (time - year.astype("datetime64[ns]")) / length)
