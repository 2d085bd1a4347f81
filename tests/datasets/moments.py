"""Whether many sample moments agree with what they should be, or with those of another sample."""

import numpy as np
from scipy.stats import norm

#: Chance that a comparison of moments which do agree fails.
LEVEL = 1e-3


def bound(n_moments: int) -> float:
    """Largest |z| among `n_moments` that chance explains (Bonferroni)."""
    return float(norm.isf(LEVEL / (2 * n_moments)))


def covariance_z(x: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Standard scores of the second moments of normal samples x (n, p) against `wanted` (p, p)."""
    there = x.T @ x / len(x)
    error = np.sqrt((np.outer(np.diag(wanted), np.diag(wanted)) + wanted**2) / len(x))
    return ((there - wanted) / error)[np.triu_indices(len(wanted))]


def two_sample_z(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Standard scores of the difference of the means of two samples (n, p), (m, p)."""
    error = np.sqrt(a.var(axis=0) / len(a) + b.var(axis=0) / len(b))
    return (a.mean(axis=0) - b.mean(axis=0)) / error
