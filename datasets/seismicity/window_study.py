"""How steady the b-value is in windows of different lengths (Wang et al. 2025, table 1)."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from slipbench.datasets.seismicity.bpositive import moving_b_positive
from slipbench.datasets.seismicity.bvalue import moving_ab

WINDOWS = (32, 64, 128, 192, 256)

#: ``aki`` as published, ``utsu`` without the bias of rounding, ``positive`` from positive differences.
Estimator = Literal["aki", "utsu", "positive"]

#: A test of either kind decides at this level.
_LEVEL = 0.05
#: Days of a series below which neither test says anything.
_LEAST_DAYS = 50


@dataclass(frozen=True)
class Steadiness:
    """One window length's figures.

    Parameters
    ----------
    window_days : int
        Length of the window, days; it moves by one day.
    days : int
        Windows with a b-value.
    days_missing : int
        Windows with too few events.
    mean : float
        Mean of the series.
    cv : float
        Standard deviation over mean.
    adf_p : float
        p of the augmented Dickey-Fuller test; small rejects a unit root.
    kpss_p : float
        p of the KPSS test of a constant level; small rejects stationarity. Its table ends at 0.01 and 0.1,
        so these two values mean "at most" and "at least".
    stationary : bool
        ``adf_p < 0.05`` and ``kpss_p > 0.05``.
    mae : float
        Mean absolute difference between a day and the day before: the error of the naive forecast.
    """

    window_days: int
    days: int
    days_missing: int
    mean: float
    cv: float
    adf_p: float
    kpss_p: float
    stationary: bool
    mae: float


#: Table 1 of the document, of the b-value series of Japan, 2009-2024, M >= 3 (CV, ADF p, KPSS p, MAE).
PUBLISHED: dict[int, tuple[float, float, float, float]] = {
    32: (0.22, 4.39e-10, 0.1, 0.006),
    64: (0.25, 3.05e-8, 0.1, 0.007),
    128: (0.29, 2.32e-4, 0.051, 0.003),
    192: (0.31, 2.23e-3, 0.023, 0.001),
    256: (0.33, 1.95e-2, 0.017, 0.0003),
}


def b_series(
    time: np.ndarray,
    magnitudes: np.ndarray,
    days: np.ndarray,
    window_days: int,
    mc: float,
    min_events: int = 50,
    step: float = 0.1,
    estimator: Estimator = "aki",
) -> np.ndarray:
    """b-value of the window that ends with each day, shape (days,); NaN below `min_events`."""
    ab = moving_ab(
        time, magnitudes, days, window_days, mc, min_events, step, "utsu" if estimator == "utsu" else "aki"
    )
    if estimator != "positive":
        return ab.b
    above = magnitudes >= mc - step / 2
    rises = moving_b_positive(time[above], magnitudes[above], days, window_days, step, min_events // 2)
    return np.where(ab.count >= min_events, rises.b, np.nan)


def steadiness(series: np.ndarray, window_days: int) -> Steadiness:
    """Figures of one daily series; missing days are left out and their neighbours count as successive.

    A series with fewer than 50 values, or a constant one, has no p-values (NaN) and is not called stationary.
    """
    from statsmodels.tools.sm_exceptions import InterpolationWarning
    from statsmodels.tsa.stattools import adfuller, kpss

    known = series[np.isfinite(series)]
    adf_p = kpss_p = float("nan")
    if len(known) >= _LEAST_DAYS and np.ptp(known) > 0:
        adf_p = float(adfuller(known, regression="c", autolag="AIC", result_object=True).pvalue)
        with warnings.catch_warnings():
            # Raised at the ends of the KPSS table, which the attribute's description tells.
            warnings.simplefilter("ignore", InterpolationWarning)
            kpss_p = float(kpss(known, regression="c", nlags="auto", result_object=True).pvalue)
    mean = float(known.mean()) if len(known) else float("nan")
    return Steadiness(
        window_days=window_days,
        days=len(known),
        days_missing=len(series) - len(known),
        mean=mean,
        cv=float(known.std() / mean) if len(known) else float("nan"),
        adf_p=adf_p,
        kpss_p=kpss_p,
        stationary=adf_p < _LEVEL and kpss_p > _LEVEL,
        mae=float(np.abs(np.diff(known)).mean()) if len(known) > 1 else float("nan"),
    )


def window_study(
    time: np.ndarray,
    magnitudes: np.ndarray,
    days: np.ndarray,
    mc: float,
    min_events: int = 50,
    step: float = 0.1,
    estimator: Estimator = "aki",
    windows: Sequence[int] = WINDOWS,
) -> list[Steadiness]:
    """The b-value series of `days` for every window length, as figures.

    Parameters
    ----------
    time, magnitudes : ndarray, shape (n,)
        Catalogue: days since 1970-01-01 UTC, magnitudes. It should begin one window before the first day.
    days : ndarray of int, shape (d,)
        Successive days that end a window.
    mc, min_events, step, estimator
        See `b_series`.
    windows : sequence of int
        Window lengths, days.
    """
    return [
        steadiness(b_series(time, magnitudes, days, w, mc, min_events, step, estimator), w) for w in windows
    ]
