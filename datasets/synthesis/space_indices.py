"""Made daily indices: a flux with 27 days of rotation, a sunspot number that follows it, storms in Ap."""

import numpy as np
from scipy.signal import lfilter

from slipbench.datasets.space_indices import SpaceIndices

_ROTATION = 27.0
#: Mean days between storms, and the share of a storm's Ap that is left a day later.
_STORM_EVERY, _STORM_LEFT = 12.0, 0.4


def made_indices(day: np.ndarray, rng: np.random.Generator) -> SpaceIndices:
    """Indices of consecutive days of an active sun: F10.7 about 160, Ap about 9 with storms of 30 to 200."""
    n = len(day)
    phase = 2 * np.pi * (np.arange(n) / _ROTATION + rng.random())
    slow = lfilter([np.sqrt(1 - 0.9**2)], [1.0, -0.9], rng.standard_normal(n + 60))[60:]
    f107 = np.maximum(160 + 20 * np.sin(phase) + 10 * slow, 65.0)
    onset = rng.random(n) < 1 / _STORM_EVERY
    storm = lfilter([1.0], [1.0, -_STORM_LEFT], np.where(onset, 30 * np.exp(rng.exponential(0.6, n)), 0.0))
    ap = np.minimum(np.exp(rng.normal(np.log(7), 0.5, n)) + storm, 280.0)
    sunspots = np.maximum(1.1 * (f107 - 60) + rng.normal(0, 8, n), 0.0)
    return SpaceIndices(np.asarray(day), np.round(f107, 1), np.rint(ap), np.rint(sunspots))
