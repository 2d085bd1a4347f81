"""Straight lines through series with gaps: detrending, and filling gaps on both sides of an event."""

import numpy as np


def fit_lines(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares line of every series over the sample number.

    Parameters
    ----------
    values : ndarray, shape (days, ...)
        NaN where missing.

    Returns
    -------
    start, slope : ndarray, shape (...)
        Value at the first day and change per day; a single sample gives a level line, none gives NaN.
    """
    here = ~np.isnan(values)
    day = np.arange(len(values), dtype=float).reshape(-1, *[1] * (values.ndim - 1))
    count = here.sum(0)
    safe = np.maximum(count, 1)
    filled = np.where(here, values, 0.0)
    mean_day = (here * day).sum(0) / safe
    mean = filled.sum(0) / safe
    away = np.where(here, day - mean_day, 0.0)
    spread = (away**2).sum(0)
    slope = (away * np.where(here, values - mean, 0.0)).sum(0) / np.where(spread > 0, spread, 1.0)
    start = np.where(count > 0, mean - slope * mean_day, np.nan)
    return start, np.where(count > 0, slope, np.nan)


def lines_at(start: np.ndarray, slope: np.ndarray, days: int) -> np.ndarray:
    """Values of lines on days 0 ... `days` - 1, shape (days, ...)."""
    return start + slope * np.arange(days, dtype=float).reshape(-1, *[1] * start.ndim)


def slope_beside_step(values: np.ndarray, centre: int) -> np.ndarray:
    """Slope per day of a line with a step before day `centre`, least squares, shape (...).

    `values` (days, ...) are complete series, or NaN altogether. Both halves have the same slope, so that a
    step is not taken for a trend: the line through a whole window of n days would take 1.5 / n of a step in
    its middle off each day, which makes a saw tooth of it.
    """
    day = np.arange(len(values), dtype=float).reshape(-1, *[1] * (values.ndim - 1))
    halves = [slice(None, centre), slice(centre, None)]
    days = np.concatenate([day[h] - day[h].mean(0) for h in halves])
    away = np.concatenate([values[h] - values[h].mean(0) for h in halves])
    return (days * away).sum(0) / (days**2).sum(0)


def fill_gaps(values: np.ndarray, centre: int) -> np.ndarray:
    """Fill gaps with the linear trend of their half of the window, so that no step is smeared (S1, section
    4).

    Parameters
    ----------
    values : ndarray, shape (days, ...)
        NaN where missing.
    centre : int
        First day of the second half: the day of the event.

    Returns
    -------
    ndarray, shape (days, ...)
        Measured samples are unchanged. A half without any sample stays NaN: nothing is known about it.
    """
    halves = [values[:centre], values[centre:]]
    return np.concatenate(
        [np.where(np.isnan(half), lines_at(*fit_lines(half), len(half)), half) for half in halves]
    )
