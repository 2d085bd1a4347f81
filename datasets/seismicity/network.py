"""A made GNSS network over Japan whose daily positions follow a catalogue.

Position = steady motion + seasons + slow-slip transients + what the catalogue's larger events do (a step and
logarithmic afterslip) + noise. The coupling is one way and without foresight: no station moves because of an
event before it happens, so images carry no more than recent and present large events.
"""

import numpy as np
from scipy.signal import fftconvolve

from slipbench.datasets.gridding.local_linear import ground_distance
from slipbench.datasets.noise.parametric import ParametricNoise, power_law_impulse, space_correlation
from slipbench.datasets.seismicity.catalogue import Catalogue

#: Spine of the islands from Kyushu to Hokkaido: (latitude, longitude).
SPINE = (
    (31.6, 130.6), (33.2, 131.0), (34.6, 133.2), (35.2, 136.0),
    (36.2, 138.4), (38.2, 140.2), (40.3, 140.9), (43.3, 143.0),
)  # fmt: skip

SMALLEST_STEP = 6.3  # magnitude from which events move the network
_RIGIDITY = 30e9  # Pa
_STRESS_DROP = 3e6  # Pa
_SEASONAL_MM = np.array([1.0, 1.0, 4.0])
_MISSING = 0.02
_AFTERSLIP = 0.2
_AFTERSLIP_DAYS = 10.0
_SLOW_SLIP_EVERY_DAYS = 300.0


def made_stations(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude (degrees) of `n` stations scattered about the spine."""
    spine = np.asarray(SPINE)
    along = np.linspace(0, len(spine) - 1, n)
    knots = np.arange(len(spine))
    scatter = rng.uniform(-0.5, 0.5, (2, n))
    lat = np.interp(along, knots, spine[:, 0]) + scatter[0]
    return lat, np.interp(along, knots, spine[:, 1]) + scatter[1]


def made_positions(
    lat: np.ndarray, lon: np.ndarray, days: np.ndarray, catalogue: Catalogue, rng: np.random.Generator
) -> np.ndarray:
    """Daily positions of a network.

    Parameters
    ----------
    lat, lon : ndarray, shape (stations,)
        Degrees.
    days : ndarray of int, shape (days,)
        Consecutive days since 1970-01-01 UTC; a position is the mean over its day.
    catalogue : Catalogue
        Events; those below `SMALLEST_STEP` or before the first day move nothing.

    Returns
    -------
    ndarray, shape (days, stations, 3)
        East, north and up, mm; NaN for the 2 % of station-days that are missing.
    """
    n_days, n = len(days), len(lat)
    year = (days - days[0])[:, None] / 365.25
    velocity = np.stack([-3.0 * (lon - 136), 2.0 * (lat - 36), 0.0 * lat], axis=-1)  # mm a year
    out = year[..., None] * velocity
    phase = rng.uniform(0, 2 * np.pi, (2, 1, 3)) + rng.normal(0, 0.3, (2, n, 3))
    for k, size in ((1, 1.0), (2, 0.4)):
        out += size * _SEASONAL_MM * np.sin(2 * np.pi * k * days[:, None, None] / 365.25 + phase[k - 1])
    out += _slow_slip(lat, lon, days, rng)
    for event in np.flatnonzero(catalogue.magnitude >= SMALLEST_STEP):
        since = days + 1 - catalogue.time[event]  # days from the event to each day's end
        if since[0] < 1:
            step = np.clip(since, 0, 1) + _AFTERSLIP * np.log1p(np.maximum(since, 0) / _AFTERSLIP_DAYS)
            out += step[:, None, None] * offsets_mm(
                lat, lon, catalogue.latitude[event], catalogue.longitude[event], catalogue.magnitude[event]
            )
    out += _noise(lat, lon, n_days, ParametricNoise(), rng)
    out[rng.random((n_days, n)) < _MISSING] = np.nan
    return out


def offsets_mm(lat: np.ndarray, lon: np.ndarray, epi_lat: float, epi_lon: float, m: float) -> np.ndarray:
    """Step of every station (stations, 3), mm: towards the epicentre and down, as west of a thrust trench.

    The size is M0 / (4 pi mu (d^2 + h^2 + R^2)) with h = 30 km and the crack radius R at 3 MPa: the far
    field's order of magnitude, not a solution of elasticity.
    """
    moment = 10 ** (1.5 * m + 9.1)
    radius = (7 / 16 * moment / _STRESS_DROP) ** (1 / 3)
    distance = ground_distance(lat, lon, np.asarray(epi_lat), np.asarray(epi_lon))
    size = 1e3 * moment / (4 * np.pi * _RIGIDITY * (distance**2 + 30e3**2 + radius**2))
    azimuth = np.arctan2((epi_lon - lon) * np.cos(np.deg2rad(lat)), epi_lat - lat)
    return size[:, None] * np.stack([np.sin(azimuth), np.cos(azimuth), np.full(len(lat), -0.3)], axis=-1)


def _slow_slip(lat: np.ndarray, lon: np.ndarray, days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Transients of 10 to 40 days and up to 12 mm, trenchward (south-east) and up, 200 km wide."""
    out = np.zeros((len(days), len(lat), 3))
    spine = np.asarray(SPINE)
    for _ in range(rng.poisson(len(days) / _SLOW_SLIP_EVERY_DAYS)):
        centre = spine[rng.integers(len(spine))]
        middle, duration = rng.uniform(days[0], days[-1]), rng.uniform(10, 40)
        distance = ground_distance(lat, lon, centre[0], centre[1])
        size = rng.uniform(4, 12) * np.exp(-((distance / 200e3) ** 2) / 2)
        ramp = 0.5 * (1 + np.tanh(2 * (days - middle) / duration))
        out += ramp[:, None, None] * size[:, None] * np.array([0.8, -0.6, 0.3])
    return out


def _noise(
    lat: np.ndarray, lon: np.ndarray, n_days: int, options: ParametricNoise, rng: np.random.Generator
) -> np.ndarray:
    """Parametric noise (days, stations, 3), mm, for series too long for its covariance matrix in time."""
    n = n_days + options.history_days
    out = np.empty((n_days, len(lat), 3))
    for c, size in enumerate((options.east, options.north, options.up)):
        out[..., c] = size.white_mm * rng.standard_normal((n_days, len(lat)))
        for index, sigma in ((-1.0, size.flicker_mm), (-2.0, size.random_walk_mm)):
            drive = rng.standard_normal((n, len(lat))) * (sigma * 365.25 ** (index / 4))
            gathered = fftconvolve(drive, power_law_impulse(index, n)[:, None], axes=0)[:n]
            out[..., c] += gathered[options.history_days :]
    space = np.linalg.cholesky(space_correlation(lat, lon, options))
    return np.einsum("kl,dlc->dkc", space, out, optimize=False)
