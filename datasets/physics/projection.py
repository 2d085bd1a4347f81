"""A flat map around each source: azimuthal equidistant projection of the sphere.

Distance and azimuth from the source are kept, which is what a half-space solution depends on most.
"""

import numpy as np

EARTH_RADIUS_M = 6_371_000.0


def project(
    origin_lat: np.ndarray, origin_lon: np.ndarray, lat: np.ndarray, lon: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Project stations on a map centred on each origin.

    Parameters
    ----------
    origin_lat, origin_lon : ndarray, shape (n,)
        Map centres, degrees.
    lat, lon : ndarray, shape (m,)
        Stations, degrees.

    Returns
    -------
    east, north : ndarray, shape (n, m)
        Metres from the centre.
    turn : ndarray, shape (n, m)
        Angle in radians, clockwise, from the map's north to the station's own north as seen along the great
        circle from the centre (meridian convergence); see `to_station_frame`.
    """
    phi0, lam0 = np.deg2rad(origin_lat)[:, None], np.deg2rad(origin_lon)[:, None]
    phi, lam = np.deg2rad(lat)[None, :], np.deg2rad(lon)[None, :]
    dlam = lam - lam0
    # sin(phi - phi0) split off: small distances keep their digits.
    half = np.sin(dlam / 2) ** 2 * 2
    x = np.cos(phi) * np.sin(dlam)
    y = np.sin(phi - phi0) + np.sin(phi0) * np.cos(phi) * half
    z = np.cos(phi - phi0) - np.cos(phi0) * np.cos(phi) * half
    s = np.hypot(x, y)
    k = EARTH_RADIUS_M * np.divide(np.arctan2(s, z), s, out=np.ones_like(s), where=s > 0)
    # Direction in which the great circle leaves the station, away from the centre.
    out_east = np.cos(phi0) * np.sin(dlam)
    out_north = np.sin(phi - phi0) - np.sin(phi) * np.cos(phi0) * half
    turn = np.arctan2(x, y) - np.arctan2(out_east, out_north)
    return k * x, k * y, np.where(s > 0, np.mod(turn + np.pi, 2 * np.pi) - np.pi, 0.0)


def to_station_frame(vectors: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Turn east and north components from the source's map to each station's own east and north.

    Parameters
    ----------
    vectors : ndarray, shape (n, m, 3)
        East, north, up on the map.
    turn : ndarray, shape (n, m)
        From `project`.
    """
    cos, sin = np.cos(turn), np.sin(turn)
    east, north = vectors[..., 0], vectors[..., 1]
    return np.stack([east * cos - north * sin, north * cos + east * sin, vectors[..., 2]], axis=-1)
