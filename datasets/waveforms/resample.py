"""Other sampling rates: as a receiver at that rate would have it, or filtered first."""

from fractions import Fraction
from typing import Literal

import numpy as np
from scipy.signal import firwin, kaiserord, resample_poly

#: ``none`` keeps every k-th sample, as a receiver does that is set to the lower rate: what is faster folds
#: back. ``zero_phase`` filters first; it is acausal, so nothing may be timed by it.
AntiAlias = Literal["none", "zero_phase"]
#: What the filter lets through of frequencies above the lower Nyquist frequency, and its ripple below.
STOP_DB = 80.0
#: Share of the lower Nyquist frequency up to which nothing is lost.
PASS = 0.8
_EXACT = 1e-9


def resample(
    x: np.ndarray, rate_hz: float, to_hz: float, anti_alias: AntiAlias = "none", first: int = 0
) -> np.ndarray:
    """Series at another rate; its first epoch is that of `x` (or number `first`).

    The filter is a linear-phase FIR with a Kaiser window whose delay is taken off (scipy's `resample_poly`):
    flat to `PASS` of the lower Nyquist frequency, `STOP_DB` down from there on. Beyond the ends the first and
    last value go on.

    Parameters
    ----------
    x : ndarray, shape (..., time)
        Even steps; NaN is missing. With the filter an output is NaN if an epoch within the filter's reach is:
        about 5 / (0.2 to_hz) s to both sides when the rate goes down.
    rate_hz, to_hz : float
        Epochs per second, in a ratio of small whole numbers.
    anti_alias : str
        See `AntiAlias`. Higher rates need the filter.
    first : int
        Number of the epoch that is kept first, below rate_hz / to_hz; ``none`` only.

    Returns
    -------
    ndarray, shape (..., ceil((time - first) to_hz / rate_hz))

    Raises
    ------
    ValueError
        A ratio that is none of small numbers, or not whole where nothing is filtered.
    """
    x = np.asarray(x, np.float64)
    ratio = Fraction(to_hz / rate_hz).limit_denominator(1000)
    if ratio <= 0 or abs(float(ratio) * rate_hz / to_hz - 1) > _EXACT:
        raise ValueError(f"{rate_hz:g} Hz to {to_hz:g} Hz is no ratio of small whole numbers")
    if anti_alias == "none":
        if ratio.numerator != 1 or not 0 <= first < ratio.denominator:
            raise ValueError(f"{to_hz:g} Hz from epoch {first} cannot be picked out of {rate_hz:g} Hz")
        return x[..., first :: ratio.denominator]
    if first:
        raise ValueError("a filtered series begins with the first epoch")
    return _filtered(x, ratio)


def _filtered(x: np.ndarray, ratio: Fraction) -> np.ndarray:
    if ratio == 1:
        return x.copy()
    up, down = ratio.numerator, ratio.denominator
    taps = low_pass(max(up, down))
    missing = np.isnan(x)
    out = resample_poly(np.where(missing, 0.0, x), up, down, axis=-1, window=taps, padtype="edge")
    if missing.any():
        reach = resample_poly(missing * 1.0, up, down, axis=-1, window=np.ones(len(taps)), padtype="edge")
        out[reach > _EXACT] = np.nan
    return out


def low_pass(times: int) -> np.ndarray:
    """Taps of the filter for a rate that is `times` below the one that it runs at; their sum is 1."""
    taps, beta = kaiserord(STOP_DB, (1 - PASS) / times)
    return firwin(taps | 1, (1 + PASS) / 2 / times, window=("kaiser", beta))
