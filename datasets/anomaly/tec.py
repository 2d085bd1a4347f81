"""Anomalies of the electron content against the days before, and days that space weather explains."""

from collections.abc import Mapping

import numpy as np

from slipbench.datasets.anomaly.quartiles import Rule, bounds, sliding_bounds

#: Days of the background in document 002.
WINDOW = 30


def same_hour_bounds(
    tec: np.ndarray, per_day: int, window: int = WINDOW, rule: Rule = bounds
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of each value from the values of the `window` days before at the same hour.

    Parameters
    ----------
    tec : ndarray, shape (..., n)
        Series of even steps, `per_day` a day, n a multiple of it; NaN is missing.
    per_day : int
        Values a day.
    window : int
        Days before.
    rule : callable
        See `Rule`.

    Returns
    -------
    tuple of ndarray, shape (..., n)
        NaN for the first `window` days.
    """
    tec = np.asarray(tec, np.float64)
    days = tec.reshape(*tec.shape[:-1], -1, per_day)
    found = sliding_bounds(np.swapaxes(days, -1, -2), window, rule)
    low, high = (np.swapaxes(b, -1, -2).reshape(tec.shape) for b in found)
    return low, high


def beyond(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Signed distance beyond the bounds, in the unit of x: above positive, below negative, 0 between them.

    NaN where the value or a bound is missing: not tested.
    """
    return np.maximum(x - high, 0.0) + np.minimum(x - low, 0.0)


def anomaly_maps(maps: np.ndarray, rule: Rule = bounds) -> np.ndarray:
    """Anomaly of the last day at every node and hour, against the days before.

    Parameters
    ----------
    maps : ndarray, shape (days, hours, rows, columns)
        TECU, NaN where there is no value; the last day is tested, the others are its background.
    rule : callable
        See `Rule`.

    Returns
    -------
    ndarray, shape (hours, rows, columns)
        TECU beyond the bound, see `beyond`.
    """
    low, high = rule(np.moveaxis(np.asarray(maps[:-1], np.float64), 0, -1))
    return beyond(np.asarray(maps[-1], np.float64), low, high)


def index_anomalies(
    indices: Mapping[str, np.ndarray], window: int = WINDOW, rule: Rule = bounds
) -> dict[str, np.ndarray]:
    """The same rule on daily indices of the sun and the magnetic field, each of shape (days,).

    Returns
    -------
    dict
        `beyond` of every index in its own unit; NaN for the first `window` days.
    """
    return {name: beyond(x, *sliding_bounds(x, window, rule)) for name, x in indices.items()}


def explained_days(anomalies: Mapping[str, np.ndarray], after: int = 0) -> np.ndarray:
    """Days that space weather explains: those with an anomalous index, and the `after` days that follow.

    The ionosphere needs a day or two to recover from a storm (Prölss 1995). A day that could not be tested is
    not explained.

    Returns
    -------
    ndarray of bool, shape (days,)
    """
    marked = np.any([np.nan_to_num(x) != 0 for x in anomalies.values()], axis=0)
    return np.any(
        [np.concatenate([np.zeros(k, bool), marked[: len(marked) - k]]) for k in range(after + 1)], 0
    )
