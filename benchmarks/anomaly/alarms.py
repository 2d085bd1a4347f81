"""Alarms of a detector, and the threshold that gives a wanted rate of false ones."""

from collections.abc import Sequence

import numpy as np

#: Thresholds that are tried, at equal steps of the logarithm of the share of quiet epochs above them.
_TRIED = 100


def alarms(above: np.ndarray, hold: int) -> np.ndarray:
    """Epochs at which an alarm begins: anomalies without another one in the `hold` epochs before.

    Parameters
    ----------
    above : ndarray of bool, shape (..., n)
        Anomalies.
    hold : int
        Epochs.

    Returns
    -------
    ndarray of bool, shape (..., n)
    """
    count = np.cumsum(above, axis=-1)
    edge = np.zeros((*above.shape[:-1], hold + 1), count.dtype)
    padded = np.concatenate([edge, count], axis=-1)
    earlier = padded[..., hold:-1] - padded[..., : -hold - 1]
    return above & (earlier == 0)


def first_alarm(begins: np.ndarray, where: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Time of the first alarm of each record, shape (m,).

    Parameters
    ----------
    begins, where : ndarray of bool, shape (m, n)
        Alarms, and the epochs that count; a record without any gives NaN, one without alarm there infinity.
    seconds : ndarray, shape (n,)
        Time of the epochs.
    """
    hit = begins & where
    time = np.where(hit.any(axis=1), seconds[hit.argmax(axis=1)], np.inf)
    return np.where(where.any(axis=1), time, np.nan)


def threshold_for(
    statistics: Sequence[np.ndarray], quiet: Sequence[np.ndarray], hours: float, hold: int, rate: float
) -> float:
    """The least threshold from which on quiet data give at most `rate` alarms per hour.

    Parameters
    ----------
    statistics : sequence of ndarray, shape (m, n)
        Of the records of several earthquakes; NaN does not count.
    quiet : sequence of ndarray of bool, shape (m, n)
        Their quiet epochs, `hours` of them together.
    hold : int
        See `alarms`.
    rate : float
        Alarms per hour and station.

    Returns
    -------
    float
        NaN for less quiet data than one alarm at that rate takes.
    """
    values = np.concatenate([s[q] for s, q in zip(statistics, quiet, strict=True)] or [np.zeros(0)])
    values = np.sort(values[~np.isnan(values)])
    if not len(values) or rate * hours < 1:
        return np.nan
    share = np.geomspace(0.5, 1 / len(values), _TRIED)
    tried = np.unique(values[np.clip(np.rint((1 - share) * len(values)).astype(int), 0, len(values) - 1)])
    low, high = 0, len(tried) - 1  # the largest value of all gives no alarm
    while low < high:
        middle = (low + high) // 2
        found = sum(
            int((alarms(s > tried[middle], hold) & q).sum()) for s, q in zip(statistics, quiet, strict=True)
        )
        low, high = (low, middle) if found <= rate * hours else (middle + 1, high)
    return float(tried[low])
