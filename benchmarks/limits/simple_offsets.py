"""Offsets as they are taken by hand: some days after the event minus some days before, station by station."""

import numpy as np

from slipbench.benchmarks.limits.offsets import Offsets, Whitening

_LEAST_DAYS = 2
_NORMAL_MAD = 1.4826
_VARIANCE = {"mean": 1.0, "median": np.pi / 2}  # over that of a mean, for normal scatter and many days


def simple_offsets(series: np.ndarray, event_day: int, days: int, statistic: str) -> Offsets:
    """Differences of medians or means.

    Parameters
    ----------
    series : ndarray, shape (m, d, c)
        Daily positions in mm, NaN where missing.
    event_day : int
        First day with the offset.
    days : int
        Days on either side.
    statistic : {"median", "mean"}
        Of the days on one side.

    Returns
    -------
    Offsets
        Of the stations that have at least two days on both sides. Their deviations come from the median
        difference of successive days over all stations, for each component.

    Raises
    ------
    ValueError
        When no station has such days.
    """
    sides = series[:, max(event_day - days, 0) : event_day], series[:, event_day : event_day + days]
    counts = [np.isfinite(side).all(axis=2).sum(axis=1) for side in sides]
    stations = np.flatnonzero((counts[0] >= _LEAST_DAYS) & (counts[1] >= _LEAST_DAYS))
    if not len(stations):
        raise ValueError("no station has two days before and two days after the event")
    before, after = (side[stations].astype(np.float64) for side in sides)
    of = np.nanmedian if statistic == "median" else np.nanmean
    offset = of(after, axis=1) - of(before, axis=1)
    # differences of successive days: ten days of one side say too little about their own level
    jumps = np.concatenate([np.diff(before, axis=1), np.diff(after, axis=1)], axis=1)
    known = np.abs(jumps[np.isfinite(jumps).all(axis=2)])  # none where no two days follow each other
    scatter = _NORMAL_MAD / np.sqrt(2) * (np.median(known, axis=0) if len(known) else np.ones(2))
    share = sum(1 / count[stations] for count in counts) * _VARIANCE[statistic]
    sigma = np.maximum(scatter[:, None], 1e-6) * np.sqrt(share)
    return Offsets(offset.T, stations, Whitening.independent(sigma))
