"""From which magnitude on a network places an earthquake well, by distance and depth (table 2 of S1).

Costantino et al. (2023) read the thresholds off their figure 8 by eye. The rule here: the threshold of a
class is the smallest magnitude, in steps of 0.1, from which on the median position error of every window of
0.3 in magnitude stays within `LIMIT_KM`. Windows of fewer than `FEWEST` samples do not judge.

Their table has a value for near events (0.5 degrees, 56 km, at most) below 60 km, which a distance with depth
would rule out; so the classes take the distance on the ground.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

LIMIT_KM = 75.0
STEP, WINDOW, FEWEST = 0.1, 0.3, 8
#: Upper ends of the classes: degrees on the ground to the nearest station, km of depth.
DISTANCES = {"near (≤ 0.5°)": 0.5, "intermediate (0.5–3°)": 3.0, "far (> 3°)": np.inf}
DEPTHS = {"depth ≤ 30 km": 30.0, "30–60 km": 60.0, "60–100 km": np.inf}
#: Costantino et al. (2023), table 2: rows are `DISTANCES`, columns `DEPTHS`.
PUBLISHED = ((6.0, 6.2, 6.5), (6.8, 6.8, 7.0), (7.5, 7.5, 7.8))
_RESAMPLES, _SEED = 400, 2024


@dataclass(frozen=True)
class Threshold:
    """A class and its threshold (NaN: none within the tested magnitudes) with its 95 % bootstrap interval."""

    distance: str
    depth: str
    n: int
    mw: float
    low: float
    high: float
    published: float


def in_class(values: pd.Series, classes: dict[str, float], name: str) -> np.ndarray:
    """Whether values belong to a class of `DISTANCES` or `DEPTHS`."""
    edges = [-np.inf, *classes.values()]
    at = list(classes).index(name)
    return ((values > edges[at]) & (values <= edges[at + 1])).to_numpy()


def threshold(mw: np.ndarray, error: np.ndarray) -> float:
    """Smallest magnitude from which on the error stays within `LIMIT_KM`; NaN where it never does.

    Parameters
    ----------
    mw, error : ndarray, shape (n,)
        True magnitudes and position errors (km).
    """
    if not len(mw):
        return float("nan")
    order = np.argsort(mw)
    mw, error = mw[order], error[order]
    first = np.floor(mw[0] / STEP + 1e-9)
    starts = np.arange(first, np.ceil(mw[-1] / STEP)) * STEP
    low, high = np.searchsorted(mw, starts - 1e-9), np.searchsorted(mw, starts + WINDOW - 1e-9)
    found = float("nan")
    for start, i, j in zip(starts[::-1], low[::-1], high[::-1], strict=True):
        if j - i < FEWEST:
            continue
        if np.median(error[i:j]) > LIMIT_KM:
            return found
        found = float(round(start, 1))
    return found


def thresholds(samples: pd.DataFrame) -> list[Threshold]:
    """Thresholds of one model in all classes.

    The errors of all its seeds count; the bootstrap draws samples, each with the errors of every seed.

    Parameters
    ----------
    samples : DataFrame
        Rows of `samples.samples` of one model.
    """
    rng = np.random.default_rng(_SEED)
    samples, seeds = samples.sort_values(["sample", "seed"]), samples["seed"].nunique()
    found = []
    for i, near in enumerate(DISTANCES):
        for j, deep in enumerate(DEPTHS):
            here = in_class(samples["ground_distance"], DISTANCES, near)
            inside = here & in_class(samples["depth"], DEPTHS, deep)
            mw, error = (
                samples.loc[inside, k].to_numpy().reshape(-1, seeds) for k in ("mw", "position_error")
            )
            n = len(mw)
            draws = rng.integers(0, max(n, 1), (_RESAMPLES, n))
            again = [threshold(mw[k].ravel(), error[k].ravel()) for k in draws]
            # a resample without a threshold lies above every one that has
            low, high = np.quantile(np.nan_to_num(again, nan=np.inf), [0.025, 0.975], method="nearest")
            value = threshold(mw.ravel(), error.ravel())
            found.append(Threshold(near, deep, n, value, low, high, PUBLISHED[i][j]))
    return found
