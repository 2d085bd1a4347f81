"""Cramér-Rao bounds of place and magnitude, with and without what the prior knows.

On the standard normal coordinates z of `prior`, offsets with Gaussian noise have the Fisher information J =
G' G, G the derivative of the whitened offsets. No unbiased estimator of (latitude, longitude, Mw), all other
parameters unknown, has a covariance below D J^-1 D', D their derivative by z (Cramér 1946, Rao 1945). `J +
1` adds the information of the prior, which on z is standard normal. That is the covariance of Laplace's
approximation at one source: exact where the offsets are linear in z, elsewhere a guess and no bound. (The
bound of Van Trees 1968, p. 84, takes the mean of J over the prior; a few large earthquakes make it next to
nothing.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from slipbench.benchmarks.limits.forward import Forward
from slipbench.benchmarks.limits.offsets import Whitening
from slipbench.benchmarks.limits.prior import DIMENSIONS, Prior
from slipbench.benchmarks.limits.summary import KM_PER_DEGREE

_STEP = 1e-4  # of the central differences on coordinates of order 1
_ANGLES = 256


def fisher(whitened: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: float = _STEP) -> np.ndarray:
    """Fisher information (n, k, k) at points (n, k).

    Parameters
    ----------
    whitened : callable
        Expected data (n, p) at points (n, k), in units of independent unit normal noise.
    x : ndarray, shape (n, k)
        Points.
    step : float
        Of the central differences.
    """
    n, k = x.shape
    shift = step * np.eye(k)
    ends = [whitened((x[:, None] + sign * shift).reshape(n * k, k)) for sign in (1, -1)]
    slope = ((ends[0] - ends[1]) / (2 * step)).reshape(n, k, -1)
    return slope @ slope.swapaxes(1, 2)


def inverse(information: np.ndarray) -> np.ndarray:
    """Inverses (n, k, k); infinite where the information is singular to working precision."""
    root = np.sqrt(np.einsum("nii->ni", information))
    root = np.where(root > 0, root, 1.0)
    unit = information / (root[:, :, None] * root[:, None, :])
    values, vectors = np.linalg.eigh(unit)
    good = values[:, 0] > 1e-14 * values[:, -1]
    flipped = vectors / np.where(good[:, None], values, 1.0)[:, None, :] @ vectors.swapaxes(1, 2)
    out = flipped / (root[:, :, None] * root[:, None, :])
    return np.where(good[:, None, None], out, np.inf)


@dataclass(frozen=True)
class Bound:
    """Smallest deviations of n sources.

    Parameters
    ----------
    position_km : ndarray, shape (n,)
        Median distance of a normal error with the bounding covariance, km.
    mw : ndarray, shape (n,)
        Median absolute error of Mw of such an error.
    """

    position_km: np.ndarray
    mw: np.ndarray


#: Median of |x| of a standard normal x.
_MEDIAN_ABSOLUTE = 0.6744897501960817


def bounds(
    forward: Forward,
    prior: Prior,
    whitening: Whitening,
    sources: dict[str, np.ndarray],
    with_prior: bool = False,
) -> Bound:
    """Bounds at given sources.

    Parameters
    ----------
    forward : Forward
        Offsets at the stations.
    prior : Prior
        Coordinates, and the prior's information.
    whitening : Whitening
        Of the offsets' noise.
    sources : dict of ndarray, shape (n,)
        Where to work them out.
    with_prior : bool
        Add the prior's information: a guess of what can be reached rather than a bound.
    """
    z = prior.normal(sources)
    information = fisher(lambda x: whitening(forward(prior.of_normal(x))), z)
    if with_prior:
        information = information + np.eye(DIMENSIONS)
    covariance = inverse(information)[:, :3, :3]
    slope = targets_slope(prior, z)
    covariance = covariance * slope[:, :, None] * slope[:, None, :]
    return Bound(median_distance(covariance[:, :2, :2]), _MEDIAN_ABSOLUTE * np.sqrt(covariance[:, 2, 2]))


def targets_slope(prior: Prior, z: np.ndarray) -> np.ndarray:
    """Derivative (n, 3) of north (km), east (km) and Mw by their own coordinates."""
    low, high = prior.ranges[:3].T
    density = np.exp(-(z[:, :3] ** 2) / 2) / np.sqrt(2 * np.pi)
    slope = (high - low) * density
    slope[:, :2] *= KM_PER_DEGREE
    slope[:, 1] *= np.cos(np.deg2rad(prior.of_normal(z)["latitude"]))
    return slope


def median_distance(covariance: np.ndarray) -> np.ndarray:
    """Median length (n,) of normal vectors with covariances (n, 2, 2); infinite where those are.

    In the direction t of the unit circle the length is a Rayleigh variable times g(t); its distribution is
    the mean over t, and the median is found by bisection.
    """
    out = np.full(len(covariance), np.inf)
    known = np.isfinite(covariance).all(axis=(1, 2))
    values = np.maximum(np.linalg.eigvalsh(covariance[known]), 0.0)
    angle = (np.arange(_ANGLES) + 0.5) * (np.pi / 2 / _ANGLES)
    square = values[:, :1] * np.cos(angle) ** 2 + values[:, 1:] * np.sin(angle) ** 2
    low, high = np.zeros(len(values)), 1.2 * np.sqrt(values[:, 1]) + 1e-300
    with np.errstate(divide="ignore", over="ignore"):
        for _ in range(60):
            middle = (low + high) / 2
            below = 1 - np.exp(-(middle[:, None] ** 2) / (2 * square)).mean(axis=1) < 0.5
            low, high = np.where(below, middle, low), np.where(below, high, middle)
    out[known] = (low + high) / 2
    return out
