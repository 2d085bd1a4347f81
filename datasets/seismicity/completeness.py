"""Magnitude of completeness by maximum curvature (Wiemer and Wyss 2000)."""

import numpy as np

from slipbench.datasets.errors import InputError


def maximum_curvature(magnitudes: np.ndarray, step: float = 0.1, correction: float = 0.0) -> float:
    """Centre of the most frequent magnitude bin.

    Parameters
    ----------
    magnitudes : ndarray, shape (n,)
        Magnitudes.
    step : float
        Bin width; bins are centred on its multiples. Of equally full bins the lowest counts.
    correction : float
        Added to the result; Woessner and Wiemer (2005) found 0.2 because this method underestimates.

    Raises
    ------
    InputError
        When there is no event.
    """
    if not len(magnitudes):
        raise InputError("catalogue", "no events", "events to estimate Mc from", "widen region or period")
    bins = np.rint(np.asarray(magnitudes) / step).astype(np.int64)
    most = bins.min() + int(np.argmax(np.bincount(bins - bins.min())))
    return round(most * step + correction, 6)
