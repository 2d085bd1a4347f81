"""How far two solutions of one station are apart."""

from typing import Literal

import numpy as np

from slipbench.datasets.preprocess.hampel import nan_median

#: What is taken from a difference first: nothing, or its mean or median over the common epochs (solutions
#: count from origins of their own).
Offset = Literal["none", "mean", "median"]


def difference(first: np.ndarray, second: np.ndarray, offset: Offset = "none") -> np.ndarray:
    """First solution less the second.

    Parameters
    ----------
    first, second : ndarray, shape (..., time)
        The same epochs and unit; NaN where an epoch is missing.
    offset : str
        See `Offset`.

    Returns
    -------
    ndarray, shape (..., time)
        NaN where either solution misses the epoch.
    """
    apart = np.asarray(first, np.float64) - second
    if offset == "none":
        return apart
    if offset == "median":
        return apart - nan_median(apart)[..., None]
    here = np.isfinite(apart)
    count = here.sum(axis=-1)
    total = np.where(here, apart, 0.0).sum(axis=-1)
    return apart - np.where(count > 0, total / np.maximum(count, 1), np.nan)[..., None]


def rms_difference(
    first: np.ndarray, second: np.ndarray, offset: Offset = "none"
) -> tuple[np.ndarray, np.ndarray]:
    """Root of the mean squared difference of two solutions over the epochs that both have.

    Document 003, table 1, gives this per component of nine stations.

    Parameters
    ----------
    first, second, offset
        As for `difference`.

    Returns
    -------
    rms : ndarray, shape (...)
        In the unit of the solutions; NaN without a common epoch.
    epochs : ndarray of int, shape (...)
        Common epochs.
    """
    apart = difference(first, second, offset)
    here = np.isfinite(apart)
    count = here.sum(axis=-1)
    total = (np.where(here, apart, 0.0) ** 2).sum(axis=-1)
    return np.sqrt(np.where(count > 0, total / np.maximum(count, 1), np.nan)), count
