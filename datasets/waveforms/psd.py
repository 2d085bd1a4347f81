"""Power spectral density of series with gaps."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import spectrogram

from slipbench.datasets.waveforms.difference import difference


@dataclass(frozen=True)
class Spectrum:
    """One-sided power spectral density.

    Parameters
    ----------
    frequency_hz : ndarray, shape (f,)
        From 0 to half of the sampling rate.
    density : ndarray, shape (..., f)
        Unit of the series squared per Hz, m^2/Hz for displacements in m; its integral over frequency is the
        variance. NaN for a series without a whole segment.
    segments : ndarray of int, shape (...)
        Segments without a gap, of which `density` is the mean.
    """

    frequency_hz: np.ndarray
    density: np.ndarray
    segments: np.ndarray


def welch(
    x: np.ndarray, rate_hz: float, segment_s: float, overlap: float = 0.5, window: str = "hann"
) -> Spectrum:
    """Mean of the spectra of overlapping segments that have no gap.

    A segment with a missing epoch is left out: a value put in would be a guess at the very frequencies that
    are looked at. Each segment loses its mean. Without gaps this is `scipy.signal.welch` (Welch 1967).

    Parameters
    ----------
    x : ndarray, shape (..., time)
        Even steps; NaN is missing.
    rate_hz : float
        Epochs per second.
    segment_s : float
        Length of a segment, s; at most that of the series.
    overlap : float
        Share of a segment that the next one has in common with it, below 1.
    window : str
        A name that `scipy.signal.get_window` knows.

    Raises
    ------
    ValueError
        Fewer than two epochs in a segment, or a segment longer than the series.
    """
    x = np.asarray(x, np.float64)
    n = round(segment_s * rate_hz)
    if not 2 <= n <= x.shape[-1]:
        raise ValueError(f"segments of {n} epochs in a series of {x.shape[-1]}")
    frequency, _, parts = spectrogram(
        x, rate_hz, window=window, nperseg=n, noverlap=int(overlap * n), detrend="constant", mode="psd"
    )
    whole = np.isfinite(parts).all(axis=-2, keepdims=True)
    segments = whole.sum(axis=-1)
    total = np.where(whole, parts, 0.0).sum(axis=-1)
    density = np.where(segments > 0, total / np.maximum(segments, 1), np.nan)
    return Spectrum(frequency, density, segments[..., 0])


def spectra_of_two(
    first: np.ndarray, second: np.ndarray, rate_hz: float, segment_s: float
) -> tuple[Spectrum, Spectrum, Spectrum]:
    """Spectra of two solutions of a station and of their difference, all from the epochs that both have.

    Parameters
    ----------
    first, second : ndarray, shape (..., time)
        The same epochs and unit; NaN where missing.
    rate_hz, segment_s : float
        As for `welch`.
    """
    apart = difference(first, second)
    here = np.isfinite(apart)
    series = (np.where(here, first, np.nan), np.where(here, second, np.nan), apart)
    one, two, three = (welch(x, rate_hz, segment_s) for x in series)
    return one, two, three
