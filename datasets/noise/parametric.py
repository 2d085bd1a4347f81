"""Parametric daily position noise: white + flicker + random walk, correlated between stations.

The covariance is separable per component: (covariance in time) x (correlation in space).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from slipbench.datasets.options import Options
from slipbench.datasets.physics.projection import EARTH_RADIUS_M

_YEAR_DAYS = 365.25


class Amplitudes(Options):
    """Noise amplitudes of one component."""

    white_mm: float = Field(ge=0, description="white noise, mm")
    flicker_mm: float = Field(ge=0, description="flicker noise, mm / year^(1/4)")
    random_walk_mm: float = Field(ge=0, description="random walk, mm / year^(1/2)")


class ParametricNoise(Options):
    """White + flicker + random walk per component; the defaults are those of Japan, rounded.

    They are what `fit.fit_noise` finds at 18 Japanese stations in 2009 to 2011 before Tohoku
    (configs/noise/japan18.yaml, docs/results/noise_fit.md). Parameters of other networks stand beside them.
    """

    east: Amplitudes = Field(
        Amplitudes(white_mm=1.8, flicker_mm=5.4, random_walk_mm=0.0), description="east component"
    )
    north: Amplitudes = Field(
        Amplitudes(white_mm=1.5, flicker_mm=4.3, random_walk_mm=0.0), description="north component"
    )
    up: Amplitudes = Field(
        Amplitudes(white_mm=5.1, flicker_mm=18.6, random_walk_mm=0.0), description="up component"
    )
    common_mode: float = Field(
        0.27, ge=0, le=1, description="share of the variance that all stations have in common"
    )
    local: float = Field(0.91, ge=0, le=1, description="share of the rest that a station has alone")
    correlation_km: float = Field(900.0, gt=0, description="e-folding distance of the remaining part, km")
    history_days: int = Field(365, ge=0, description="days of flicker and random walk before the window")


def power_law_impulse(index: float, n: int) -> np.ndarray:
    """Impulse response whose filtered white noise has a spectrum f^index (Kasdin 1995, eq. 105).

    Parameters
    ----------
    index : float
        Spectral index: -1 flicker, -2 random walk.
    n : int
        Number of samples.
    """
    k = np.arange(1, n)
    return np.concatenate([[1.0], np.cumprod((k - 1 - index / 2) / k)])


def time_covariance(amplitudes: Amplitudes, n_days: int, history_days: int) -> np.ndarray:
    """Covariance (n_days, n_days) in mm^2 of one station's daily positions in a window.

    Flicker and random walk start from zero `history_days` before the window. Scaled with the
    sampling interval to the power -index / 4 (Williams 2003, eq. 10).
    """
    total = amplitudes.white_mm**2 * np.eye(n_days)
    for index, sigma in ((-1.0, amplitudes.flicker_mm), (-2.0, amplitudes.random_walk_mm)):
        h = power_law_impulse(index, n_days + history_days)
        # Row t holds the weights of all innovations up to day t.
        lag = np.arange(n_days)[:, None] + history_days - np.arange(n_days + history_days)[None, :]
        weights = np.where(lag >= 0, h[np.maximum(lag, 0)], 0.0)
        total += (sigma * _YEAR_DAYS ** (index / 4)) ** 2 * weights @ weights.T
    return total


def space_correlation(lat: np.ndarray, lon: np.ndarray, options: ParametricNoise) -> np.ndarray:
    """Correlation (m, m) between stations: common mode + exponential decay + a local part."""
    phi, lam = np.deg2rad(lat), np.deg2rad(lon)
    unit = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
    chord = np.linalg.norm(unit[:, None] - unit[None, :], axis=-1)
    km = 2 * np.arcsin(np.minimum(chord / 2, 1.0)) * EARTH_RADIUS_M / 1e3
    cm, local = options.common_mode, options.local
    return cm + (1 - cm) * ((1 - local) * np.exp(-km / options.correlation_km) + local * np.eye(len(lat)))


def _factor(covariance: np.ndarray) -> np.ndarray:
    """A matrix f with f f^T = covariance; the covariance may be singular (amplitudes of zero)."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


@dataclass(frozen=True)
class ParametricSampler:
    """Draws windows of parametric noise on fixed stations and days.

    Parameters
    ----------
    time : ndarray, shape (c, d, d)
        Factor of each component's covariance in time, mm.
    space : ndarray, shape (m, m)
        Factor of the correlation in space.
    """

    time: np.ndarray
    space: np.ndarray

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` windows of noise in mm, shape (n, d, m, c): day, station, component."""
        c, d, _ = self.time.shape
        white = rng.standard_normal((n, d, len(self.space), c))
        in_time = np.einsum("cde,nemc->ndmc", self.time, white, optimize=True)
        return np.einsum("kl,ndlc->ndkc", self.space, in_time, optimize=True)


def parametric_sampler(
    lat: np.ndarray,
    lon: np.ndarray,
    n_days: int,
    days: Sequence[int],
    components: Sequence[str],
    options: ParametricNoise,
) -> ParametricSampler:
    """Prepare noise for stations and for some days of a window.

    Drawing only the days that are needed gives the same distribution as drawing the window and keeping them.

    Parameters
    ----------
    lat, lon : ndarray, shape (m,)
        Stations, degrees.
    n_days : int
        Length of the window.
    days : sequence of int
        Days of the window to draw.
    components : sequence of str
        Names out of ``east``, ``north``, ``up``, in the order wanted.
    options : ParametricNoise
        Amplitudes and correlations.
    """
    pick = np.ix_(days, days)
    time = [
        _factor(time_covariance(getattr(options, name), n_days, options.history_days)[pick])
        for name in components
    ]
    return ParametricSampler(np.stack(time), _factor(space_correlation(lat, lon, options)))
