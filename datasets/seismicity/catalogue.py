"""An earthquake catalogue in memory."""

from dataclasses import dataclass

import numpy as np

#: Catalogues print magnitudes with one or two decimals; this far below a threshold still counts as on it.
MAGNITUDE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Catalogue:
    """Events in ascending order of time.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Days since 1970-01-01 00:00 UTC, with their fraction.
    longitude, latitude : ndarray, shape (n,)
        Degrees east and north.
    magnitude : ndarray, shape (n,)
        As printed by the catalogue.
    """

    time: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray
    magnitude: np.ndarray

    def __len__(self) -> int:
        return len(self.time)

    def where(self, keep: np.ndarray) -> "Catalogue":
        """Events for which the boolean array `keep` is true."""
        return Catalogue(self.time[keep], self.longitude[keep], self.latitude[keep], self.magnitude[keep])

    def inside(self, south: float, north: float, west: float, east: float) -> "Catalogue":
        """Events in a box (degrees, edges included)."""
        lat, lon = self.latitude, self.longitude
        return self.where((lat >= south) & (lat <= north) & (lon >= west) & (lon <= east))

    def between(self, first_day: float, end_day: float) -> "Catalogue":
        """Events with ``first_day <= time < end_day`` (days since 1970-01-01 UTC)."""
        return self.where((self.time >= first_day) & (self.time < end_day))

    def at_least(self, magnitude: float) -> "Catalogue":
        """Events of this magnitude or larger."""
        return self.where(self.magnitude >= magnitude - MAGNITUDE_TOLERANCE)
