"""The window around an event: enough data, filtered, filled and detrended."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from slipbench.datasets.preprocess.hampel import hampel
from slipbench.datasets.preprocess.lines import fill_gaps, fit_lines, lines_at, slope_beside_step

MIN_STATIONS = 0.6
MIN_SAMPLES = 0.7


@dataclass(frozen=True)
class Window:
    """Daily positions around an event.

    Parameters
    ----------
    enu : ndarray, shape (days, stations, components)
        Of the usable stations complete, of the others NaN; units of the input.
    usable : ndarray of bool, shape (stations,)
        Stations with enough samples, in both halves.
    valid : bool
        Whether enough stations are usable.
    outliers : int
        Samples that the Hampel filter replaced.
    filled : int
        Samples that the trends of the halves filled.
    slope : ndarray, shape (stations, components)
        Trend that was taken off, input units per day; NaN where not usable.
    """

    enu: np.ndarray
    usable: np.ndarray
    valid: bool
    outliers: int
    filled: int
    slope: np.ndarray


def prepare_window(
    values: np.ndarray,
    centre: int,
    min_stations: float = MIN_STATIONS,
    min_samples: float = MIN_SAMPLES,
    trend: Literal["window", "beside_step"] = "window",
) -> Window:
    """Apply S1 section 4 to one window.

    Hampel filter (window 3); a station is usable when `min_samples` of its days have all components and each
    half has two of them, a window is valid when `min_stations` of the stations are usable; gaps are filled
    with the trend of their half; a trend is taken off.

    Parameters
    ----------
    values : ndarray, shape (days, stations, components)
        NaN where missing.
    centre : int
        Day of the event in the window.
    min_stations, min_samples : float
        Fractions, 0 ... 1.
    trend : {"window", "beside_step"}
        The line through the whole window as the document has it, step and all, or the slope of a line with a
        step before the event; then the first half is around zero.

    Returns
    -------
    Window
        Also of a window that is not valid, so that callers can say why.
    """
    filtered, outlier = hampel(values)
    filtered = np.where(np.isnan(filtered).any(-1, keepdims=True), np.nan, filtered)
    here = ~np.isnan(filtered[..., 0])
    # halves with one sample have no trend
    usable = (here.mean(0) >= min_samples) & (here[:centre].sum(0) > 1) & (here[centre:].sum(0) > 1)
    filtered[:, ~usable] = np.nan
    whole = fill_gaps(filtered, centre)
    if trend == "window":
        start, slope = fit_lines(whole)
    else:
        slope = slope_beside_step(whole, centre)
        start = (whole - lines_at(np.zeros_like(slope), slope, len(whole)))[:centre].mean(0)
    return Window(
        whole - lines_at(start, slope, len(whole)),
        usable,
        bool(usable.mean() >= min_stations),
        int(outlier[:, usable].sum()),
        int((~here[:, usable]).sum()) * values.shape[-1],
        slope,
    )
