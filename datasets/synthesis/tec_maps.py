"""Made ionosphere maps: a simple climate that follows the sun, storms, and weather from day to day.

No physics of the ionosphere, only the shapes that a detector of anomalies has to cope with:

- a day of Klobuchar's (1987) form, a cosine about 14 h local time, with the sun's height at noon;
- two crests 15 degrees beside the dipole equator (Appleton 1946), which follow the sun with it;
- all proportional to (F10.7 + its mean) / 2 (Richards, Fennelly and Torr 1994), which brings the 27 days;
- storms: more by day with a large Ap, less in the two days after at higher latitudes (Prölss 1995);
- a log-normal factor, smooth on the sphere, of which a part is left the next day (AR(1)); half of its
  variance stands over the ground, half follows the sun.
"""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.physics.projection import EARTH_RADIUS_M
from slipbench.datasets.space_indices import SpaceIndices

#: North pole of the dipole, degrees (IGRF-13 of 2020, Alken et al. 2021).
_POLE = (80.65, -72.68)
#: TECU at a flux of 100: at night, by day below the sun, on the crests.
_NIGHT, _DAY, _CREST = 4.0, 18.0, 20.0
#: Hour of the largest content, and period of the cosine in hours.
_PEAK, _PERIOD = 14.0, 28.0
#: Dipole latitude of the crests and their width, degrees.
_CREST_AT, _CREST_WIDTH = 15.0, 8.0
#: Ap from which storms count, and what counts as one unit of them.
_QUIET, _UNIT = 20.0, 100.0
#: Cosines that the weather is made of.
_MODES = 256


def dipole_latitude(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Latitude (degrees) towards the pole of the dipole; arguments in degrees, broadcast."""
    p, q = np.deg2rad(lat), np.deg2rad(_POLE[0])
    away = np.deg2rad(np.asarray(lon) - _POLE[1])
    return np.rad2deg(np.arcsin(np.sin(p) * np.sin(q) + np.cos(p) * np.cos(q) * np.cos(away)))


def climate(
    time: np.ndarray, lat: np.ndarray, lon: np.ndarray, flux: np.ndarray, ap: np.ndarray
) -> np.ndarray:
    """Vertical electron content without weather, TECU.

    Parameters
    ----------
    time : ndarray
        Days since 1970-01-01 UTC; all arguments broadcast.
    lat, lon : ndarray
        Degrees.
    flux : ndarray
        Mean of F10.7 and its long mean.
    ap : ndarray, shape (3, ...)
        Daily Ap at the time, one day and two days before.
    """
    hour = np.mod(24 * np.mod(time, 1) + lon / 15, 24)
    day = np.maximum(np.cos(2 * np.pi / _PERIOD * (np.mod(hour - _PEAK + 12, 24) - 12)), 0.0)
    season = np.mod(time, 365.25) - 80
    declination = np.deg2rad(23.44) * np.sin(2 * np.pi * season / 365.25)
    noon = np.maximum(np.cos(np.deg2rad(lat) - declination), 0.0)
    dipole = np.abs(dipole_latitude(lat, lon))
    crest = np.exp(-(((dipole - _CREST_AT) / _CREST_WIDTH) ** 2) / 2)
    now, yesterday, before = np.clip((np.asarray(ap) - _QUIET) / _UNIT, 0, 2)
    higher = 1 / (1 + np.exp(-(dipole - 30) / 6))
    storm = (1 + 0.5 * now * day) * (1 - np.minimum(0.4 * yesterday + 0.2 * before, 0.6) * higher)
    return flux / 100 * storm * (_NIGHT + day * (_DAY * noon + _CREST * crest))


@dataclass(frozen=True)
class Weather:
    """The logarithm of the factor of the weather: a Gaussian field of variance `spread` squared.

    Random Fourier features (Rahimi and Recht 2007) of places on the unit sphere with coefficients that are
    AR(1) in time, so the field is smooth in both and any map of it can be made alone. The places of every
    second feature turn with the sun.

    Parameters
    ----------
    wave : ndarray, shape (modes, 3)
        Wave numbers.
    phase : ndarray, shape (modes,)
        Radians.
    coefficient : ndarray, shape (maps, modes)
        Of every map in turn.
    per_day : int
        Maps a day, from 0 h on.
    spread : float
        Standard deviation.
    """

    wave: np.ndarray
    phase: np.ndarray
    coefficient: np.ndarray
    per_day: int
    spread: float

    def field(self, number: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Logarithm of the factor in maps of these numbers, shape (numbers, *places)."""
        ground = self._part(slice(0, None, 2), lat, lon) @ self.coefficient[number, ::2].T
        out = np.moveaxis(ground, -1, 0)
        for hour in np.unique(number % self.per_day):
            here = number % self.per_day == hour
            turned = self._part(slice(1, None, 2), lat, lon + 360 * hour / self.per_day)
            out[here] += np.moveaxis(turned @ self.coefficient[number[here], 1::2].T, -1, 0)
        return self.spread * out

    def _part(self, some: slice, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Some of the features, shape (*places, features)."""
        p, q = np.deg2rad(lat), np.deg2rad(lon)
        xyz = np.stack([np.cos(p) * np.cos(q), np.cos(p) * np.sin(q), np.sin(p)], axis=-1)
        return np.sqrt(2 / len(self.phase)) * np.cos(xyz @ self.wave[some].T + self.phase[some])


def made_weather(
    maps: int, per_day: int, memory: float, spread: float, patch_km: float, rng: np.random.Generator
) -> Weather:
    """Draw the weather of `maps` maps, `per_day` a day.

    Parameters
    ----------
    memory : float
        Correlation with the same hour of the day before.
    spread : float
        Standard deviation of the logarithm.
    patch_km : float
        Distance at which the correlation of two places is exp(-1/2).
    """
    wave = rng.standard_normal((_MODES, 3)) * (EARTH_RADIUS_M / (1e3 * patch_km))
    phase = rng.uniform(0, 2 * np.pi, _MODES)
    step = memory ** (1 / per_day)
    coefficient = rng.standard_normal((maps, _MODES))
    for k in range(1, maps):
        coefficient[k] = step * coefficient[k - 1] + np.sqrt(1 - step**2) * coefficient[k]
    return Weather(wave, phase, coefficient.astype(np.float32), per_day, spread)


@dataclass(frozen=True)
class TecMaker:
    """Makes maps of consecutive days.

    Parameters
    ----------
    indices : SpaceIndices
        Of the days, two earlier ones first.
    weather : Weather
        Of all maps.
    per_day : int
        Maps a day, from 0 h on.
    """

    indices: SpaceIndices
    weather: Weather
    per_day: int

    def times(self, rows: range) -> np.ndarray:
        """Epochs of the maps of the days `rows`, shape (days, per_day), days since 1970-01-01 UTC."""
        return self.indices.day[2:][rows.start : rows.stop, None] + np.arange(self.per_day) / self.per_day

    def maps(self, rows: range, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Electron content at the nodes of a grid, TECU, shape (days, per_day, len(lat), len(lon))."""
        time = self.times(rows).ravel()
        i = self.indices
        node_lat, node_lon = np.meshgrid(lat, lon, indexing="ij")
        noon = i.day + 0.5  # daily values hold at noon and change evenly between
        flux = (np.interp(time, noon, i.f107) + np.mean(i.f107)) / 2
        ap = np.stack([np.interp(time - back, noon, i.ap) for back in range(3)])
        column = (slice(None), None, None)
        value = climate(time[column], node_lat, node_lon, flux[column], ap[..., None, None])
        first = rows.start * self.per_day
        factor = np.exp(self.weather.field(np.arange(first, first + len(time)), node_lat, node_lon))
        return (value * factor).reshape(len(rows), self.per_day, len(lat), len(lon))
