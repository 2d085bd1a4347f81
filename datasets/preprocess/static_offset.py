"""Static offsets of an earthquake from high-rate displacement: quiet before, settled after."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from slipbench.datasets.options import Options
from slipbench.datasets.preprocess.hampel import nan_median

#: Half duration in s over the cube root of the moment in N m (Ekström et al. 2012, in dyn cm: 1.05e-8).
_HALF_DURATION = 1.05e-8 * 1e7 ** (1 / 3)


class Windows(Options):
    """Which samples of a high-rate series give the positions before and after the earthquake."""

    before_s: float = Field(60.0, gt=0, description="longest window before the origin time, s")
    after_s: float = Field(60.0, gt=0, description="length of the window at the end of the record, s")
    coverage: float = Field(
        0.5, gt=0, le=1, description="least share of both windows' samples that a station must have"
    )
    least_samples: int = Field(5, ge=1, description="fewest samples in either window")
    slowest_km_s: float = Field(
        3.0, gt=0, description="the window after begins when waves of this speed have passed, km/s"
    )


@dataclass(frozen=True)
class StaticOffsets:
    """What m stations moved, and why some say nothing.

    Parameters
    ----------
    enu_m : ndarray, shape (m, 3)
        Median after less median before, east, north, up, m; NaN where there are too few samples.
    peak_m : ndarray, shape (m,)
        Largest three-dimensional distance from the position before, from the origin time on, m; NaN alike.
    reason : list of str
        Why a station is not usable: too few samples, or shaking in the last window; empty for the others.
    """

    enu_m: np.ndarray
    peak_m: np.ndarray
    reason: list[str]


def rupture_seconds(mw: float) -> float:
    """Duration of a rupture of moment magnitude `mw`: twice the half duration 1.05e-8 M0^(1/3), M0 in dyn cm.

    Source: Ekström, Nettles and Dziewoński (2012), the half durations of the Global CMT catalogue.
    """
    return 2 * _HALF_DURATION * 10 ** ((1.5 * mw + 9.1) / 3)


def static_offsets(
    enu_m: np.ndarray,
    start_s: float,
    step_s: float,
    distance_km: np.ndarray,
    rupture_s: float,
    windows: Windows,
) -> StaticOffsets:
    """Offsets between the medians of two windows.

    The first window is what there is of `before_s` seconds up to the origin time, the second the last
    `after_s` seconds of the record. At a station the shaking counts as over `rupture_s` plus distance over
    `slowest_km_s` after the origin time; if that is later than the beginning of the second window the offset
    is not usable.

    Parameters
    ----------
    enu_m : ndarray, shape (m, 3, t)
        East, north, up, m, any origin; NaN where missing.
    start_s, step_s : float
        Time of the first sample after the earthquake's origin time (negative: before), and of a step, s.
    distance_km : ndarray, shape (m,)
        From the hypocentre, km.
    rupture_s : float
        Duration of the rupture, s.
    windows : Windows
        Lengths and limits.
    """
    time = start_s + step_s * np.arange(enu_m.shape[2])
    before = (time < 0) & (time >= -windows.before_s)
    begins = time[-1] - windows.after_s
    after = time > max(begins, 0.0)
    here = np.isfinite(enu_m).all(axis=1)
    quiet = np.where(here[:, None], enu_m, np.nan)
    rest = nan_median(quiet[:, :, before]) if before.any() else np.full(enu_m.shape[:2], np.nan)
    settled = nan_median(quiet[:, :, after]) if after.any() else np.full(enu_m.shape[:2], np.nan)
    moved = np.linalg.norm(quiet[:, :, time >= 0] - rest[:, :, None], axis=1)
    over = rupture_s + distance_km / windows.slowest_km_s
    reason, measured = [], np.ones(len(enu_m), bool)
    for k in range(len(enu_m)):
        counts = {"before": here[k, before], "after": here[k, after]}
        lacks = [
            name
            for name, there in counts.items()
            if there.sum() < windows.least_samples or there.mean() < windows.coverage
        ]
        if lacks:
            counted = ", ".join(
                f"{int(there.sum())} of {len(there)} {name}" for name, there in counts.items()
            )
            reason.append(f"too few samples: {counted}")
            measured[k] = False
        elif over[k] > begins:
            reason.append(f"shaking until {over[k]:.0f} s, window after from {begins:.0f} s")
        else:
            reason.append("")
    return StaticOffsets(
        np.where(measured[:, None], settled - rest, np.nan),
        np.where(measured, np.where(np.isnan(moved), 0.0, moved).max(axis=1, initial=0.0), np.nan),
        reason,
    )
