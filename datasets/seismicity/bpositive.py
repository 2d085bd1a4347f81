"""b-value from the positive differences of successive magnitudes (van der Elst 2021), also in moving windows.

Just after a large event small ones are missed, and every b-value of magnitudes above a fixed threshold
falls with them. The difference to the event before is exponential with the same b, whatever the threshold
was at that moment, as long as only positive differences count.
"""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.seismicity.catalogue import MAGNITUDE_TOLERANCE


def b_positive(magnitudes: np.ndarray, step: float = 0.0, least: float | None = None) -> float:
    """b-value of the positive differences of magnitudes in order of time.

    Parameters
    ----------
    magnitudes : ndarray, shape (n,)
        Magnitudes in the order of their events.
    step : float
        Rounding step of the magnitudes, 0 for continuous ones. Rounded ones use the exact form for a
        geometric distribution, ln(1 + step / mean) / (step ln 10) (Tinti and Mulargia 1987; van der Elst
        2021 writes the same with the inverse hyperbolic cotangent).
    least : float, optional
        Smallest difference that counts; `step` by default, so that ties do not.

    Returns
    -------
    float
        NaN where no difference exceeds `least`.
    """
    least = step if least is None else least
    rise = np.diff(np.asarray(magnitudes, np.float64))
    rise = rise[rise > 0.0] if least == 0 else rise[rise >= least - MAGNITUDE_TOLERANCE]
    return float(_b(np.array(len(rise)), np.array((rise - least).sum()), step))


def _b(count: np.ndarray, excess: np.ndarray, step: float) -> np.ndarray:
    """b of `count` differences that exceed the smallest one by `excess` in all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = excess / count
        beta = np.log1p(step / mean) / step if step else 1 / mean
        return np.where(mean > MAGNITUDE_TOLERANCE, beta / np.log(10), np.nan)


@dataclass(frozen=True)
class MovingB:
    """b (NaN where missing) and number of positive differences of every window, shape (days,)."""

    b: np.ndarray
    count: np.ndarray


def moving_b_positive(
    time: np.ndarray,
    magnitudes: np.ndarray,
    days: np.ndarray,
    window_days: int,
    step: float = 0.0,
    min_differences: int = 25,
    least: float | None = None,
) -> MovingB:
    """`b_positive` of the windows of `window_days` whole days that end with each of `days`.

    Both events of a difference lie inside the window.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Event times, days since 1970-01-01 UTC, in any order.
    magnitudes : ndarray, shape (n,)
        Their magnitudes; all count.
    days : ndarray of int, shape (d,)
        Last day of each window.
    min_differences : int
        Windows with fewer positive differences have no b.
    """
    least = step if least is None else least
    order = np.argsort(time, kind="stable")
    at = np.asarray(time, np.float64)[order]
    rise = np.diff(np.asarray(magnitudes, np.float64)[order])
    counts = rise > 0.0 if least == 0 else rise >= least - MAGNITUDE_TOLERANCE
    # Running sums over differences; number k joins the events k and k + 1.
    n_until = np.concatenate([[0], np.cumsum(counts)])
    sum_until = np.concatenate([[0.0], np.cumsum(np.where(counts, rise - least, 0.0))])
    days = np.asarray(days, np.int64)
    first = np.searchsorted(at, days + 1 - window_days)
    last = np.maximum(np.searchsorted(at, days + 1) - 1, first)
    first, last = np.minimum(first, len(rise)), np.minimum(last, len(rise))
    count = n_until[last] - n_until[first]
    b = _b(count, sum_until[last] - sum_until[first], step)
    return MovingB(np.where(count >= min_differences, b, np.nan), count)
