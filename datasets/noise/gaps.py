"""Windows of a network's residuals that may have gaps: what the noise model is fitted to."""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.residuals import Residuals

#: A station is left out of a window where its variance is above this many times the network's median.
OUTLYING = 16.0
FEWEST_STATIONS = 4
FEWEST_WINDOWS = 3
FEWEST_DAYS = 16
_YEAR_DAYS = 365.25
_SPARSEST = 10  # days from first to last for every day that is listed


@dataclass(frozen=True)
class Window:
    """One component of the network on consecutive days.

    Parameters
    ----------
    values : ndarray, shape (d, m)
        mm; zero where missing.
    there : ndarray of bool, shape (d, m)
        False where missing.
    stations : ndarray of int, shape (m,)
        Their numbers in the residuals.
    """

    values: np.ndarray
    there: np.ndarray
    stations: np.ndarray


@dataclass(frozen=True)
class Windows:
    """Windows one after another.

    Parameters
    ----------
    components : tuple of three lists of Window
        East, north, up; item w of each is the same window.
    n_days : int
        Length.
    coverage : float
        Least share of its days that a station has in a window.
    series : int
        Series (station, window, component) that are used.
    outlying : int
        Series left out because their variance stands out.
    missing : float
        Share of missing days in what is used.
    """

    components: tuple[list[Window], list[Window], list[Window]]
    n_days: int
    coverage: float
    series: int
    outlying: int
    missing: float

    @property
    def stations(self) -> np.ndarray:
        """Numbers of all stations that are used."""
        return np.unique(np.concatenate([w.stations for group in self.components for w in group]))


def cut_windows(residuals: Residuals, n_days: int, coverage: float) -> Windows:
    """Windows of `n_days`, one after another, with the stations that have enough days in them.

    Days that the file leaves out of its time axis become gaps, so that a window is always `n_days` long.

    Parameters
    ----------
    residuals : Residuals
        The network. Stations without coordinates are left out.
    n_days : int
        Length of a window.
    coverage : float
        Least share of a station's days; 1 asks for windows without a gap.

    Raises
    ------
    InputError
        With windows shorter than 16 days, or with fewer than 3 windows of at least 4 stations.
    """
    if n_days < FEWEST_DAYS:
        raise InputError(
            "--window-days", f"{n_days} days", f"at least {FEWEST_DAYS} days", "take longer windows"
        )
    if not 0.5 <= coverage <= 1:
        raise InputError("--coverage", f"{coverage:g}", "a share from 0.5 to 1", "correct it")
    values = _on_all_days(residuals)
    known = np.isfinite(residuals.lat) & np.isfinite(residuals.lon)
    components: tuple[list[Window], ...] = ([], [], [])
    outlying = 0
    for first in range(0, values.shape[2] - n_days + 1, n_days):
        part = values[:, :, first : first + n_days]
        enough = known & (np.isfinite(part).all(axis=1).mean(axis=1) >= coverage)
        if enough.sum() < FEWEST_STATIONS:
            continue
        cut = []
        for c in range(3):
            window, dropped = _window(part[:, c], np.flatnonzero(enough))
            cut.append(window)
            outlying += dropped
        if min(len(w.stations) for w in cut) >= FEWEST_STATIONS:
            for group, window in zip(components, cut, strict=True):
                group.append(window)
    if len(components[0]) < FEWEST_WINDOWS:
        raise InputError(
            "residuals",
            f"{len(components[0])} windows of {n_days} days hold {FEWEST_STATIONS} stations with "
            f"{coverage:.0%} of the days",
            f"at least {FEWEST_WINDOWS}",
            "take shorter windows or more data",
        )
    every = [w for group in components for w in group]
    return Windows(
        components,  # type: ignore[arg-type]
        n_days,
        coverage,
        sum(len(w.stations) for w in every),
        outlying,
        float(1 - np.concatenate([w.there.ravel() for w in every]).mean()),
    )


def _on_all_days(residuals: Residuals) -> np.ndarray:
    """Values (m, 3, days) with NaN on days that the time axis skips."""
    step = np.maximum(np.rint(np.diff(residuals.year) * _YEAR_DAYS), 1).astype(int)
    day = np.concatenate([[0], np.cumsum(step)])
    if day[-1] > _SPARSEST * len(day):
        raise InputError(
            "residuals", f"{len(day)} days spread over {day[-1] + 1}", "daily values", "take a shorter period"
        )
    values = np.full((*residuals.values.shape[:2], day[-1] + 1), np.nan)
    values[:, :, day] = residuals.values
    return values


def _window(part: np.ndarray, stations: np.ndarray) -> tuple[Window, int]:
    """One component (all stations, d) at some stations, without those that stand out, and how many did."""
    x = part[stations]
    x = x - np.nanmean(x, axis=1, keepdims=True)
    variance = np.nanvar(x, axis=1)
    fine = (variance <= OUTLYING * np.median(variance)) & (variance > 0)
    x = x[fine].T
    there = np.isfinite(x)
    return Window(np.where(there, x, 0.0), there, stations[fine]), int((~fine).sum())
