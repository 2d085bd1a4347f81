"""Holm's (1979) step-down correction for several tests at once."""

import numpy as np


def holm(p: np.ndarray) -> np.ndarray:
    """Adjusted p values: reject where they are at most the wanted rate of any false rejection.

    Parameters
    ----------
    p : ndarray, shape (n,)
        p values of single tests; NaN where there was none, which stays NaN and does not count.

    Returns
    -------
    ndarray, shape (n,)
        In the order of `p`.
    """
    p = np.asarray(p, np.float64)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = np.arange(len(order), 0, -1) * p[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
