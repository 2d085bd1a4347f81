"""Magnitude of completeness by maximum curvature and by goodness of fit (Wiemer and Wyss 2000)."""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.errors import InputError

#: Events that a threshold must leave for a fit; with fewer the straight line fits by chance.
LEAST_EVENTS = 50


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
    first, counts = _bins(magnitudes, step)
    return round((first + int(np.argmax(counts))) * step + correction, 6)


@dataclass(frozen=True)
class GoodnessOfFit:
    """Threshold by goodness of fit, and how well every candidate fits.

    Parameters
    ----------
    mc : float or None
        Smallest threshold whose fit reaches the wanted level; None where none does.
    thresholds : ndarray, shape (k,)
        Candidates, ascending: the bins from the lowest that holds an event on that leave enough events.
    fit : ndarray, shape (k,)
        Percent of the observed cumulative distribution that the straight line explains.
    b : ndarray, shape (k,)
        b-value (Utsu) of each candidate.
    """

    mc: float | None
    thresholds: np.ndarray
    fit: np.ndarray
    b: np.ndarray


def goodness_of_fit(magnitudes: np.ndarray, step: float = 0.1, level: float = 90.0) -> GoodnessOfFit:
    """Smallest threshold above which the frequency-magnitude relation is a straight line.

    For every candidate Mc the line of the events with M >= Mc predicts S_i events at or above bin i, of
    which B_i were seen, and the fit is 100 - 100 sum |B_i - S_i| / sum B_i over the bins from Mc to the
    largest magnitude (Wiemer and Wyss 2000).

    Parameters
    ----------
    magnitudes : ndarray, shape (n,)
        Magnitudes.
    step : float
        Bin width; bins are centred on its multiples.
    level : float
        Percent that the fit must reach; 90 and 95 are in use.

    Raises
    ------
    InputError
        When there are fewer than `LEAST_EVENTS` events.
    """
    first, counts = _bins(magnitudes, step)
    seen = np.cumsum(counts[::-1])[::-1].astype(np.float64)
    if seen[0] < LEAST_EVENTS:
        raise InputError(
            "catalogue",
            f"{seen[0]:.0f} events",
            f"at least {LEAST_EVENTS} for the goodness of fit",
            "widen region or period",
        )
    k = np.arange(int((seen >= LEAST_EVENTS).sum()))
    bins = np.arange(len(counts))
    # Sum over bins j >= k of counts_j (j - k), for the mean excess of every candidate at once.
    above = np.cumsum((counts * bins)[::-1])[::-1][k] - k * seen[k]
    mean = (above / seen[k] + 0.5) * step
    b = np.log10(np.e) / mean
    lag = bins[None, :] - k[:, None]
    predicted = seen[k][:, None] * 10.0 ** (-b[:, None] * step * np.maximum(lag, 0))
    off = np.where(lag >= 0, np.abs(seen - predicted), 0.0).sum(axis=1)
    fit = 100 - 100 * off / np.where(lag >= 0, seen, 0.0).sum(axis=1)
    thresholds = np.round((first + k) * step, 6)
    good = np.flatnonzero(fit >= level)
    return GoodnessOfFit(float(thresholds[good[0]]) if len(good) else None, thresholds, fit, b)


def _bins(magnitudes: np.ndarray, step: float) -> tuple[int, np.ndarray]:
    """Number of the lowest bin that holds an event, and events in it and in every later one."""
    if not len(magnitudes):
        raise InputError("catalogue", "no events", "events to estimate Mc from", "widen region or period")
    bins = np.rint(np.asarray(magnitudes) / step).astype(np.int64)
    return int(bins.min()), np.bincount(bins - bins.min())
