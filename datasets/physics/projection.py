"""A flat map around each source: azimuthal equidistant projection of the sphere.

Distance and azimuth from the source are kept, which is what a half-space solution depends on most. Arrays
may be NumPy's or torch's (on any device); the results are of the same kind.
"""

import math
from importlib import import_module
from typing import Any

import numpy as np

EARTH_RADIUS_M = 6_371_000.0

#: NumPy arrays or torch tensors, all of a call alike.
Array = Any


def _library(array: Array) -> Any:
    """The library that an array belongs to."""
    return np if isinstance(array, np.ndarray) else import_module("torch")


def project(origin_lat: Array, origin_lon: Array, lat: Array, lon: Array) -> tuple[Array, Array, Array]:
    """Project stations on a map centred on each origin.

    Parameters
    ----------
    origin_lat, origin_lon : ndarray or Tensor, float64, shape (n,)
        Map centres, degrees.
    lat, lon : ndarray or Tensor, float64, shape (m,)
        Stations, degrees.

    Returns
    -------
    east, north : ndarray or Tensor, shape (n, m)
        Metres from the centre.
    turn : ndarray or Tensor, shape (n, m)
        Angle in radians, clockwise, from the map's north to the station's own north as seen along the great
        circle from the centre (meridian convergence); see `to_station_frame`.
    """
    xp, degree = _library(lat), math.pi / 180
    phi0, lam0 = (origin_lat * degree)[:, None], (origin_lon * degree)[:, None]
    phi, lam = (lat * degree)[None, :], (lon * degree)[None, :]
    dlam = lam - lam0
    # sin(phi - phi0) split off: small distances keep their digits.
    half = xp.sin(dlam / 2) ** 2 * 2
    x = xp.cos(phi) * xp.sin(dlam)
    y = xp.sin(phi - phi0) + xp.sin(phi0) * xp.cos(phi) * half
    z = xp.cos(phi - phi0) - xp.cos(phi0) * xp.cos(phi) * half
    s = xp.hypot(x, y)
    k = EARTH_RADIUS_M * xp.where(s > 0, xp.arctan2(s, z) / xp.where(s > 0, s, 1.0), 1.0)
    # Direction in which the great circle leaves the station, away from the centre.
    out_east = xp.cos(phi0) * xp.sin(dlam)
    out_north = xp.sin(phi - phi0) - xp.sin(phi) * xp.cos(phi0) * half
    turn = xp.arctan2(x, y) - xp.arctan2(out_east, out_north)
    return k * x, k * y, xp.where(s > 0, xp.remainder(turn + math.pi, 2 * math.pi) - math.pi, 0.0)


def to_station_frame(vectors: Array, turn: Array) -> Array:
    """Turn east and north components from the source's map to each station's own east and north.

    Parameters
    ----------
    vectors : ndarray or Tensor, shape (n, m, 3)
        East, north, up on the map.
    turn : ndarray or Tensor, shape (n, m)
        From `project`.
    """
    xp = _library(turn)
    cos, sin = xp.cos(turn), xp.sin(turn)
    east, north = vectors[..., 0], vectors[..., 1]
    return xp.stack([east * cos - north * sin, north * cos + east * sin, vectors[..., 2]], axis=-1)
