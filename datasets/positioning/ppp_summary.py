"""Figures of a positioning run: difference to the reference, scatter, convergence."""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.positioning.frames import to_enu
from slipbench.datasets.positioning.ppp import Positioned


@dataclass(frozen=True)
class Summary:
    """East, north and up in m against the reference.

    Parameters
    ----------
    difference_m : tuple of float
        Static: of the last position. Kinematic: of the mean position after convergence.
    distance_m : float
        Its length.
    rms_m, scatter_m : tuple of float
        Root mean square about the reference, and standard deviation, of positions after convergence.
    converged_after_s : float
        Time from the first position after which all others are within the limit of the end (static) or the
        median (kinematic); NaN where that never comes true.
    positions, epochs, unused : int
        Positions found, epochs of the observations, and epochs after the last orbit or clock.
    satellites : float
        Mean number of satellites.
    """

    difference_m: tuple[float, ...]
    distance_m: float
    rms_m: tuple[float, ...]
    scatter_m: tuple[float, ...]
    converged_after_s: float
    positions: int
    epochs: int
    unused: int
    satellites: float


def enu_of(run: Positioned) -> np.ndarray:
    """East, north and up in m of every position against the reference, shape (n, 3)."""
    return to_enu(run.solution.position_m - run.reference_m, run.reference_m)


def summary(run: Positioned, static: bool, within_m: float) -> Summary:
    """Figures of a run; `within_m` is the limit for convergence."""
    enu, time = enu_of(run), run.solution.time
    centre = enu[-1] if static else np.median(enu, 0)
    outside = np.flatnonzero(np.linalg.norm(enu - centre, axis=1) > within_m)
    # kinematic positions leave a small limit now and then: what counts is the first stretch outside
    after = _first_inside(outside) if not static else (int(outside[-1]) + 1 if outside.size else 0)
    kept = enu[after:] if after < len(enu) else enu
    difference = enu[-1] if static else kept.mean(0)
    waited = (time[after] - time[0]) / np.timedelta64(1, "s") if after < len(enu) else np.nan
    return Summary(
        tuple(map(float, difference)),
        float(np.linalg.norm(difference)),
        tuple(map(float, np.sqrt((kept**2).mean(0)))),
        tuple(map(float, kept.std(0))),
        float(waited),
        len(enu),
        run.epochs,
        run.unused,
        float(run.solution.satellites.mean()),
    )


def _first_inside(outside: np.ndarray) -> int:
    """First index that is not in the ascending `outside`."""
    gaps = np.flatnonzero(outside != np.arange(len(outside)))
    return int(gaps[0]) if gaps.size else len(outside)
