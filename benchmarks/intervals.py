"""Bootstrap intervals: independent rows, or circular blocks of rows that depend on their neighbours.

A resample is a row of indices into the test set. Blocks follow Politis and Romano (1992, circular
block bootstrap); a block of one row is Efron's (1979) bootstrap. Rows that belong together without an order
in time, such as the stations of an earthquake, are drawn as groups. Percentile intervals are too narrow by
the factor that separates Student's distribution from the Gaussian one, which counts where blocks are few;
they are widened by it (Hesterberg 2015, expanded percentile interval).
"""

from functools import lru_cache

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

LEVEL = 0.95
RESAMPLES = 1000
#: With fewer blocks than this a resample is little more than a rotation, and the interval too narrow.
MIN_BLOCKS = 4


def block_rows(time: np.ndarray, block_days: float) -> int:
    """Rows in one bootstrap block.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Days of the test rows; any order.
    block_days : float
        Length over which rows depend on each other, days; 0 for independent rows.

    Returns
    -------
    int
        The rows that `block_days` span on average, at least ``n^(1/3)`` (Hall et al. 1995) and at most
        a quarter of the rows; 1 for independent rows.
    """
    n = len(time)
    if block_days <= 0 or n < 2:
        return 1
    span = float(np.max(time) - np.min(time)) * n / (n - 1)
    rows = max(round(block_days * n / span) if span > 0 else n, round(n ** (1 / 3)))
    return max(1, min(rows, n // MIN_BLOCKS))


@lru_cache(maxsize=8)
def resamples(n: int, block: int, seed: int, count: int = RESAMPLES) -> np.ndarray:
    """Indices of `count` resamples of `n` rows, shape (count, n), int32; do not write to it.

    Parameters
    ----------
    n, block : int
        Rows, and rows in one block; blocks wrap round at the end.
    seed : int
        Equal seeds give equal resamples, so models tested on the same rows are compared in pairs.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, n, block]))
    starts = rng.integers(n, size=(count, -(-n // block)))
    index = (starts[:, :, None] + np.arange(block)) % n
    result = index.reshape(count, -1)[:, :n].astype(np.int32)
    result.setflags(write=False)
    return result


@lru_cache(maxsize=8)
def weights(n: int, block: int, seed: int, count: int = RESAMPLES) -> np.ndarray:
    """How often each row is in each resample, divided by n: ``weights @ values`` are resampled means."""
    index = resamples(n, block, seed, count)
    flat = index + n * np.arange(count, dtype=np.int64)[:, None]
    result = np.bincount(flat.ravel(), minlength=count * n).reshape(count, n) / n
    result.setflags(write=False)
    return result


def group_weights(groups: np.ndarray, seed: int, count: int = RESAMPLES) -> np.ndarray:
    """As `weights`, of resamples that draw whole groups of rows, as many as there are (Field and Welsh 2007).

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        Rows of one number belong together.

    Returns
    -------
    ndarray, shape (count, n)
        Every row sums to 1. NaN for a single group: it does not tell how another one would be.
    """
    _, at = np.unique(groups, return_inverse=True)
    n = int(at.max()) + 1
    if n == 1:
        return np.full((count, len(groups)), np.nan)
    rng = np.random.default_rng(np.random.SeedSequence([seed, n, len(groups)]))
    times = rng.multinomial(n, np.full(n, 1 / n), size=count)[:, at].astype(np.float64)
    return times / times.sum(axis=1, keepdims=True)


def over_seeds(values: np.ndarray, seed: int) -> np.ndarray:
    """Resampled means over a model's seeds: seeds are drawn with replacement, rows within them.

    Parameters
    ----------
    values : ndarray, shape (seeds, count)
        Resampled metric of every seed.

    Returns
    -------
    ndarray, shape (count,)
    """
    n, count = values.shape
    rng = np.random.default_rng(np.random.SeedSequence([seed, n, count]))
    picked = rng.integers(n, size=(n, count))
    return values[picked, np.arange(count)].mean(axis=0)


def interval(values: np.ndarray, level: float = LEVEL, blocks: float = np.inf) -> tuple[float, float]:
    """Expanded percentile interval of resampled values; NaN where there is none but NaN.

    Infinite values, such as the time to what never happens, count: an end among them is infinite.

    Parameters
    ----------
    values : ndarray
        A metric on every resample.
    level : float
        Probability that the interval stands for.
    blocks : float
        Blocks, or independent rows, that were drawn from; infinite for a plain percentile interval.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    if np.isfinite(blocks) and blocks > 1:
        tail = norm.cdf(student.ppf(tail, blocks - 1) * np.sqrt(blocks / (blocks - 1)))
    if np.isfinite(known).all():
        low, high = np.quantile(known, [tail, 1 - tail])
    else:  # nothing lies between two infinite values
        low, high = np.quantile(known, tail, method="lower"), np.quantile(known, 1 - tail, method="higher")
    return float(low), float(high)
