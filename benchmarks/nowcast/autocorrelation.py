"""How long a daily series remembers, and how many independent samples that leaves."""

import numpy as np


def autocorrelation(days: np.ndarray, values: np.ndarray, most: int) -> np.ndarray:
    """Sample autocorrelation at lags of 0 to `most` days; days may be missing.

    Pairs of days that both are known are averaged, about the mean of the whole series and divided by as many
    values as a series without gaps would have, so that long lags tend to 0. A series of few independent
    samples has an estimate that falls off too soon, since its own mean is taken off.

    Parameters
    ----------
    days : ndarray, shape (n,)
        Whole days, ascending.
    values : ndarray, shape (n,)
        The series.
    most : int
        Longest lag, less than the days from first to last.

    Returns
    -------
    ndarray, shape (most + 1,)
        1 at lag 0; NaN for a constant series.
    """
    at = np.round(np.asarray(days) - days[0]).astype(int)
    length = int(at[-1]) + 1
    size = 2 ** int(np.ceil(np.log2(length + most + 1)))
    filled, known = np.zeros(size), np.zeros(size)
    filled[at], known[at] = values - np.mean(values), 1.0
    sums, pairs = (np.fft.irfft(np.abs(np.fft.rfft(x)) ** 2)[: most + 1] for x in (filled, known))
    lag = np.arange(most + 1)
    # the mean of the known pairs, tapered as the usual biased estimate is
    covariance = sums / np.maximum(pairs, 1.0) * (length - lag) / length
    return covariance / covariance[0] if covariance[0] > 0 else np.full(most + 1, np.nan)


def correlation_time(rho: np.ndarray) -> float:
    """Integrated autocorrelation time, days: the days that count as one independent sample.

    ``1 + 2 sum of rho`` over the initial positive and falling pairs of lags (Geyer 1992, section 3.3), which
    ends where the estimate is no longer told from noise. Values after it could only be added with a sign that
    chance gives.

    Parameters
    ----------
    rho : ndarray, shape (m,)
        Autocorrelation from lag 0 on.
    """
    whole = len(rho) // 2 * 2
    pairs = rho[:whole].reshape(-1, 2).sum(axis=1)
    positive = int(np.argmax(pairs <= 0)) if (pairs <= 0).any() else len(pairs)
    return (
        float(max(2 * np.minimum.accumulate(pairs[:positive]).sum() - 1, 1.0)) if positive else float("nan")
    )


def memory(days: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    """Autocorrelation up to half of the series, and its correlation time."""
    rho = autocorrelation(days, values, max(int(days[-1] - days[0]) // 2, 1))
    return rho, correlation_time(rho)
