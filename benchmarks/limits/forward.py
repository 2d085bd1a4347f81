"""Static offsets of many sources at one network, several times faster than for a store.

`recipes.source_maker.offsets` spends nine tenths of its time on the trigonometry of the map projection. Here
the same projection (azimuthal equidistant about each source, vectors turned to the stations) is made of
products of unit vectors, with a series for arcsin(s) / s.
"""

import math
from dataclasses import dataclass

import numpy as np

from slipbench.datasets.physics.okada import Sources, displacement
from slipbench.datasets.physics.projection import EARTH_RADIUS_M

_CHUNK = 128  # sources: the arrays of one chunk stay in the cache
# arcsin(s) / s in powers of s^2; the first omitted term is below 1e-16 at s^2 = 0.04 (1,280 km).
_SERIES = [math.comb(2 * n, n) / (4**n * (2 * n + 1)) for n in range(12)]
_SERIES_LIMIT = 0.04
_NAMES = ("depth", "strike", "dip", "rake", "length", "width", "slip")


def _axes(lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors east, north and up of places in degrees, each (n, 3)."""
    phi, lam = np.deg2rad(lat), np.deg2rad(lon)
    sp, cp, sl, cl = np.sin(phi), np.cos(phi), np.sin(lam), np.cos(lam)
    east = np.stack([-sl, cl, np.zeros_like(sl)], axis=-1)
    return east, np.stack([-sp * cl, -sp * sl, cp], axis=-1), np.stack([cp * cl, cp * sl, sp], axis=-1)


@dataclass(frozen=True)
class Forward:
    """Horizontal offsets at fixed stations.

    Parameters
    ----------
    lat, lon : ndarray, shape (m,)
        Stations, degrees.
    poisson : float
        Poisson ratio of the half-space.
    """

    lat: np.ndarray
    lon: np.ndarray
    poisson: float = 0.25

    def __call__(self, sources: dict[str, np.ndarray]) -> np.ndarray:
        """Offsets (n, 2, m) in mm: source, east or north, station.

        Parameters
        ----------
        sources : dict of ndarray, shape (n,)
            The `physics.source.PARAMETERS`, in their units.
        """
        n = len(sources["depth"])
        out = np.empty((n, 2, len(self.lat)))
        stations = _axes(self.lat, self.lon)
        for first in range(0, n, _CHUNK):
            part = slice(first, min(first + _CHUNK, n))
            self._fill(out[part], {k: v[part] for k, v in sources.items()}, stations)
        return out

    def _fill(
        self,
        out: np.ndarray,
        sources: dict[str, np.ndarray],
        stations: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> None:
        e, n, up = _axes(sources["latitude"], sources["longitude"])
        x, y = e @ stations[2].T, n @ stations[2].T
        ss = x * x + y * y
        k = EARTH_RADIUS_M * _arcsine_ratio(ss, up @ stations[2].T)
        zero = np.zeros(len(e))
        rectangles = Sources(zero, zero, opening=zero, **{name: sources[name] for name in _NAMES})
        moved = displacement(rectangles, k * x, k * y, self.poisson)
        # Sine and cosine of the meridian convergence (projection.project's turn), times s^2.
        out_east, out_north = up @ stations[0].T, up @ stations[1].T
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = -1e3 / ss
        cos, sin = scale * (y * out_north + x * out_east), scale * (x * out_north - y * out_east)
        here = ss < 1e-24  # within a few micrometres of the source the turn is nothing
        if here.any():
            cos[here], sin[here] = 1e3, 0.0
        np.subtract(moved[..., 0] * cos, moved[..., 1] * sin, out=out[:, 0])
        np.add(moved[..., 1] * cos, moved[..., 0] * sin, out=out[:, 1])


def _arcsine_ratio(ss: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Angle over its sine, from the sine's square and the cosine."""
    if ss.max(initial=0.0) > _SERIES_LIMIT or z.min(initial=1.0) < 0:
        s = np.sqrt(ss)
        return np.divide(np.arctan2(s, z), s, out=np.ones_like(s), where=s > 0)
    total = np.full_like(ss, _SERIES[-1])
    for c in reversed(_SERIES[:-1]):
        total *= ss
        total += c
    return total
