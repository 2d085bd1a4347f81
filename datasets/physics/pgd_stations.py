"""Magnitude from the peak displacement of many stations, second by second as the waves arrive."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.datasets.options import Options
from slipbench.datasets.physics.arrivals import earliest_p
from slipbench.datasets.physics.pgd import Scaling, pgd_magnitude, running_pgd
from slipbench.datasets.preprocess.hampel import nan_median

Combination = Literal["mean", "median", "inverse_variance"]
_SIGMA_PER_MAD = 1.4826
#: Standard error of a median over that of a mean, for normal errors.
_MEDIAN_ERROR = np.sqrt(np.pi / 2)
_LN10 = np.log(10)
#: Largest of 300 lengths of displacement over their root mean square, in white noise: 2.2 where components
#: are equal, 2.7 where up has 2.5 times the others' deviation. Coloured noise has more.
NOISE_PEAK = 2.5
#: Samples before the origin time from which noise is told.
LEAST_QUIET = 5


class Screening(Options):
    """Which stations count, and which of their samples. No rule looks ahead of the second that it is for."""

    max_km: float | None = Field(
        None, gt=0, description="largest hypocentral distance, km; null: every distance"
    )
    least_ratio: float = Field(
        0.0,
        ge=0,
        description="least peak over the root mean square length of the displacement before the origin",
    )
    least_quiet: int = Field(LEAST_QUIET, ge=2, description="samples before the origin that a ratio needs")
    wave_km_s: float | None = Field(
        3.0,
        gt=0,
        description="a station counts from its first sample behind a front of this speed (S wave), km/s; "
        "null: from the first possible P wave",
    )
    window_s: float | None = Field(
        None, gt=0, description="samples later than so long after that front do not count, s; null: all do"
    )


@dataclass(frozen=True)
class StationPeaks:
    """Peak displacement of m stations at the s epochs from the origin time on.

    Parameters
    ----------
    peak_m : ndarray, shape (m, s)
        Largest length so far of the displacement among the samples that count, m; NaN before the first.
    used : ndarray of bool, shape (m, s)
        Stations that pass the screening at each epoch.
    noise_m : ndarray, shape (m,)
        Root mean square length before the origin time, m; NaN with too few samples.
    """

    peak_m: np.ndarray
    used: np.ndarray
    noise_m: np.ndarray


def station_peaks(
    displacement: np.ndarray, time: np.ndarray, hypocentral_km: np.ndarray, screening: Screening
) -> StationPeaks:
    """Running peaks and screening of all stations at all epochs.

    Parameters
    ----------
    displacement : ndarray, shape (m, t, 3)
        East, north, up from the position before, m; NaN where missing.
    time : ndarray, shape (t,)
        Seconds from the origin time, ascending.
    hypocentral_km : ndarray, shape (m,)
        Hypocentral distance, km; NaN for no station.
    screening : Screening
        Rules.
    """
    km, s = np.asarray(hypocentral_km, np.float64), screening
    noise = quiet_noise(displacement, time, s.least_quiet)
    enu, after = displacement[:, time >= 0].astype(np.float64), time[time >= 0]
    possible = earliest_p(km)[:, None]
    front = km[:, None] / s.wave_km_s if s.wave_km_s else possible
    last = np.inf if s.window_s is None else front + s.window_s
    here = np.isfinite(enu).all(axis=2) & (after >= possible) & (after <= last)
    peak = running_pgd(np.where(here[..., None], enu, np.nan))
    used = np.logical_or.accumulate(here & (after >= front), axis=1)
    if s.max_km is not None:
        used &= (km <= s.max_km)[:, None]
    if s.least_ratio:
        with np.errstate(invalid="ignore"):
            used &= peak >= s.least_ratio * noise[:, None]  # no noise known: NaN, not used
    return StationPeaks(peak, used & (peak > 0), noise)


def quiet_noise(displacement: np.ndarray, time: np.ndarray, least: int) -> np.ndarray:
    """Root mean square length of the displacement before the origin time.

    Parameters
    ----------
    displacement : ndarray, shape (..., t, 3)
        East, north, up from the position before, m; NaN where missing.
    time : ndarray, shape (t,)
        Seconds from the origin time.
    least : int
        Samples that it takes.

    Returns
    -------
    ndarray, shape (...)
        Metres; NaN with fewer samples.
    """
    square = (displacement[..., time < 0, :].astype(np.float64) ** 2).sum(axis=-1)
    there = np.isfinite(square)
    count = there.sum(axis=-1)
    mean = np.where(there, square, 0.0).sum(axis=-1) / np.maximum(count, 1)
    return np.where(count >= least, np.sqrt(mean), np.nan)


def station_magnitudes(peaks: StationPeaks, hypocentral_km: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Mw of every station at every epoch, shape (m, s); NaN where it is not used.

    Raises
    ------
    ValueError
        When a used station is beyond the distances that the coefficients are for.
    """
    out = np.full(peaks.used.shape, np.nan)
    some = peaks.used.any(axis=1)
    if some.any():
        values = pgd_magnitude(peaks.peak_m[some], hypocentral_km[some, None], scaling)
        out[some] = np.where(peaks.used[some], values, np.nan)
    return out


def magnitude_variance(
    peaks: StationPeaks, hypocentral_km: np.ndarray, scaling: Scaling, scatter: float
) -> np.ndarray:
    """Variance of the stations' Mw, shape (m, s): noise of the displacement, and scatter of the relation.

    Both are standard deviations of log10 PGD, noise / (PGD ln 10) and `scatter`, over its slope
    B + C log10 R against Mw. A station without known noise has the scatter alone.
    """
    slope = scaling.b + scaling.c * np.log10(hypocentral_km)
    noise = np.nan_to_num(peaks.noise_m)[:, None] / (peaks.peak_m * _LN10)
    return (noise**2 + scatter**2) / slope[:, None] ** 2


def combined(
    magnitude: np.ndarray, variance: np.ndarray, how: Combination, least_stations: int
) -> tuple[np.ndarray, np.ndarray]:
    """One Mw of all stations at every epoch.

    Parameters
    ----------
    magnitude, variance : ndarray, shape (m, s)
        Mw of the stations, NaN where one is not used, and its variance (for ``inverse_variance`` only).
    how : str
        ``mean``, ``median`` or ``inverse_variance``.
    least_stations : int
        With fewer there is no estimate.

    Returns
    -------
    mw, sigma : ndarray, shape (s,)
        Estimate and its standard error; NaN where there is none. The error is that of stations which err
        independently: what they share (the source, the relation) is not in it. From their scatter for mean
        and median (of two or more stations), from the variances for the weighted mean.
    """
    there = np.isfinite(magnitude)
    count = there.sum(axis=0)
    weight = np.where(there, 1 / variance if how == "inverse_variance" else 1.0, 0.0)
    total = weight.sum(axis=0)
    enough = count >= max(least_stations, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weight * np.where(there, magnitude, 0.0)).sum(axis=0) / total
        if how == "median":
            middle = nan_median(magnitude.T)
            spread = _SIGMA_PER_MAD * nan_median(np.abs(magnitude - middle).T)
            found, sigma = middle, _MEDIAN_ERROR * np.where(count > 1, spread, np.nan) / np.sqrt(count)
        elif how == "mean":
            square = np.where(there, (magnitude - mean) ** 2, 0.0).sum(axis=0)
            found, sigma = mean, np.sqrt(square / (count - 1) / count)
        else:
            found, sigma = mean, np.sqrt(1 / total)
    return np.where(enough, found, np.nan), np.where(enough & np.isfinite(sigma), sigma, np.nan)
