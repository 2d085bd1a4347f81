"""Seismicity density: Gaussian kernels on event times, integrated over whole days.

The published label (Wang et al. 2025, eqs 21-24) puts a two-sided kernel on every event, so the label of a
day holds events that come months later. The causal variant folds the kernel to the right of its event.
"""

import numpy as np
from scipy.special import erf, ndtr

from slipbench.datasets.errors import InputError

_EVALUATIONS_PER_BLOCK = 4_000_000  # 32 MB of float64


def scott_bandwidth(time: np.ndarray) -> float:
    """Scott's bandwidth n^(-1/5) * sample standard deviation (Scott 1992), in the unit of `time`.

    Raises
    ------
    InputError
        For fewer than two distinct times.
    """
    width = float(len(time) ** (-1 / 5) * np.std(time, ddof=1)) if len(time) > 1 else 0.0
    if not width > 0:
        raise InputError(
            "catalogue", f"{len(time)} events", "two or more events at different times", "lower mc"
        )
    return width


def daily_density(
    time: np.ndarray, days: np.ndarray, bandwidth: float, causal: bool = False, n: int | None = None
) -> np.ndarray:
    """Integral of the density of event times over each day [d, d + 1).

    Parameters
    ----------
    time : ndarray, shape (n_events,)
        Event times in ascending order, days since 1970-01-01 UTC.
    days : ndarray of int, shape (d,)
        Days.
    bandwidth : float
        Standard deviation of the Gaussian, days.
    causal : bool
        Use the half kernel 2 N(t - t_i), t >= t_i: a day's value depends on no event after its end.
    n : int, optional
        Number that the sum is divided by; the number of events unless given.

    Returns
    -------
    ndarray, shape (d,)
        Probability per day (unscaled; over all days it sums to 1 when `n` is the number of events).
    """
    edges, inverse = np.unique(np.concatenate([days, np.asarray(days) + 1]), return_inverse=True)
    below = np.empty(len(edges))
    block = max(1, _EVALUATIONS_PER_BLOCK // max(1, len(time)))
    for start in range(0, len(edges), block):
        z = (edges[start : start + block] - time[:, None]) / bandwidth
        parts = erf(np.maximum(z, 0.0) / np.sqrt(2.0)) if causal else ndtr(z)
        # One event after the other: later events add exact zeros, and so change not even the last bit.
        below[start : start + block] = np.cumsum(parts, axis=0)[-1] if len(time) else 0.0
    low, high = below[inverse[: len(days)]], below[inverse[len(days) :]]
    return (high - low) / (len(time) if n is None else n)
