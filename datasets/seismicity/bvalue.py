"""a- and b-value of the frequency-magnitude relation log10 N(M) = a - b M, also in moving windows.

Sources: Gutenberg and Richter (1944); Aki (1965); Utsu (1966) for magnitudes rounded to a step.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from slipbench.datasets.seismicity.catalogue import MAGNITUDE_TOLERANCE

#: ``aki``: log10(e) / (mean M - Mc), as published. ``utsu``: Mc - step/2 in place of Mc.
Correction = Literal["aki", "utsu"]


def _excess_at_mc(step: float, correction: Correction) -> float:
    return step / 2 if correction == "utsu" else 0.0


def b_value(magnitudes: np.ndarray, mc: float, step: float = 0.0, correction: Correction = "aki") -> float:
    """Maximum-likelihood b-value of the events with M >= mc.

    Parameters
    ----------
    magnitudes : ndarray, shape (n,)
        Magnitudes; those below `mc` are left out.
    mc : float
        Magnitude of completeness.
    step : float
        Rounding step of the magnitudes; used by ``utsu`` only.
    correction : {"aki", "utsu"}
        Published form, or the form without the rounding's bias.

    Returns
    -------
    float
        NaN where no event exceeds the threshold.
    """
    above = magnitudes[magnitudes >= mc - MAGNITUDE_TOLERANCE]
    excess = float((above - mc).mean()) + _excess_at_mc(step, correction) if len(above) else 0.0
    return float(np.log10(np.e) / excess) if excess > MAGNITUDE_TOLERANCE else float("nan")


def a_value(n: np.ndarray | float, b: np.ndarray | float, mc: float) -> np.ndarray:
    """a-value log10 N(M >= mc) + b mc of `n` events (the period is that in which they were counted)."""
    with np.errstate(divide="ignore"):
        return np.log10(np.asarray(n, float)) + np.asarray(b, float) * mc


@dataclass(frozen=True)
class MovingAB:
    """Values of the window that ends with each day, arrays of shape (days,); a and b NaN where missing."""

    a: np.ndarray
    b: np.ndarray
    count: np.ndarray


def moving_ab(
    time: np.ndarray,
    magnitudes: np.ndarray,
    days: np.ndarray,
    window_days: int,
    mc: float,
    min_events: int = 50,
    step: float = 0.0,
    correction: Correction = "aki",
) -> MovingAB:
    """a, b and event count of the windows of `window_days` whole days that end with each of `days`.

    The window of day d holds the days d - window_days + 1 ... d, that is the times
    ``d + 1 - window_days <= time < d + 1``.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Event times, days since 1970-01-01 UTC.
    magnitudes : ndarray, shape (n,)
        Their magnitudes; those below `mc` are left out.
    days : ndarray of int, shape (d,)
        Last day of each window.
    min_events : int
        Windows with fewer events (M >= mc) have no a and b.
    """
    days = np.asarray(days, np.int64)
    keep = magnitudes >= mc - MAGNITUDE_TOLERANCE
    day, excess = np.floor(time[keep]).astype(np.int64), magnitudes[keep] - mc
    first, last = days.min() - window_days + 1, days.max()
    inside = (day >= first) & (day <= last)
    n_days = last - first + 1
    # Running sums over days make every window two look-ups, whatever its length.
    n_until = np.concatenate([[0], np.cumsum(np.bincount(day[inside] - first, minlength=n_days))])
    sum_until = np.concatenate(
        [[0.0], np.cumsum(np.bincount(day[inside] - first, weights=excess[inside], minlength=n_days))]
    )
    stop = days - first + 1
    count = n_until[stop] - n_until[stop - window_days]
    total = sum_until[stop] - sum_until[stop - window_days]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count + _excess_at_mc(step, correction)
        b = np.where((count >= min_events) & (mean > MAGNITUDE_TOLERANCE), np.log10(np.e) / mean, np.nan)
    return MovingAB(np.where(np.isfinite(b), a_value(count, b, mc), np.nan), b, count)
