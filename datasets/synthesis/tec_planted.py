"""Anomalies planted into made ionosphere maps before made earthquakes, and earthquakes without any."""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.physics.source import Range

#: Draws of a place, or of a day, until there is room.
_TRIES = 10_000


@dataclass(frozen=True)
class Planted:
    """Earthquakes at a few sites, and the anomaly before each; arrays of one length.

    Parameters
    ----------
    site : ndarray of int
        Number of the site where the earthquake is and the anomaly has its centre.
    event_day : ndarray
        Day of the earthquake, days since 1970-01-01.
    start, hours : ndarray
        Begin of the anomaly (days since 1970-01-01) and its length.
    radius_km : ndarray
        Where it has faded: a raised cosine of the distance.
    size : ndarray
        TECU at the centre, negative for a lack; 0 where an earthquake has none before it.
    """

    site: np.ndarray
    event_day: np.ndarray
    start: np.ndarray
    hours: np.ndarray
    radius_km: np.ndarray
    size: np.ndarray

    def added(
        self, time: np.ndarray, lat: np.ndarray, lon: np.ndarray, site_lat: np.ndarray, site_lon: np.ndarray
    ) -> np.ndarray:
        """What all anomalies add, TECU, shape (times, *places): full size from their begin to their end."""
        out = np.zeros((len(time), *np.shape(lat)))
        for k in np.flatnonzero(self.size):
            on = (time >= self.start[k] - 1e-9) & (time <= self.start[k] + self.hours[k] / 24 + 1e-9)
            if not on.any():
                continue
            away = ground_distance(lat, lon, site_lat[self.site[k]], site_lon[self.site[k]]) / 1e3
            shape = np.where(away < self.radius_km[k], (1 + np.cos(np.pi * away / self.radius_km[k])) / 2, 0)
            out[on] += self.size[k] * shape
        return out


def drawn_sites(n: int, apart_km: float, most_lat: float, rng: np.random.Generator) -> np.ndarray:
    """Places (n, 2) in degrees, even on the sphere up to a latitude, at least so far apart.

    Raises
    ------
    ValueError
        Where there is no room for so many.
    """
    found = np.empty((0, 2))
    for _ in range(_TRIES):
        lat = np.rad2deg(np.arcsin(rng.uniform(-1, 1) * np.sin(np.deg2rad(most_lat))))
        place = np.array([lat, rng.uniform(-180, 180)])
        if (ground_distance(place[0], place[1], found[:, 0], found[:, 1]) > 1e3 * apart_km).all():
            found = np.vstack([found, place])
        if len(found) == n:
            return found
    raise ValueError(f"no room for {n} sites {apart_km:g} km apart; {len(found)} were found")


def drawn_days(n: int, first: int, last: int, apart: int, rng: np.random.Generator) -> np.ndarray:
    """Ascending days from `first` to `last`, `apart` or more between neighbours, evenly drawn."""
    room = last - first - (n - 1) * apart
    if room < 0:
        raise ValueError(f"no room for {n} days {apart} apart in {last - first + 1}")
    return first + np.sort(rng.integers(0, room + 1, n)) + apart * np.arange(n)


def plant(
    sites: int,
    with_anomalies: int,
    per_site: int,
    days: tuple[int, int],
    lead_days: int,
    size: Range,
    radius_km: Range,
    hours: Range,
    rng: np.random.Generator,
) -> Planted:
    """Earthquakes at every site, with an anomaly 1 to `lead_days` days before each at the first sites.

    Parameters
    ----------
    sites, with_anomalies, per_site : int
        Sites, those of them with anomalies, earthquakes at each.
    days : tuple of int
        First and last day of an anomaly.
    lead_days : int
        Longest time from an anomaly's day to that of its earthquake.
    size, radius_km, hours : Range
        Absolute size (TECU), radius and length; either sign is as likely.
    """
    site = np.repeat(np.arange(sites), per_site)
    anomaly = np.concatenate([drawn_days(per_site, *days, lead_days + 1, rng) for _ in range(sites)])
    n = len(site)
    length = rng.uniform(hours.low, hours.high, n)
    begin = rng.uniform(0, 24 - length) / 24
    drawn = rng.choice([-1.0, 1.0], n) * rng.uniform(size.low, size.high, n)
    return Planted(
        site=site,
        event_day=(anomaly + rng.integers(1, lead_days + 1, n)).astype(np.float64),
        start=anomaly + begin,
        hours=length,
        radius_km=rng.uniform(radius_km.low, radius_km.high, n),
        size=np.where(site < with_anomalies, drawn, 0.0),
    )
